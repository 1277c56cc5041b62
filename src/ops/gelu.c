/* gelu.c: Gelu, x times the normal distribution function, by erf or its tanh approximation
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

#include <string.h>

#define SQRT_HALF 0.70710678118654752440 /* sqrt(1 / 2) */
#define SQRT_2_PI 0.79788456080286535588 /* sqrt(2 / pi) */
#define CUBIC 0.044715

static void exact_f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    float t[OCTET_UNARY_BLOCK] = {0};

    for (size_t i = 0; i < n; i++)
        t[i] = x[i] * (float)SQRT_HALF;
    a->k->erf_f32(n, t, t);
    for (size_t i = 0; i < n; i++)
        y[i] = 0.5f * x[i] * (1.0f + t[i]);
}

static double exact_f64(const octet_unary_args *a, double x)
{
    (void)a;
    return 0.5 * x * (1.0 + erf(x * SQRT_HALF));
}

static void tanh_f32(const octet_unary_args *a, size_t n, const float *x, float *y)
{
    float t[OCTET_UNARY_BLOCK] = {0};

    for (size_t i = 0; i < n; i++)
        t[i] = (float)SQRT_2_PI * (x[i] + (float)CUBIC * x[i] * x[i] * x[i]);
    a->k->tanh_f32(n, t, t);
    for (size_t i = 0; i < n; i++)
        y[i] = 0.5f * x[i] * (1.0f + t[i]);
}

static double tanh_f64(const octet_unary_args *a, double x)
{
    (void)a;
    return 0.5 * x * (1.0 + tanh(SQRT_2_PI * (x + CUBIC * x * x * x)));
}

static const octet_unary exact_table = {.f32 = exact_f32, .f64 = exact_f64};
static const octet_unary tanh_table = {.f32 = tanh_f32, .f64 = tanh_f64};

static octet_status eval(octet_eval *e)
{
    const char *approximate = octet_node_string(e->node, "approximate", "none");

    return octet_unary_eval(e, strcmp(approximate, "tanh") == 0 ? &tanh_table : &exact_table);
}

const octet_op octet_op_gelu = {
    .domain = "",
    .name = "Gelu",
    .since = 20,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
