/* reduce_l1.c: ReduceL1, the sum of the absolute values
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/reduce_common.h"

#include <math.h>

static void map_f32(const octet_kernels *k, size_t n, const float *x, float *y)
{
    (void)k;
    for (size_t i = 0; i < n; i++)
        y[i] = fabsf(x[i]);
}

static int64_t map_i64(int64_t x)
{
    return x < 0 ? (int64_t)(0 - (uint64_t)x) : x;
}

static const octet_reduce reduce = {
    .combine = OCTET_COMBINE_SUM, .map_f32 = map_f32, .map_f64 = fabs, .map_i64 = map_i64};

static octet_status eval(octet_eval *e)
{
    return octet_reduce_eval(e, &reduce);
}

const octet_op octet_op_reduce_l1 = {
    .domain = "",
    .name = "ReduceL1",
    .since = 13,
    OCTET_REDUCE_PORTS,
};
