/* kernels.h: the table of compute kernels
 * SPDX-License-Identifier: Apache-2.0
 *
 * Contract: kernels/README.md. Pure functions on pointers and sizes; scalar references in ref/ are
 * the definition, every variant gives the same bits.
 */
#ifndef OCTET_KERNELS_H
#define OCTET_KERNELS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

typedef enum octet_isa {
    OCTET_ISA_REF,
    OCTET_ISA_AVX2,
    OCTET_ISA_AVX512,
    OCTET_ISA_NEON
} octet_isa;

/* Panel height of packed A and panel width of packed B: the same at every level, so that packed
 * weights do not depend on it. 12 x 32 is 24 accumulators of AVX-512, or four 6 x 16 tiles of AVX2.
 */
#define OCTET_GEMM_MR 12
#define OCTET_GEMM_NR 32

/* What is done to a sum of products on its way to memory: y = activation(sum + bias). */
typedef enum octet_act {
    OCTET_ACT_NONE,
    OCTET_ACT_RELU, /* as relu_f32 */
    OCTET_ACT_CLIP  /* as clip_f32, between lo and hi */
} octet_act;

/* Range of what was stored, widened by each call; begins as OCTET_MINMAX_EMPTY. As minmax_f32: -0
 * counts as +0, and min and max mean nothing once not_finite is set. */
typedef struct octet_minmax {
    float min, max;
    int not_finite; /* a NaN or an infinity was stored */
} octet_minmax;

#define OCTET_MINMAX_EMPTY ((octet_minmax){.min = HUGE_VALF, .max = -HUGE_VALF})

typedef struct octet_epilogue {
    octet_act act;
    float lo, hi;
    octet_minmax *range; /* NULL: not wanted */
} octet_epilogue;

/* Bins of |x|: a page of equal bins from 0 to 2^bottom, then a page for each octave with as many.
 * All borders are multiples of powers of two, so a coarser grid of the kind is made of whole bins.
 * Below `split` a pair of bins is shared by both signs: the first for positive numbers, the second
 * for negative ones, each as wide as the pair. From there on they belong to one sign. */
#define OCTET_BINS_SHIFT 11 /* of a float's bits: 12 bits of the mantissa are left */
#define OCTET_BINS_PAGE 4096

typedef struct octet_bins {
    int32_t base;  /* bits >> SHIFT of 2^bottom, less one page */
    float scale;   /* PAGE / 2^bottom */
    int32_t split; /* even */
    int32_t end;   /* number of bins */
    int negative;  /* whose the bins from `split` on are */
} octet_bins;

/* C (m x n) [+]= A B for a stretch of k of the reduction. Column r of A's panel i lies at
 * a + i * a_panel + r * a_row, so A is packed (a_row MR) or up to MR rows of a transposed matrix.
 * Row r of B's panel j lies at b + j * b_panel + r * b_row, so B may be packed (b_row NR) or a
 * plain matrix (b_panel NR). Nothing beyond row m and column n is read or written. */
typedef struct octet_gemm_block {
    size_t m, n, k;
    const float *a;
    size_t a_panel, a_row;
    const float *b;
    size_t b_panel, b_row;
    float *c;
    size_t c_row;
    int first; /* sums start from +0, else from C */
    /* done to the sums at the end: */
    const float *bias; /* per column; NULL: none */
    octet_epilogue out;
} octet_gemm_block;

/* `length` positions start, start + step, … */
typedef struct octet_run {
    int64_t start;
    size_t length;
} octet_run;

/* Windows of pooling: output i of row r is made of the elements t < taps at
 * x[r * x_row + i * step + offset[t]] and lies at y[r * y_row + i]. */
typedef struct octet_windows {
    size_t rows, n, taps;
    const int64_t *offset;
    const float *x;
    size_t x_row, step;
    float *y;
    size_t y_row;
} octet_windows;

/* ---- 8- and 16-bit integers; the kernels are in int8.def */

/* C (m x n) = A B, sums of 4 * quads products. Element r of the reduction of row i of A lies at
 * a[i / MR * a_panel + (r / 4 * MR + i % MR) * 4 + r % 4], of column j of B at
 * b[j / NR * b_panel + (r / 4 * NR + j % NR) * 4 + r % 4]. Panels are whole: they may be read
 * beyond row m and column n, C is not. Of 16-bit integers a pair has the place of a quad: r / 2 and
 * r % 2, in 16-bit units. */
typedef struct octet_gemm_q8 {
    size_t m, n, quads;
    const void *a;
    size_t a_panel; /* in bytes */
    const void *b;
    size_t b_panel;
    int32_t *c;
    size_t c_row;
} octet_gemm_q8;

/* From int32 sums (m x n) to results: v = acc + row_add[i'] + col_add[j] + row_factor[i'] *
 * col_factor[j] modulo 2^32 with i' = i * row_step, where NULL is left out (the factors together),
 * then the kernel's rule with the scale at i * scale_row + j * scale_col (steps of 0 or 1). */
typedef struct octet_requant {
    size_t m, n;
    const int32_t *acc;
    size_t acc_row;
    const int32_t *row_add, *col_add, *row_factor, *col_factor;
    size_t row_step;
    const float *scale;                /* of all but s32 and fixed */
    const int32_t *multiplier, *shift; /* of fixed: multiplier in [0, 2^31), shift in [-31, 30] */
    size_t scale_row, scale_col;
    float divisor;      /* of away */
    const float *bias;  /* of f32, may be NULL */
    int32_t zero_point; /* of the 8- or 16-bit results, which lie in [lo, hi]; fits their type */
    int32_t lo, hi;     /* 0 and 255, -128 and 127, or the same of 16 bits */
    void *y;
    size_t y_row; /* in elements */
} octet_requant;

