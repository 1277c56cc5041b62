/* build.c: GraphProto to graph
 * SPDX-License-Identifier: Apache-2.0
 *
 * All values of a graph exist before its first node is made, so nodes may stand in any order and
 * subgraphs find what they capture. Numbers of nodes are their places in the file.
 */
#include "onnx/build.h"

#include <inttypes.h>
#include <string.h>

typedef struct builder {
    octet_model *model;
    octet_arena *arena; /* of the source: what origins hold */
    octet_diag *diag;
    const octet_opset *opsets; /* imports of the model or function that is being built */
    uint32_t n_opsets;
    bool unordered; /* some graph is not in topological order */
} builder;

/* What GraphProto and FunctionProto have in common. */
typedef struct body {
    Onnx__NodeProto *const *nodes;
    size_t n_nodes;
    Onnx__ValueInfoProto *const *infos;
    size_t n_infos;
} graph_body;

static octet_status invalid(const builder *b, const char *fmt, const char *name)
{
    return octet_fail(b->diag, OCTET_ERR_INVALID_MODEL, fmt, name);
}

/* ---- types */

static octet_status read_dims(const builder *b, const Onnx__TensorShapeProto *shape,
                              octet_type *out)
{
    octet_dim *dims = OCTET_ARENA_ARRAY(b->arena, octet_dim, shape->n_dim);

    OCTET_TRY_ALLOC(b->diag, dims);
    for (size_t i = 0; i < shape->n_dim; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = shape->dim[i];

        dims[i] = (octet_dim){.size = -1};
        if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE)
            dims[i].size = dim->dim_value < 0 ? -1 : dim->dim_value;
        else if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM &&
                 dim->dim_param[0] != '\0')
            dims[i].symbol = dim->dim_param;
    }
    out->rank = (int32_t)shape->n_dim;
    out->dims = dims;
    return OCTET_OK;
}

