/* norm_common.h: what the normalisation operators share; float32 only
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_NORM_COMMON_H
#define OCTET_OPS_NORM_COMMON_H

#include "ops/common.h"

typedef struct octet_moments {
    float mean, variance;
} octet_moments;

/* mean = sum / n; variance = sum of (x - mean)^2 / n. centred receives x - mean, squares (x -
 * mean)^2; both hold n floats. */
octet_moments octet_norm_moments(const octet_kernels *k, size_t n, const float *x, float *centred,
                                 float *squares);

/* The first n_in inputs are given, and all given inputs are float32. */
octet_status octet_norm_require(octet_eval *e, uint32_t n_in);
/* Input `index` as a vector of `count` elements. */
octet_status octet_norm_vector(octet_eval *e, uint32_t index, int64_t count, const float **out);

/* Input `index` stretched over the dims [axis, rank) of X, or over all of X when its own shape
 * reaches beyond them: row r of the normalised rows has the elements data + r * step. */
typedef struct octet_norm_param {
    const float *data;
    size_t step;
} octet_norm_param;
octet_status octet_norm_stretch(octet_eval *e, uint32_t index, int32_t axis, octet_norm_param *out);

#endif
