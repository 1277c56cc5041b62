/* shrink.c: Shrink, 0 within lambd of 0, else bias nearer to it
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static double f64(const octet_unary_args *a, double x)
{
    const double bias = (double)a->p[0], lambd = (double)a->p[1];

    return x < -lambd ? x + bias : x > lambd ? x - bias : 0.0;
}

static int64_t i64(const octet_unary_args *a, int64_t x)
{
    double real = a->is_unsigned ? (double)(uint64_t)x : (double)x, y = f64(a, real);

    return y >= -0x1p63 && y < 0x1p63 ? (int64_t)y : 0;
}

static const octet_unary table = {
    .attr = {"bias", "lambd"}, .fallback = {0.0f, 0.5f}, .f64 = f64, .i64 = i64};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_shrink = {
    .domain = "",
    .name = "Shrink",
    .since = 9,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
