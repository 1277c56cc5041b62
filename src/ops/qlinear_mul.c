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

/* ONNX Runtime: the zero point is added before the rounding. Differences and their products are
 * exact in float. One loop for each type, so that compilers find vectors. */
#define ROW(T)                                                                                     \
    static void row_##T(const octet_qbinary *q, size_t n, const T *a, size_t sa, const T *b,       \
                        size_t sb, uint8_t *restrict y)                                            \
    {                                                                                              \
        float ratio = q->a.scale * q->b.scale / q->y.scale, zero = (float)q->y.zero_point;         \
        float za = (float)q->a.zero_point, zb = (float)q->b.zero_point;                            \
        octet_qrange range = q->range;                                                             \
                                                                                                   \
        if (sa != 0 && sb != 0) {                                                                  \
            for (size_t i = 0; i < n; i++)                                                         \
                y[i] =                                                                             \
                    octet_qround(range, ((float)a[i] - za) * ((float)b[i] - zb) * ratio + zero);   \
        } else {                                                                                   \
            const T *x = sa != 0 ? a : b;                                                          \
            float zx = sa != 0 ? za : zb, other = sa != 0 ? (float)b[0] - zb : (float)a[0] - za;   \
                                                                                                   \
            for (size_t i = 0; i < n; i++)                                                         \
                y[i] = octet_qround(range, ((float)x[i] - zx) * other * ratio + zero);             \
        }                                                                                          \
    }

ROW(uint8_t)
ROW(int8_t)

static void row_ort(const octet_kernels *k, size_t n, const void *a, size_t sa, const void *b,
                    size_t sb, void *y)
{
    const octet_qbinary *q = (const octet_qbinary *)k;

    if (q->range.is_signed)
        row_int8_t(q, n, a, sa, b, sb, y);
    else
        row_uint8_t(q, n, a, sa, b, sb, y);
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
    if (octet_arith_is_ort(e->arith))
        return octet_qbinary_eval(e, row_ort);
    if (e->arith == OCTET_ARITH_FIXED_POINT)
        return octet_qbinary_eval(e, row_fixed);
    return octet_qlinear_eval(e, &qlinear);
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
