/* leaky_relu.c: LeakyRelu, alpha * x below zero
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    const float alpha = a->p[0];

    for (size_t i = 0; i < n; i++)
        y[i] = x[i] < 0.0f ? alpha * x[i] : x[i];
}

static double f64(const octet_unary_args *a, double x)
{
    return x < 0.0 ? (double)a->p[0] * x : x;
}

static const octet_unary table = {.attr = {"alpha"}, .fallback = {0.01f}, .f32 = f32, .f64 = f64};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_leaky_relu = {
    .domain = "",
    .name = "LeakyRelu",
    .since = 6,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .infer = octet_infer_same,
    .eval = eval,
};
