/* qlinear_concat.c: QLinearConcat of com.microsoft
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/qlinear.h"

extern const octet_op octet_op_concat;

static const octet_qlinear qlinear = {.op = &octet_op_concat, .first = 2, .triples = 0, .out = 0};

static octet_status infer(octet_infer *in)
{
    return octet_qlinear_infer(in, &qlinear);
}

static octet_status eval(octet_eval *e)
{
    return octet_qlinear_eval(e, &qlinear);
}

const octet_op octet_op_qlinear_concat = {
    .domain = "com.microsoft",
    .name = "QLinearConcat",
    .since = 1,
    .in = {OCTET_QLINEAR_OUT("Y"), {.name = "inputs", .variadic = true}},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = infer,
    .eval = eval,
};
