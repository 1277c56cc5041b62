/* heavy.c: convolutions and matrix products between integers
 * SPDX-License-Identifier: Apache-2.0
 *
 *     y = Q(Conv(DQ(x), DQ(w), DQ(b)))  ->  y = QLinearConv(x, …, w, …, y's parameters, b)
 *     y = MatMul(DQ(a), DQ(b))          ->  y = MatMulIntegerToFloat(a, b, scales, zero points)
 */
#include "lower/lower.h"

enum { X, W, BIAS };

/* Of 8 bits, and for fixed-point targets int16 (their 16x8 kernels, which know no uint16). */
static bool activation_fits(const octet_group *group, octet_dtype x)
{
    return octet_is_8bit(x) || (group->signed_allowed && x == OCTET_DTYPE_INT16);
}

/* Types of x, w and the bias; a signed x needs signed weights. */
static bool operands(const octet_group *group, octet_verdict *out)
{
    octet_dtype x, w;

    if (group->dq[X] == NULL || group->dq[W] == NULL) {
        out->why = group->dq[X] == NULL ? "its input is float" : "its weight is float";
        return false;
    }
    x = octet_q_dtype(group->g, group->dq[X]);
    w = octet_q_dtype(group->g, group->dq[W]);
    if (!activation_fits(group, x) || !octet_is_8bit(w))
        out->why = "input or weight is not of 8 bits";
    else if (x != OCTET_DTYPE_UINT8 && w != OCTET_DTYPE_INT8)
        out->why = "the input is signed but the weight is not";
    else if (!octet_q_per_tensor(group->g, group->dq[X]))
        out->why = "the input has more than one scale";
    else if (octet_node_int(group->dq[W], "block_size", 0) != 0)
        out->why = "the weight has scales for blocks";
    return out->why == NULL;
}

static bool bias(const octet_group *group, octet_verdict *out)
{
    if (octet_node_input_id(group->node, BIAS) == OCTET_NO_VALUE)
        return true;
    if (group->dq[BIAS] == NULL)
        out->why = "its bias is float";
    else if (octet_q_dtype(group->g, group->dq[BIAS]) != OCTET_DTYPE_INT32)
        out->why = "its bias is not int32";
    return out->why == NULL;
}

/* The Q behind it, of x's type. */
static bool result(const octet_group *group, octet_verdict *out)
{
    if (group->q == NULL)
        out->why = group->some_q ? "others than its QuantizeLinear use the output"
                                 : "no QuantizeLinear follows";
    else if (octet_q_dtype(group->g, group->q) != octet_q_dtype(group->g, group->dq[X]))
        out->why = "input and output have different integer types";
    else if (!octet_q_per_tensor(group->g, group->q))
        out->why = "the output has more than one scale";
    return out->why == NULL;
}

/* One scale, or one for each element of `axis` of a weight of that rank. */
static bool weight_axis(const octet_group *group, int64_t axis, octet_verdict *out)
{
    int32_t rank = octet_value_rank(octet_node_input(group->g, group->dq[W], OCTET_Q_X));
    int64_t own = octet_node_int(group->dq[W], "axis", 1);

    if (octet_q_per_tensor(group->g, group->dq[W]))
        return true;
    if (own < 0)
        own += rank;
    if (axis < 0)
        axis += rank;
    if (own == axis && (octet_node_is(group->node, "Conv") || rank == 2))
        return true;
    out->why = "the weight's scales are not those of its outputs";
    return false;
}

static octet_status visit_conv(octet_group *group, octet_verdict *out)
{
    octet_inputs in;

    if (!operands(group, out) || !bias(group, out) || !result(group, out) ||
        !weight_axis(group, 0, out))
        return OCTET_OK;
    if (octet_q_dtype(group->g, group->dq[X]) == OCTET_DTYPE_INT8 && !group->signed_allowed) {
        out->why = "its input is signed";
        return OCTET_OK;
    }
    OCTET_TRY(octet_inputs_init(&in, group));
    OCTET_TRY(octet_inputs_add_dq(&in, group, group->dq[X]));
    OCTET_TRY(octet_inputs_add_dq(&in, group, group->dq[W]));
    OCTET_TRY(octet_inputs_add_q(&in, group));
    if (group->dq[BIAS] != NULL)
        octet_inputs_add(&in, group->dq[BIAS]->inputs[OCTET_Q_X]);
    out->became = "QLinearConv";
    return octet_group_become(group, out->became, NULL, &in);
}

