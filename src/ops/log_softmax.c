/* log_softmax.c: LogSoftmax along one axis
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/softmax_common.h"

static octet_status eval(octet_eval *e)
{
    return octet_softmax_eval(e, true);
}

const octet_op octet_op_log_softmax = {
    .domain = "",
    .name = "LogSoftmax",
    .since = 13,
    .in = {{.name = "input"}},
    .out = {{.name = "output"}},
    .infer = octet_infer_same,
    .eval = eval,
};
