/* softmax.c: Softmax along one axis
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/softmax_common.h"

static octet_status eval(octet_eval *e)
{
    return octet_softmax_eval(e, false);
}

const octet_op octet_op_softmax = {
    .domain = "",
    .name = "Softmax",
    .since = 13,
    .in = {{.name = "input"}},
    .out = {{.name = "output"}},
    .quant = {.observe = OCTET_OBSERVE_FIXED, .fixed_min = 0.0f, .fixed_max = 1.0f},
    .infer = octet_infer_same,
    .eval = eval,
};
