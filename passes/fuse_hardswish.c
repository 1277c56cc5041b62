/* fuse_hardswish.c: recognise HardSigmoid and HardSwish that exporters took apart
 * SPDX-License-Identifier: Apache-2.0
 *
 *     a = Add(x, 3)   c = Clip(a, 0, 6)   y = Div(c, 6)   ->   y = HardSigmoid <1/6, 0.5> (x)
 *     … m = Mul(x, c)   y = Div(m, 6)                     ->   y = Mul(x, HardSigmoid(x))
 *     y = Mul(x, HardSigmoid(x))                          ->   y = HardSwish(x), from opset 14 on
 *
 * with the operands of Add and Mul in any order, Mul by 1/6 for Div by 6, and the division on
 * either factor. Only where the constants are exactly these; the results differ in rounding alone.
 * One operator needs no observers inside, and its output has a known range.
 */
#include "engine/walk.h"

#define SIXTH (1.0f / 6.0f)
#define FIRST_OPSET_WITH_HARDSWISH 14

/* One factor (or summand) is the constant c; returns the other's id. */
static octet_value_id other_than(const octet_graph *g, const octet_node *n, float c)
{
    double value;

    for (uint32_t i = 0; i < 2 && n->n_inputs == 2; i++)
        if (octet_const_scalar(g, n->inputs[i], &value) && (float)value == c)
            return n->inputs[1 - i];
    return OCTET_NO_VALUE;
}

/* v / 6 as written by n; returns v. */
static octet_value_id sixth_of(const octet_graph *g, const octet_node *n)
{
    double value;

    if (octet_node_is(n, "Mul"))
        return other_than(g, n, SIXTH);
    if (octet_node_is(n, "Div") && n->n_inputs == 2 &&
        octet_const_scalar(g, n->inputs[1], &value) && value == 6)
        return n->inputs[0];
    return OCTET_NO_VALUE;
}

static octet_node *made_by(const octet_graph *g, octet_value_id id)
{
    return id == OCTET_NO_VALUE ? NULL : octet_sole_producer(g, octet_graph_value(g, id));
}

/* Clip(Add(x, 3), 0, 6) with both used once; returns x. */
static octet_value_id clipped(const octet_graph *g, octet_value_id id)
{
    const octet_node *clip = made_by(g, id), *add;
    double low, high;

    if (clip == NULL || !octet_node_is(clip, "Clip") ||
        !octet_const_scalar(g, octet_node_input_id(clip, 1), &low) || low != 0 ||
        !octet_const_scalar(g, octet_node_input_id(clip, 2), &high) || high != 6)
        return OCTET_NO_VALUE;
    add = made_by(g, clip->inputs[0]);
    return add != NULL && octet_node_is(add, "Add") ? other_than(g, add, 3) : OCTET_NO_VALUE;
}

/* One input of n is Clip(x + 3, 0, 6): its index; *x gets x. */
static int clipped_operand(const octet_graph *g, const octet_node *n, octet_value_id *x)
{
    for (uint32_t i = 0; i < 2 && n->n_inputs == 2; i++)
        if ((*x = clipped(g, n->inputs[i])) != OCTET_NO_VALUE)
            return (int)i;
    return -1;
}

/* The same element type and the rank the constants cannot have raised. */
static bool scalars_keep_shape(const octet_graph *g, octet_value_id x, const octet_node *n)
{
    int32_t rank = octet_value_rank(octet_graph_value(g, x));

    return rank >= 0 && rank == octet_value_rank(octet_node_output(g, n, 0));
}

/* Removes what makes an unused value, then what that alone read. */
static void remove_chain(octet_graph *g, octet_value_id id, int depth)
{
    octet_node *n = octet_value_producer(g, octet_graph_value(g, id));

    if (n == NULL || depth == 0 || n->n_outputs != 1 || octet_graph_value(g, id)->n_uses > 0)
        return;
    octet_value_id first = octet_node_input_id(n, 0), second = octet_node_input_id(n, 1);
    octet_edit_remove_node(g, n->id);
    if (first != OCTET_NO_VALUE)
        remove_chain(g, first, depth - 1);
    if (second != OCTET_NO_VALUE && second != first)
        remove_chain(g, second, depth - 1);
}

/* n becomes op(a, b); what it read before goes when nothing else reads it. */
static octet_status become(octet_graph *g, octet_node *n, const char *op, octet_value_id a,
                           octet_value_id b, octet_pass_ctx *ctx)
{
    octet_value_id before[2] = {octet_node_input_id(n, 0), octet_node_input_id(n, 1)};
    octet_value_id inputs[2] = {a, b};

    OCTET_TRY(octet_edit_set_inputs(g, n->id, inputs, b == OCTET_NO_VALUE ? 1 : 2, ctx->diag));
    OCTET_TRY(octet_edit_set_op(g, n->id, op, NULL, ctx->diag));
    for (int i = 0; i < 2; i++)
        if (before[i] != OCTET_NO_VALUE)
            remove_chain(g, before[i], 3);
    ctx->changes++;
    return OCTET_OK;
}

