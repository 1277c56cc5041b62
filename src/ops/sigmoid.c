/* sigmoid.c: Sigmoid, 1 / (1 + exp(-x))
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    a->k->sigmoid_f32(n, x, y);
}

static double f64(const octet_unary_args *a, double x)
{
    (void)a;
    return 1.0 / (1.0 + exp(-x));
}

static const octet_unary table = {.f32 = f32, .f64 = f64};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_sigmoid = {
    .domain = "",
    .name = "Sigmoid",
    .since = 13,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_FIXED, .fixed_min = 0.0f, .fixed_max = 1.0f},
    .fuses = true,
    .gates = true,
    .infer = octet_infer_same,
    .eval = eval,
};
