/* reduce_log_sum_exp.c: ReduceLogSumExp, computed with the largest element taken off
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/reduce_common.h"

#include <math.h>

static void map_f32(const octet_kernels *k, size_t n, const float *x, float *y)
{
    k->exp_f32(n, x, y);
}

static void finish_f32(const octet_kernels *k, size_t n, float *y, float count)
{
    (void)count;
    k->log_f32(n, y, y);
}

static double finish_f64(double x, double count)
{
    (void)count;
    return log(x);
}

static const octet_reduce reduce = {
    .combine = OCTET_COMBINE_SUM,
    .shifted = true,
    .through_f64 = true,
    .map_f32 = map_f32,
    .map_f64 = exp,
    .finish_f32 = finish_f32,
    .finish_f64 = finish_f64,
};

static octet_status eval(octet_eval *e)
{
    return octet_reduce_eval(e, &reduce);
}

const octet_op octet_op_reduce_log_sum_exp = {
    .domain = "",
    .name = "ReduceLogSumExp",
    .since = 13,
    OCTET_REDUCE_PORTS,
};
