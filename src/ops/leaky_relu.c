/* leaky_relu.c: LeakyRelu, alpha * x below zero
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    a->k->prelu_f32(n, x, 1, &a->p[0], 0, y);
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
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