static bool gemm_fits(const octet_group *group, octet_verdict *out)
{
    bool transposed = octet_node_int(group->node, "transB", 0) != 0;

    if (!operands(group, out) || !bias(group, out) || !weight_axis(group, transposed ? 0 : 1, out))
        return false;
    if (group->some_q && !result(group, out))
        return false;
    if (group->dq[BIAS] != NULL && octet_node_float(group->node, "beta", 1.0f) != 1.0f)
        out->why = "beta is not 1";
    return out->why == NULL;
}

static octet_status visit_gemm(octet_group *group, octet_verdict *out)
{
    octet_inputs in;

    if (!gemm_fits(group, out))
        return OCTET_OK;
    OCTET_TRY(octet_inputs_init(&in, group));
    OCTET_TRY(octet_inputs_add_dq(&in, group, group->dq[X]));
    OCTET_TRY(octet_inputs_add_dq(&in, group, group->dq[W]));
    octet_inputs_add(&in,
                     group->dq[BIAS] != NULL ? group->dq[BIAS]->inputs[OCTET_Q_X] : OCTET_NO_VALUE);
    if (group->q != NULL)
        OCTET_TRY(octet_inputs_add_q(&in, group));
    while (in.n > 0 && in.v[in.n - 1] == OCTET_NO_VALUE)
        in.n--;
    octet_edit_remove_attr(group->g, group->node->id, "beta");
    out->became = "QGemm";
    return octet_group_become(group, out->became, OCTET_MS_DOMAIN, &in);
}

static octet_status integer_to_float(octet_group *group, octet_verdict *out)
{
    octet_value_id zero_a, zero_b;
    octet_inputs in;

    OCTET_TRY(octet_inputs_init(&in, group));
    OCTET_TRY(octet_q_zero_point(group->g, group->dq[X], &zero_a, group->ctx));
    OCTET_TRY(octet_q_zero_point(group->g, group->dq[W], &zero_b, group->ctx));
    octet_inputs_add(&in, group->dq[X]->inputs[OCTET_Q_X]);
    octet_inputs_add(&in, group->dq[W]->inputs[OCTET_Q_X]);
    octet_inputs_add(&in, group->dq[X]->inputs[OCTET_Q_SCALE]);
    octet_inputs_add(&in, group->dq[W]->inputs[OCTET_Q_SCALE]);
    octet_inputs_add(&in, zero_a);
    octet_inputs_add(&in, zero_b);
    out->became = "MatMulIntegerToFloat";
    return octet_group_become(group, out->became, OCTET_MS_DOMAIN, &in);
}

static octet_status visit_matmul(octet_group *group, octet_verdict *out)
{
    octet_inputs in;

    if (!operands(group, out) || !weight_axis(group, -1, out))
        return OCTET_OK;
    if (octet_q_dtype(group->g, group->dq[X]) == OCTET_DTYPE_INT8 && !group->signed_allowed) {
        out->why = "its input is signed";
        return OCTET_OK;
    }
    if (!group->some_q)
        return integer_to_float(group, out);
    if (!result(group, out))
        return OCTET_OK;
    OCTET_TRY(octet_inputs_init(&in, group));
    OCTET_TRY(octet_inputs_add_dq(&in, group, group->dq[X]));
    OCTET_TRY(octet_inputs_add_dq(&in, group, group->dq[W]));
    OCTET_TRY(octet_inputs_add_q(&in, group));
    out->became = "QLinearMatMul";
    return octet_group_become(group, out->became, NULL, &in);
}

const octet_lower_rule octet_lower_heavy[] = {
    {"Conv", visit_conv},
    {"Gemm", visit_gemm},
    {"MatMul", visit_matmul},
    {NULL, NULL},
};
