/* arm/int8.c: products of 8- and 16-bit integers, without the instructions for dot products
 * SPDX-License-Identifier: Apache-2.0
 *
 * Bytes are widened to 16 bits. A product of an unsigned and a signed byte fits 16 bits, a sum of
 * two does not: that is what the kernels named _pairs are about.
 */
#include "arm/int8.h"

#if OCTET_SIMD_ARM

#    define INLINE static inline __attribute__((always_inline))

INLINE int16x8_t widen(uint8x8_t v, int is_signed)
{
    return is_signed ? vmovl_s8(vreinterpret_s8_u8(v)) : vreinterpretq_s16_u16(vmovl_u8(v));
}

/* The quad of one row, twice. */
INLINE int16x8_t load_row(const uint8_t *a, int is_signed)
{
    uint32_t quad;

    memcpy(&quad, a, sizeof(quad));
    return widen(vreinterpret_u8_u32(vdup_n_u32(quad)), is_signed);
}

/* Sums of four columns: of the first and the last two products of each quad. */
INLINE int16x8_t saturated_pairs(int16x8_t row, int16x8_t left, int16x8_t right)
{
    int16x8_t p = vmulq_s16(row, left), q = vmulq_s16(row, right);

    return vqaddq_s16(vuzp1q_s16(p, q), vuzp2q_s16(p, q));
}

/* 4 rows and 8 columns. The sums of a row are four columns to a vector for pairs, and else two,
 * each in two parts. */
INLINE void tile(const octet_gemm_q8 *g, size_t i, size_t j, int a_signed, int pairs)
{
    const uint8_t *a = a_at(g, i), *b = b_at(g, j);
    int32x4_t sums[4][4];

    for (int n = 0; n < 16; n++)
        sums[n / 4][n % 4] = vdupq_n_s32(0);
    for (size_t q = g->quads; q > 0; q--, a += A_QUAD, b += B_QUAD) {
        int16x8_t columns[4];

        for (int n = 0; n < 4; n++)
            columns[n] = widen(vld1_u8(b + 8 * n), !a_signed);
        for (int r = 0; r < 4; r++) {
            int16x8_t row = load_row(a + 4 * r, a_signed);

            for (int n = 0; n < 2 && pairs; n++)
                sums[r][n] = vpadalq_s16(sums[r][n],
                                         saturated_pairs(row, columns[2 * n], columns[2 * n + 1]));
            for (int n = 0; n < 4 && !pairs; n++)
                sums[r][n] = vpadalq_s16(sums[r][n], vmulq_s16(row, columns[n]));
        }
    }
    for (size_t r = 0; r < 4 && i + r < g->m; r++)
        store_sums(g->c + (i + r) * g->c_row + j, g->n - j,
                   pairs ? sums[r][0] : vpaddq_s32(sums[r][0], sums[r][1]),
                   pairs ? sums[r][1] : vpaddq_s32(sums[r][2], sums[r][3]));
}

INLINE void gemm(const octet_gemm_q8 *g, int a_signed, int pairs)
{
    for (size_t i = 0; i < g->m; i += 4)
        for (size_t j = 0; j < g->n; j += TILE_COLUMNS)
            tile(g, i, j, a_signed, pairs);
}

void octet_gemm_u8s8_neon(const octet_gemm_q8 *g)
{
    gemm(g, 0, 0);
}

void octet_gemm_s8u8_neon(const octet_gemm_q8 *g)
{
    gemm(g, 1, 0);
}

void octet_gemm_u8s8_pairs_neon(const octet_gemm_q8 *g)
{
    gemm(g, 0, 1);
}

void octet_gemm_s8u8_pairs_neon(const octet_gemm_q8 *g)
{
    gemm(g, 1, 1);
}

/* ---- 16-bit integers */

/* 4 rows and 8 columns. */
INLINE void words_tile(const octet_gemm_q8 *g, size_t i, size_t j)
{
    const uint8_t *a = a_at(g, i), *b = b_at(g, j);
    int32x4_t sums[4][2];

    for (int n = 0; n < 8; n++)
        sums[n / 2][n % 2] = vdupq_n_s32(0);
    for (size_t p = g->quads; p > 0; p--, a += A_QUAD, b += B_QUAD) {
        int16x8x2_t columns = vld2q_s16((const int16_t *)(const void *)b);
        const int16_t *rows = (const int16_t *)(const void *)a;

        for (int r = 0; r < 4; r++)
            for (int t = 0; t < 2; t++) {
                int16x8_t column = columns.val[t];

                sums[r][0] = vmlal_n_s16(sums[r][0], vget_low_s16(column), rows[2 * r + t]);
                sums[r][1] = vmlal_n_s16(sums[r][1], vget_high_s16(column), rows[2 * r + t]);
            }
    }
    for (size_t r = 0; r < 4 && i + r < g->m; r++)
        store_sums(g->c + (i + r) * g->c_row + j, g->n - j, sums[r][0], sums[r][1]);
}

void octet_gemm_s16_neon(const octet_gemm_q8 *g)
{
    for (size_t i = 0; i < g->m; i += 4)
        for (size_t j = 0; j < g->n; j += TILE_COLUMNS)
            words_tile(g, i, j);
}

#else
typedef int octet_no_arm_int8; /* a translation unit must not be empty */
#endif
