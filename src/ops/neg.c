/* neg.c: Neg, the number with the other sign
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    (void)a;
    for (size_t i = 0; i < n; i++)
        y[i] = -x[i];
}

static double f64(const octet_unary_args *a, double x)
{
    (void)a;
    return -x;
}

static int64_t i64(const octet_unary_args *a, int64_t x)
{
    (void)a;
    return (int64_t)(0 - (uint64_t)x);
}

static const octet_unary table = {.f32 = f32, .f64 = f64, .i64 = i64};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_neg = {
    .domain = "",
    .name = "Neg",
    .since = 13,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
