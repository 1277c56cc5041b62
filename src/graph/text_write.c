/* text_write.c: graphs as ONNX text
 * SPDX-License-Identifier: Apache-2.0
 *
 * What onnx.parser would not read back is written so that it stands out: `…` for payloads left out
 * or kept by the file alone (strings, sparse tensors, type attributes).
 */
#include "graph/text_common.h"

#include <inttypes.h>
#include <string.h>

typedef struct writer {
    octet_text *out;
    int64_t max_elements;
    int depth; /* of subgraphs, for the indent */
} writer;

#define STEP 3
#define LEFT_OUT "\xE2\x80\xA6" /* … */
#define ADD(w, ...) octet_text_add((w)->out, __VA_ARGS__)

static void write_graph_body(writer *w, const octet_graph *g);

static void new_line(writer *w, int steps)
{
    ADD(w, "\n%*s", (w->depth + steps) * STEP, "");
}

/* ---- words */

static void write_quoted(writer *w, const char *text, size_t length)
{
    ADD(w, "\"");
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"' || text[i] == '\\')
            ADD(w, "\\");
        octet_text_add_bytes(w->out, &text[i], 1);
    }
    ADD(w, "\"");
}

/* A value called like a type would be read as one. */
static void write_name(writer *w, const char *name)
{
    if (octet_text_is_identifier(name) && !octet_text_is_type(name))
        ADD(w, "%s", name);
    else
        write_quoted(w, name, strlen(name));
}

/* In an attribute a quoted name would be a string, and some words a type or a number. */
static void write_graph_name(writer *w, const char *name, bool in_attribute)
{
    bool reserved = octet_text_is_type(name) || octet_text_is_float(name);

    if (!in_attribute || (octet_text_is_identifier(name) && !reserved)) {
        write_name(w, name);
        return;
    }
    ADD(w, "g_");
    for (; *name != '\0'; name++) {
        const char one[2] = {*name, '\0'};

        ADD(w, "%c", octet_text_is_identifier(one) || (*name >= '0' && *name <= '9') ? *name : '_');
    }
}

static void write_ids(writer *w, const octet_graph *g, const octet_value_id *ids, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            ADD(w, ", ");
        write_name(w, ids[i] == OCTET_NO_VALUE ? "" : g->values[ids[i]]->name);
    }
}

/* Always recognisable as a float. */
static void write_float(writer *w, float x)
{
    char buffer[32];

    octet_print_f32(x, buffer);
    ADD(w, "%s%s", buffer, strpbrk(buffer, ".en") == NULL ? ".0" : "");
}

/* ---- types and payloads */

static void write_dim(writer *w, const octet_dim *dim)
{
    if (dim->size >= 0)
        ADD(w, "%" PRId64, dim->size);
    else if (dim->symbol == NULL)
        ADD(w, "?");
    else if (octet_text_is_identifier(dim->symbol))
        ADD(w, "%s", dim->symbol);
    else
        write_quoted(w, dim->symbol, strlen(dim->symbol));
}

/* "float[1,N] ", or nothing where the syntax has no words for the type. */
static void write_type(writer *w, const octet_type *type)
{
    if (type->kind != OCTET_TYPE_TENSOR || type->dtype == OCTET_DTYPE_UNDEFINED ||
        type->dtype >= OCTET_DTYPE_COUNT)
        return;
    ADD(w, "%s", octet_dtype_get(type->dtype)->name);
    if (type->rank < 0)
        ADD(w, "[]");
    for (int32_t i = 0; i < type->rank; i++) {
        ADD(w, i == 0 ? "[" : ",");
        write_dim(w, &type->dims[i]);
    }
    ADD(w, type->rank > 0 ? "] " : " ");
}

/* A value from outside has the type it has there. */
static void write_typed(writer *w, const octet_graph *g, const octet_value *v)
{
    const char *name = v->name;

    while (v->outer != OCTET_NO_VALUE && g->parent != NULL) {
        g = g->parent;
        v = g->values[v->outer];
    }
    write_type(w, &v->type);
    write_name(w, name);
}

