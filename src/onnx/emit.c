/* emit.c: graph to GraphProto, taking from the file all that did not change
 * SPDX-License-Identifier: Apache-2.0
 */
#include "onnx/emit.h"

#include <string.h>

void octet_emit_text(char **slot, const char *text)
{
    if (strcmp(octet_text_or_empty(*slot), text) != 0)
        *slot = text[0] != '\0' ? octet_emit_borrow(text) : NULL;
}

static void *new_list(octet_writer *w, size_t count)
{
    return octet_arena_alloc(&w->arena, count, sizeof(void *));
}

/* ---- tensors and types */

static octet_status new_tensor(octet_writer *w, const char *name, const octet_tensor *t,
                               Onnx__TensorProto **out)
{
    Onnx__TensorProto *p = OCTET_EMIT_NEW(w, Onnx__TensorProto, ONNX__TENSOR_PROTO__INIT, NULL);

    OCTET_TRY_ALLOC(w->diag, p);
    if (octet_payload_absent(t->dtype))
        return octet_fail(w->diag, OCTET_ERR_INTERNAL, "tensor '%s' has no payload to write", name);
    octet_emit_text(&p->name, name);
    p->has_data_type = 1;
    p->data_type = (int32_t)t->dtype;
    p->n_dims = (size_t)t->rank;
    p->dims = octet_emit_borrow(t->dims);
    p->has_raw_data = 1;
    p->raw_data = (ProtobufCBinaryData){t->bytes, t->data};
    *out = p;
    return OCTET_OK;
}

static octet_status set_dim(octet_writer *w, const octet_dim *dim,
                            const Onnx__TensorShapeProto__Dimension *origin,
                            Onnx__TensorShapeProto__Dimension **out)
{
    Onnx__TensorShapeProto__Dimension *p = OCTET_EMIT_NEW(
        w, Onnx__TensorShapeProto__Dimension, ONNX__TENSOR_SHAPE_PROTO__DIMENSION__INIT, origin);

    OCTET_TRY_ALLOC(w->diag, p);
    p->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE__NOT_SET;
    if (dim->size >= 0) {
        p->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        p->dim_value = dim->size;
    } else if (dim->symbol != NULL) {
        p->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        p->dim_param = octet_emit_borrow(dim->symbol);
    }
    *out = p;
    return OCTET_OK;
}

static octet_status set_shape(octet_writer *w, const octet_type *type,
                              Onnx__TensorShapeProto **shape)
{
    const Onnx__TensorShapeProto *origin = *shape;
    Onnx__TensorShapeProto *p =
        OCTET_EMIT_NEW(w, Onnx__TensorShapeProto, ONNX__TENSOR_SHAPE_PROTO__INIT, origin);

    *shape = NULL;
    if (type->rank < 0)
        return OCTET_OK;
    OCTET_TRY_ALLOC(w->diag, p);
    p->n_dim = (size_t)type->rank;
    OCTET_TRY_ALLOC(w->diag, p->dim = new_list(w, p->n_dim));
    for (size_t i = 0; i < p->n_dim; i++) {
        bool paired = origin != NULL && origin->n_dim == p->n_dim;

        OCTET_TRY(set_dim(w, &type->dims[i], paired ? origin->dim[i] : NULL, &p->dim[i]));
    }
    *shape = p;
    return OCTET_OK;
}

