/* sign.c: Sign, -1, 0 or 1; NaN stays NaN
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    (void)a;
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] > 0.0f ? 1.0f : x[i] < 0.0f ? -1.0f : x[i];
}

static double f64(const octet_unary_args *a, double x)
{
    (void)a;
    return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x;
}

static int64_t i64(const octet_unary_args *a, int64_t x)
{
    return x == 0 ? 0 : x > 0 || a->is_unsigned ? 1 : -1;
}

static const octet_unary table = {.f32 = f32, .f64 = f64, .i64 = i64};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_sign = {
    .domain = "",
    .name = "Sign",
    .since = 13,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
