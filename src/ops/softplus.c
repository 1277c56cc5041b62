/* softplus.c: Softplus, log(1 + exp(x))
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/activation.h"
#include "ops/unary.h"

/* max(x, 0) + log1p(exp(-|x|)) never overflows, and keeps small results exact. */
static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    octet_softplus_f32(a->k, n, x, y);
}

static double f64(const octet_unary_args *a, double x)
{
    (void)a;
    return fmax(x, 0.0) + log1p(exp(-fabs(x)));
}

static const octet_unary table = {.f32 = f32, .f64 = f64};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_softplus = {
    .domain = "",
    .name = "Softplus",
    .since = 1,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
