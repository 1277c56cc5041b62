/* qlinear_sigmoid.c: QLinearSigmoid of com.microsoft
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/ort_kernels.h"
#include "ops/qlinear_table.h"

extern const octet_op octet_op_sigmoid;

static const octet_qlinear qlinear = {.op = &octet_op_sigmoid, .first = 0, .triples = 1, .out = 3};

static octet_status infer(octet_infer *in)
{
    return octet_qlinear_infer(in, &qlinear);
}

static octet_status function(octet_eval *e, const float *x, float *y)
{
    return octet_qtable_operator(e, &octet_op_sigmoid, x, y);
}

static octet_status function_ort(octet_eval *e, const float *x, float *y)
{
    e->k->eigen_sigmoid_f32(256, x, y);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    return octet_qtable_eval(e, octet_arith_is_ort(e->arith) ? function_ort : function);
}

const octet_op octet_op_qlinear_sigmoid = {
    .domain = "com.microsoft",
    .name = "QLinearSigmoid",
    .since = 1,
    .in = {OCTET_QLINEAR_TRIPLE("X"), OCTET_QLINEAR_OUT("Y")},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = infer,
    .eval = eval,
};
