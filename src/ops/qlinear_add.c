/* qlinear_add.c: QLinearAdd of com.microsoft
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/qlinear.h"

extern const octet_op octet_op_add;

static const octet_qlinear qlinear = {.op = &octet_op_add, .first = 0, .triples = 2, .out = 6};

static octet_status infer(octet_infer *in)
{
    return octet_qlinear_infer(in, &qlinear);
}

static octet_status eval(octet_eval *e)
{
    return octet_qlinear_eval(e, &qlinear);
}

const octet_op octet_op_qlinear_add = {
    .domain = "com.microsoft",
    .name = "QLinearAdd",
    .since = 1,
    .in = {OCTET_QLINEAR_TRIPLE("A"), OCTET_QLINEAR_TRIPLE("B"), OCTET_QLINEAR_OUT("C")},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = infer,
    .eval = eval,
};
