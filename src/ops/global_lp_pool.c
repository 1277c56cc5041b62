/* global_lp_pool.c: GlobalLpPool, the p-norm of each channel
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/global_common.h"

#include <math.h>

static void abs_f32(const octet_kernels *k, size_t n, const float *x, float *y)
{
    (void)k;
    for (size_t i = 0; i < n; i++)
        y[i] = fabsf(x[i]);
}

static void square_f32(const octet_kernels *k, size_t n, const float *x, float *y)
{
    k->mul_f32(n, x, 1, x, 1, y);
}

static double square(double x)
{
    return x * x;
}

static void root_f32(const octet_kernels *k, size_t n, float *y, float count)
{
    (void)k, (void)count;
    for (size_t i = 0; i < n; i++)
        y[i] = sqrtf(y[i]);
}

static double root(double x, double count)
{
    (void)count;
    return sqrt(x);
}

static const octet_reduce norms[] = {
    {.combine = OCTET_COMBINE_SUM, .floats_only = true, .map_f32 = abs_f32, .map_f64 = fabs},
    {.combine = OCTET_COMBINE_SUM,
     .floats_only = true,
     .map_f32 = square_f32,
     .map_f64 = square,
     .finish_f32 = root_f32,
     .finish_f64 = root},
};

static octet_status eval(octet_eval *e)
{
    int64_t p = octet_node_int(e->node, "p", 2);

    if (p != 1 && p != 2)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "p = %lld is not supported",
                          (long long)p);
    return octet_global_eval(e, &norms[p - 1]);
}

const octet_op octet_op_global_lp_pool = {
    .domain = "",
    .name = "GlobalLpPool",
    .since = 2,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .infer = octet_global_infer,
    .eval = eval,
};
