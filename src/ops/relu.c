/* relu.c: Relu, max(0, x); NaN stays NaN
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    a->k->relu_f32(n, x, y);
}

static double f64(const octet_unary_args *a, double x)
{
    (void)a;
    return x < 0.0 ? 0.0 : x;
}

static int64_t i64(const octet_unary_args *a, int64_t x)
{
    return x < 0 && !a->is_unsigned ? 0 : x;
}

static const octet_unary table = {.f32 = f32, .f64 = f64, .i64 = i64};

OCTET_UNARY_EVAL(table)

static bool as_activation(const octet_node *node, const octet_tensor *const *constant,
                          octet_fused *out)
{
    (void)node;
    (void)constant;
    out->act = OCTET_ACT_RELU;
    return true;
}

const octet_op octet_op_relu = {
    .domain = "",
    .name = "Relu",
    .since = 13,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
    .as_activation = as_activation,
};
