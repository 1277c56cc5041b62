/* swish.c: Swish, x * sigmoid(alpha * x)
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    const float alpha = a->p[0];
    float t[OCTET_UNARY_BLOCK] = {0};

    for (size_t i = 0; i < n; i++)
        t[i] = alpha * x[i];
    a->k->sigmoid_f32(n, t, t);
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * t[i];
}

static double f64(const octet_unary_args *a, double x)
{
    return x / (1.0 + exp(-(double)a->p[0] * x));
}

static const octet_unary table = {.attr = {"alpha"}, .fallback = {1.0f}, .f32 = f32, .f64 = f64};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_swish = {
    .domain = "",
    .name = "Swish",
    .since = 24,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
