/* floor.c: Floor, the next integer downwards
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    (void)a;
    for (size_t i = 0; i < n; i++)
        y[i] = floorf(x[i]);
}

static const octet_unary table = {.f32 = f32, .libm = floor};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_floor = {
    .domain = "",
    .name = "Floor",
    .since = 13,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
