/* hard_sigmoid.c: HardSigmoid, alpha * x + beta clipped to [0, 1]
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    a->k->hard_sigmoid_f32(n, x, a->p[0], a->p[1], y);
}

static double f64(const octet_unary_args *a, double x)
{
    return fmax(0.0, fmin(1.0, (double)a->p[0] * x + (double)a->p[1]));
}

static const octet_unary table = {
    .attr = {"alpha", "beta"}, .fallback = {0.2f, 0.5f}, .f32 = f32, .f64 = f64};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_hard_sigmoid = {
    .domain = "",
    .name = "HardSigmoid",
    .since = 6,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_FIXED, .fixed_min = 0.0f, .fixed_max = 1.0f},
    .fuses = true,
    .gates = true,
    .infer = octet_infer_same,
    .eval = eval,
};
