/* qlinear_mul.c: QLinearMul of com.microsoft
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/fixed_point.h"
#include "ops/qlinear_binary.h"

extern const octet_op octet_op_mul;

static const octet_qlinear qlinear = {.op = &octet_op_mul, .first = 0, .triples = 2, .out = 6};

static octet_status infer(octet_infer *in)
{
    return octet_qlinear_infer(in, &qlinear);
}

/* One of the operands is the number `other`, its zero point taken off. */
static void multiply_number(const octet_qbinary *q, size_t n, const uint8_t *x, float zero,
                            float other, float ratio, uint8_t *y)
{
    float plus = (float)q->y.zero_point;

    for (size_t i = 0; i < n; i++)
        y[i] = octet_qround(q->range,
                            ((float)octet_qbyte(q->range, x[i]) - zero) * other * ratio + plus);
}

/* A long row takes its products from a table. */
static void multiply_row(const octet_qbinary *q, size_t n, const uint8_t *x, float zero,
                         float other, float ratio, uint8_t *y)
{
    uint8_t bytes[256], table[256];

    if (n < 512) {
        multiply_number(q, n, x, zero, other, ratio, y);
        return;
    }
    for (int i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    multiply_number(q, 256, bytes, zero, other, ratio, table);
    q->k.lookup_u8(n, x, table, y);
}

/* ONNX Runtime: the zero point is added before the rounding. Differences and their products are
 * exact in float. */
static void row_ort(const octet_kernels *k, size_t n, const void *pa, size_t sa, const void *pb,
                    size_t sb, void *y)
{
    const octet_qbinary *q = (const octet_qbinary *)k;
    const uint8_t *a = pa, *b = pb;
    float ratio = q->a.scale * q->b.scale / q->y.scale;
    float za = (float)q->a.zero_point, zb = (float)q->b.zero_point;

    if (sa == 0)
        multiply_row(q, n, b, zb, (float)octet_qbyte(q->range, a[0]) - za, ratio, y);
    else if (sb == 0)
        multiply_row(q, n, a, za, (float)octet_qbyte(q->range, b[0]) - zb, ratio, y);
    else
        k->mul_q8(n, a, za, b, zb, ratio, (float)q->y.zero_point, q->range.is_signed, y);
}

static void row_fixed(const octet_kernels *k, size_t n, const void *pa, size_t sa, const void *pb,
                      size_t sb, void *py)
{
    const octet_qbinary *q = (const octet_qbinary *)k;
    const uint8_t *a = pa, *b = pb;
    uint8_t *y = py;
    octet_fixed f = octet_fixed_from((double)q->a.scale * (double)q->b.scale / (double)q->y.scale);

    for (size_t i = 0; i < n; i++) {
        int32_t u = octet_qbyte(q->range, a[i * sa]) - q->a.zero_point;
        int32_t v = octet_qbyte(q->range, b[i * sb]) - q->b.zero_point;

        y[i] =
            (uint8_t)octet_qclamp(q->range, (int64_t)octet_fixed_apply(u * v, f) + q->y.zero_point);
    }
}

static octet_status eval(octet_eval *e)
{
    return octet_qbinary_eval(e, row_ort, row_fixed, &qlinear);
}

const octet_op octet_op_qlinear_mul = {
    .domain = "com.microsoft",
    .name = "QLinearMul",
    .since = 1,
    .in = {OCTET_QLINEAR_TRIPLE("A"), OCTET_QLINEAR_TRIPLE("B"), OCTET_QLINEAR_OUT("C")},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = infer,
    .eval = eval,
};