static octet_status read_type(const builder *b, const Onnx__TypeProto *type, octet_type *out)
{
    const Onnx__TypeProto__Tensor *tensor;

    *out = (octet_type){.rank = -1};
    if (type == NULL || type->value_case == ONNX__TYPE_PROTO__VALUE__NOT_SET)
        return OCTET_OK;
    out->kind = OCTET_TYPE_OTHER;
    if (type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
        return OCTET_OK;
    tensor = type->tensor_type;
    out->kind = OCTET_TYPE_TENSOR;
    out->dtype = (octet_dtype)tensor->elem_type;
    if (tensor->elem_type != 0 && !octet_payload_known_type(tensor->elem_type))
        return octet_fail(b->diag, OCTET_ERR_INVALID_MODEL, "unknown element type %" PRId32,
                          tensor->elem_type);
    if (tensor->shape == NULL)
        return OCTET_OK;
    if (tensor->shape->n_dim > INT32_MAX)
        return invalid(b, "impossible %s", "rank");
    return read_dims(b, tensor->shape, out);
}

/* The first declaration counts: interface before value_info. */
static octet_status declare(const builder *b, octet_graph *g, octet_value_id id,
                            const Onnx__ValueInfoProto *info)
{
    octet_value *v = g->values[id];
    octet_type type;

    OCTET_TRY_NOTE(b->diag, read_type(b, info->type, &type), "value '%s'", v->name);
    if (v->type_origin != NULL || v->outer != OCTET_NO_VALUE)
        return OCTET_OK;
    v->type_origin = info;
    if (type.kind != OCTET_TYPE_UNKNOWN) {
        v->declared = true;
        OCTET_TRY(octet_edit_set_type(g, id, &type, b->diag));
    }
    v->type_changed = false;
    return OCTET_OK;
}

/* ---- values */

static octet_status add_inputs(const builder *b, octet_graph *g, const Onnx__GraphProto *p)
{
    for (size_t i = 0; i < p->n_input; i++) {
        const char *name = octet_text_or_empty(p->input[i]->name);
        octet_value_id id;

        if (name[0] == '\0')
            return invalid(b, "a graph input has no %s", "name");
        OCTET_TRY_NOTE(b->diag, octet_edit_add_named_value(g, name, &id, b->diag), "graph input");
        OCTET_TRY(octet_edit_add_graph_input(g, id, b->diag));
        OCTET_TRY(declare(b, g, id, p->input[i]));
    }
    return OCTET_OK;
}

/* In old models an initializer is a graph input too. */
static octet_status add_initializer(const builder *b, octet_graph *g, const char *name,
                                    const octet_tensor *tensor, const void *origin)
{
    octet_value_id id = octet_graph_find_value(g, name);

    if (name[0] == '\0')
        return invalid(b, "an initializer has no %s", "name");
    if (id != OCTET_NO_VALUE && g->values[id]->is_initializer)
        return invalid(b, "duplicate initializer '%s'", name);
    if (id == OCTET_NO_VALUE)
        OCTET_TRY(octet_edit_add_named_value(g, name, &id, b->diag));
    OCTET_TRY(octet_edit_make_initializer(g, id, tensor, b->diag));
    g->values[id]->type_changed = false;
    g->values[id]->init_origin = origin;
    return OCTET_OK;
}

static octet_status read_tensor(const builder *b, const Onnx__TensorProto *p, octet_tensor *out)
{
    return octet_payload_read(p, b->arena, out, b->diag);
}

/* A string initializer has a type but no payload. */
static octet_status type_absent(const builder *b, octet_graph *g, const char *name,
                                const octet_tensor *tensor)
{
    octet_value *v = g->values[octet_graph_find_value(g, name)];
    octet_dim dims[OCTET_MAX_RANK];
    octet_type type = {OCTET_TYPE_TENSOR, tensor->dtype, tensor->rank, dims};

    if (v->declared)
        return OCTET_OK;
    for (int32_t i = 0; i < tensor->rank; i++)
        dims[i] = (octet_dim){.size = tensor->dims[i]};
    OCTET_TRY(octet_edit_set_type(g, v->id, &type, b->diag));
    v->type_changed = false;
    return OCTET_OK;
}

static octet_status add_dense(const builder *b, octet_graph *g, const Onnx__TensorProto *p)
{
    const char *name = octet_text_or_empty(p->name);
    octet_tensor tensor;

    OCTET_TRY_NOTE(b->diag, read_tensor(b, p, &tensor), "initializer '%s'", name);
    if (!octet_payload_absent(tensor.dtype))
        return add_initializer(b, g, name, &tensor, p);
    OCTET_TRY(add_initializer(b, g, name, NULL, p));
    return type_absent(b, g, name, &tensor);
}

static octet_status add_initializers(const builder *b, octet_graph *g, const Onnx__GraphProto *p)
{
    for (size_t i = 0; i < p->n_initializer; i++)
        OCTET_TRY(add_dense(b, g, p->initializer[i]));
    for (size_t i = 0; i < p->n_sparse_initializer; i++) {
        const Onnx__SparseTensorProto *sparse = p->sparse_initializer[i];

        if (sparse->values == NULL)
            return invalid(b, "a sparse initializer has no %s", "values");
        OCTET_TRY(add_initializer(b, g, octet_text_or_empty(sparse->values->name), NULL, sparse));
    }
    return OCTET_OK;
}

/* "node 'conv3' (Conv)" of a node that does not exist yet. */
static octet_status in_node(const builder *b, octet_status status, const Onnx__NodeProto *p,
                            size_t index)
{
    const char *name = octet_text_or_empty(p->name), *op = octet_text_or_empty(p->op_type);

    if (name[0] != '\0')
        return octet_note(b->diag, status, "node '%s' (%s)", name, op);
    if (p->n_output > 0 && p->output[0][0] != '\0')
        return octet_note(b->diag, status, "node #%zu (%s) that makes '%s'", index, op,
                          p->output[0]);
    return octet_note(b->diag, status, "node #%zu (%s)", index, op);
}

static octet_status add_node_outputs(const builder *b, octet_graph *g, const Onnx__NodeProto *p)
{
    octet_value_id id;

    for (size_t i = 0; i < p->n_output; i++) {
        if (p->output[i][0] != '\0')
            OCTET_TRY(octet_edit_add_named_value(g, p->output[i], &id, b->diag));
    }
    return OCTET_OK;
}

static octet_status add_made(const builder *b, octet_graph *g, const graph_body *body)
{
    for (size_t i = 0; i < body->n_nodes; i++)
        OCTET_TRY(in_node(b, add_node_outputs(b, g, body->nodes[i]), body->nodes[i], i));
    return OCTET_OK;
}

static octet_status add_infos(const builder *b, octet_graph *g, const graph_body *body)
{
    for (size_t i = 0; i < body->n_infos; i++) {
        octet_value_id id = octet_graph_find_value(g, octet_text_or_empty(body->infos[i]->name));

        if (id != OCTET_NO_VALUE)
            OCTET_TRY(declare(b, g, id, body->infos[i]));
    }
    return OCTET_OK;
}

/* ---- attributes */

static octet_status build_graph(builder *b, const Onnx__GraphProto *p, octet_graph *parent,
                                octet_node_id owner, octet_graph **out);

/* Old files have no type; then the field that is set says it. */
static int32_t attr_kind(const Onnx__AttributeProto *p)
{
    const struct {
        bool set;
        octet_attr_kind kind;
    } fields[] = {
        {p->has_f, OCTET_ATTR_FLOAT},           {p->has_i, OCTET_ATTR_INT},
        {p->has_s, OCTET_ATTR_STRING},          {p->t != NULL, OCTET_ATTR_TENSOR},
        {p->g != NULL, OCTET_ATTR_GRAPH},       {p->n_floats > 0, OCTET_ATTR_FLOATS},
        {p->n_ints > 0, OCTET_ATTR_INTS},       {p->n_strings > 0, OCTET_ATTR_STRINGS},
        {p->n_tensors > 0, OCTET_ATTR_TENSORS}, {p->n_graphs > 0, OCTET_ATTR_GRAPHS},
    };

    if (p->type != ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED)
        return (int32_t)p->type;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].set)
            return fields[i].kind;
    }
    return OCTET_ATTR_UNDEFINED;
}