/* Only tensors: other types are known by their origin alone. */
static octet_status set_type(octet_writer *w, const octet_type *type, Onnx__TypeProto **slot)
{
    const Onnx__TypeProto *origin = *slot;
    const Onnx__TypeProto__Tensor *old = NULL;
    Onnx__TypeProto *p = OCTET_EMIT_NEW(w, Onnx__TypeProto, ONNX__TYPE_PROTO__INIT, origin);
    Onnx__TypeProto__Tensor *tensor;

    OCTET_TRY_ALLOC(w->diag, p);
    if (p->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
        old = p->tensor_type;
    tensor = OCTET_EMIT_NEW(w, Onnx__TypeProto__Tensor, ONNX__TYPE_PROTO__TENSOR__INIT, old);
    OCTET_TRY_ALLOC(w->diag, tensor);
    tensor->has_elem_type = 1;
    tensor->elem_type = (int32_t)type->dtype;
    OCTET_TRY(set_shape(w, type, &tensor->shape));
    p->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    p->tensor_type = tensor;
    *slot = p;
    return OCTET_OK;
}

static octet_status emit_info(octet_writer *w, const octet_value *v,
                              const Onnx__ValueInfoProto *origin, Onnx__ValueInfoProto **out)
{
    bool retype = (origin == NULL || v->type_changed) && v->type.kind == OCTET_TYPE_TENSOR;
    Onnx__ValueInfoProto *p;

    *out = octet_emit_borrow(origin);
    if (origin != NULL && !retype && strcmp(octet_text_or_empty(origin->name), v->name) == 0)
        return OCTET_OK;
    p = OCTET_EMIT_NEW(w, Onnx__ValueInfoProto, ONNX__VALUE_INFO_PROTO__INIT, origin);
    OCTET_TRY_ALLOC(w->diag, p);
    octet_emit_text(&p->name, v->name);
    if (retype)
        OCTET_TRY(set_type(w, &v->type, &p->type));
    *out = p;
    return OCTET_OK;
}

/* ---- attributes */

static octet_status set_strings(octet_writer *w, const octet_attr *attr, Onnx__AttributeProto *p)
{
    bool same = p->n_strings == attr->count;

    for (uint32_t i = 0; same && i < attr->count; i++) {
        /* The IR ends a string at its first zero byte. */
        size_t length = strlen(attr->strings[i]);

        same = length <= p->strings[i].len &&
               (length == 0 || memcmp(p->strings[i].data, attr->strings[i], length) == 0) &&
               (length == p->strings[i].len || p->strings[i].data[length] == '\0');
    }
    if (same)
        return OCTET_OK;
    p->n_strings = attr->count;
    p->strings = octet_arena_alloc(&w->arena, attr->count, sizeof *p->strings);
    OCTET_TRY_ALLOC(w->diag, p->strings);
    for (uint32_t i = 0; i < attr->count; i++)
        p->strings[i] =
            (ProtobufCBinaryData){strlen(attr->strings[i]), octet_emit_borrow(attr->strings[i])};
    return OCTET_OK;
}

static octet_status set_graphs(octet_writer *w, const octet_attr *attr, Onnx__AttributeProto *p)
{
    if (attr->kind == OCTET_ATTR_GRAPH)
        return octet_emit_graph(w, attr->graphs[0], &p->g);
    p->n_graphs = attr->count;
    OCTET_TRY_ALLOC(w->diag, p->graphs = new_list(w, attr->count));
    for (uint32_t i = 0; i < attr->count; i++)
        OCTET_TRY(octet_emit_graph(w, attr->graphs[i], &p->graphs[i]));
    return OCTET_OK;
}

/* The value is set from the IR even when there is an origin: a pass may have copied the attribute
 * of another node and changed the copy. Tensors are replaced as a whole, without origin. */
static octet_status set_value(octet_writer *w, const octet_attr *attr, Onnx__AttributeProto *p)
{
    switch (attr->kind) {
    case OCTET_ATTR_FLOAT:
        p->has_f = p->has_f || attr->origin == NULL || attr->f != 0;
        p->f = attr->f;
        return OCTET_OK;
    case OCTET_ATTR_INT:
        p->has_i = p->has_i || attr->origin == NULL || attr->i != 0;
        p->i = attr->i;
        return OCTET_OK;
    case OCTET_ATTR_STRING:
        p->has_s = p->has_s || attr->origin == NULL || attr->s_length > 0;
        p->s = (ProtobufCBinaryData){attr->s_length, octet_emit_borrow(attr->s)};
        return OCTET_OK;
    case OCTET_ATTR_FLOATS:
        p->n_floats = attr->count;
        p->floats = octet_emit_borrow(attr->floats);
        return OCTET_OK;
    case OCTET_ATTR_INTS:
        p->n_ints = attr->count;
        p->ints = octet_emit_borrow(attr->ints);
        return OCTET_OK;
    case OCTET_ATTR_STRINGS:
        return set_strings(w, attr, p);
    case OCTET_ATTR_GRAPH:
    case OCTET_ATTR_GRAPHS:
        return set_graphs(w, attr, p);
    default:
        if (attr->origin != NULL)
            return OCTET_OK;
        if (attr->kind != OCTET_ATTR_TENSOR || attr->tensor == NULL)
            return octet_fail(w->diag, OCTET_ERR_INTERNAL, "attribute '%s' has no value to write",
                              attr->name);
        return new_tensor(w, "", attr->tensor, &p->t);
    }
}

static octet_status emit_attr(octet_writer *w, const octet_attr *attr, Onnx__AttributeProto **out)
{
    Onnx__AttributeProto *p =
        OCTET_EMIT_NEW(w, Onnx__AttributeProto, ONNX__ATTRIBUTE_PROTO__INIT, attr->origin);

    OCTET_TRY_ALLOC(w->diag, p);
    *out = p;
    octet_emit_text(&p->name, attr->name);
    octet_emit_text(&p->ref_attr_name, octet_text_or_empty(attr->reference));
    if (attr->origin == NULL) {
        p->has_type = 1;
        p->type = (Onnx__AttributeProto__AttributeType)attr->kind;
    }
    return attr->reference != NULL ? OCTET_OK : set_value(w, attr, p);
}

/* ---- nodes */

static const char *port_name(const octet_graph *g, octet_value_id id)
{
    return id == OCTET_NO_VALUE ? "" : g->values[id]->name;
}

static bool same_ports(const octet_graph *g, const octet_value_id *ids, uint32_t n,
                       char *const *names, size_t n_names)
{
    if (n != n_names)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(port_name(g, ids[i]), names[i]) != 0)
            return false;
    }
    return true;
}

