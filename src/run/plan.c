/* plan.c: what to run, in which order, and when tensors die
 * SPDX-License-Identifier: Apache-2.0
 */
#include "run/plan.h"

#include "base/parallel.h"
#include "ops/ort_kernels.h"

#include <string.h>

const octet_graph_plan *octet_plan_find(const octet_plan *plan, const octet_graph *g)
{
    return g->number < plan->n_numbers ? plan->by_number[g->number] : NULL;
}

static octet_status add_graph(octet_plan *plan, octet_graph *g, octet_diag *diag);

static octet_status add_subgraphs(octet_plan *plan, const octet_node *node, octet_diag *diag)
{
    for (uint32_t a = 0; a < node->n_attrs; a++)
        for (uint32_t i = 0; node->attrs[a].graphs != NULL && i < node->attrs[a].count; i++)
            OCTET_TRY(add_graph(plan, node->attrs[a].graphs[i], diag));
    return OCTET_OK;
}

static octet_status add_graph(octet_plan *plan, octet_graph *g, octet_diag *diag)
{
    octet_arena *arena = &plan->arena;
    octet_graph_plan *gp = OCTET_ARENA_NEW(arena, octet_graph_plan);
    OCTET_TRY_ALLOC(diag, gp);
    gp->g = g;
    gp->n_values = g->n_values;
    gp->watched = OCTET_ARENA_ARRAY(arena, bool, g->n_values);
    gp->range_only = OCTET_ARENA_ARRAY(arena, bool, g->n_values);
    gp->uses = OCTET_ARENA_ARRAY(arena, uint32_t, g->n_values);
    gp->constant = OCTET_ARENA_ARRAY(arena, const octet_tensor *, g->n_values);
    gp->deferred = OCTET_ARENA_ARRAY(arena, bool, g->n_values);
    gp->order = OCTET_ARENA_ARRAY(arena, octet_node_id, g->n_order);
    gp->state = OCTET_ARENA_ARRAY(arena, const void *, g->n_nodes);
    gp->fused = OCTET_ARENA_ARRAY(arena, const octet_fusion *, g->n_nodes);
    if (gp->watched == NULL || gp->range_only == NULL || gp->uses == NULL || gp->constant == NULL ||
        gp->order == NULL || gp->state == NULL || gp->fused == NULL || gp->deferred == NULL ||
        !octet_arena_grow(arena, (void **)&plan->graphs, &plan->graphs_capacity, plan->n_graphs + 1,
                          sizeof *plan->graphs))
        return octet_fail_nomem(diag);
    plan->graphs[plan->n_graphs++] = plan->by_number[g->number] = gp;
    for (uint32_t i = 0; i < g->n_order; i++) {
        const octet_node *node = octet_graph_node(g, g->order[i]);
        if (!node->removed)
            OCTET_TRY(add_subgraphs(plan, node, diag));
    }
    return OCTET_OK;
}

static octet_status add_graphs(octet_plan *plan, octet_diag *diag)
{
    uint32_t n = plan->model->n_graphs;

    plan->by_number = OCTET_ARENA_ARRAY(&plan->arena, octet_graph_plan *, n);
    OCTET_TRY_ALLOC(diag, plan->by_number);
    plan->n_numbers = n;
    return add_graph(plan, plan->model->graph, diag);
}

/* Initializers listed as inputs count as constants here: the remove-inputs pass settles which they
 * are. */
static octet_status list_inputs(octet_plan *plan, octet_diag *diag)
{
    const octet_graph *g = plan->model->graph;
    plan->inputs = OCTET_ARENA_ARRAY(&plan->arena, octet_value_id, g->n_inputs);
    OCTET_TRY_ALLOC(diag, plan->inputs);
    for (uint32_t i = 0; i < g->n_inputs; i++)
        if (!octet_graph_value(g, g->inputs[i])->is_initializer)
            plan->inputs[plan->n_inputs++] = g->inputs[i];
    return OCTET_OK;
}

