/* exp.c: Exp, e to the power x
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    a->k->exp_f32(n, x, y);
}

static const octet_unary table = {.f32 = f32, .libm = exp};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_exp = {
    .domain = "",
    .name = "Exp",
    .since = 13,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
