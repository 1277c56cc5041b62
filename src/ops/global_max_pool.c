/* global_max_pool.c: GlobalMaxPool, the largest element of each channel
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/global_common.h"

static const octet_reduce reduce = {.combine = OCTET_COMBINE_MAX};

static octet_status eval(octet_eval *e)
{
    return octet_global_eval(e, &reduce);
}

const octet_op octet_op_global_max_pool = {
    .domain = "",
    .name = "GlobalMaxPool",
    .since = 1,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .infer = octet_global_infer,
    .eval = eval,
};
