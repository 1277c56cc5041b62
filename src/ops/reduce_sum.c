/* reduce_sum.c: ReduceSum; integers wrap
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/reduce_common.h"

static const octet_reduce reduce = {.combine = OCTET_COMBINE_SUM};

static octet_status eval(octet_eval *e)
{
    return octet_reduce_eval(e, &reduce);
}

const octet_op octet_op_reduce_sum = {
    .domain = "",
    .name = "ReduceSum",
    .since = 13,
    OCTET_REDUCE_PORTS,
};