octet_status octet_plan_create(octet_model *model, octet_plan **out, octet_diag *diag)
{
    *out = NULL;
    octet_plan *plan = octet_mem_zalloc(&model->ctx->allocator, 1, sizeof *plan);
    OCTET_TRY_ALLOC(diag, plan);
    plan->model = model;
    octet_arena_init(&plan->arena, &model->ctx->allocator);
    plan->kernels = octet_context_kernels(model->ctx);
    octet_status status = add_graphs(plan, diag);
    if (status == OCTET_OK)
        status = list_inputs(plan, diag);
    if (status != OCTET_OK) {
        octet_plan_destroy(plan);
        return status;
    }
    *out = plan;
    return OCTET_OK;
}

void octet_plan_destroy(octet_plan *plan)
{
    if (plan == NULL)
        return;
    const octet_allocator allocator = plan->model->ctx->allocator;
    for (int i = 0; i < plan->n_packing; i++)
        octet_arena_deinit(&plan->packing[i]);
    octet_arena_deinit(&plan->arena);
    octet_mem_free(&allocator, plan);
}

void octet_plan_set_arith(octet_plan *plan, octet_arith arith)
{
    plan->arith = arith;
    if (octet_arith_is_ort(arith)) {
        plan->changed_kernels = *plan->kernels;
        octet_ort_kernels(&plan->changed_kernels);
        plan->kernels = &plan->changed_kernels;
    }
}

static void watch(octet_plan *plan, const octet_graph *g, octet_value_id value, bool range_only)
{
    octet_graph_plan *gp = plan->by_number[g->number];

    gp->range_only[value] = range_only && (gp->range_only[value] || !gp->watched[value]);
    gp->watched[value] = true;
    for (; g != NULL; g = g->parent)
        plan->by_number[g->number]->any_watched = true;
}

void octet_plan_watch(octet_plan *plan, const octet_graph *g, octet_value_id value)
{
    watch(plan, g, value, false);
}

void octet_plan_watch_range(octet_plan *plan, const octet_graph *g, octet_value_id value)
{
    watch(plan, g, value, true);
}

void octet_plan_watch_all(octet_plan *plan)
{
    for (uint32_t i = 0; i < plan->n_graphs; i++) {
        octet_graph_plan *gp = plan->graphs[i];
        gp->any_watched = true;
        for (uint32_t v = 0; v < gp->n_values; v++) {
            gp->watched[v] = true;
            gp->range_only[v] = false;
        }
    }
}

octet_status octet_report_unknown_op(const octet_graph *g, const octet_node *node, octet_diag *diag)
{
    char label[256];
    const char *domain = node->domain[0] != '\0' ? node->domain : "ai.onnx";
    int64_t version = octet_model_opset(g->model, node->domain);

    octet_node_label(g, node, label, sizeof label);
    if (version == 0)
        return octet_fail(
            diag, OCTET_ERR_UNSUPPORTED,
            "%s: operator '%s' of domain '%s', which the model does not import, is not "
            "supported",
            label, node->op_type, domain);
    return octet_fail(diag, OCTET_ERR_UNSUPPORTED,
                      "%s: operator '%s' of domain '%s' version %lld is not supported", label,
                      node->op_type, domain, (long long)version);
}

/* ---- sealing */

static bool subgraph_watched(const octet_plan *plan, const octet_node *node)
{
    for (uint32_t a = 0; a < node->n_attrs; a++)
        for (uint32_t i = 0; node->attrs[a].graphs != NULL && i < node->attrs[a].count; i++) {
            const octet_graph_plan *gp = octet_plan_find(plan, node->attrs[a].graphs[i]);
            if (gp != NULL && gp->any_watched)
                return true;
        }
    return false;
}

static bool node_needed(const octet_plan *plan, const octet_graph_plan *gp, const octet_node *node)
{
    for (uint32_t i = 0; i < node->n_outputs; i++) {
        octet_value_id v = node->outputs[i];
        if (v != OCTET_NO_VALUE && (gp->uses[v] > 0 || gp->watched[v]))
            return true;
    }
    return subgraph_watched(plan, node);
}

static void count_reads(octet_graph_plan *gp, const octet_node *node)
{
    for (uint32_t i = 0; i < node->n_inputs; i++)
        if (node->inputs[i] != OCTET_NO_VALUE)
            gp->uses[node->inputs[i]]++;
    for (uint32_t i = 0; i < node->n_captures; i++)
        gp->uses[node->captures[i]]++;
}