static octet_status read_string(const builder *b, const ProtobufCBinaryData *p, const char **out)
{
    *out = octet_arena_strndup(b->arena, p->len > 0 ? (const char *)p->data : "", p->len);
    OCTET_TRY_ALLOC(b->diag, *out);
    return OCTET_OK;
}

static octet_status read_strings(const builder *b, const Onnx__AttributeProto *p, octet_attr *out)
{
    const char **strings = OCTET_ARENA_ARRAY(b->arena, const char *, p->n_strings);

    OCTET_TRY_ALLOC(b->diag, strings);
    for (size_t i = 0; i < p->n_strings; i++)
        OCTET_TRY(read_string(b, &p->strings[i], &strings[i]));
    out->strings = strings;
    out->count = (uint32_t)p->n_strings;
    return OCTET_OK;
}

static octet_status read_attr_tensor(const builder *b, const Onnx__AttributeProto *p,
                                     octet_attr *out)
{
    octet_tensor *tensor = OCTET_ARENA_NEW(b->arena, octet_tensor);

    OCTET_TRY_ALLOC(b->diag, tensor);
    if (p->t == NULL)
        return octet_fail(b->diag, OCTET_ERR_INVALID_MODEL, "it has no tensor");
    OCTET_TRY(read_tensor(b, p->t, tensor));
    out->tensor = tensor;
    return OCTET_OK;
}

/* g NULL: a default of a function attribute, whose graphs have no place to be built in. */
static octet_status read_attr_graphs(builder *b, const Onnx__AttributeProto *p, octet_graph *g,
                                     octet_attr *out)
{
    bool single = out->kind == OCTET_ATTR_GRAPH;
    size_t count = single ? 1 : p->n_graphs;

    if (g == NULL)
        return OCTET_OK;
    out->graphs = OCTET_ARENA_ARRAY(b->arena, octet_graph *, count);
    OCTET_TRY_ALLOC(b->diag, out->graphs);
    if (single && p->g == NULL)
        return octet_fail(b->diag, OCTET_ERR_INVALID_MODEL, "it has no graph");
    for (size_t i = 0; i < count; i++)
        OCTET_TRY(build_graph(b, single ? p->g : p->graphs[i], g, g->n_nodes, &out->graphs[i]));
    out->count = (uint32_t)count;
    return OCTET_OK;
}

