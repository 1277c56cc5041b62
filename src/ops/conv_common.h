/* conv_common.h: what the convolution operators share: attributes, shapes, sums over taps
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_CONV_COMMON_H
#define OCTET_OPS_CONV_COMMON_H

#include "ops/common.h"

#define OCTET_MAX_SPATIAL (OCTET_MAX_RANK - 2)

/* ---- shapes */

typedef struct octet_conv_shape {
    int32_t rank; /* spatial axes */
    int64_t batch, channels, out_channels, group;
    int64_t kernel[OCTET_MAX_SPATIAL], stride[OCTET_MAX_SPATIAL], dilation[OCTET_MAX_SPATIAL];
    int64_t in[OCTET_MAX_SPATIAL], out[OCTET_MAX_SPATIAL];
    int64_t pad_begin[OCTET_MAX_SPATIAL], pad_end[OCTET_MAX_SPATIAL];
} octet_conv_shape;

/* Everything that does not depend on X: attributes and the shape of W (rank and dims of the
 * tensor). Unknown dims of W are -1. channels is left unset. */
octet_status octet_conv_read(const octet_node *node, int32_t w_rank, const int64_t *w_dims,
                             octet_conv_shape *out, octet_diag *diag);
/* Pads of auto_pad and the output size on one axis, given in[axis]. */
octet_status octet_conv_resolve_axis(const octet_node *node, octet_conv_shape *s, int32_t axis,
                                     octet_diag *diag);
/* Shape of the convolution of two tensors with checks of ranks, channels and the bias (or NULL). */
octet_status octet_conv_resolve(const octet_node *node, const octet_tensor *x,
                                const octet_tensor *w, const octet_tensor *bias,
                                octet_conv_shape *out, octet_diag *diag);
/* Checks x, group and bias against s and fills batch, channels, in; s is from octet_conv_read. */
octet_status octet_conv_bind(octet_conv_shape *s, const octet_tensor *x, int64_t w_channels,
                             const octet_tensor *bias, octet_diag *diag);
/* X, W and B (or NULL) are all float32 or all float64. */
octet_status octet_conv_float_types(const octet_tensor *x, const octet_tensor *w,
                                    const octet_tensor *bias, octet_diag *diag);
/* Shape inference for Conv, ConvInteger, QLinearConv: X is input x, W input w. */
octet_status octet_conv_infer(octet_infer *in, uint32_t x, uint32_t w, octet_dtype dtype);
/* 0, 1, 2, 3 for NOTSET, VALID, SAME_UPPER, SAME_LOWER. */
typedef enum octet_auto_pad {
    OCTET_PAD_NOTSET,
    OCTET_PAD_VALID,
    OCTET_PAD_SAME_UPPER,
    OCTET_PAD_SAME_LOWER,
} octet_auto_pad;
octet_status octet_conv_auto_pad(const octet_node *node, octet_auto_pad *out, octet_diag *diag);
/* Output dims [batch, out_channels, out...] of a shape; returns the rank. */
int32_t octet_conv_out_dims(const octet_conv_shape *s, int64_t dims[OCTET_MAX_RANK]);

/* ---- sums over taps
 *
 * Each output position of a group is a chain over `taps` products. Tap t of the position with index
 * (i0, i1, ...) is the element offset[t] + i0 * step[0] + i1 * step[1] + ... of the group's image:
 * its input with padding, where an axis that is split lies phase by phase: all elements with the
 * same index modulo split[axis] side by side. */

typedef struct octet_conv_sum {
    size_t element; /* bytes per element of x, w, y */
    size_t batch, groups;
    int32_t rank;
    /* padding: index i of the input is index i + lead of the padded image; a negative lead crops */
    int64_t in[OCTET_MAX_SPATIAL], padded[OCTET_MAX_SPATIAL], lead[OCTET_MAX_SPATIAL];
    /* the first `phases` phases of `split` are kept; `half`: padded indices of one phase */
    int64_t split[OCTET_MAX_SPATIAL], phases[OCTET_MAX_SPATIAL], half[OCTET_MAX_SPATIAL];
    size_t channels; /* of a group */
    size_t in_plane, plane;
    bool direct; /* the image is the input */
    int64_t out[OCTET_MAX_SPATIAL], step[OCTET_MAX_SPATIAL];
    int64_t kernel[OCTET_MAX_SPATIAL], dilation[OCTET_MAX_SPATIAL]; /* 0: taps of another kind */
    size_t positions;                                               /* product of out */
    size_t taps;
    int64_t *offset;
    size_t m;                 /* output channels of a group */
    const void *x, *w, *bias; /* w: groups x m x taps, bias may be NULL */
    const float *packed;      /* w in panels, group after group; NULL: row by row from w */
    void *y;                  /* batch x groups x m x positions */
    /* other types than float32 */
    void (*row)(size_t n, size_t taps, const int64_t *offset, const void *x, size_t step,
                const void *w, const void *bias, void *y);
} octet_conv_sum;

/* Whether m output channels per group are worth a matrix product. */
bool octet_conv_sum_packs(size_t m);
/* Floats of packed weights; SIZE_MAX: too many. */
size_t octet_conv_packed_size(size_t groups, size_t m, size_t taps);
void octet_conv_pack(const octet_kernels *k, size_t groups, size_t m, size_t taps, const float *w,
                     float *packed);
/* The sum of an ordinary convolution, all but x, w, bias, packed, y, row. Strides are split
 * for float32. */
octet_status octet_conv_sum_init(octet_eval *e, const octet_conv_shape *s, size_t element,
                                 bool split, octet_conv_sum *out);
/* Sizes that follow from in, padded, split, phases, out and channels; strides of the image. */
octet_status octet_conv_sum_sizes(octet_eval *e, octet_conv_sum *s);
/* Where index `at` of an axis of the padded image lies, from the beginning of the axis. */
int64_t octet_conv_sum_place(const octet_conv_sum *s, int32_t axis, int64_t at);
octet_status octet_conv_sum_run(octet_eval *e, const octet_conv_sum *s);
/* Of float32; does what e->fused says. */
octet_status octet_conv_sum_f32(octet_eval *e, const octet_conv_sum *s);

/* The row function of double. */
void octet_conv_row_f64(size_t n, size_t taps, const int64_t *offset, const void *x, size_t step,
                        const void *w, const void *bias, void *y);

#endif