static int64_t integer_at(const octet_text_unit *unit, const uint8_t *at)
{
    uint64_t bits = 0;
    unsigned shift = (unsigned)(64 - 8 * unit->bytes);

    for (size_t i = 0; i < unit->bytes; i++)
        bits |= (uint64_t)at[i] << (8 * i);
    if (!unit->is_signed || shift == 0 || (bits >> (8 * unit->bytes - 1)) == 0)
        return (int64_t)bits;
    return (int64_t)(bits | (UINT64_MAX << (64 - shift)));
}

static void write_unit(writer *w, const octet_text_unit *unit, const uint8_t *at)
{
    char buffer[32];
    double d;
    float f;

    if (unit->is_float && unit->bytes == sizeof f) {
        memcpy(&f, at, sizeof f);
        ADD(w, "%s", octet_print_f32(f, buffer));
    } else if (unit->is_float) {
        memcpy(&d, at, sizeof d);
        ADD(w, "%s", octet_print_f64(d, buffer));
    } else if (unit->is_signed) {
        ADD(w, "%" PRId64, integer_at(unit, at));
    } else {
        ADD(w, "%" PRIu64, (uint64_t)integer_at(unit, at));
    }
}

/* "{1, 2, 3}" */
static void write_payload(writer *w, const octet_tensor *tensor)
{
    octet_text_unit unit = octet_text_unit_of(tensor->dtype);
    size_t count = unit.bytes != 0 ? tensor->bytes / unit.bytes : 0;
    bool too_long = w->max_elements >= 0 && count > (uint64_t)w->max_elements;

    if (unit.bytes == 0 || too_long || (tensor->data == NULL && count != 0)) {
        ADD(w, "{" LEFT_OUT "}");
        return;
    }
    ADD(w, "{");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            ADD(w, ", ");
        write_unit(w, &unit, (const uint8_t *)tensor->data + i * unit.bytes);
    }
    ADD(w, "}");
}

static void write_tensor_type(writer *w, const octet_tensor *tensor)
{
    ADD(w, "%s", octet_dtype_get(tensor->dtype)->name);
    for (int32_t i = 0; i < tensor->rank; i++)
        ADD(w, "%s%" PRId64, i == 0 ? "[" : ",", tensor->dims[i]);
    ADD(w, tensor->rank > 0 ? "] " : " ");
}

/* ---- attributes */

static void write_string_at(writer *w, const octet_attr *attr, uint32_t i)
{
    write_quoted(w, attr->strings[i], strlen(attr->strings[i]));
}

static void write_int_at(writer *w, const octet_attr *attr, uint32_t i)
{
    ADD(w, "%" PRId64, attr->ints[i]);
}

static void write_float_at(writer *w, const octet_attr *attr, uint32_t i)
{
    write_float(w, attr->floats[i]);
}

static void write_subgraph_at(writer *w, const octet_attr *attr, uint32_t i)
{
    write_graph_name(w, attr->graphs[i]->name, true);
    w->depth++;
    write_graph_body(w, attr->graphs[i]);
    w->depth--;
}

static void write_list(writer *w, const octet_attr *attr,
                       void (*element)(writer *w, const octet_attr *attr, uint32_t i))
{
    ADD(w, "[");
    for (uint32_t i = 0; i < attr->count; i++) {
        if (i > 0)
            ADD(w, ", ");
        element(w, attr, i);
    }
    ADD(w, "]");
}

static void write_attr_value(writer *w, const octet_attr *attr)
{
    switch (attr->kind) {
    case OCTET_ATTR_FLOAT:
        write_float(w, attr->f);
        return;
    case OCTET_ATTR_INT:
        ADD(w, "%" PRId64, attr->i);
        return;
    case OCTET_ATTR_STRING:
        write_quoted(w, attr->s, attr->s_length);
        return;
    case OCTET_ATTR_TENSOR:
        write_tensor_type(w, attr->tensor);
        write_payload(w, attr->tensor);
        return;
    case OCTET_ATTR_GRAPH:
        if (attr->graphs == NULL)
            break; /* default of a function attribute */
        write_subgraph_at(w, attr, 0);
        return;
    case OCTET_ATTR_FLOATS:
        write_list(w, attr, write_float_at);
        return;
    case OCTET_ATTR_INTS:
        write_list(w, attr, write_int_at);
        return;
    case OCTET_ATTR_STRINGS:
        write_list(w, attr, write_string_at);
        return;
    case OCTET_ATTR_GRAPHS:
        write_list(w, attr, write_subgraph_at);
        return;
    default:
        break;
    }
    ADD(w, LEFT_OUT);
}

