/* reduce_l2.c: ReduceL2, the root of the sum of the squares
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/reduce_common.h"

static octet_status eval(octet_eval *e)
{
    return octet_reduce_eval(e, &octet_reduce_l2);
}

const octet_op octet_op_reduce_l2 = {
    .domain = "",
    .name = "ReduceL2",
    .since = 13,
    OCTET_REDUCE_PORTS,
};
