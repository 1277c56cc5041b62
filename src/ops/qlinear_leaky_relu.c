/* qlinear_leaky_relu.c: QLinearLeakyRelu of com.microsoft
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/qlinear.h"

extern const octet_op octet_op_leaky_relu;

static const octet_qlinear qlinear = {
    .op = &octet_op_leaky_relu, .first = 0, .triples = 1, .out = 3};

static octet_status infer(octet_infer *in)
{
    return octet_qlinear_infer(in, &qlinear);
}

static octet_status eval(octet_eval *e)
{
    return octet_qlinear_eval(e, &qlinear);
}

const octet_op octet_op_qlinear_leaky_relu = {
    .domain = "com.microsoft",
    .name = "QLinearLeakyRelu",
    .since = 1,
    .in = {OCTET_QLINEAR_TRIPLE("X"), OCTET_QLINEAR_OUT("Y")},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = infer,
    .eval = eval,
};
