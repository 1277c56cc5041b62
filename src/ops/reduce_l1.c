/* reduce_l1.c: ReduceL1, the sum of the absolute values
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/reduce_common.h"

static octet_status eval(octet_eval *e)
{
    return octet_reduce_eval(e, &octet_reduce_l1);
}

const octet_op octet_op_reduce_l1 = {
    .domain = "",
    .name = "ReduceL1",
    .since = 13,
    OCTET_REDUCE_PORTS,
};
