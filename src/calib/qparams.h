/* qparams.h: scale and zero point from a range
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_CALIB_QPARAMS_H
#define OCTET_CALIB_QPARAMS_H

#include "tensor/tensor.h"

/* How a tensor is represented in integers. */
typedef struct octet_qspec {
    octet_dtype dtype;  /* int8, uint8, int16, uint16, int32 … */
    int64_t qmin, qmax; /* within the type's range, qmin <= 0 <= qmax for signed */
    bool symmetric;     /* zero point in the middle (0 for signed types) */
    bool per_channel;
} octet_qspec;

typedef struct octet_qparams {
    float scale;
    int32_t zero_point;
} octet_qparams;

/* The range always includes 0. Asymmetric: scale = (max - min) / (qmax - qmin) computed in double
 * and rounded once, zero_point = saturate(rne(qmin - min / scale)). Symmetric: scale = max(|min|,
 * |max|) /
 * ((qmax - qmin) / 2). A range without extent, or one too small for a normal float scale, gives
 * scale 1 and the representation of 0: the tensor is zero for every purpose.
 * (torch.ao.quantization's UniformQuantizationObserverBase._calculate_qparams without its eps.) */
octet_qparams octet_qparams_from_range(float min, float max, const octet_qspec *spec);

/* Lowers the scale as little as makes the quantized range [qmin, qmax] lie inside [lo, hi], where
 * lo <= 0 <= hi: runtimes drop a Clip after the quantized operator only then. A bound of 0 on a
 * side that the zero point leaves open cannot be met and changes nothing. */
void octet_qparams_fit_inside(octet_qparams *params, const octet_qspec *spec, float lo, float hi);

/* y = saturate(rne(x / scale) + zero_point) for any integer type up to 32 bits. */
int64_t octet_quantize_one(float x, const octet_qparams *params, const octet_qspec *spec);

/* Magnitude a quantized bias may have: leaves as much room again for the products added to it. */
#define OCTET_BIAS_LIMIT 1073741823.0 /* 2^30 - 1 */

/* Per-channel symmetric weight scales for `data` seen as [outer][channels][inner]: |w|max / qmax.
 * Channels of zeros get the smallest scale of the others (1 if all are zero), so that a bias keeps
 * its precision. */
void octet_weight_scales(const float *data, int64_t outer, int64_t channels, int64_t inner,
                         const octet_qspec *spec, float *scales);

/* Enlarges scales[c] where bias[c] / (x_scale * scales[c]) would pass OCTET_BIAS_LIMIT, or where
 * the product of the scales is too small for a normal float. n_scales is the number of bias
 * elements or 1. Returns how many were enlarged. */
int64_t octet_enlarge_for_bias(float *scales, int64_t n_scales, const float *bias, int64_t n_bias,
                               float x_scale);

#endif
