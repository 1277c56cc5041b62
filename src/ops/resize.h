/* resize.h: how Resize maps output coordinates to weighted input elements
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_RESIZE_H
#define OCTET_OPS_RESIZE_H

#include "ops/common.h"

typedef enum octet_resize_mode {
    OCTET_RESIZE_NEAREST,
    OCTET_RESIZE_LINEAR,
    OCTET_RESIZE_CUBIC,
} octet_resize_mode;

typedef struct octet_resize_how {
    octet_resize_mode mode;
    bool antialias, exclude_outside;
    float cubic_a, extrapolation;
    float (*coordinate)(float x, float scale, float in, float out, const float *roi);
    int64_t (*nearest)(float x);
    bool crop; /* coordinates outside of the image give the extrapolation value */
} octet_resize_how;

/* Attributes of a Resize node. */
octet_status octet_resize_read(const octet_node *node, octet_resize_how *out, octet_diag *diag);

/* One axis. Output j is the sum of weight[j * taps + t] * x[index[j * taps + t]]. */
typedef struct octet_resize_axis {
    int64_t in, out;
    float scale;
    float roi[2];
    size_t taps;
    int64_t *index; /* within [0, in) */
    float *weight;  /* NULL for nearest: one tap of weight 1 */
    bool *outside;  /* NULL unless crop */
} octet_resize_axis;

/* Fills taps, index, weight, outside from the rest. */
octet_status octet_resize_axis_init(octet_eval *e, const octet_resize_how *how,
                                    octet_resize_axis *a);

/* Output sizes of Resize by its policy; scales or sizes is NULL. axes lists n axes. */
octet_status octet_resize_sizes(const octet_node *node, uint32_t n, const int32_t *axes,
                                const float *scales, const int64_t *sizes, const int64_t *in,
                                int64_t *out, float *scale_out, octet_diag *diag);

#endif