static bool is_list(octet_attr_kind kind)
{
    return (kind >= OCTET_ATTR_FLOATS && kind <= OCTET_ATTR_GRAPHS) ||
           kind == OCTET_ATTR_SPARSE_TENSORS || kind == OCTET_ATTR_TYPE_PROTOS;
}

/* The type is named where the value does not tell it. */
static void write_attr(writer *w, const octet_attr *attr)
{
    const char *kind = octet_text_attr_kind(attr->kind);
    bool silent = attr->reference != NULL || (is_list(attr->kind) && attr->count == 0);

    ADD(w, "%s", attr->name);
    if (silent && kind != NULL)
        ADD(w, ": %s", kind);
    ADD(w, " = ");
    if (attr->reference != NULL) {
        ADD(w, "@");
        write_name(w, attr->reference);
        return;
    }
    write_attr_value(w, attr);
}

static void write_attrs(writer *w, const octet_attr *attrs, uint32_t count)
{
    if (count == 0)
        return;
    ADD(w, " <");
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            ADD(w, ", ");
        write_attr(w, &attrs[i]);
    }
    ADD(w, ">");
}

/* ---- nodes */

static bool has_subgraph(const octet_node *n)
{
    octet_subgraphs it = {0};

    return octet_node_next_subgraph(n, &it) != NULL;
}

/* Attributes stand before the inputs; with subgraphs in them, after. */
static void write_node(writer *w, const octet_graph *g, const octet_node *n)
{
    bool after = has_subgraph(n);

    if (n->name[0] != '\0') {
        ADD(w, "[");
        write_name(w, n->name);
        ADD(w, "] ");
    }
    write_ids(w, g, n->outputs, n->n_outputs);
    ADD(w, " = %s%s%s", n->domain, n->domain[0] != '\0' ? "." : "", n->op_type);
    if (n->overload[0] != '\0')
        ADD(w, ":%s", n->overload);
    if (!after)
        write_attrs(w, n->attrs, n->n_attrs);
    ADD(w, " (");
    write_ids(w, g, n->inputs, n->n_inputs);
    ADD(w, ")");
    if (after)
        write_attrs(w, n->attrs, n->n_attrs);
}

/* ---- graphs */

static void write_interface(writer *w, const octet_graph *g, const octet_value_id *ids,
                            uint32_t count)
{
    ADD(w, "(");
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            ADD(w, ", ");
        write_typed(w, g, g->values[ids[i]]);
    }
    ADD(w, ")");
}

static void write_initializer(writer *w, const octet_value *v)
{
    if (v->constant != NULL)
        write_tensor_type(w, v->constant);
    else
        write_type(w, &v->type);
    write_name(w, v->name);
    ADD(w, " = ");
    if (v->constant != NULL)
        write_payload(w, v->constant);
    else
        ADD(w, "{" LEFT_OUT "}");
}

/* Inner values whose type the file declares. */
static bool has_info(const octet_value *v)
{
    return v->declared && v->producer != OCTET_NO_NODE && v->n_output_uses == 0 &&
           v->type.kind == OCTET_TYPE_TENSOR;
}

static void start_item(writer *w, bool *any)
{
    if (!*any)
        new_line(w, 0);
    ADD(w, *any ? "," : "<");
    new_line(w, 1);
    *any = true;
}

static void write_initializers_and_infos(writer *w, const octet_graph *g)
{
    bool any = false;

    for (uint32_t i = 0; i < g->n_initializers; i++) {
        start_item(w, &any);
        write_initializer(w, g->values[g->initializers[i]]);
    }
    for (uint32_t i = 0; i < g->n_values; i++) {
        if (!has_info(g->values[i]))
            continue;
        start_item(w, &any);
        write_typed(w, g, g->values[i]);
    }
    if (!any)
        return;
    new_line(w, 0);
    ADD(w, ">");
}

