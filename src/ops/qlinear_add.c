/* qlinear_add.c: QLinearAdd of com.microsoft
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/fixed_point.h"
#include "ops/qlinear_binary.h"

#include <math.h>

extern const octet_op octet_op_add;

static const octet_qlinear qlinear = {.op = &octet_op_add, .first = 0, .triples = 2, .out = 6};

static octet_status infer(octet_infer *in)
{
    return octet_qlinear_infer(in, &qlinear);
}

/* ---- ONNX Runtime: a · a_scale/y_scale + (b · b_scale/y_scale + fixed part), each step one fma.
 * An operand that is one number joins the fixed part. */

typedef struct term { /* one operand's share of the sum */
    float ratio;
    int32_t zero_point;
} term;

static float fixed_part(const octet_qbinary *q, term first, term second)
{
    float offset =
        fmaf(first.ratio, (float)first.zero_point, second.ratio * (float)second.zero_point);

    return (float)q->y.zero_point - offset;
}

/* One of the operands is the number `number`. */
static void add_number(const octet_qbinary *q, size_t n, const uint8_t *x, term tx, uint8_t number,
                       term tn, uint8_t *y)
{
    float fixed = fmaf((float)octet_qbyte(q->range, number), tn.ratio, fixed_part(q, tx, tn));

    q->k.add_q8(n, x, tx.ratio, x, 0.0f, fixed, q->range.is_signed, y);
}

static void row_ort(const octet_kernels *k, size_t n, const void *pa, size_t sa, const void *pb,
                    size_t sb, void *py)
{
    const octet_qbinary *q = (const octet_qbinary *)k;
    const uint8_t *a = pa, *b = pb;
    term ta = {q->a.scale / q->y.scale, q->a.zero_point};
    term tb = {q->b.scale / q->y.scale, q->b.zero_point};

    if (sa == 0)
        add_number(q, n, b, tb, a[0], ta, py);
    else if (sb == 0)
        add_number(q, n, a, ta, b[0], tb, py);
    else
        k->add_q8(n, a, ta.ratio, b, tb.ratio, fixed_part(q, ta, tb), q->range.is_signed, py);
}

/* ---- fixed point, as TFLite: both inputs at twice the larger scale and 2^20 finer, then down */

#define FINER 20

static void row_fixed(const octet_kernels *k, size_t n, const void *pa, size_t sa, const void *pb,
                      size_t sb, void *py)
{
    const octet_qbinary *q = (const octet_qbinary *)k;
    const uint8_t *a = pa, *b = pb;
    uint8_t *y = py;
    double top = 2.0 * (double)(q->a.scale > q->b.scale ? q->a.scale : q->b.scale);
    octet_fixed fa = octet_fixed_from((double)q->a.scale / top);
    octet_fixed fb = octet_fixed_from((double)q->b.scale / top);
    octet_fixed fy = octet_fixed_from(top / ((double)(1 << FINER) * (double)q->y.scale));

    for (size_t i = 0; i < n; i++) {
        int32_t u = octet_qbyte(q->range, a[i * sa]) - q->a.zero_point;
        int32_t v = octet_qbyte(q->range, b[i * sb]) - q->b.zero_point;
        int32_t sum =
            octet_fixed_apply(u * (1 << FINER), fa) + octet_fixed_apply(v * (1 << FINER), fb);

        y[i] =
            (uint8_t)octet_qclamp(q->range, (int64_t)octet_fixed_apply(sum, fy) + q->y.zero_point);
    }
}

static octet_status eval(octet_eval *e)
{
    return octet_qbinary_eval(e, row_ort, row_fixed, &qlinear);
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
