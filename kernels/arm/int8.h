/* arm/int8.h: what the products of 8-bit integers share
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_KERNELS_ARM_INT8_H
#define OCTET_KERNELS_ARM_INT8_H

#include "variants.h"

#if OCTET_SIMD_ARM

#    include <arm_neon.h>
#    include <string.h>

/* By sdot and udot; by usdot, which takes bytes of both kinds. */
void octet_gemm_u8s8_neon_dot(const octet_gemm_q8 *g);
void octet_gemm_s8u8_neon_dot(const octet_gemm_q8 *g);
void octet_gemm_u8s8_neon_i8mm(const octet_gemm_q8 *g);
void octet_gemm_s8u8_neon_i8mm(const octet_gemm_q8 *g);

#    define TILE_COLUMNS 8
#    define A_QUAD (4 * OCTET_GEMM_MR) /* bytes of a panel for one step of the reduction */
#    define B_QUAD (4 * OCTET_GEMM_NR)

static inline const uint8_t *a_at(const octet_gemm_q8 *g, size_t i)
{
    return (const uint8_t *)g->a + i / OCTET_GEMM_MR * g->a_panel + i % OCTET_GEMM_MR * 4;
}

static inline const uint8_t *b_at(const octet_gemm_q8 *g, size_t j)
{
    return (const uint8_t *)g->b + j / OCTET_GEMM_NR * g->b_panel + j % OCTET_GEMM_NR * 4;
}

/* The first `columns` of 8 sums. */
static inline void store_sums(int32_t *c, size_t columns, int32x4_t left, int32x4_t right)
{
    int32_t row[TILE_COLUMNS];

    if (columns >= TILE_COLUMNS) {
        vst1q_s32(c, left);
        vst1q_s32(c + 4, right);
        return;
    }
    vst1q_s32(row, left);
    vst1q_s32(row + 4, right);
    memcpy(c, row, columns * sizeof(*c));
}

#endif
#endif
