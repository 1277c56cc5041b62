/* qlinear.h: ONNX Runtime's operators on quantized tensors
 * SPDX-License-Identifier: Apache-2.0
 *
 * By the standard they are their float operators between dequantized inputs and a quantized output;
 * a runtime's kernels may compute otherwise (docs/numerics.md).
 */
#ifndef OCTET_OPS_QLINEAR_H
#define OCTET_OPS_QLINEAR_H

#include "ops/common.h"
#include "ops/ort_kernels.h"

typedef struct octet_qlinear {
    const octet_op *op;    /* the float operator */
    uint32_t first;        /* input where the triples (tensor, scale, zero point) begin */
    uint32_t triples;      /* 0: as many as there are */
    uint32_t out;          /* inputs out and out + 1 are scale and zero point of the output */
    bool zero_point_first; /* ONNX Runtime adds the zero point before it rounds */
} octet_qlinear;

octet_status octet_qlinear_eval(octet_eval *e, const octet_qlinear *q);
octet_status octet_qlinear_infer(octet_infer *in, const octet_qlinear *q);
uint32_t octet_qlinear_triples(const octet_qlinear *q, uint32_t n_in);

/* ---- scales and zero points */

typedef struct octet_qlinear_params {
    float scale;
    int32_t zero_point;
    octet_dtype dtype; /* of the zero point; UNDEFINED when it is absent */
} octet_qlinear_params;

octet_status octet_qlinear_params_read(octet_eval *e, uint32_t index, octet_qlinear_params *out);
/* The output's, checked; an absent zero point has the type of `like`. */
octet_status octet_qlinear_params_out(octet_eval *e, uint32_t index, const octet_tensor *like,
                                      octet_qlinear_params *out);
/* An 8-bit tensor input with the parameters behind it. */
octet_status octet_qlinear_input(octet_eval *e, uint32_t index, const octet_tensor **x,
                                 octet_qlinear_params *p);

/* ---- elements: a byte is read as the type says, results are clamped to the type */

typedef struct octet_qrange {
    int32_t lo, hi;
    bool is_signed;
} octet_qrange;

octet_qrange octet_qrange_of(octet_dtype dtype); /* INT8, else as UINT8 */

static inline int32_t octet_qbyte(octet_qrange r, uint8_t byte)
{
    return r.is_signed ? (int8_t)byte : byte;
}

static inline int32_t octet_qclamp(octet_qrange r, int64_t v)
{
    return (int32_t)(v < r.lo ? r.lo : v > r.hi ? r.hi : v);
}

/* saturate(rne(v) + zero_point), half to even: adding and taking off 3 · 2^22 rounds, as
 * |v| <= 2^21 by then. NaN gives the lowest value. */
static inline uint8_t octet_qround_plus(octet_qrange r, float v, int32_t zero_point)
{
    const float magic = 12582912.0f, lo = (float)(r.lo - zero_point),
                hi = (float)(r.hi - zero_point);

    v = v > lo ? v : lo;
    v = v < hi ? v : hi;
    return (uint8_t)((int32_t)((v + magic) - magic) + zero_point);
}

static inline uint8_t octet_qround(octet_qrange r, float v)
{
    return octet_qround_plus(r, v, 0);
}

#define OCTET_QLINEAR_TRIPLE(name_)                                                                \
    {.name = name_}, {.name = name_ "_scale", .role = OCTET_ROLE_PARAM},                           \
    {                                                                                              \
        .name = name_ "_zero_point", .role = OCTET_ROLE_PARAM, .optional = true                    \
    }
#define OCTET_QLINEAR_OUT(name_)                                                                   \
    {.name = name_ "_scale", .role = OCTET_ROLE_PARAM},                                            \
    {                                                                                              \
        .name = name_ "_zero_point", .role = OCTET_ROLE_PARAM, .optional = true                    \
    }

#endif
