/* selu.c: Selu, gamma * x above zero, gamma * alpha * (exp(x) - 1) below
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    const float alpha = a->p[0], gamma = a->p[1];
    float t[OCTET_UNARY_BLOCK];

    a->k->exp_f32(n, x, t);
    for (size_t i = 0; i < n; i++)
        y[i] = gamma * (x[i] > 0.0f ? x[i] : alpha * (t[i] - 1.0f));
}

static double f64(const octet_unary_args *a, double x)
{
    return (double)a->p[1] * (x > 0.0 ? x : (double)a->p[0] * expm1(x));
}

static const octet_unary table = {
    .attr = {"alpha", "gamma"},
    .fallback = {1.67326319217681884765625f, 1.05070102214813232421875f},
    .f32 = f32,
    .f64 = f64};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_selu = {
    .domain = "",
    .name = "Selu",
    .since = 6,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
