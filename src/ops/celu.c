/* celu.c: Celu, alpha * (exp(x / alpha) - 1) below zero
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    const float alpha = a->p[0];
    float t[OCTET_UNARY_BLOCK] = {0};

    for (size_t i = 0; i < n; i++)
        t[i] = x[i] / alpha;
    a->k->exp_f32(n, t, t);
    for (size_t i = 0; i < n; i++) {
        float low = alpha * (t[i] - 1.0f);
        y[i] = (x[i] < 0.0f ? 0.0f : x[i]) + (low > 0.0f ? 0.0f : low);
    }
}

static double f64(const octet_unary_args *a, double x)
{
    return (x < 0.0 ? 0.0 : x) + fmin(0.0, (double)a->p[0] * expm1(x / (double)a->p[0]));
}

static const octet_unary table = {.attr = {"alpha"}, .fallback = {1.0f}, .f32 = f32, .f64 = f64};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_celu = {
    .domain = "",
    .name = "Celu",
    .since = 12,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
