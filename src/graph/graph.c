/* graph.c: making and ending models and graphs, look-ups that change nothing
 * SPDX-License-Identifier: Apache-2.0
 */
#include "graph/graph.h"

#include <stdio.h>
#include <string.h>

octet_status octet_model_create_empty(octet_context *ctx, octet_model **out)
{
    octet_model *model = octet_mem_zalloc(&ctx->allocator, 1, sizeof *model);

    *out = model;
    OCTET_TRY_ALLOC(&ctx->diag, model);
    model->ctx = ctx;
    octet_arena_init(&model->arena, &ctx->allocator);
    octet_map_init(&model->value_names, &ctx->allocator);
    octet_map_init(&model->node_names, &ctx->allocator);
    model->producer_name = model->producer_version = model->domain = model->doc = "";
    return OCTET_OK;
}

void octet_model_destroy(octet_model *model)
{
    octet_allocator allocator;

    if (model == NULL)
        return;
    if (model->origin_destroy != NULL)
        model->origin_destroy(model);
    for (octet_graph *g = model->graphs; g != NULL; g = g->next) {
        octet_map_deinit(&g->names);
        octet_map_deinit(&g->node_names);
    }
    octet_map_deinit(&model->value_names);
    octet_map_deinit(&model->node_names);
    octet_arena_deinit(&model->arena);
    allocator = model->ctx->allocator;
    octet_mem_free(&allocator, model);
}

octet_status octet_graph_create(octet_model *model, octet_graph *parent, octet_node_id owner,
                                const char *name, octet_graph **out)
{
    octet_diag *diag = &model->ctx->diag;
    octet_graph *g = OCTET_ARENA_NEW(&model->arena, octet_graph);

    *out = NULL;
    OCTET_TRY_ALLOC(diag, g);
    g->name = octet_arena_strdup(&model->arena, name != NULL ? name : "");
    OCTET_TRY_ALLOC(diag, g->name);
    g->doc = "";
    g->model = model;
    g->parent = parent;
    g->owner = owner;
    octet_map_init(&g->names, &model->ctx->allocator);
    octet_map_init(&g->node_names, &model->ctx->allocator);
    g->next = model->graphs;
    g->number = model->n_graphs++;
    model->graphs = g;
    *out = g;
    return OCTET_OK;
}

octet_graph *octet_node_next_subgraph(const octet_node *n, octet_subgraphs *it)
{
    for (; it->attr < n->n_attrs; it->attr++, it->index = 0) {
        const octet_attr *attr = &n->attrs[it->attr];
        bool holds = attr->kind == OCTET_ATTR_GRAPH || attr->kind == OCTET_ATTR_GRAPHS;

        if (holds && attr->graphs != NULL && it->index < attr->count)
            return attr->graphs[it->index++];
    }
    return NULL;
}

static octet_value *listed_value(const octet_graph *g, const octet_value_id *list, uint32_t count,
                                 uint32_t index)
{
    if (index >= count || list[index] == OCTET_NO_VALUE)
        return NULL;
    return g->values[list[index]];
}

octet_value *octet_node_input(const octet_graph *g, const octet_node *n, uint32_t index)
{
    return listed_value(g, n->inputs, n->n_inputs, index);
}

octet_value *octet_node_output(const octet_graph *g, const octet_node *n, uint32_t index)
{
    return listed_value(g, n->outputs, n->n_outputs, index);
}

octet_value_id octet_graph_find_value(const octet_graph *g, const char *name)
{
    return octet_map_get(&g->names, name); /* OCTET_MAP_NONE is OCTET_NO_VALUE */
}

octet_node_id octet_graph_find_node(const octet_graph *g, const char *name)
{
    return octet_map_get(&g->node_names, name);
}

octet_node *octet_value_producer(const octet_graph *g, const octet_value *v)
{
    return v->producer == OCTET_NO_NODE ? NULL : g->nodes[v->producer];
}

bool octet_value_is_output(const octet_value *v)
{
    return v->n_output_uses != 0;
}

int64_t octet_model_opset(const octet_model *model, const char *domain)
{
    if (strcmp(domain, "ai.onnx") == 0)
        domain = "";
    for (uint32_t i = 0; i < model->n_opsets; i++) {
        if (strcmp(model->opsets[i].domain, domain) == 0)
            return model->opsets[i].version;
    }
    return 0;
}

/* ---- constants */

/* The value that an outer one stands for in the end. */
static octet_value *resolve_outer(const octet_graph *g, octet_value_id id)
{
    octet_value *v = g->values[id];

    while (v->outer != OCTET_NO_VALUE && g->parent != NULL) {
        g = g->parent;
        v = g->values[v->outer];
    }
    return v;
}

static bool has_fixed_payload(const octet_model *model, const octet_value *v)
{
    bool overridable = v->is_input && model->ir_version >= 4;

    return v->is_initializer && v->constant != NULL && !overridable;
}

