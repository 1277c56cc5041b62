/* reduce_l2.c: ReduceL2, the root of the sum of the squares
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/reduce_common.h"

#include <math.h>

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

static void finish_f32(const octet_kernels *k, size_t n, float *y, float count)
{
    (void)k, (void)count;
    for (size_t i = 0; i < n; i++)
        y[i] = sqrtf(y[i]);
}

static double finish_f64(double x, double count)
{
    (void)count;
    return sqrt(x);
}

static int64_t finish_i64(int64_t x, int64_t count, bool is_unsigned)
{
    (void)count, (void)is_unsigned;
    return (int64_t)sqrt((double)(uint64_t)x);
}

static const octet_reduce reduce = {
    .combine = OCTET_COMBINE_SUM,
    .map_f32 = map_f32,
    .map_f64 = map_f64,
    .map_i64 = map_i64,
    .finish_f32 = finish_f32,
    .finish_f64 = finish_f64,
    .finish_i64 = finish_i64,
};

static octet_status eval(octet_eval *e)
{
    return octet_reduce_eval(e, &reduce);
}

const octet_op octet_op_reduce_l2 = {
    .domain = "",
    .name = "ReduceL2",
    .since = 13,
    OCTET_REDUCE_PORTS,
};