/* Names of values can change without the node being touched; subgraphs likewise. */
static bool is_as_read(const octet_graph *g, const octet_node *n)
{
    const Onnx__NodeProto *p = n->origin;
    octet_subgraphs it = {0};

    return p != NULL && !n->changed && octet_node_next_subgraph(n, &it) == NULL &&
           same_ports(g, n->inputs, n->n_inputs, p->input, p->n_input) &&
           same_ports(g, n->outputs, n->n_outputs, p->output, p->n_output);
}

static octet_status set_ports(octet_writer *w, const octet_graph *g, const octet_value_id *ids,
                              uint32_t n, char ***names, size_t *n_names)
{
    char **list = new_list(w, n);

    OCTET_TRY_ALLOC(w->diag, list);
    for (uint32_t i = 0; i < n; i++)
        list[i] = octet_emit_borrow(port_name(g, ids[i]));
    *names = list;
    *n_names = n;
    return OCTET_OK;
}

static octet_status emit_node(octet_writer *w, const octet_graph *g, const octet_node *n,
                              Onnx__NodeProto **out)
{
    Onnx__NodeProto *p;

    *out = octet_emit_borrow(n->origin);
    if (is_as_read(g, n))
        return OCTET_OK;
    *out = p = OCTET_EMIT_NEW(w, Onnx__NodeProto, ONNX__NODE_PROTO__INIT, n->origin);
    OCTET_TRY_ALLOC(w->diag, p);
    octet_emit_text(&p->name, n->name);
    octet_emit_text(&p->op_type, n->op_type);
    octet_emit_text(&p->overload, n->overload);
    octet_emit_text(&p->doc_string, n->doc);
    if (strcmp(octet_domain(p->domain), n->domain) != 0)
        octet_emit_text(&p->domain, n->domain);
    OCTET_TRY(set_ports(w, g, n->inputs, n->n_inputs, &p->input, &p->n_input));
    OCTET_TRY(set_ports(w, g, n->outputs, n->n_outputs, &p->output, &p->n_output));
    p->n_attribute = n->n_attrs;
    OCTET_TRY_ALLOC(w->diag, p->attribute = new_list(w, n->n_attrs));
    for (uint32_t i = 0; i < n->n_attrs; i++)
        OCTET_TRY(emit_attr(w, &n->attrs[i], &p->attribute[i]));
    return OCTET_OK;
}

/* A file whose nodes were out of order keeps its order until a node is added. */
static bool keeps_file_order(const octet_graph *g)
{
    const octet_graph_origin *origin = g->origin;

    return origin != NULL && origin->reordered && g->n_nodes == origin->n_nodes;
}

