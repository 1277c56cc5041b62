/* reduce_mean.c: ReduceMean, the sum divided by the number of elements
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/reduce_common.h"

static octet_status eval(octet_eval *e)
{
    return octet_reduce_eval(e, &octet_reduce_mean);
}

const octet_op octet_op_reduce_mean = {
    .domain = "",
    .name = "ReduceMean",
    .since = 13,
    OCTET_REDUCE_PORTS,
};
