/* global_average_pool.c: GlobalAveragePool, the mean of each channel
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/global_common.h"

static void finish_f32(const octet_kernels *k, size_t n, float *y, float count)
{
    k->div_f32(n, y, 1, &count, 0, y);
}

static double finish_f64(double x, double count)
{
    return x / count;
}

static const octet_reduce reduce = {
    .combine = OCTET_COMBINE_SUM,
    .floats_only = true,
    .finish_f32 = finish_f32,
    .finish_f64 = finish_f64,
};

static octet_status eval(octet_eval *e)
{
    return octet_global_eval(e, &reduce);
}

const octet_op octet_op_global_average_pool = {
    .domain = "",
    .name = "GlobalAveragePool",
    .since = 1,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .infer = octet_global_infer,
    .eval = eval,
};