static octet_status emit_nodes(octet_writer *w, const octet_graph *g, Onnx__NodeProto ***list,
                               size_t *n_list)
{
    bool by_id = keeps_file_order(g);
    uint32_t count = by_id ? g->n_nodes : g->n_order;
    Onnx__NodeProto **nodes = new_list(w, count);
    size_t used = 0;

    OCTET_TRY_ALLOC(w->diag, nodes);
    for (uint32_t i = 0; i < count; i++) {
        const octet_node *n = g->nodes[by_id ? i : g->order[i]];

        if (!n->removed)
            OCTET_TRY(emit_node(w, g, n, &nodes[used++]));
    }
    *list = nodes;
    *n_list = used;
    return OCTET_OK;
}

/* ---- initializers */

static bool is_sparse(const void *origin)
{
    return origin != NULL &&
           ((const ProtobufCMessage *)origin)->descriptor == &onnx__sparse_tensor_proto__descriptor;
}

static octet_status emit_dense(octet_writer *w, const octet_value *v, Onnx__TensorProto **out)
{
    const Onnx__TensorProto *origin = v->init_origin;

    *out = octet_emit_borrow(origin);
    if (origin != NULL && strcmp(octet_text_or_empty(origin->name), v->name) == 0)
        return OCTET_OK;
    if (origin == NULL && v->constant == NULL)
        return octet_fail(w->diag, OCTET_ERR_INTERNAL, "initializer '%s' has no payload", v->name);
    if (origin == NULL)
        return new_tensor(w, v->name, v->constant, out);
    *out = OCTET_EMIT_NEW(w, Onnx__TensorProto, ONNX__TENSOR_PROTO__INIT, origin);
    OCTET_TRY_ALLOC(w->diag, *out);
    octet_emit_text(&(*out)->name, v->name);
    return OCTET_OK;
}

/* The name of a sparse initializer is that of its values. */
static octet_status emit_sparse(octet_writer *w, const octet_value *v,
                                Onnx__SparseTensorProto **out)
{
    const Onnx__SparseTensorProto *origin = v->init_origin;
    Onnx__TensorProto *values;

    *out = octet_emit_borrow(origin);
    if (strcmp(octet_text_or_empty(origin->values->name), v->name) == 0)
        return OCTET_OK;
    *out = OCTET_EMIT_NEW(w, Onnx__SparseTensorProto, ONNX__SPARSE_TENSOR_PROTO__INIT, origin);
    OCTET_TRY_ALLOC(w->diag, *out);
    values = OCTET_EMIT_NEW(w, Onnx__TensorProto, ONNX__TENSOR_PROTO__INIT, origin->values);
    OCTET_TRY_ALLOC(w->diag, values);
    octet_emit_text(&values->name, v->name);
    (*out)->values = values;
    return OCTET_OK;
}

static octet_status emit_initializers(octet_writer *w, const octet_graph *g, Onnx__GraphProto *p)
{
    Onnx__TensorProto **dense = new_list(w, g->n_initializers);
    Onnx__SparseTensorProto **sparse = new_list(w, g->n_initializers);

    OCTET_TRY_ALLOC(w->diag, dense);
    OCTET_TRY_ALLOC(w->diag, sparse);
    p->n_initializer = p->n_sparse_initializer = 0;
    for (uint32_t i = 0; i < g->n_initializers; i++) {
        const octet_value *v = g->values[g->initializers[i]];

        if (is_sparse(v->init_origin))
            OCTET_TRY(emit_sparse(w, v, &sparse[p->n_sparse_initializer++]));
        else
            OCTET_TRY(emit_dense(w, v, &dense[p->n_initializer++]));
    }
    p->initializer = dense;
    p->sparse_initializer = sparse;
    return OCTET_OK;
}

/* ---- declarations */

static bool is_live(const octet_value *v)
{
    return v->is_input || v->is_initializer || v->producer != OCTET_NO_NODE ||
           v->outer != OCTET_NO_VALUE;
}

/* A name that is no value of the graph now: it was none in the file either, and is carried. */
static bool names_dead_value(const octet_graph *g, const char *name)
{
    octet_value_id id = octet_graph_find_value(g, octet_text_or_empty(name));

    return id != OCTET_NO_VALUE && !is_live(g->values[id]);
}

/* Declared without a file: models read from text. */
static bool needs_new_info(const octet_value *v)
{
    return v->declared && v->type_origin == NULL && !v->is_input && is_live(v) &&
           !octet_value_is_output(v);
}

