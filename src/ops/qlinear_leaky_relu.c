/* qlinear_leaky_relu.c: QLinearLeakyRelu of com.microsoft
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/fixed_point.h"
#include "ops/qlinear_table.h"

extern const octet_op octet_op_leaky_relu;

static const octet_qlinear qlinear = {
    .op = &octet_op_leaky_relu, .first = 0, .triples = 1, .out = 3};

static octet_status infer(octet_infer *in)
{
    return octet_qlinear_infer(in, &qlinear);
}

static octet_status function(octet_eval *e, const float *x, float *y)
{
    return octet_qtable_operator(e, &octet_op_leaky_relu, x, y);
}

/* TFLite: one factor for each sign. */
static octet_status eval_fixed(octet_eval *e)
{
    const octet_tensor *x;
    octet_qlinear_params px, py;
    double alpha = (double)octet_node_float(e->node, "alpha", 0.01f);
    octet_fixed positive, negative;
    octet_qrange in, out;
    uint8_t table[256];

    OCTET_TRY(octet_qlinear_input(e, 0, &x, &px));
    OCTET_TRY(octet_qlinear_params_out(e, qlinear.out, x, &py));
    in = octet_qrange_of(x->dtype);
    out = octet_qrange_of(py.dtype);
    positive = octet_fixed_from((double)px.scale / (double)py.scale);
    negative = octet_fixed_from((double)px.scale * alpha / (double)py.scale);
    for (int i = 0; i < 256; i++) {
        int32_t v = octet_qbyte(in, (uint8_t)i) - px.zero_point;

        v = octet_fixed_apply(v, v < 0 ? negative : positive);
        table[i] = (uint8_t)octet_qclamp(out, (int64_t)v + py.zero_point);
    }
    OCTET_TRY(octet_eval_output(e, 0, py.dtype, x->rank, x->dims));
    e->k->lookup_u8((size_t)octet_tensor_count(x), x->data, table, e->out[0].data);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    if (e->arith == OCTET_ARITH_FIXED_POINT && octet_node_float(e->node, "alpha", 0.01f) > 0)
        return eval_fixed(e);
    return octet_qtable_eval(e, function);
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
