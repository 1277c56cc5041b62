/* hard_swish.c: HardSwish, x * HardSigmoid(x) with alpha 1/6 and beta 0.5
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    (void)a;
    for (size_t i = 0; i < n; i++) {
        float v = x[i] * (1.0f / 6.0f) + 0.5f;
        v = v < 0.0f ? 0.0f : v;
        v = v > 1.0f ? 1.0f : v;
        y[i] = x[i] * v;
    }
}

static double f64(const octet_unary_args *a, double x)
{
    (void)a;
    return x * fmax(0.0, fmin(1.0, x / 6.0 + 0.5));
}

static const octet_unary table = {.f32 = f32, .f64 = f64};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_hard_swish = {
    .domain = "",
    .name = "HardSwish",
    .since = 14,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .infer = octet_infer_same,
    .eval = eval,
};
