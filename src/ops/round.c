/* round.c: Round, the nearest integer, halves to the even one
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    (void)a;
    for (size_t i = 0; i < n; i++)
        y[i] = rintf(x[i]);
}

static const octet_unary table = {.f32 = f32, .libm = rint};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_round = {
    .domain = "",
    .name = "Round",
    .since = 11,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
