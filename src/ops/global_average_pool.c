/* global_average_pool.c: GlobalAveragePool, the mean of each channel
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/global_common.h"

static octet_status eval(octet_eval *e)
{
    return octet_global_eval(e, &octet_reduce_mean);
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
