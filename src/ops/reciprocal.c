/* reciprocal.c: Reciprocal, 1 / x
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    (void)a;
    for (size_t i = 0; i < n; i++)
        y[i] = 1.0f / x[i];
}

static double f64(const octet_unary_args *a, double x)
{
    (void)a;
    return 1.0 / x;
}

static const octet_unary table = {.f32 = f32, .f64 = f64};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_reciprocal = {
    .domain = "",
    .name = "Reciprocal",
    .since = 13,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