static octet_status emit_infos(octet_writer *w, const octet_graph *g, Onnx__ValueInfoProto ***list,
                               size_t *n_list)
{
    Onnx__ValueInfoProto **infos = new_list(w, *n_list + g->n_values);
    size_t used = 0;

    OCTET_TRY_ALLOC(w->diag, infos);
    for (size_t i = 0; i < *n_list; i++) {
        Onnx__ValueInfoProto *info = (*list)[i];
        octet_value_id id = octet_graph_find_value(g, octet_text_or_empty(info->name));

        if (id == OCTET_NO_VALUE)
            infos[used++] = info;
        else if (is_live(g->values[id]))
            OCTET_TRY(emit_info(w, g->values[id], info, &infos[used++]));
    }
    for (uint32_t i = 0; i < g->n_values; i++) {
        if (needs_new_info(g->values[i]))
            OCTET_TRY(emit_info(w, g->values[i], NULL, &infos[used++]));
    }
    *list = infos;
    *n_list = used;
    return OCTET_OK;
}

static octet_status emit_inputs(octet_writer *w, const octet_graph *g, Onnx__GraphProto *p)
{
    p->n_input = g->n_inputs;
    OCTET_TRY_ALLOC(w->diag, p->input = new_list(w, g->n_inputs));
    for (uint32_t i = 0; i < g->n_inputs; i++) {
        const octet_value *v = g->values[g->inputs[i]];

        OCTET_TRY(emit_info(w, v, v->type_origin, &p->input[i]));
    }
    return OCTET_OK;
}

/* An output is declared by the entry that has its name: a value can take over the name. */
static octet_status emit_outputs(octet_writer *w, const octet_graph *g, Onnx__GraphProto *p)
{
    Onnx__ValueInfoProto **old = p->output;
    size_t n_old = p->n_output;

    p->n_output = g->n_outputs;
    OCTET_TRY_ALLOC(w->diag, p->output = new_list(w, g->n_outputs));
    for (uint32_t i = 0; i < g->n_outputs; i++) {
        const octet_value *v = g->values[g->outputs[i]];
        bool same = i < n_old && strcmp(octet_text_or_empty(old[i]->name), v->name) == 0;

        OCTET_TRY(emit_info(w, v, same ? old[i] : v->type_origin, &p->output[i]));
    }
    return OCTET_OK;
}

static bool annotates_dead_value(const octet_graph *g, const Onnx__TensorAnnotation *a)
{
    bool dead = names_dead_value(g, a->tensor_name);

    for (size_t i = 0; !dead && i < a->n_quant_parameter_tensor_names; i++)
        dead = names_dead_value(g, a->quant_parameter_tensor_names[i]->value);
    return dead;
}

static octet_status emit_annotations(octet_writer *w, const octet_graph *g, Onnx__GraphProto *p)
{
    Onnx__TensorAnnotation **list = new_list(w, p->n_quantization_annotation);
    size_t used = 0;

    OCTET_TRY_ALLOC(w->diag, list);
    for (size_t i = 0; i < p->n_quantization_annotation; i++) {
        if (!annotates_dead_value(g, p->quantization_annotation[i]))
            list[used++] = p->quantization_annotation[i];
    }
    p->quantization_annotation = list;
    p->n_quantization_annotation = used;
    return OCTET_OK;
}

/* ---- graphs, functions, imports */

octet_status octet_emit_graph(octet_writer *w, const octet_graph *g, Onnx__GraphProto **out)
{
    const octet_graph_origin *origin = g->origin;
    Onnx__GraphProto *p = OCTET_EMIT_NEW(w, Onnx__GraphProto, ONNX__GRAPH_PROTO__INIT,
                                         origin != NULL ? origin->graph : NULL);

    OCTET_TRY_ALLOC(w->diag, p);
    *out = p;
    octet_emit_text(&p->name, g->name);
    octet_emit_text(&p->doc_string, g->doc);
    OCTET_TRY(emit_nodes(w, g, &p->node, &p->n_node));
    OCTET_TRY(emit_initializers(w, g, p));
    OCTET_TRY(emit_inputs(w, g, p));
    OCTET_TRY(emit_outputs(w, g, p));
    OCTET_TRY(emit_infos(w, g, &p->value_info, &p->n_value_info));
    return emit_annotations(w, g, p);
}

