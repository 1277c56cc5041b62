/* edit_value.c: adding and changing values, initializers, captures, interface and imports
 * SPDX-License-Identifier: Apache-2.0
 */
#include "graph/uses.h"

#include <assert.h>
#include <string.h>

/* ---- values */

/* `name` lies in the arena and is free in g. */
static octet_status new_value(octet_graph *g, const char *name, octet_value_id *out,
                              octet_diag *diag)
{
    octet_value *v;

    if (g->n_values == OCTET_NO_VALUE)
        return octet_fail(diag, OCTET_ERR_UNSUPPORTED, "graph '%s' has too many values", g->name);
    OCTET_GROW(diag, g, g->values, g->values_capacity, g->n_values + 1);
    v = OCTET_ARENA_NEW(&g->model->arena, octet_value);
    OCTET_TRY_ALLOC(diag, v);
    *v = (octet_value){.id = g->n_values,
                       .name = name,
                       .type = {.rank = -1},
                       .producer = OCTET_NO_NODE,
                       .outer = OCTET_NO_VALUE};
    if (!octet_map_set(&g->names, name, v->id))
        return octet_fail_nomem(diag);
    g->values[g->n_values++] = v;
    *out = v->id;
    return OCTET_OK;
}

octet_status octet_edit_add_value(octet_graph *g, const char *wanted, const octet_type *type,
                                  octet_value_id *out, octet_diag *diag)
{
    const char *name;

    OCTET_TRY(octet_names_unique(g->model, &g->model->value_names, wanted != NULL ? wanted : "v",
                                 &name, diag));
    OCTET_TRY(new_value(g, name, out, diag));
    if (type != NULL)
        OCTET_TRY(octet_edit_set_type(g, *out, type, diag));
    g->values[*out]->type_changed = false;
    return OCTET_OK;
}

octet_status octet_edit_add_named_value(octet_graph *g, const char *name, octet_value_id *out,
                                        octet_diag *diag)
{
    octet_map *used = &g->model->value_names;
    const char *copy;

    if (octet_map_get(&g->names, name) != OCTET_MAP_NONE)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "duplicate value name '%s'", name);
    copy = octet_arena_strdup(&g->model->arena, name);
    OCTET_TRY_ALLOC(diag, copy);
    if (octet_map_get(used, name) == OCTET_MAP_NONE && !octet_map_set(used, copy, 1))
        return octet_fail_nomem(diag);
    return new_value(g, copy, out, diag);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_type(const octet_type *a, const octet_type *b)
{
    if (a->kind != b->kind || a->dtype != b->dtype || a->rank != b->rank)
        return false;
    for (int32_t i = 0; i < a->rank; i++) {
        if (a->dims[i].size != b->dims[i].size || !same_text(a->dims[i].symbol, b->dims[i].symbol))
            return false;
    }
    return true;
}

octet_status octet_edit_set_type(octet_graph *g, octet_value_id value, const octet_type *type,
                                 octet_diag *diag)
{
    octet_value *v = g->values[value];
    octet_dim *dims = NULL;

    if (same_type(&v->type, type))
        return OCTET_OK;
    if (type->rank > 0) {
        dims = OCTET_ARENA_ARRAY(&g->model->arena, octet_dim, (size_t)type->rank);
        OCTET_TRY_ALLOC(diag, dims);
    }
    for (int32_t i = 0; i < type->rank; i++) {
        dims[i] = type->dims[i];
        if (dims[i].symbol == NULL)
            continue;
        dims[i].symbol = octet_arena_strdup(&g->model->arena, dims[i].symbol);
        OCTET_TRY_ALLOC(diag, dims[i].symbol);
    }
    v->type = *type;
    v->type.dims = dims;
    v->type_changed = true;
    return OCTET_OK;
}

/* ---- initializers */

static octet_status tensor_type(octet_graph *g, octet_value_id value, const octet_tensor *tensor,
                                octet_diag *diag)
{
    octet_dim dims[OCTET_MAX_RANK];
    octet_type type = {.kind = OCTET_TYPE_TENSOR, .dtype = tensor->dtype, .rank = tensor->rank};

    for (int32_t i = 0; i < tensor->rank; i++)
        dims[i] = (octet_dim){.size = tensor->dims[i]};
    type.dims = dims;
    return octet_edit_set_type(g, value, &type, diag);
}

