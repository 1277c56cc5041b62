/* propagate.c: quantization goes through operators that only move elements
 * SPDX-License-Identifier: Apache-2.0
 *
 *     c = Conv(…)   q = Q(Reshape(c))   ->   c = Conv(…)   q = Q(Reshape(DQ(Q(c))))
 *     y = Conv(Transpose(DQ(x)), …)     ->   y = Conv(DQ(Q(Transpose(DQ(x)))), …)
 */
#include "lower/lower.h"

#include <string.h>

static bool moves(const octet_node *n)
{
    static const char *const ops[] = {"MaxPool", "Reshape",   "Transpose",
                                      "Squeeze", "Unsqueeze", "Slice"};

    for (size_t i = 0; n != NULL && i < sizeof ops / sizeof ops[0]; i++)
        if (octet_node_is(n, ops[i]))
            return true;
    return false;
}

static bool constant_params(const octet_graph *g, const octet_node *q_or_dq)
{
    float scale;
    int32_t zero_point;

    return octet_q_params(g, q_or_dq, &scale, &zero_point, NULL);
}

static octet_status backward(octet_graph *g, const octet_node *q, octet_pass_ctx *ctx)
{
    const octet_value *v = octet_node_input(g, q, OCTET_Q_X);
    octet_node *n = octet_sole_producer(g, v);

    while (moves(n)) {
        v = octet_node_input(g, n, 0);
        if (v == NULL || v->is_initializer || !octet_value_single_use(v) ||
            octet_is_dq(octet_value_producer(g, v)))
            return OCTET_OK;
        octet_use use = v->uses[0];
        octet_node *before = octet_value_producer(g, v);

        OCTET_TRY(octet_q_insert(g, v->id, &use, 1, q, ctx));
        n = before;
    }
    return OCTET_OK;
}

/* The uses of v that are no Q, copied: inserting changes the list. */
static octet_status uses_without_q(const octet_graph *g, const octet_value *v, octet_use **out,
                                   uint32_t *n, octet_pass_ctx *ctx)
{
    *out = OCTET_ARENA_ARRAY(ctx->scratch, octet_use, (size_t)v->n_uses + 1);
    OCTET_TRY_ALLOC(ctx->diag, *out);
    *n = 0;
    for (uint32_t i = 0; i < v->n_uses; i++)
        if (v->uses[i].kind != OCTET_USE_INPUT || !octet_is_q(octet_graph_node(g, v->uses[i].node)))
            (*out)[(*n)++] = v->uses[i];
    return OCTET_OK;
}

/* Nodes that quantization still has to go through. */
typedef struct front {
    octet_node **nodes;
    uint32_t n, capacity;
} front;

static octet_status push(front *f, octet_node *n, octet_pass_ctx *ctx)
{
    if (!octet_arena_grow(ctx->scratch, (void **)&f->nodes, &f->capacity, f->n + 1,
                          sizeof *f->nodes))
        return octet_fail_nomem(ctx->diag);
    f->nodes[f->n++] = n;
    return OCTET_OK;
}

/* Between the output of a node and its readers; those of them that move elements come next. */
static octet_status step(octet_graph *g, const octet_node *n, const octet_node *like, front *f,
                         octet_pass_ctx *ctx)
{
    const octet_value *v = octet_node_output(g, n, 0);
    octet_use *uses;
    uint32_t count;

    if (v == NULL || v->n_output_uses > 0)
        return OCTET_OK;
    OCTET_TRY(uses_without_q(g, v, &uses, &count, ctx));
    if (count == 0)
        return OCTET_OK;
    OCTET_TRY(octet_q_insert(g, v->id, uses, count, like, ctx));
    for (uint32_t i = count; i-- > 0;) {
        octet_node *next =
            uses[i].kind == OCTET_USE_INPUT ? octet_graph_node(g, uses[i].node) : NULL;

        if (moves(next) && uses[i].index == 0)
            OCTET_TRY(push(f, next, ctx));
    }
    return OCTET_OK;
}

/* From the node that is the only user of what `like` made. */
static octet_status forward(octet_graph *g, octet_node *n, const octet_node *like,
                            octet_pass_ctx *ctx)
{
    front f = {0};

    OCTET_TRY(push(&f, n, ctx));
    while (f.n > 0)
        OCTET_TRY(step(g, f.nodes[--f.n], like, &f, ctx));
    return OCTET_OK;
}

static octet_status visit(octet_graph *g, octet_node *n, octet_pass_ctx *ctx)
{
    uint32_t input;
    octet_node *next;

    if (octet_is_q(n) && constant_params(g, n))
        return backward(g, n, ctx);
    if (!octet_is_dq(n) || !constant_params(g, n) || octet_node_output(g, n, 0) == NULL)
        return OCTET_OK;
    next = octet_sole_consumer(g, octet_node_output(g, n, 0), &input);
    return moves(next) && input == 0 ? forward(g, next, n, ctx) : OCTET_OK;
}

octet_status octet_lower_propagate(octet_graph *g, octet_pass_ctx *ctx)
{
    octet_node *n;

    OCTET_FOR_EACH_NODE(g, n)
    OCTET_TRY(visit(g, n, ctx));
    return OCTET_OK;
}
