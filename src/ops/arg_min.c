/* arg_min.c: ArgMin, the place of the smallest element along an axis
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/arg_common.h"

static octet_status eval(octet_eval *e)
{
    return octet_arg_eval(e, false);
}

const octet_op octet_op_arg_min = {
    .domain = "",
    .name = "ArgMin",
    .since = 13,
    .in = {{.name = "data"}},
    .out = {{.name = "reduced", .role = OCTET_ROLE_SHAPE}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = octet_arg_infer,
    .eval = eval,
};
