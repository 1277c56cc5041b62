/* thresholded_relu.c: ThresholdedRelu, x above alpha, else 0
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    const float alpha = a->p[0];

    for (size_t i = 0; i < n; i++)
        y[i] = x[i] > alpha ? x[i] : 0.0f;
}

static double f64(const octet_unary_args *a, double x)
{
    return x > (double)a->p[0] ? x : 0.0;
}

static const octet_unary table = {.attr = {"alpha"}, .fallback = {1.0f}, .f32 = f32, .f64 = f64};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_thresholded_relu = {
    .domain = "",
    .name = "ThresholdedRelu",
    .since = 10,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