const octet_tensor *octet_value_constant(const octet_graph *g, octet_value_id id)
{
    const octet_value *v = resolve_outer(g, id);

    return has_fixed_payload(g->model, v) ? v->constant : NULL;
}

static size_t element_alignment(octet_dtype dtype)
{
    size_t bytes = octet_dtype_get(dtype)->bits / 8;

    return bytes == 0 ? 1 : bytes > 8 ? 8 : bytes; /* a complex128 is two doubles */
}

static bool is_misaligned(const octet_tensor *t)
{
    return (uintptr_t)t->data % element_alignment(t->dtype) != 0;
}

octet_status octet_value_constant_aligned(octet_graph *g, octet_value_id id,
                                          const octet_tensor **out, octet_diag *diag)
{
    octet_value *v = resolve_outer(g, id);
    octet_tensor *copy;

    *out = NULL;
    if (!has_fixed_payload(g->model, v))
        return OCTET_OK;
    if (v->constant->data == NULL || is_misaligned(v->constant)) {
        copy = octet_arena_memdup(&g->model->arena, v->constant, sizeof *copy);
        OCTET_TRY_ALLOC(diag, copy);
        copy->data = octet_arena_alloc_aligned(&g->model->arena, copy->bytes);
        OCTET_TRY_ALLOC(diag, copy->data);
        if (copy->bytes > 0)
            memcpy(copy->data, v->constant->data, copy->bytes);
        v->constant = copy;
    }
    *out = v->constant;
    return OCTET_OK;
}

octet_status octet_constant_open(const octet_graph *g, octet_value_id id, octet_constant_view *out,
                                 octet_diag *diag)
{
    const octet_tensor *t = octet_value_constant(g, id);

    memset(out, 0, sizeof *out);
    if (t == NULL)
        return OCTET_OK;
    out->tensor = *t;
    if (t->data != NULL && !is_misaligned(t))
        return OCTET_OK;
    out->copy = octet_mem_alloc_aligned(&g->model->ctx->allocator, t->bytes);
    OCTET_TRY_ALLOC(diag, out->copy);
    if (t->bytes > 0)
        memcpy(out->copy, t->data, t->bytes);
    out->tensor.data = out->copy;
    return OCTET_OK;
}

void octet_constant_close(const octet_graph *g, octet_value_id id, octet_constant_view *view)
{
    const octet_tensor *t = octet_value_constant(g, id);

    octet_mem_free_aligned(&g->model->ctx->allocator, view->copy);
    view->copy = NULL;
    if (t != NULL && g->model->forget != NULL)
        g->model->forget(g->model, t->data, t->bytes);
}

/* ---- attributes */

const octet_attr *octet_node_attr(const octet_node *n, const char *name)
{
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        if (strcmp(n->attrs[i].name, name) == 0)
            return &n->attrs[i];
    }
    return NULL;
}

static const octet_attr *find_attr(const octet_node *n, const char *name, octet_attr_kind kind)
{
    const octet_attr *attr = octet_node_attr(n, name);

    return attr != NULL && attr->kind == kind && attr->reference == NULL ? attr : NULL;
}

int64_t octet_node_int(const octet_node *n, const char *name, int64_t fallback)
{
    const octet_attr *attr = find_attr(n, name, OCTET_ATTR_INT);

    return attr != NULL ? attr->i : fallback;
}

float octet_node_float(const octet_node *n, const char *name, float fallback)
{
    const octet_attr *attr = find_attr(n, name, OCTET_ATTR_FLOAT);

    return attr != NULL ? attr->f : fallback;
}

const char *octet_node_string(const octet_node *n, const char *name, const char *fallback)
{
    const octet_attr *attr = find_attr(n, name, OCTET_ATTR_STRING);

    return attr != NULL ? attr->s : fallback;
}

const int64_t *octet_node_ints(const octet_node *n, const char *name, uint32_t *count)
{
    const octet_attr *attr = find_attr(n, name, OCTET_ATTR_INTS);

    *count = attr != NULL ? attr->count : 0;
    return *count != 0 ? attr->ints : NULL;
}

const float *octet_node_floats(const octet_node *n, const char *name, uint32_t *count)
{
    const octet_attr *attr = find_attr(n, name, OCTET_ATTR_FLOATS);

    *count = attr != NULL ? attr->count : 0;
    return *count != 0 ? attr->floats : NULL;
}

/* ---- messages */

const char *octet_node_label(const octet_graph *g, const octet_node *n, char *buffer, size_t size)
{
    if (n->name[0] != '\0') {
        snprintf(buffer, size, "node '%s' (%s)", n->name, n->op_type);
        return buffer;
    }
    for (uint32_t i = 0; i < n->n_outputs; i++) {
        const octet_value *v = octet_node_output(g, n, i);

        if (v != NULL) {
            snprintf(buffer, size, "node #%u (%s) that makes '%s'", (unsigned)n->id, n->op_type,
                     v->name);
            return buffer;
        }
    }
    snprintf(buffer, size, "node #%u (%s)", (unsigned)n->id, n->op_type);
    return buffer;
}