/* Bytes behind its work space that depth_q8 may touch. */
#define OCTET_DEPTH_SLACK 64

/* Channels each of which is convolved by itself over two axes, and requantized as
 * requantize_nearest does. One after another they are put into the image: there row r of x is row
 * top + r, column c is column left + c, and element (i, j) has the place
 * ((i % row_step) * column_step + j % column_step) * plane + i / row_step * pitch + j /
 * column_step, so that outputs next to each other read bytes next to each other. Whatever else is
 * in the image stays: the padding. Output (i, j) of channel c is made of the sum of the 4 quads
 * products w[4 c quads + t] * image[offset[t] + i * pitch + j] and add[c]. */
typedef struct octet_depth_q8 {
    size_t channels;
    const uint8_t *x; /* channels x in_rows x in_columns */
    size_t in_rows, in_columns;
    uint8_t flip;                 /* of the bytes of x; the image is u8 */
    size_t row_step, column_step; /* column_step 1 or 2 */
    size_t top, left, pitch, plane;
    uint8_t *image;
    size_t quads;
    const int64_t *offset;
    const int8_t *w;
    const int32_t *add;
    const float *scale; /* at c * scale_step */
    size_t scale_step;
    int32_t zero_point, lo, hi;
    uint8_t *sheet; /* work space: (rows - 1) * pitch + columns bytes */
    size_t rows, columns;
    uint8_t *y; /* channels x rows x columns */
} octet_depth_q8;

/* Positions whose sums lie side by side in conv_wide_f32. */
#define OCTET_CONV_NR 48

/* A stretch of k taps of a convolution: m sums of weights times inputs for each of some positions.
 * Tap r of position p is x[offset[r] + p]. The weights are B packed, a column for each output. */
typedef struct octet_conv_block {
    size_t m, k;
    const float *w;
    size_t w_panel; /* distance of its panels */
    const float *x;
    const int64_t *offset;
    size_t n_runs;
    const octet_run *runs; /* the positions, in ascending order */
    int slack;             /* OCTET_CONV_NR floats behind the last position of a tap may be read */
    float *part;           /* sums between stretches, octet_conv_part_size() floats */
    int first, last;       /* sums start from +0, else from part; they are kept there, or else: */
    const float *bias;     /* per output; NULL: none */
    octet_epilogue out;
    float *y; /* output i of position number j: y[i * y_row + j] */
    size_t y_row;
} octet_conv_block;

/* A channel's own convolution: y[i][j] = chain over t of w[t] * x[offset[t] + i * x_row + j]. */
typedef struct octet_conv_depth {
    size_t rows, columns, taps;
    const float *x;
    const int64_t *offset;
    size_t x_row;
    int slack; /* OCTET_CONV_NR floats behind the last element of a tap may be read */
    const float *w;
    const float *bias; /* one number; NULL: none */
    octet_epilogue out;
    float *y; /* rows x columns */
} octet_conv_depth;

/* The same for each of some channels, 3 x 3 taps of neighbours: tap t of output (i, j) is the
 * element (i * stride + t / 3 - top, j * stride + t % 3 - left) of the channel's image, +0 outside
 * of it. */
typedef struct octet_conv_3x3 {
    size_t channels;
    size_t in_rows, in_columns, rows, columns;
    size_t stride, top, left; /* stride 1 or 2 */
    const float *x;           /* channels x in_rows x in_columns */
    const float *w;           /* channels x 9 */
    const float *bias;        /* per channel; NULL: none */
    octet_epilogue out;
    float *y; /* channels x rows x columns */
} octet_conv_3x3;

typedef struct octet_kernels {
    octet_isa isa;
#define K(name, ret, params) ret(*name) params;
#include "kernels.def"
#undef K
} octet_kernels;

/* Best level of this machine. */
octet_isa octet_isa_host(void);

/* The table for a level not above the host's; constant, shared, never freed. A level that this
 * build does not have gives the one below. */
const octet_kernels *octet_kernels_get(octet_isa isa);

/* A level has several tables where some CPUs of it have more instructions than it asks for. These
 * are all that run here, by index from 0; NULL after the last. For tests: get() gives the best. */
const octet_kernels *octet_kernels_variant(octet_isa isa, int index);

/* ---- built on the table (gemm.c) */

/* Floats in packed A and B; SIZE_MAX when that does not fit. */
size_t octet_gemm_a_size(size_t m, size_t k);
size_t octet_gemm_b_size(size_t k, size_t n);

/* Rows of the reduction worth handling at once, so that the panels stay in the nearest cache. */
#define OCTET_GEMM_KC 256

/* Floats of octet_conv_block.part. */
size_t octet_conv_wide_part_size(size_t m);
size_t octet_conv_tall_part_size(size_t m, size_t positions);

/* C (m x n) = A B + bias. g holds the whole product: k the whole reduction, `first` set; it is cut
 * into blocks here. Elements are chains of fused multiply-adds in the order of k, from +0. */
void octet_gemm_f32(const octet_kernels *kernels, const octet_gemm_block *g);

#endif