static octet_status read_value(builder *b, const Onnx__AttributeProto *p, octet_graph *g,
                               octet_attr *out)
{
    switch (out->kind) {
    case OCTET_ATTR_FLOAT:
        out->f = p->f;
        return OCTET_OK;
    case OCTET_ATTR_INT:
        out->i = p->i;
        return OCTET_OK;
    case OCTET_ATTR_STRING:
        out->s_length = p->s.len;
        return read_string(b, &p->s, &out->s);
    case OCTET_ATTR_TENSOR:
        return read_attr_tensor(b, p, out);
    case OCTET_ATTR_GRAPH:
    case OCTET_ATTR_GRAPHS:
        return read_attr_graphs(b, p, g, out);
    case OCTET_ATTR_FLOATS:
        out->floats = p->floats;
        out->count = (uint32_t)p->n_floats;
        return OCTET_OK;
    case OCTET_ATTR_INTS:
        out->ints = p->ints;
        out->count = (uint32_t)p->n_ints;
        return OCTET_OK;
    case OCTET_ATTR_STRINGS:
        return read_strings(b, p, out);
    default:
        return OCTET_OK; /* carried by origin */
    }
}

static octet_status read_attr(builder *b, const Onnx__AttributeProto *p, octet_graph *g,
                              octet_attr *out)
{
    int32_t kind = attr_kind(p);

    *out = (octet_attr){.name = octet_text_or_empty(p->name), .origin = p};
    if (p->ref_attr_name != NULL && p->ref_attr_name[0] != '\0')
        out->reference = p->ref_attr_name;
    if (out->name[0] == '\0')
        return octet_fail(b->diag, OCTET_ERR_INVALID_MODEL, "an attribute has no name");
    if (kind < OCTET_ATTR_UNDEFINED || kind > OCTET_ATTR_TYPE_PROTOS)
        return octet_fail(b->diag, OCTET_ERR_INVALID_MODEL, "attribute '%s' has unknown type %d",
                          out->name, (int)kind);
    out->kind = (octet_attr_kind)kind;
    if (out->reference != NULL)
        return OCTET_OK;
    return octet_note(b->diag, read_value(b, p, g, out), "attribute '%s'", out->name);
}

/* ---- nodes */

/* Lists of one node, on the heap: subgraphs make nodes while they are in use. */
typedef struct lists {
    octet_attr *attrs;
    octet_value_id *inputs, *outputs;
} node_lists;

static octet_status fill_inputs(const builder *b, octet_graph *g, const Onnx__NodeProto *p,
                                octet_value_id *ids)
{
    for (size_t i = 0; i < p->n_input; i++) {
        ids[i] = OCTET_NO_VALUE;
        if (p->input[i][0] == '\0')
            continue;
        OCTET_TRY(octet_edit_resolve(g, p->input[i], &ids[i], b->diag));
        if (ids[i] == OCTET_NO_VALUE)
            return invalid(b, "input '%s' is made by no node, input or initializer", p->input[i]);
    }
    return OCTET_OK;
}

static void fill_outputs(const octet_graph *g, const Onnx__NodeProto *p, octet_value_id *ids)
{
    for (size_t i = 0; i < p->n_output; i++) {
        ids[i] = OCTET_NO_VALUE;
        if (p->output[i][0] != '\0')
            ids[i] = octet_graph_find_value(g, p->output[i]);
    }
}

static octet_status check_import(const builder *b, const char *domain)
{
    for (uint32_t i = 0; i < b->n_opsets; i++) {
        if (strcmp(b->opsets[i].domain, domain) == 0)
            return OCTET_OK;
    }
    return invalid(b, "domain '%s' is not in opset_import", domain);
}

static octet_status make_node(builder *b, octet_graph *g, const Onnx__NodeProto *p,
                              const node_lists *lists)
{
    octet_node_desc desc = {.name = octet_text_or_empty(p->name),
                            .op_type = p->op_type,
                            .domain = octet_domain(p->domain),
                            .inputs = lists->inputs,
                            .n_inputs = (uint32_t)p->n_input,
                            .outputs = lists->outputs,
                            .n_outputs = (uint32_t)p->n_output,
                            .attrs = lists->attrs,
                            .n_attrs = (uint32_t)p->n_attribute,
                            .doc = p->doc_string,
                            .keep_name = true};
    octet_node_id id;

    if (p->op_type == NULL || p->op_type[0] == '\0')
        return invalid(b, "it has no %s", "op_type");
    OCTET_TRY(check_import(b, desc.domain));
    for (size_t i = 0; i < p->n_attribute; i++)
        OCTET_TRY(read_attr(b, p->attribute[i], g, &lists->attrs[i]));
    OCTET_TRY(fill_inputs(b, g, p, lists->inputs));
    fill_outputs(g, p, lists->outputs);
    OCTET_TRY(octet_edit_add_node(g, &desc, NULL, &id, b->diag));
    g->nodes[id]->overload = octet_text_or_empty(p->overload);
    g->nodes[id]->origin = p;
    return OCTET_OK;
}

