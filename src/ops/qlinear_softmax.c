/* qlinear_softmax.c: QLinearSoftmax of com.microsoft
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/qlinear.h"

extern const octet_op octet_op_softmax;

static const octet_qlinear qlinear = {.op = &octet_op_softmax, .first = 0, .triples = 1, .out = 3};

static octet_status infer(octet_infer *in)
{
    return octet_qlinear_infer(in, &qlinear);
}

static octet_status eval(octet_eval *e)
{
    if (octet_node_int(e->node, "opset", 13) < 13)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "opset below 13 is not supported");
    return octet_qlinear_eval(e, &qlinear);
}

const octet_op octet_op_qlinear_softmax = {
    .domain = "com.microsoft",
    .name = "QLinearSoftmax",
    .since = 1,
    .in = {OCTET_QLINEAR_TRIPLE("X"), OCTET_QLINEAR_OUT("Y")},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = infer,
    .eval = eval,
};