static octet_status set_hard_sigmoid_attrs(octet_graph *g, octet_node_id id, octet_diag *diag)
{
    OCTET_TRY(octet_edit_set_float(g, id, "alpha", SIXTH, diag));
    return octet_edit_set_float(g, id, "beta", 0.5f, diag);
}

/* n becomes x * HardSigmoid(x), or HardSwish(x). */
static octet_status become_swish(octet_graph *g, octet_node *n, octet_value_id x,
                                 octet_pass_ctx *ctx)
{
    octet_value_id gate;
    octet_node_id made;

    if (octet_model_opset(g->model, "") >= FIRST_OPSET_WITH_HARDSWISH)
        return become(g, n, "HardSwish", x, OCTET_NO_VALUE, ctx);
    char *name = octet_arena_printf(ctx->scratch, "%s_gate", n->name);
    OCTET_TRY_ALLOC(ctx->diag, name);
    OCTET_TRY(octet_edit_add_value(g, name, &octet_graph_value(g, x)->type, &gate, ctx->diag));
    octet_node_desc desc = {
        .name = name,
        .op_type = "HardSigmoid",
        .inputs = &x,
        .n_inputs = 1,
        .outputs = &gate,
        .n_outputs = 1,
    };
    OCTET_TRY(octet_edit_add_node(g, &desc, "fuse-hardswish", &made, ctx->diag));
    OCTET_TRY(set_hard_sigmoid_attrs(g, made, ctx->diag));
    return become(g, n, "Mul", x, gate, ctx);
}

/* n = Clip(x + 3, 0, 6) / 6, or x * Clip(x + 3, 0, 6) / 6 with the division last */
static octet_status match_sixth(octet_graph *g, octet_node *n, octet_value_id whole,
                                octet_pass_ctx *ctx)
{
    octet_value_id x = clipped(g, whole);
    const octet_node *product = made_by(g, whole);

    if (x != OCTET_NO_VALUE && scalars_keep_shape(g, x, n)) {
        OCTET_TRY(become(g, n, "HardSigmoid", x, OCTET_NO_VALUE, ctx));
        return set_hard_sigmoid_attrs(g, n->id, ctx->diag);
    }
    if (product == NULL || !octet_node_is(product, "Mul"))
        return OCTET_OK;
    int at = clipped_operand(g, product, &x);
    if (at < 0 || product->inputs[1 - at] != x || !scalars_keep_shape(g, x, n))
        return OCTET_OK;
    return become_swish(g, n, x, ctx);
}

/* n = (x / 6) * Clip(x + 3, 0, 6) */
static octet_status match_product(octet_graph *g, octet_node *n, octet_pass_ctx *ctx)
{
    octet_value_id x;
    int at = clipped_operand(g, n, &x);
    const octet_node *sixth = at < 0 ? NULL : made_by(g, n->inputs[1 - at]);

    if (sixth == NULL || sixth_of(g, sixth) != x || !scalars_keep_shape(g, x, n))
        return OCTET_OK;
    return become_swish(g, n, x, ctx);
}

/* n = x * HardSigmoid(x), opset 14 and later */
static octet_status match_gate(octet_graph *g, octet_node *n, octet_pass_ctx *ctx)
{
    for (uint32_t i = 0; i < 2 && n->n_inputs == 2; i++) {
        const octet_node *gate = made_by(g, n->inputs[i]);

        if (gate != NULL && octet_node_is(gate, "HardSigmoid") &&
            n->inputs[1 - i] != OCTET_NO_VALUE &&
            octet_node_input_id(gate, 0) == n->inputs[1 - i] &&
            octet_node_float(gate, "alpha", 0.2f) == SIXTH &&
            octet_node_float(gate, "beta", 0.5f) == 0.5f)
            return become(g, n, "HardSwish", gate->inputs[0], OCTET_NO_VALUE, ctx);
    }
    return OCTET_OK;
}

static octet_status visit(octet_graph *g, octet_node *n, octet_pass_ctx *ctx)
{
    octet_value_id whole = sixth_of(g, n);

    if (whole != OCTET_NO_VALUE)
        OCTET_TRY(match_sixth(g, n, whole, ctx));
    if (octet_node_is(n, "Mul"))
        OCTET_TRY(match_product(g, n, ctx));
    if (octet_node_is(n, "Mul") && octet_model_opset(g->model, "") >= FIRST_OPSET_WITH_HARDSWISH)
        OCTET_TRY(match_gate(g, n, ctx));
    return OCTET_OK;
}

static octet_status run(octet_model *model, octet_pass_ctx *ctx)
{
    return octet_pass_each_node(model->graph, ctx, visit);
}

const octet_pass octet_pass_fuse_hardswish = {
    .name = "fuse-hardswish",
    .summary = "recognise HardSigmoid and HardSwish in pieces",
    .run = run,
};
