/* quantize_common.h: scales of QuantizeLinear and DequantizeLinear, integer operands of the others
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_QUANTIZE_COMMON_H
#define OCTET_OPS_QUANTIZE_COMMON_H

#include "ops/common.h"

/* x is outer x size x inner around the axis; one scale for all (axis_count 0), one per element of
 * the axis (block 0), or one per `block` elements of the axis for each outer and inner index. */
typedef struct octet_quant_layout {
    int64_t outer, size, inner, block;
    bool per_tensor;
    int64_t next; /* state of octet_quant_next_run */
} octet_quant_layout;

/* Consecutive elements of x with one scale. */
typedef struct octet_quant_run {
    int64_t start, length, scale;
} octet_quant_run;

/* Checks scale and zero point (or NULL) against x. */
octet_status octet_quant_layout_init(octet_eval *e, const octet_tensor *x,
                                     const octet_tensor *scale, const octet_tensor *zero_point,
                                     octet_quant_layout *out);
bool octet_quant_next_run(octet_quant_layout *layout, octet_quant_run *out);

/* Elements of a tensor as float in scratch, or the payload itself. NULL tensor: NULL. */
octet_status octet_eval_floats(octet_eval *e, const octet_tensor *t, const float **out);

/* QuantizeLinear of n numbers to INT8 or UINT8 by the profile's rule. */
void octet_quantize_bytes(const octet_eval *e, size_t n, const float *x, float scale,
                          int32_t zero_point, octet_dtype to, void *y);

/* Scale and uint8 zero point of the range of a float tensor itself, as DynamicQuantizeLinear says.
 */
octet_status octet_quant_dynamic(octet_eval *e, const octet_tensor *x, float *scale,
                                 int32_t *zero_point);

/* ---- integer operators */

/* The single element of a float scale input. */
octet_status octet_eval_scale(octet_eval *e, uint32_t index, float *out);

#endif
