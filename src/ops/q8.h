/* q8.h: products of integer tensors and what becomes of their sums, shared by the operators on them
 * SPDX-License-Identifier: Apache-2.0
 *
 * The kernels multiply u8 (activations) by s8 (weights). An int8 activation or a uint8 weight is
 * moved by 128 with its zero point, which is a flip of the highest bit. Sums are corrected for zero
 * points where they are finished.
 *
 * Activations may also have 16 bits. They are multiplied as s16, uint16 moved by 32768, and the
 * weights beside them are widened where they are packed.
 */
#ifndef OCTET_OPS_Q8_H
#define OCTET_OPS_Q8_H

#include "ops/conv_common.h"
#include "ops/matmul_common.h"

#include <string.h>

/* ---- operands */

typedef struct octet_q8_operand {
    const uint8_t *data;
    bool wide;     /* 16 bits an element */
    uint16_t flip; /* the highest bit: moved by half the range */
    /* zero points after the move: one, or one per row of A, column of B, channel of W */
    const int32_t *zero;
    size_t zero_step; /* 0 or 1 */
} octet_q8_operand;

/* An activation (wants u8 or s16) or a weight (wants s8); zero: NULL, one number or `count` of
 * them. */
octet_status octet_q8_activation(octet_eval *e, const octet_tensor *t, const octet_tensor *zero,
                                 size_t count, octet_q8_operand *out);
octet_status octet_q8_weight(octet_eval *e, const octet_tensor *t, const octet_tensor *zero,
                             size_t count, octet_q8_operand *out);
/* The flip of a weight of that type; false: not 8 bits wide. */
bool octet_q8_weight_flip(octet_dtype dtype, uint16_t *flip);
/* Whether input 0 of a node is known to have 16 bits, for prepare: a wrong guess costs only time.
 */
bool octet_q8_is_wide(const octet_graph *g, const octet_node *node);

/* Writes a weight as it lies in panels. */
static inline void octet_q8_put(uint8_t *to, bool wide, int8_t w)
{
    int16_t word = w;

    if (wide)
        memcpy(to, &word, sizeof(word));
    else
        *to = (uint8_t)w;
}

static inline size_t octet_q8_size(bool wide)
{
    return wide ? 2 : 1;
}

/* Whether sums of two products saturate at 16 bits: in the arithmetic of AVX2 where nothing was
 * moved, a uint8 activation with an int8 weight. ONNX Runtime widens all other types first. */
bool octet_q8_pairs(const octet_eval *e, const octet_q8_operand *activation,
                    const octet_q8_operand *weight);

/* ---- results */

/* What becomes of the sums. `r` is the octet_requant of the whole result without sizes, sums and
 * corrections. */
typedef struct octet_q8_finish {
    void (*run)(const octet_requant *r);
    size_t element; /* bytes of a result */
    octet_requant r;
} octet_q8_finish;

/* Scales are 1 or `count`, along the columns or else the rows of the result. */
typedef struct octet_q8_scales {
    float alpha, x;
    const float *w;
    size_t count;
    bool by_column;
} octet_q8_scales;

void octet_q8_finish_s32(const octet_eval *e, octet_q8_finish *out);
octet_status octet_q8_finish_f32(octet_eval *e, const octet_q8_scales *s, const float *bias,
                                 octet_q8_finish *out);
/* To 8 or 16 bits by the rules of e->arith. */
octet_status octet_q8_finish_q8(octet_eval *e, const octet_q8_scales *s, float y_scale,
                                const octet_tensor *y_zero, octet_q8_finish *out);

/* Reads scale input `index` of 1 or `count` floats. */
octet_status octet_q8_read_scales(octet_eval *e, uint32_t index, size_t count, const float **out,
                                  size_t *n);

/* Optional input `index` of `count` floats; absent: NULL. */
octet_status octet_q8_read_bias(octet_eval *e, uint32_t index, size_t count, const float **out);

/* ---- matrix products */

/* Constant B in panels. */
typedef struct octet_q8_packed {
    const uint8_t *panels;
    const int32_t *sums; /* of each column, without zero points */
    size_t panel_bytes;  /* of one matrix */
    bool wide;           /* for activations of 16 bits */
} octet_q8_packed;

/* Y (m x n, dense) from A (m x k) and B (k x n): element (i, j) of an operand is data[i * row + j *
 * col]. */
typedef struct octet_q8_product {
    size_t m, n, k;
    octet_q8_operand a, b;
    size_t a_row, a_col, b_row, b_col;
    const octet_q8_packed *packed; /* or NULL */
    size_t matrix;                 /* which one of the packed */
    const int32_t *add;            /* or NULL; element (i, j) at i * add_row + j * add_col */
    size_t add_row, add_col;
    octet_q8_finish finish;
    void *y;
} octet_q8_product;

octet_status octet_q8_product_run(octet_eval *e, const octet_q8_product *p);

/* As op.prepare: packs `count` constant matrices, for activations of 16 bits if `wide`; leaves
 * *state NULL where t is not an 8-bit tensor or is empty. */
octet_status octet_q8_product_prepare(const octet_kernels *k, octet_arena *arena,
                                      const octet_tensor *t, bool wide, size_t count, size_t rows,
                                      size_t columns, size_t row, size_t col, const void **state,
                                      octet_diag *diag);
/* octet_q8_product_prepare for B of a MatMul-like operator (numpy rules), NULL: not constant. */
octet_status octet_q8_matmul_prepare(const octet_kernels *k, octet_arena *arena,
                                     const octet_tensor *b, bool wide, const void **state,
                                     octet_diag *diag);
/* A MatMul-like operator: everything but the finish and the output. */
typedef struct octet_q8_matmul {
    octet_matmul_shape s;
    octet_q8_product p;
} octet_q8_matmul;
octet_status octet_q8_matmul_init(octet_eval *e, const octet_tensor *a, const octet_tensor *b,
                                  const octet_tensor *a_zero, const octet_tensor *b_zero,
                                  octet_q8_matmul *out);
/* Rows [from, from + count) of every batch, finished by the first `count` rows of p.finish; y is
 * the payload of the whole output. */
octet_status octet_q8_matmul_run(octet_eval *e, const octet_q8_matmul *mm, size_t from,
                                 size_t count, void *y);

/* A whole product as float: y = float(sum) * x_scale * scales of the columns + bias of the columns,
 * which are the inputs of those numbers (the bias may be left out). Makes output 0. */
octet_status octet_q8_matmul_to_f32(octet_eval *e, octet_q8_matmul *mm, float x_scale,
                                    uint32_t w_scale, uint32_t bias);

/* ---- convolutions */

typedef struct octet_q8_conv {
    octet_conv_shape s;
    octet_q8_operand x, w; /* w->zero: per output channel or one */
    const int32_t *bias;   /* or NULL */
    bool exact;            /* no sum saturates whatever the arithmetic */
    octet_q8_finish finish;
    void *y;
} octet_q8_conv;

octet_status octet_q8_conv_prepare(const octet_node *node, const octet_tensor *w, bool wide,
                                   octet_arena *arena, const void **state, octet_diag *diag);
octet_status octet_q8_conv_run(octet_eval *e, const octet_q8_conv *c);

/* q8_depth.c: one output for each channel, weights in lines of 4 quads; r is the octet_requant of
 * one image. */
bool octet_q8_depth_fits(const octet_eval *e, const octet_q8_conv *c, const octet_requant *r);
octet_status octet_q8_depth_run(octet_eval *e, const octet_q8_conv *c, const int8_t *w,
                                size_t quads, const octet_requant *r);

#endif
