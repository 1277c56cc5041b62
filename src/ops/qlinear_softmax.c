/* qlinear_softmax.c: QLinearSoftmax of com.microsoft
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/qlinear.h"
#include "ops/softmax_common.h"

#include <float.h>
#include <math.h>

extern const octet_op octet_op_softmax;

enum { X, Y_SCALE = 3 };

static const octet_qlinear qlinear = {
    .op = &octet_op_softmax, .first = X, .triples = 1, .out = Y_SCALE};

static octet_status infer(octet_infer *in)
{
    return octet_qlinear_infer(in, &qlinear);
}

/* ---- ONNX Runtime: e^x from a table whose last entry stands for the largest element; the result
 * times floor(1 / y_scale). The table is as high as a sum of n entries allows. */

#define RESERVE 5.0

static void fill_table(size_t n, float x_scale, float table[256])
{
    double headroom = log((double)(FLT_MAX / (float)n)) - RESERVE;
    double shift = (headroom > 0.0 ? headroom : 0.0) / (double)x_scale;

    for (int i = 0; i < 256; i++)
        table[i] = (float)exp(((double)i - 255.0 + shift) * (double)x_scale);
}

typedef struct softmax {
    octet_qrange range;
    octet_axis_view view;
    const float *table;
    float factor;
    int32_t zero_point;
} softmax;

/* The exponentials of an axis of one element overflow, and what becomes of the infinity is what the
 * conversion to an integer leaves: 0, or for int8 the lowest integer, to which the zero point is
 * added modulo 2^32. */
static uint8_t overflow_of(const softmax *s)
{
    if (!s->range.is_signed)
        return (uint8_t)s->zero_point;
    return (uint8_t)(s->zero_point < 0 ? s->range.hi : s->range.lo);
}

static uint8_t result_of(const softmax *s, float exponential, float sum)
{
    float v = rintf(exponential * s->factor / sum);

    if (!isfinite(v))
        return overflow_of(s);
    return (uint8_t)octet_qclamp(s->range, (int64_t)v + s->zero_point);
}

static void line(const softmax *s, const uint8_t *x, uint8_t *y)
{
    size_t step = s->view.inner, n = s->view.axis;
    int32_t max = s->range.lo;
    float sum = 0.0f;
    int32_t top;

    for (size_t i = 0; i < n; i++) {
        int32_t v = octet_qbyte(s->range, x[i * step]);
        max = v > max ? v : max;
    }
    top = 255 - max; /* the largest element has the last entry */

    for (size_t i = 0; i < n; i++)
        sum += s->table[top + octet_qbyte(s->range, x[i * step])];
    for (size_t i = 0; i < n; i++)
        y[i * step] = result_of(s, s->table[top + octet_qbyte(s->range, x[i * step])], sum);
}

static octet_status eval_ort(octet_eval *e)
{
    const octet_tensor *x;
    octet_qlinear_params px, py;
    float table[256];
    softmax s = {.table = table};

    OCTET_TRY(octet_qlinear_input(e, X, &x, &px));
    OCTET_TRY(octet_qlinear_params_out(e, Y_SCALE, x, &py));
    if (x->dtype != py.dtype || !(px.scale > 0.0f))
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "input and output have several types");
    OCTET_TRY(octet_axis_view_of(e, x, &s.view));
    OCTET_TRY(octet_eval_output(e, 0, py.dtype, x->rank, x->dims));
    if (octet_tensor_count(x) == 0)
        return OCTET_OK;
    fill_table(s.view.axis, px.scale, table);
    s.range = octet_qrange_of(x->dtype);
    s.factor = floorf(1.0f / py.scale);
    s.zero_point = py.zero_point;
    for (size_t o = 0; o < s.view.outer; o++)
        for (size_t i = 0; i < s.view.inner; i++) {
            size_t at = o * s.view.axis * s.view.inner + i;

            line(&s, (const uint8_t *)x->data + at, (uint8_t *)e->out[0].data + at);
        }
    return OCTET_OK;
}

/* Before opset 13 all axes from `axis` (default 1) on were one: the same where they are one anyway.
 */
static octet_status check_opset(octet_eval *e)
{
    const octet_tensor *x = octet_eval_input(e, X);
    int64_t axis = octet_node_int(e->node, "axis", 1);

    if (octet_node_int(e->node, "opset", 13) >= 13 || x == NULL)
        return OCTET_OK;
    if (axis < 0)
        axis += x->rank;
    if (axis != x->rank - 1)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED,
                          "opset below 13 is supported on the last axis alone");
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    OCTET_TRY(check_opset(e));
    return octet_arith_is_ort(e->arith) ? eval_ort(e) : octet_qlinear_eval(e, &qlinear);
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
