/* qlinear_sigmoid.c: QLinearSigmoid of com.microsoft
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/qlinear_table.h"

#include <math.h>

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

/* Eigen's rational approximation, which ONNX Runtime's kernel takes too: the function is
 * 1/2 + x p(x²) / q(x²), beyond ±18 constant. */
static float rational_sigmoid(float x)
{
    static const float p[] = {4.37031012579801e-11f, 1.15627324459942e-07f, 6.08574864600143e-05f,
                              8.51377133304701e-03f, 2.48287947061529e-01f};
    static const float q[] = {6.10247389755681e-13f, 5.76102136993427e-09f, 6.29106785017040e-06f,
                              1.70198817374094e-03f, 1.16817656904453e-01f, 9.93151921023180e-01f};
    const float limit = 18.0f;
    float square, top = p[0], bottom = q[0], y;

    x = x > -limit ? x : -limit;
    x = x < limit ? x : limit;
    square = x * x;
    for (int i = 1; i < 5; i++)
        top = fmaf(top, square, p[i]);
    for (int i = 1; i < 6; i++)
        bottom = fmaf(bottom, square, q[i]);
    y = top * x / bottom + 0.5f;
    y = y > 0.0f ? y : 0.0f;
    return y < 1.0f ? y : 1.0f;
}

static octet_status function_ort(octet_eval *e, const float *x, float *y)
{
    (void)e;
    for (int i = 0; i < 256; i++)
        y[i] = rational_sigmoid(x[i]);
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