octet_status octet_edit_make_initializer(octet_graph *g, octet_value_id value,
                                         const octet_tensor *tensor, octet_diag *diag)
{
    octet_value *v = g->values[value];
    octet_tensor *copy = NULL;

    if (v->producer != OCTET_NO_NODE || v->outer != OCTET_NO_VALUE)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL,
                          "initializer '%s' is also made by a node or an outer graph", v->name);
    if (tensor != NULL) {
        copy = octet_arena_memdup(&g->model->arena, tensor, sizeof *copy);
        OCTET_TRY_ALLOC(diag, copy);
        if (v->type.kind == OCTET_TYPE_UNKNOWN || v->is_initializer)
            OCTET_TRY(tensor_type(g, value, tensor, diag));
    }
    if (!v->is_initializer) {
        OCTET_GROW(diag, g, g->initializers, g->initializers_capacity, g->n_initializers + 1);
        g->initializers[g->n_initializers++] = value;
    }
    v->is_initializer = true;
    v->constant = copy;
    v->init_origin = NULL;
    octet_mark_graph(g);
    return OCTET_OK;
}

octet_status octet_edit_add_initializer(octet_graph *g, const char *wanted,
                                        const octet_tensor *tensor, octet_value_id *out,
                                        octet_diag *diag)
{
    OCTET_TRY(octet_edit_add_value(g, wanted, NULL, out, diag));
    OCTET_TRY(octet_edit_make_initializer(g, *out, tensor, diag));
    g->values[*out]->type_changed = false;
    return OCTET_OK;
}

static octet_status add_constant(octet_graph *g, const char *wanted, octet_dtype dtype,
                                 const void *values, uint32_t n, bool scalar, octet_value_id *out,
                                 octet_diag *diag)
{
    octet_tensor tensor;
    int64_t dims[1] = {n};

    assert(!scalar || n == 1);
    OCTET_TRY(octet_tensor_describe(&tensor, dtype, scalar ? 0 : 1, dims, diag));
    tensor.data = octet_arena_alloc_aligned(&g->model->arena, tensor.bytes);
    OCTET_TRY_ALLOC(diag, tensor.data);
    if (tensor.bytes != 0)
        memcpy(tensor.data, values, tensor.bytes);
    return octet_edit_add_initializer(g, wanted, &tensor, out, diag);
}

octet_status octet_edit_add_i64(octet_graph *g, const char *wanted, const int64_t *values,
                                uint32_t n, bool scalar, octet_value_id *out, octet_diag *diag)
{
    return add_constant(g, wanted, OCTET_DTYPE_INT64, values, n, scalar, out, diag);
}

octet_status octet_edit_add_f32(octet_graph *g, const char *wanted, const float *values, uint32_t n,
                                bool scalar, octet_value_id *out, octet_diag *diag)
{
    return add_constant(g, wanted, OCTET_DTYPE_FLOAT32, values, n, scalar, out, diag);
}

/* ---- captures */

octet_status octet_edit_capture(octet_graph *g, octet_value_id outer, octet_value_id *out,
                                octet_diag *diag)
{
    octet_graph *parent = g->parent;
    const octet_value *v = parent->values[outer];

    *out = octet_names_local(g, outer, v->name);
    if (*out != OCTET_NO_VALUE)
        return OCTET_OK;
    OCTET_TRY(octet_names_vacate(g, v->name, OCTET_NO_VALUE, diag));
    OCTET_TRY(new_value(g, v->name, out, diag));
    g->values[*out]->outer = outer;
    g->values[*out]->type = v->type;
    if (g->owner >= parent->n_nodes)
        return OCTET_OK; /* registered when the owner takes the graph */
    return octet_uses_add_capture(parent, parent->nodes[g->owner], outer, diag);
}

