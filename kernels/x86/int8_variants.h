/* x86/int8_variants.h: kernels on 8-bit integers that want more of a CPU than its level
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_KERNELS_INT8_VARIANTS_H
#define OCTET_KERNELS_INT8_VARIANTS_H

#include "kernels.h"

#define OCTET_DOT_KERNELS(level)                                                                   \
    void octet_gemm_u8s8_##level(const octet_gemm_q8 *g);                                          \
    void octet_gemm_s8u8_##level(const octet_gemm_q8 *g);                                          \
    void octet_gemm_s16_##level(const octet_gemm_q8 *g);                                           \
    void octet_depth_q8_##level(const octet_depth_q8 *g);                                          \
    void octet_conv_row_s16_##level(size_t n, size_t pairs, const int64_t *offset,                 \
                                    const uint16_t *x, size_t step, uint16_t flip,                 \
                                    const int16_t *w, int32_t *y);                                 \
    void octet_conv_row_q8_##level(size_t n, size_t quads, const int64_t *offset,                  \
                                   const uint8_t *x, size_t step, uint8_t flip, const int8_t *w,   \
                                   int32_t *y);

OCTET_DOT_KERNELS(avx512_vnni)
OCTET_DOT_KERNELS(avx2_vnni)
OCTET_DOT_KERNELS(avx2_evex) /* the code of avx2_vnni in the encoding of AVX-512 */

#endif
