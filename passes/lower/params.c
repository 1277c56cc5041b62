/* params.c: QuantizeLinear and DequantizeLinear nodes and their parameters
 * SPDX-License-Identifier: Apache-2.0
 */
#include "lower/lower.h"

#include <math.h>

bool octet_is_q(const octet_node *n)
{
    return n != NULL && octet_node_is(n, "QuantizeLinear");
}

bool octet_is_dq(const octet_node *n)
{
    return n != NULL && octet_node_is(n, "DequantizeLinear");
}

octet_node *octet_dq_of(const octet_graph *g, const octet_node *n, uint32_t input)
{
    const octet_value *v = octet_node_input(g, n, input);
    octet_node *from = v != NULL ? octet_value_producer(g, v) : NULL;

    return octet_is_dq(from) ? from : NULL;
}

octet_node *octet_only_q(const octet_graph *g, const octet_node *n, uint32_t index)
{
    uint32_t input = 0;
    octet_node *q = octet_sole_consumer(g, octet_node_output(g, n, index), &input);

    return octet_is_q(q) && input == OCTET_Q_X ? q : NULL;
}

octet_dtype octet_q_dtype(const octet_graph *g, const octet_node *q_or_dq)
{
    const octet_value *v = octet_is_q(q_or_dq) ? octet_node_output(g, q_or_dq, 0)
                                               : octet_node_input(g, q_or_dq, OCTET_Q_X);

    return v != NULL && v->type.kind == OCTET_TYPE_TENSOR ? v->type.dtype : OCTET_DTYPE_UNDEFINED;
}

bool octet_q_params(const octet_graph *g, const octet_node *q_or_dq, float *scale,
                    int32_t *zero_point, bool *has_zero)
{
    octet_value_id zero = octet_node_input_id(q_or_dq, OCTET_Q_ZERO);
    double value;

    *zero_point = 0;
    if (has_zero != NULL)
        *has_zero = zero != OCTET_NO_VALUE;
    if (!octet_const_scalar(g, octet_node_input_id(q_or_dq, OCTET_Q_SCALE), &value))
        return false;
    *scale = (float)value;
    if (zero == OCTET_NO_VALUE)
        return true;
    if (!octet_const_scalar(g, zero, &value) || !(fabs(value) <= (double)INT32_MAX))
        return false; /* a zero point of float8 or worse */
    *zero_point = (int32_t)value;
    return true;
}

bool octet_q_same(const octet_graph *g, const octet_node *a, const octet_node *b)
{
    float scale_a, scale_b;
    int32_t zero_a, zero_b;
    bool has_a, has_b;

    return octet_q_params(g, a, &scale_a, &zero_a, &has_a) && has_a &&
           octet_q_params(g, b, &scale_b, &zero_b, &has_b) && has_b &&
           octet_q_dtype(g, a) == octet_q_dtype(g, b) && scale_a == scale_b && zero_a == zero_b;
}

bool octet_q_per_tensor(const octet_graph *g, const octet_node *q_or_dq)
{
    const octet_value *scale = octet_node_input(g, q_or_dq, OCTET_Q_SCALE);
    const octet_tensor *t = scale != NULL ? octet_value_constant(g, scale->id) : NULL;

    if (t != NULL)
        return octet_tensor_count(t) == 1;
    return octet_value_rank(scale) == 0;
}

octet_status octet_q_zero_point(octet_graph *g, octet_node *q_or_dq, octet_value_id *out,
                                octet_pass_ctx *ctx)
{
    static const int32_t zero = 0;
    octet_tensor t;

    *out = octet_node_input_id(q_or_dq, OCTET_Q_ZERO);
    if (*out != OCTET_NO_VALUE)
        return OCTET_OK;
    OCTET_TRY(octet_tensor_describe(&t, octet_q_dtype(g, q_or_dq), 0, NULL, ctx->diag));
    t.data = octet_arena_memdup(&g->model->arena, &zero, sizeof zero);
    OCTET_TRY_ALLOC(ctx->diag, t.data);
    return octet_edit_add_initializer(g, "zero_point", &t, out, ctx->diag);
}

static octet_status add_pair_node(octet_graph *g, const char *op, octet_value_id in,
                                  const octet_node *like, const octet_type *type,
                                  octet_value_id *out, octet_pass_ctx *ctx)
{
    octet_value_id inputs[3] = {in, octet_node_input_id(like, OCTET_Q_SCALE),
                                octet_node_input_id(like, OCTET_Q_ZERO)};
    octet_node_id id;

    OCTET_TRY(octet_edit_add_value(g, octet_graph_value(g, in)->name, type, out, ctx->diag));
    octet_node_desc desc = {
        .op_type = op,
        .inputs = inputs,
        .n_inputs = inputs[2] != OCTET_NO_VALUE ? 3 : 2,
        .outputs = out,
        .n_outputs = 1,
    };
    return octet_edit_add_node(g, &desc, OCTET_LOWER_STAMP, &id, ctx->diag);
}

octet_status octet_q_insert(octet_graph *g, octet_value_id value, const octet_use *uses, uint32_t n,
                            const octet_node *like, octet_pass_ctx *ctx)
{
    octet_type real = octet_graph_value(g, value)->type, integer = real;
    octet_value_id q, dq;

    integer.kind = OCTET_TYPE_TENSOR;
    integer.dtype = octet_q_dtype(g, like);
    OCTET_TRY(add_pair_node(g, "QuantizeLinear", value, like, &integer, &q, ctx));
    OCTET_TRY(add_pair_node(g, "DequantizeLinear", q, like, &real, &dq, ctx));
    for (uint32_t i = 0; i < n; i++)
        OCTET_TRY(octet_edit_redirect(g, value, &uses[i], dq, ctx->diag));
    ctx->changes++;
    return OCTET_OK;
}
