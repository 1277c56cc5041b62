/* inspect.c: a model described as JSON
 * SPDX-License-Identifier: Apache-2.0
 */
#include "api/api.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* JSON is UTF-8; a file need not be: then every byte beyond ASCII becomes a question mark. */
static json_t *text_json(const char *text)
{
    char ascii[256];
    json_t *string = json_string(text);

    if (string != NULL)
        return string;
    snprintf(ascii, sizeof ascii, "%s", text);
    for (char *at = ascii; *at != '\0'; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    return json_string(ascii);
}

static json_t *type_json(const octet_type *type)
{
    json_t *dims = json_array();
    for (int32_t i = 0; i < type->rank; i++) {
        const octet_dim *dim = &type->dims[i];
        if (dim->size >= 0)
            json_array_append_new(dims, json_integer(dim->size));
        else
            json_array_append_new(dims, text_json(dim->symbol != NULL ? dim->symbol : "?"));
    }
    const char *dtype =
        type->kind == OCTET_TYPE_TENSOR ? octet_dtype_get(type->dtype)->name : "other";
    json_t *out = json_pack("{s:s, s:o}", "dtype", dtype, "shape", dims);
    if (type->rank < 0)
        json_object_set_new(out, "shape", json_null());
    return out;
}

static json_t *values_json(const octet_graph *g, const octet_value_id *ids, uint32_t n,
                           bool skip_initializers)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < n; i++) {
        const octet_value *v = octet_graph_value(g, ids[i]);
        if (skip_initializers && v->is_initializer)
            continue;
        json_t *entry = type_json(&v->type);
        json_object_set_new(entry, "name", text_json(v->name));
        json_array_append_new(list, entry);
    }
    return list;
}

static void count_operators(const octet_graph *g, json_t *counts, json_t *unsupported,
                            json_int_t *nodes)
{
    for (uint32_t i = 0; i < g->n_order; i++) {
        const octet_node *node = octet_graph_node(g, g->order[i]);
        char key[256];
        if (node->removed)
            continue;
        ++*nodes;
        snprintf(key, sizeof key, "%s%s%s", node->domain, node->domain[0] != '\0' ? "::" : "",
                 node->op_type);
        json_t *into = node->op != NULL ? counts : unsupported;
        json_object_set_new(into, key,
                            json_integer(json_integer_value(json_object_get(into, key)) + 1));
        for (uint32_t a = 0; a < node->n_attrs; a++)
            for (uint32_t k = 0; node->attrs[a].graphs != NULL && k < node->attrs[a].count; k++)
                count_operators(node->attrs[a].graphs[k], counts, unsupported, nodes);
    }
}

static json_t *describe(const octet_model *model)
{
    const octet_graph *g = model->graph;
    json_t *opsets = json_object(), *known = json_object(), *unknown = json_object();
    json_int_t nodes = 0, parameters = 0, bytes = 0;

    for (uint32_t i = 0; i < model->n_opsets; i++) {
        const char *domain =
            model->opsets[i].domain[0] != '\0' ? model->opsets[i].domain : "ai.onnx";
        json_object_set_new(opsets, domain, json_integer(model->opsets[i].version));
    }
    count_operators(g, known, unknown, &nodes);
    for (uint32_t i = 0; i < g->n_initializers; i++) {
        const octet_tensor *t = octet_graph_value(g, g->initializers[i])->constant;
        parameters += t != NULL ? (json_int_t)octet_tensor_count(t) : 0;
        bytes += t != NULL ? (json_int_t)t->bytes : 0;
    }
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:o}", "ir_version",
                     (json_int_t)model->ir_version, "producer",
                     text_json(model->producer_name != NULL ? model->producer_name : ""), "opsets",
                     opsets, "inputs", values_json(g, g->inputs, g->n_inputs, true), "outputs",
                     values_json(g, g->outputs, g->n_outputs, false), "nodes", nodes,
                     "initializer_elements", parameters, "initializer_bytes", bytes, "operators",
                     known, "operators_without_descriptor", unknown);
}

octet_status octet_model_inspect_json(octet_context *ctx, octet_model *model, char **out)
{
    octet_text text;
    *out = NULL;
    json_t *root = describe(model);
    char *dump = root != NULL ? json_dumps(root, JSON_INDENT(1)) : NULL;
    json_decref(root);
    if (dump == NULL)
        return octet_fail(&ctx->diag, OCTET_ERR_NOMEM, "the description cannot be made");
    octet_text_init(&text, &ctx->allocator);
    octet_text_add(&text, "%s\n", dump);
    free(dump);
    if (text.failed)
        return octet_fail_nomem(&ctx->diag);
    *out = text.data;
    return OCTET_OK;
}
