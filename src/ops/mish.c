/* mish.c: Mish, x * tanh(softplus(x))
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/activation.h"
#include "ops/unary.h"

static void f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    float t[OCTET_UNARY_BLOCK];

    octet_softplus_f32(a->k, n, x, t);
    a->k->tanh_f32(n, t, t);
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * t[i];
}

static double f64(const octet_unary_args *a, double x)
{
    (void)a;
    return x * tanh(fmax(x, 0.0) + log1p(exp(-fabs(x))));
}

static const octet_unary table = {.f32 = f32, .f64 = f64};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_mish = {
    .domain = "",
    .name = "Mish",
    .since = 18,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