/* Backwards over the order: a node is needed when something after it, or the caller, reads it. */
static void choose_nodes(const octet_plan *plan, octet_graph_plan *gp, bool outputs)
{
    const octet_graph *g = gp->g;

    for (uint32_t i = 0; outputs && i < g->n_outputs; i++)
        gp->uses[g->outputs[i]]++;
    for (uint32_t i = g->n_order; i-- > 0;) {
        const octet_node *node = octet_graph_node(g, g->order[i]);
        if (node->removed || !node_needed(plan, gp, node))
            continue;
        count_reads(gp, node);
        gp->order[gp->n_order++] = node->id;
    }
    for (uint32_t i = 0, j = gp->n_order; i + 1 < j; i++) {
        octet_node_id swap = gp->order[i];
        gp->order[i] = gp->order[--j];
        gp->order[j] = swap;
    }
}

static octet_status make_packing(octet_plan *plan, octet_diag *diag)
{
    const octet_context *ctx = plan->model->ctx;

    plan->packing = OCTET_ARENA_ARRAY(&plan->arena, octet_arena, (size_t)ctx->threads);
    OCTET_TRY_ALLOC(diag, plan->packing);
    for (; plan->n_packing < ctx->threads; plan->n_packing++)
        octet_arena_init(&plan->packing[plan->n_packing], &ctx->allocator);
    return OCTET_OK;
}

typedef struct preparation {
    octet_plan *plan;
    octet_graph_plan *gp;
} preparation;

static bool is_prepared(const octet_node *node)
{
    return node->op != NULL && node->op->prepare != NULL;
}

static octet_status prepare_one(void *arg, size_t index, int worker, octet_diag *diag)
{
    const preparation *p = arg;
    const octet_node *node = octet_graph_node(p->gp->g, p->gp->order[index]);
    char label[256];

    if (is_prepared(node))
        OCTET_TRY_NOTE(
            diag, octet_plan_prepare_node(p->plan, p->gp, node, &p->plan->packing[worker], diag),
            "%s", octet_node_label(p->gp->g, node, label, sizeof label));
    return OCTET_OK;
}

static octet_status prepare_graph(octet_plan *plan, octet_graph_plan *gp, octet_diag *diag)
{
    preparation p = {.plan = plan, .gp = gp};

    for (uint32_t i = 0; i < gp->n_order && gp->g->parent == NULL; i++) {
        const octet_node *node = octet_graph_node(gp->g, gp->order[i]);
        if (node->op == NULL)
            return octet_report_unknown_op(gp->g, node, diag);
    }
    OCTET_TRY(octet_parallel_try(gp->n_order, plan->n_packing, prepare_one, &p, diag));
    for (uint32_t i = 0; i < gp->n_order; i++) {
        const octet_node *node = octet_graph_node(gp->g, gp->order[i]);
        if (is_prepared(node))
            OCTET_TRY(octet_plan_keep_unpacked(gp, node, diag));
    }
    return OCTET_OK;
}

octet_status octet_plan_seal(octet_plan *plan, bool outputs, octet_diag *diag)
{
    plan->outputs_wanted = outputs;
    OCTET_TRY(make_packing(plan, diag));
    for (uint32_t i = 0; i < plan->n_graphs; i++) {
        choose_nodes(plan, plan->graphs[i], outputs || i > 0);
        OCTET_TRY(octet_plan_resolve_constants(plan, plan->graphs[i], diag));
    }
    for (uint32_t i = 0; i < plan->n_graphs; i++) {
        OCTET_TRY(octet_plan_fuse(plan, plan->graphs[i], diag));
        OCTET_TRY(prepare_graph(plan, plan->graphs[i], diag));
    }
    return OCTET_OK;
}

const octet_value_id *octet_plan_inputs(const octet_plan *plan, uint32_t *count)
{
    *count = plan->n_inputs;
    return plan->inputs;
}

const octet_kernels *octet_plan_kernels(const octet_plan *plan)
{
    return plan->kernels;
}

size_t octet_plan_packed_bytes(const octet_plan *plan)
{
    size_t bytes = plan->arena.used;

    for (int i = 0; i < plan->n_packing; i++)
        bytes += plan->packing[i].used;
    return bytes;
}