octet_status octet_edit_resolve(octet_graph *g, const char *name, octet_value_id *out,
                                octet_diag *diag)
{
    octet_value_id outer;

    *out = octet_graph_find_value(g, name);
    if (*out != OCTET_NO_VALUE || g->parent == NULL)
        return OCTET_OK;
    OCTET_TRY(octet_edit_resolve(g->parent, name, &outer, diag));
    return outer == OCTET_NO_VALUE ? OCTET_OK : octet_edit_capture(g, outer, out, diag);
}

/* ---- interface */

octet_status octet_edit_add_graph_input(octet_graph *g, octet_value_id value, octet_diag *diag)
{
    octet_value *v = g->values[value];

    if (v->is_input || v->producer != OCTET_NO_NODE || v->outer != OCTET_NO_VALUE)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL,
                          v->is_input ? "duplicate graph input '%s'"
                                      : "graph input '%s' is also made elsewhere",
                          v->name);
    OCTET_GROW(diag, g, g->inputs, g->inputs_capacity, g->n_inputs + 1);
    g->inputs[g->n_inputs++] = value;
    v->is_input = true;
    octet_mark_graph(g);
    return OCTET_OK;
}

octet_status octet_edit_add_graph_output(octet_graph *g, octet_value_id value, octet_diag *diag)
{
    octet_use use = {.kind = OCTET_USE_OUTPUT, .node = OCTET_NO_NODE, .index = g->n_outputs};

    OCTET_GROW(diag, g, g->outputs, g->outputs_capacity, g->n_outputs + 1);
    OCTET_GROW(diag, g, g->output_slots, g->output_slots_capacity, g->n_outputs + 1);
    OCTET_TRY(octet_uses_add(g, value, use, diag));
    g->outputs[g->n_outputs++] = value;
    octet_mark_graph(g);
    return OCTET_OK;
}

void octet_edit_remove_graph_input(octet_graph *g, uint32_t index)
{
    assert(index < g->n_inputs);
    g->values[g->inputs[index]]->is_input = false;
    g->n_inputs--;
    memmove(&g->inputs[index], &g->inputs[index + 1], (g->n_inputs - index) * sizeof g->inputs[0]);
    octet_mark_graph(g);
}

/* ---- the model */

octet_status octet_edit_set_opset(octet_model *model, const char *domain, int64_t version,
                                  octet_diag *diag)
{
    octet_opset *opsets;

    if (strcmp(domain, "ai.onnx") == 0)
        domain = "";
    for (uint32_t i = 0; i < model->n_opsets; i++) {
        if (strcmp(model->opsets[i].domain, domain) == 0) {
            model->opsets[i].version = version;
            return OCTET_OK;
        }
    }
    opsets = OCTET_ARENA_ARRAY(&model->arena, octet_opset, (size_t)model->n_opsets + 1);
    OCTET_TRY_ALLOC(diag, opsets);
    if (model->n_opsets != 0)
        memcpy(opsets, model->opsets, model->n_opsets * sizeof *opsets);
    opsets[model->n_opsets].domain = octet_arena_strdup(&model->arena, domain);
    OCTET_TRY_ALLOC(diag, opsets[model->n_opsets].domain);
    opsets[model->n_opsets].version = version;
    model->opsets = opsets;
    model->n_opsets++;
    return OCTET_OK;
}

octet_status octet_edit_set_metadata(octet_model *model, const char *key, const char *value,
                                     octet_diag *diag)
{
    octet_metadata *entry = NULL, *all;

    for (uint32_t i = 0; i < model->n_metadata && entry == NULL; i++) {
        if (strcmp(model->metadata[i].key, key) == 0)
            entry = &model->metadata[i];
    }
    if (entry == NULL) {
        all = OCTET_ARENA_ARRAY(&model->arena, octet_metadata, (size_t)model->n_metadata + 1);
        OCTET_TRY_ALLOC(diag, all);
        if (model->n_metadata != 0)
            memcpy(all, model->metadata, model->n_metadata * sizeof *all);
        entry = &all[model->n_metadata];
        entry->key = octet_arena_strdup(&model->arena, key);
        OCTET_TRY_ALLOC(diag, entry->key);
        model->metadata = all;
        model->n_metadata++;
    }
    entry->value = octet_arena_strdup(&model->arena, value);
    OCTET_TRY_ALLOC(diag, entry->value);
    return OCTET_OK;
}