static octet_status add_node(builder *b, octet_graph *g, const Onnx__NodeProto *p)
{
    const octet_allocator *allocator = &b->model->ctx->allocator;
    node_lists lists = {octet_mem_alloc(allocator, p->n_attribute, sizeof(octet_attr)),
                        octet_mem_alloc(allocator, p->n_input, sizeof(octet_value_id)),
                        octet_mem_alloc(allocator, p->n_output, sizeof(octet_value_id))};
    octet_status status;

    if (lists.attrs != NULL && lists.inputs != NULL && lists.outputs != NULL)
        status = make_node(b, g, p, &lists);
    else
        status = octet_fail_nomem(b->diag);
    octet_mem_free(allocator, lists.attrs);
    octet_mem_free(allocator, lists.inputs);
    octet_mem_free(allocator, lists.outputs);
    return status;
}

/* ---- graphs */

static bool comes_later(const octet_graph *g, octet_value_id value, octet_node_id node)
{
    octet_node_id producer = value == OCTET_NO_VALUE ? OCTET_NO_NODE : g->values[value]->producer;

    return producer != OCTET_NO_NODE && producer >= node;
}

static bool is_ordered(const octet_graph *g)
{
    for (octet_node_id id = 0; id < g->n_nodes; id++) {
        const octet_node *n = g->nodes[id];

        for (uint32_t i = 0; i < n->n_inputs; i++) {
            if (comes_later(g, n->inputs[i], id))
                return false;
        }
        for (uint32_t i = 0; i < n->n_captures; i++) {
            if (comes_later(g, n->captures[i], id))
                return false;
        }
    }
    return true;
}

static octet_status add_nodes(builder *b, octet_graph *g, const graph_body *body)
{
    for (size_t i = 0; i < body->n_nodes; i++)
        OCTET_TRY(in_node(b, add_node(b, g, body->nodes[i]), body->nodes[i], i));
    return OCTET_OK;
}

static octet_status set_origin(builder *b, octet_graph *g, const Onnx__GraphProto *p)
{
    octet_graph_origin *origin = OCTET_ARENA_NEW(b->arena, octet_graph_origin);

    OCTET_TRY_ALLOC(b->diag, origin);
    *origin = (octet_graph_origin){p, g->n_nodes, !is_ordered(g)};
    b->unordered = b->unordered || origin->reordered;
    g->origin = origin;
    return OCTET_OK;
}

static octet_status add_output(const builder *b, octet_graph *g, const char *name,
                               const Onnx__ValueInfoProto *info)
{
    octet_value_id id;

    OCTET_TRY(octet_edit_resolve(g, name, &id, b->diag));
    if (id == OCTET_NO_VALUE)
        return invalid(b, "graph output '%s' is made by no node, input or initializer", name);
    OCTET_TRY(octet_edit_add_graph_output(g, id, b->diag));
    return info != NULL ? declare(b, g, id, info) : OCTET_OK;
}

static octet_status add_outputs(const builder *b, octet_graph *g, const Onnx__GraphProto *p)
{
    for (size_t i = 0; i < p->n_output; i++)
        OCTET_TRY(add_output(b, g, octet_text_or_empty(p->output[i]->name), p->output[i]));
    return OCTET_OK;
}

static octet_status build_graph(builder *b, const Onnx__GraphProto *p, octet_graph *parent,
                                octet_node_id owner, octet_graph **out)
{
    const graph_body body = {p->node, p->n_node, p->value_info, p->n_value_info};
    octet_graph *g;

    if (octet_graph_create(b->model, parent, owner, p->name, &g) != OCTET_OK)
        return octet_fail_nomem(b->diag);
    g->doc = octet_text_or_empty(p->doc_string);
    OCTET_TRY(add_inputs(b, g, p));
    OCTET_TRY(add_initializers(b, g, p));
    OCTET_TRY(add_made(b, g, &body));
    OCTET_TRY(add_outputs(b, g, p));
    OCTET_TRY(add_infos(b, g, &body));
    OCTET_TRY(add_nodes(b, g, &body));
    OCTET_TRY(set_origin(b, g, p));
    *out = g;
    return OCTET_OK;
}

