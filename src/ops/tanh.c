/* tanh.c: Tanh, the hyperbolic tangent
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    a->k->tanh_f32(n, x, y);
}

static const octet_unary table = {.f32 = f32, .libm = tanh};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_tanh = {
    .domain = "",
    .name = "Tanh",
    .since = 13,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_FIXED, .fixed_min = -1.0f, .fixed_max = 1.0f},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
