/* reduce_sum_square.c: ReduceSumSquare, the sum of the squares
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/reduce_common.h"

static void map_f32(const octet_kernels *k, size_t n, const float *x, float *y)
{
    k->mul_f32(n, x, 1, x, 1, y);
}

static double map_f64(double x)
{
    return x * x;
}

static int64_t map_i64(int64_t x)
{
    return (int64_t)((uint64_t)x * (uint64_t)x);
}

static const octet_reduce reduce = {
    .combine = OCTET_COMBINE_SUM,
    .map_f32 = map_f32,
    .map_f64 = map_f64,
    .map_i64 = map_i64,
};

static octet_status eval(octet_eval *e)
{
    return octet_reduce_eval(e, &reduce);
}

const octet_op octet_op_reduce_sum_square = {
    .domain = "",
    .name = "ReduceSumSquare",
    .since = 13,
    OCTET_REDUCE_PORTS,
};
