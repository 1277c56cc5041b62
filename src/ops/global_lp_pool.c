/* global_lp_pool.c: GlobalLpPool, the p-norm of each channel
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/global_common.h"

static octet_status eval(octet_eval *e)
{
    int64_t p = octet_node_int(e->node, "p", 2);

    if (p != 1 && p != 2)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "p = %lld is not supported",
                          (long long)p);
    return octet_global_eval(e, p == 1 ? &octet_reduce_l1 : &octet_reduce_l2);
}

const octet_op octet_op_global_lp_pool = {
    .domain = "",
    .name = "GlobalLpPool",
    .since = 2,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .infer = octet_global_infer,
    .eval = eval,
};
