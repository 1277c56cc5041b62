/* overflow.c: can the sums of a quantized model overflow?
 * SPDX-License-Identifier: Apache-2.0
 *
 * The result owns an arena of its own and outlives the model.
 */
#include "api/api.h"

#include "engine/overflow.h"

#include <stdlib.h>

typedef struct result {
    octet_overflow view; /* first: what the caller holds */
    octet_arena arena;
    octet_overflow_node *nodes;
    octet_overflow_channel *channels;
    uint32_t nodes_capacity, channels_capacity;
    const octet_node *last; /* the node of nodes[n_nodes - 1] */
    octet_diag *diag;
} result;

static long long least(long long a, long long b)
{
    return a < b ? a : b;
}

static long long most(long long a, long long b)
{
    return a > b ? a : b;
}

static octet_status add_node(result *r, const octet_channel_sums *s)
{
    octet_overflow_node *n;

    if (!octet_arena_grow(&r->arena, (void **)&r->nodes, &r->nodes_capacity,
                          (uint32_t)r->view.n_nodes + 1, sizeof *r->nodes))
        return octet_fail_nomem(r->diag);
    n = &r->nodes[r->view.n_nodes++];
    *n = (octet_overflow_node){
        .node = octet_arena_strdup(&r->arena, s->node->name),
        .op_type = octet_arena_strdup(&r->arena, s->node->op_type),
        .weight = octet_arena_strdup(&r->arena, octet_graph_value(s->g, s->weight)->name),
        .longest = s->longest,
    };
    OCTET_TRY_ALLOC(r->diag, n->node);
    OCTET_TRY_ALLOC(r->diag, n->op_type);
    OCTET_TRY_ALLOC(r->diag, n->weight);
    r->last = s->node;
    return OCTET_OK;
}

static octet_status take(void *user, const octet_channel_sums *s)
{
    result *r = user;
    octet_overflow_channel c = {
        .channel = s->channel,
        .pair_min = s->pair.lo,
        .pair_max = s->pair.hi,
        .sum_min = s->sum.lo,
        .sum_max = s->sum.hi,
        .pair_overflows = s->pair.lo < OCTET_PAIR_MIN || s->pair.hi > OCTET_PAIR_MAX,
        .sum_overflows = s->sum.lo < INT32_MIN || s->sum.hi > INT32_MAX,
    };
    octet_overflow_node *n;

    if (s->node != r->last)
        OCTET_TRY(add_node(r, s));
    n = &r->nodes[r->view.n_nodes - 1];
    n->channels++;
    n->pair_channels += c.pair_overflows;
    n->sum_channels += c.sum_overflows;
    n->pair_min = least(n->pair_min, c.pair_min);
    n->pair_max = most(n->pair_max, c.pair_max);
    n->sum_min = least(n->sum_min, c.sum_min);
    n->sum_max = most(n->sum_max, c.sum_max);
    if (!c.pair_overflows && !c.sum_overflows)
        return OCTET_OK;
    c.node = n->node;
    c.op_type = n->op_type;
    c.weight = n->weight;
    if (!octet_arena_grow(&r->arena, (void **)&r->channels, &r->channels_capacity,
                          (uint32_t)r->view.n_channels + 1, sizeof *r->channels))
        return octet_fail_nomem(r->diag);
    r->channels[r->view.n_channels++] = c;
    return OCTET_OK;
}

/* How far beyond its bits, as a share. */
static double excess(const octet_overflow_channel *c)
{
    double pair = (double)most(c->pair_max, -1 - c->pair_min) / (double)OCTET_PAIR_MAX;
    double sum = (double)most(c->sum_max, -1 - c->sum_min) / (double)INT32_MAX;

    return pair > sum ? pair : sum;
}

static int by_excess(const void *x, const void *y)
{
    const octet_overflow_channel *const *a = x, *const *b = y;
    double more = excess(*b) - excess(*a);

    if (more != 0.0)
        return more > 0.0 ? 1 : -1;
    return *a < *b ? -1 : *a > *b; /* as they stand in the graph */
}

static octet_status sort_channels(result *r)
{
    size_t n = r->view.n_channels;
    octet_overflow_channel **order = OCTET_ARENA_ARRAY(&r->arena, octet_overflow_channel *, n + 1);
    octet_overflow_channel *sorted = OCTET_ARENA_ARRAY(&r->arena, octet_overflow_channel, n + 1);

    OCTET_TRY_ALLOC(r->diag, order);
    OCTET_TRY_ALLOC(r->diag, sorted);
    for (size_t i = 0; i < n; i++)
        order[i] = &r->channels[i];
    if (n > 1)
        qsort(order, n, sizeof *order, by_excess);
    for (size_t i = 0; i < n; i++)
        sorted[i] = *order[i];
    r->view.channels = sorted;
    return OCTET_OK;
}

static octet_status check(octet_context *ctx, octet_model *model, result *r)
{
    OCTET_TRY(octet_model_prepare(ctx, model, NULL));
    OCTET_TRY(octet_lower(model, OCTET_LOWER_ORT, NULL, NULL, &ctx->diag));
    OCTET_TRY(octet_infer_types(model->graph, &ctx->diag));
    OCTET_TRY(octet_overflow_visit(model, take, r, &ctx->diag));
    OCTET_TRY(sort_channels(r));
    r->view.nodes = r->nodes;
    r->view.certified = r->view.n_channels == 0;
    return OCTET_OK;
}

octet_status octet_overflow_check(octet_context *ctx, octet_model *model, octet_overflow **out)
{
    result *r = octet_mem_zalloc(&ctx->allocator, 1, sizeof *r);
    octet_status status;

    *out = NULL;
    OCTET_TRY_ALLOC(&ctx->diag, r);
    octet_arena_init(&r->arena, &ctx->allocator);
    r->diag = &ctx->diag;
    status = check(ctx, model, r);
    if (status == OCTET_OK)
        *out = &r->view;
    else
        octet_overflow_free(&r->view);
    return status;
}

void octet_overflow_free(octet_overflow *view)
{
    result *r = (result *)view;

    if (view == NULL)
        return;
    const octet_allocator allocator = r->arena.allocator;
    octet_arena_deinit(&r->arena);
    octet_mem_free(&allocator, r);
}
