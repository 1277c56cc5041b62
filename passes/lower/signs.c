/* signs.c: signed activations become unsigned, as ONNX Runtime's kernels for x86 want them
 * SPDX-License-Identifier: Apache-2.0
 *
 *     DQ(Q(x)) to int8 with zero point z  ->  DQ(Q(x)) to uint8 with z + 128
 *
 * Weights stay signed, also where they go through a Transpose: the runtime has folded that by then.
 */
#include "lower/lower.h"

static octet_status add_zero_point(octet_graph *g, int32_t zero_point, octet_value_id *out,
                                   octet_pass_ctx *ctx)
{
    const uint8_t byte = (uint8_t)(zero_point + 128);
    octet_tensor t;

    OCTET_TRY(octet_tensor_describe(&t, OCTET_DTYPE_UINT8, 0, NULL, ctx->diag));
    t.data = octet_arena_memdup(&g->model->arena, &byte, 1);
    OCTET_TRY_ALLOC(ctx->diag, t.data);
    return octet_edit_add_initializer(g, "zero_point", &t, out, ctx->diag);
}

#define LONGEST 16

/* Follows input 0 to an initializer. */
static bool is_constant(const octet_graph *g, const octet_value *v)
{
    for (int i = 0; v != NULL && !v->is_initializer && i < LONGEST; i++) {
        const octet_node *n = octet_value_producer(g, v);

        v = n != NULL ? octet_node_input(g, n, 0) : NULL;
    }
    return v != NULL && v->is_initializer;
}

static octet_status visit(octet_graph *g, octet_node *q, octet_pass_ctx *ctx)
{
    uint32_t input;
    octet_node *dq;
    octet_value_id zero;
    int32_t zero_q, zero_dq;
    float scale;
    bool has_q, has_dq;

    if (!octet_is_q(q) || octet_q_dtype(g, q) != OCTET_DTYPE_INT8 ||
        octet_node_output(g, q, 0)->n_uses != 1 || is_constant(g, octet_node_input(g, q, 0)))
        return OCTET_OK;
    dq = octet_sole_consumer(g, octet_node_output(g, q, 0), &input);
    if (!octet_is_dq(dq) || input != OCTET_Q_X ||
        !octet_value_single_use(octet_node_output(g, dq, 0)) ||
        !octet_q_params(g, q, &scale, &zero_q, &has_q) || !has_q ||
        !octet_q_params(g, dq, &scale, &zero_dq, &has_dq) || !has_dq || zero_q != zero_dq)
        return OCTET_OK;
    octet_type type = octet_node_output(g, q, 0)->type;
    type.dtype = OCTET_DTYPE_UINT8;
    OCTET_TRY(add_zero_point(g, zero_q, &zero, ctx));
    OCTET_TRY(octet_edit_set_input(g, q->id, OCTET_Q_ZERO, zero, ctx->diag));
    OCTET_TRY(octet_edit_set_input(g, dq->id, OCTET_Q_ZERO, zero, ctx->diag));
    ctx->changes++;
    return octet_edit_set_type(g, q->outputs[0], &type, ctx->diag);
}

octet_status octet_lower_signs(octet_graph *g, octet_pass_ctx *ctx)
{
    octet_node *n;

    OCTET_FOR_EACH_NODE(g, n)
    OCTET_TRY(visit(g, n, ctx));
    return OCTET_OK;
}