/* All but the name. */
static void write_graph_body(writer *w, const octet_graph *g)
{
    const octet_node *n;

    ADD(w, " ");
    write_interface(w, g, g->inputs, g->n_inputs);
    ADD(w, " => ");
    write_interface(w, g, g->outputs, g->n_outputs);
    write_initializers_and_infos(w, g);
    new_line(w, 0);
    ADD(w, "{");
    OCTET_FOR_EACH_NODE(g, n)
    {
        new_line(w, 1);
        write_node(w, g, n);
    }
    new_line(w, 0);
    ADD(w, "}");
}

/* ---- functions and the model */

static void write_entry(writer *w, const char *key, const char *value)
{
    if (value[0] == '\0')
        return;
    ADD(w, ",\n%*s%s: ", STEP, "", key);
    write_quoted(w, value, strlen(value));
}

static void write_opsets(writer *w, const octet_opset *opsets, uint32_t count)
{
    ADD(w, "opset_import: [");
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            ADD(w, ", ");
        write_quoted(w, opsets[i].domain, strlen(opsets[i].domain));
        ADD(w, " : %" PRId64, opsets[i].version);
    }
    ADD(w, "]");
}

static void write_parameters(writer *w, const octet_function *f)
{
    uint32_t total = f->n_attributes + f->n_attribute_defaults;

    for (uint32_t i = 0; i < total; i++) {
        ADD(w, i == 0 ? " <" : ", ");
        if (i < f->n_attributes)
            write_name(w, f->attributes[i]);
        else
            write_attr(w, &f->attribute_defaults[i - f->n_attributes]);
    }
    if (total != 0)
        ADD(w, ">");
}

static void write_function(writer *w, const octet_function *f)
{
    ADD(w, "\n<\n%*s", STEP, "");
    write_opsets(w, f->opsets, f->n_opsets);
    write_entry(w, "domain", f->domain);
    write_entry(w, "overload", f->overload);
    write_entry(w, "doc_string", f->body->doc);
    ADD(w, "\n>\n");
    write_name(w, f->name);
    write_parameters(w, f);
    write_graph_body(w, f->body);
    ADD(w, "\n");
}

static void write_metadata(writer *w, const octet_model *model)
{
    for (uint32_t i = 0; i < model->n_metadata; i++) {
        if (i == 0)
            ADD(w, ",\n%*smetadata_props: [", STEP, "");
        else
            ADD(w, ", ");
        write_quoted(w, model->metadata[i].key, strlen(model->metadata[i].key));
        ADD(w, " : ");
        write_quoted(w, model->metadata[i].value, strlen(model->metadata[i].value));
    }
    if (model->n_metadata != 0)
        ADD(w, "]");
}

static void write_header(writer *w, const octet_model *model)
{
    ADD(w, "<\n%*sir_version: %" PRId64 ",\n%*s", STEP, "", model->ir_version, STEP, "");
    write_opsets(w, model->opsets, model->n_opsets);
    write_entry(w, "producer_name", model->producer_name);
    write_entry(w, "producer_version", model->producer_version);
    write_entry(w, "domain", model->domain);
    if (model->model_version != 0)
        ADD(w, ",\n%*smodel_version: %" PRId64, STEP, "", model->model_version);
    write_entry(w, "doc_string", model->doc);
    write_metadata(w, model);
    ADD(w, "\n>\n");
}

octet_status octet_text_write_model(const octet_model *model, int64_t max_elements, octet_text *out,
                                    octet_diag *diag)
{
    writer w = {.out = out, .max_elements = max_elements};

    write_header(&w, model);
    write_graph_name(&w, model->graph->name, false);
    write_graph_body(&w, model->graph);
    ADD(&w, "\n");
    for (uint32_t i = 0; i < model->n_functions; i++) {
        if (!model->functions[i].removed)
            write_function(&w, &model->functions[i]);
    }
    return out->failed ? octet_fail_nomem(diag) : OCTET_OK;
}

octet_status octet_text_write_node(const octet_graph *g, const octet_node *n, octet_text *out)
{
    writer w = {.out = out, .max_elements = 16};

    write_node(&w, g, n);
    return out->failed ? OCTET_ERR_NOMEM : OCTET_OK;
}
