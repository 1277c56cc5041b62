/* abs.c: Abs, the absolute value
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    (void)a;
    for (size_t i = 0; i < n; i++)
        y[i] = fabsf(x[i]);
}

static int64_t i64(const octet_unary_args *a, int64_t x)
{
    return x < 0 && !a->is_unsigned ? (int64_t)(0 - (uint64_t)x) : x;
}

static const octet_unary table = {.f32 = f32, .libm = fabs, .i64 = i64};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_abs = {
    .domain = "",
    .name = "Abs",
    .since = 13,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