/* ---- functions */

static octet_status build_function_body(builder *b, const Onnx__FunctionProto *p, octet_graph **out)
{
    const graph_body body = {p->node, p->n_node, p->value_info, p->n_value_info};
    octet_graph *g;
    octet_value_id id;

    if (octet_graph_create(b->model, NULL, OCTET_NO_NODE, p->name, &g) != OCTET_OK)
        return octet_fail_nomem(b->diag);
    g->doc = octet_text_or_empty(p->doc_string);
    for (size_t i = 0; i < p->n_input; i++) {
        OCTET_TRY_NOTE(b->diag, octet_edit_add_named_value(g, p->input[i], &id, b->diag),
                       "function input");
        OCTET_TRY(octet_edit_add_graph_input(g, id, b->diag));
    }
    OCTET_TRY(add_made(b, g, &body));
    for (size_t i = 0; i < p->n_output; i++)
        OCTET_TRY(add_output(b, g, p->output[i], NULL));
    OCTET_TRY(add_infos(b, g, &body));
    OCTET_TRY(add_nodes(b, g, &body));
    OCTET_TRY(set_origin(b, g, NULL));
    *out = g;
    return OCTET_OK;
}

static octet_status read_function_lists(builder *b, const Onnx__FunctionProto *p,
                                        octet_function *out)
{
    octet_attr *defaults = OCTET_ARENA_ARRAY(b->arena, octet_attr, p->n_attribute_proto);

    OCTET_TRY_ALLOC(b->diag, defaults);
    for (size_t i = 0; i < p->n_attribute_proto; i++)
        OCTET_TRY(read_attr(b, p->attribute_proto[i], NULL, &defaults[i]));
    out->attribute_defaults = defaults;
    out->n_attribute_defaults = (uint32_t)p->n_attribute_proto;
    out->attributes = (const char *const *)p->attribute;
    out->n_attributes = (uint32_t)p->n_attribute;
    out->opsets = OCTET_ARENA_ARRAY(&b->model->arena, octet_opset, p->n_opset_import);
    OCTET_TRY_ALLOC(b->diag, out->opsets);
    out->n_opsets = (uint32_t)p->n_opset_import;
    for (size_t i = 0; i < p->n_opset_import; i++) {
        out->opsets[i].domain = octet_domain(p->opset_import[i]->domain);
        out->opsets[i].version = p->opset_import[i]->version;
    }
    return OCTET_OK;
}

static octet_status build_function(builder *b, const Onnx__FunctionProto *p, octet_function *out)
{
    *out = (octet_function){.domain = octet_domain(p->domain),
                            .name = octet_text_or_empty(p->name),
                            .overload = octet_text_or_empty(p->overload),
                            .origin = p};
    OCTET_TRY(read_function_lists(b, p, out));
    b->opsets = out->opsets;
    b->n_opsets = out->n_opsets;
    return build_function_body(b, p, &out->body);
}

static octet_status build_functions(builder *b, const Onnx__ModelProto *p)
{
    octet_model *model = b->model;

    model->functions = OCTET_ARENA_ARRAY(&model->arena, octet_function, p->n_functions);
    OCTET_TRY_ALLOC(b->diag, model->functions);
    for (size_t i = 0; i < p->n_functions; i++) {
        OCTET_TRY_NOTE(b->diag, build_function(b, p->functions[i], &model->functions[i]),
                       "function '%s'", octet_text_or_empty(p->functions[i]->name));
        model->n_functions++;
    }
    return OCTET_OK;
}

octet_status octet_build_graphs(octet_model *model, const Onnx__ModelProto *proto, octet_diag *diag)
{
    octet_source *source = model->loaded;
    builder b = {.model = model,
                 .arena = &source->arena,
                 .diag = diag,
                 .opsets = model->opsets,
                 .n_opsets = model->n_opsets};

    OCTET_TRY(build_graph(&b, proto->graph, NULL, OCTET_NO_NODE, &model->graph));
    OCTET_TRY(build_functions(&b, proto));
    if (!b.unordered)
        return OCTET_OK;
    OCTET_TRY(octet_graph_sort(model->graph, diag));
    for (uint32_t i = 0; i < model->n_functions; i++)
        OCTET_TRY_NOTE(diag, octet_graph_sort(model->functions[i].body, diag), "function '%s'",
                       model->functions[i].name);
    return OCTET_OK;
}
