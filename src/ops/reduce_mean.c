/* reduce_mean.c: ReduceMean, the sum divided by the number of elements
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/reduce_common.h"

static void finish_f32(const octet_kernels *k, size_t n, float *y, float count)
{
    k->div_f32(n, y, 1, &count, 0, y);
}

static double finish_f64(double x, double count)
{
    return x / count;
}

static int64_t finish_i64(int64_t x, int64_t count, bool is_unsigned)
{
    if (count == 0)
        return 0;
    return is_unsigned ? (int64_t)((uint64_t)x / (uint64_t)count) : x / count;
}

static const octet_reduce reduce = {
    .combine = OCTET_COMBINE_SUM,
    .finish_f32 = finish_f32,
    .finish_f64 = finish_f64,
    .finish_i64 = finish_i64,
};

static octet_status eval(octet_eval *e)
{
    return octet_reduce_eval(e, &reduce);
}

const octet_op octet_op_reduce_mean = {
    .domain = "",
    .name = "ReduceMean",
    .since = 13,
    OCTET_REDUCE_PORTS,
};
