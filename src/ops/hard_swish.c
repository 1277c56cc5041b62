/* hard_swish.c: HardSwish, x * HardSigmoid(x) with alpha 1/6 and beta 0.5
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    float t[OCTET_UNARY_BLOCK];

    a->k->hard_sigmoid_f32(n, x, 1.0f / 6.0f, 0.5f, t);
    a->k->mul_f32(n, x, 1, t, 1, y);
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
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