static const octet_opset *find_import(const octet_opset *opsets, uint32_t n, const char *domain)
{
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(opsets[i].domain, octet_domain(domain)) == 0)
            return &opsets[i];
    }
    return NULL;
}

static bool is_imported(Onnx__OperatorSetIdProto *const *list, size_t n, const char *domain)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(octet_domain(list[i]->domain), domain) == 0)
            return true;
    }
    return false;
}

static octet_status emit_import(octet_writer *w, const Onnx__OperatorSetIdProto *origin,
                                const octet_opset *opset, Onnx__OperatorSetIdProto **out)
{
    Onnx__OperatorSetIdProto *p;

    *out = octet_emit_borrow(origin);
    if (origin != NULL && origin->version == opset->version)
        return OCTET_OK;
    *out = p =
        OCTET_EMIT_NEW(w, Onnx__OperatorSetIdProto, ONNX__OPERATOR_SET_ID_PROTO__INIT, origin);
    OCTET_TRY_ALLOC(w->diag, p);
    if (origin == NULL) /* readers want the domain to be there, empty or not */
        p->domain = octet_emit_borrow(opset->domain);
    p->has_version = 1;
    p->version = opset->version;
    return OCTET_OK;
}

octet_status octet_emit_imports(octet_writer *w, const octet_opset *opsets, uint32_t n_opsets,
                                Onnx__OperatorSetIdProto ***list, size_t *n_list)
{
    Onnx__OperatorSetIdProto **old = *list, **imports = new_list(w, *n_list + n_opsets);
    size_t n_old = *n_list, used = 0;

    OCTET_TRY_ALLOC(w->diag, imports);
    for (size_t i = 0; i < n_old; i++) {
        const octet_opset *opset = find_import(opsets, n_opsets, old[i]->domain);

        if (opset != NULL)
            OCTET_TRY(emit_import(w, old[i], opset, &imports[used++]));
    }
    for (uint32_t i = 0; i < n_opsets; i++) {
        if (!is_imported(old, n_old, opsets[i].domain))
            OCTET_TRY(emit_import(w, NULL, &opsets[i], &imports[used++]));
    }
    *list = imports;
    *n_list = used;
    return OCTET_OK;
}

static octet_status set_parameters(octet_writer *w, const octet_function *f, Onnx__FunctionProto *p)
{
    p->n_attribute = f->n_attributes;
    p->attribute = octet_emit_borrow(f->attributes);
    p->n_attribute_proto = f->n_attribute_defaults;
    OCTET_TRY_ALLOC(w->diag, p->attribute_proto = new_list(w, f->n_attribute_defaults));
    for (uint32_t i = 0; i < f->n_attribute_defaults; i++)
        OCTET_TRY(emit_attr(w, &f->attribute_defaults[i], &p->attribute_proto[i]));
    return OCTET_OK;
}

octet_status octet_emit_function(octet_writer *w, const octet_function *f,
                                 Onnx__FunctionProto **out)
{
    Onnx__FunctionProto *p =
        OCTET_EMIT_NEW(w, Onnx__FunctionProto, ONNX__FUNCTION_PROTO__INIT, f->origin);
    const octet_graph *g = f->body;

    OCTET_TRY_ALLOC(w->diag, p);
    *out = p;
    octet_emit_text(&p->name, f->name);
    octet_emit_text(&p->overload, f->overload);
    if (strcmp(octet_domain(p->domain), f->domain) != 0)
        octet_emit_text(&p->domain, f->domain);
    if (f->origin == NULL)
        OCTET_TRY(set_parameters(w, f, p));
    OCTET_TRY(set_ports(w, g, g->inputs, g->n_inputs, &p->input, &p->n_input));
    OCTET_TRY(set_ports(w, g, g->outputs, g->n_outputs, &p->output, &p->n_output));
    OCTET_TRY(emit_nodes(w, g, &p->node, &p->n_node));
    OCTET_TRY(emit_infos(w, g, &p->value_info, &p->n_value_info));
    return octet_emit_imports(w, f->opsets, f->n_opsets, &p->opset_import, &p->n_opset_import);
}
