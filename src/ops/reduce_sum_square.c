/* reduce_sum_square.c: ReduceSumSquare, the sum of the squares
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/reduce_common.h"

static octet_status eval(octet_eval *e)
{
    return octet_reduce_eval(e, &octet_reduce_sum_square);
}

const octet_op octet_op_reduce_sum_square = {
    .domain = "",
    .name = "ReduceSumSquare",
    .since = 13,
    OCTET_REDUCE_PORTS,
};
