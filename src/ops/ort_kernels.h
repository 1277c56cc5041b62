/* ort_kernels.h: ONNX Runtime's elementary functions and sums
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_ORT_KERNELS_H
#define OCTET_OPS_ORT_KERNELS_H

#include "ops/op.h"

/* Its kernels, whatever the processor. */
static inline bool octet_arith_is_ort(octet_arith arith)
{
    return arith == OCTET_ARITH_ORT_VNNI || arith == OCTET_ARITH_ORT_AVX2;
}

/* Puts its tanh, sigmoid and sums in place of octet's own: where they stand in front of a
 * QuantizeLinear, the last bit of a float decides about an integer. */
void octet_ort_kernels(octet_kernels *k);

float octet_ort_sum(size_t n, const float *x);
void octet_ort_sum_rows(size_t n, size_t width, const float *x, size_t row_step, float *y);

#endif
