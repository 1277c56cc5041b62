/* reduce_tables.c: ways to fold that several operators use
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/reduce_common.h"

#include <math.h>

static void mean_f32(const octet_kernels *k, size_t n, float *y, float count)
{
    k->div_f32(n, y, 1, &count, 0, y);
}

static double mean_f64(double x, double count)
{
    return x / count;
}

static int64_t mean_i64(int64_t x, int64_t count, bool is_unsigned)
{
    if (count == 0)
        return 0;
    return is_unsigned ? (int64_t)((uint64_t)x / (uint64_t)count) : x / count;
}

const octet_reduce octet_reduce_mean = {
    .combine = OCTET_COMBINE_SUM,
    .finish_f32 = mean_f32,
    .finish_f64 = mean_f64,
    .finish_i64 = mean_i64,
};

static void abs_f32(const octet_kernels *k, size_t n, const float *x, float *y)
{
    (void)k;
    for (size_t i = 0; i < n; i++)
        y[i] = fabsf(x[i]);
}

static int64_t abs_i64(int64_t x)
{
    return x < 0 ? (int64_t)(0 - (uint64_t)x) : x;
}

const octet_reduce octet_reduce_l1 = {
    .combine = OCTET_COMBINE_SUM,
    .map_f32 = abs_f32,
    .map_f64 = fabs,
    .map_i64 = abs_i64,
};

static void square_f32(const octet_kernels *k, size_t n, const float *x, float *y)
{
    k->mul_f32(n, x, 1, x, 1, y);
}

static double square_f64(double x)
{
    return x * x;
}

static int64_t square_i64(int64_t x)
{
    return (int64_t)((uint64_t)x * (uint64_t)x);
}

static void root_f32(const octet_kernels *k, size_t n, float *y, float count)
{
    (void)k, (void)count;
    for (size_t i = 0; i < n; i++)
        y[i] = sqrtf(y[i]);
}

static double root_f64(double x, double count)
{
    (void)count;
    return sqrt(x);
}

static int64_t root_i64(int64_t x, int64_t count, bool is_unsigned)
{
    (void)count, (void)is_unsigned;
    return (int64_t)sqrt((double)(uint64_t)x);
}

const octet_reduce octet_reduce_l2 = {
    .combine = OCTET_COMBINE_SUM,
    .map_f32 = square_f32,
    .map_f64 = square_f64,
    .map_i64 = square_i64,
    .finish_f32 = root_f32,
    .finish_f64 = root_f64,
    .finish_i64 = root_i64,
};

const octet_reduce octet_reduce_sum_square = {
    .combine = OCTET_COMBINE_SUM,
    .map_f32 = square_f32,
    .map_f64 = square_f64,
    .map_i64 = square_i64,
};
