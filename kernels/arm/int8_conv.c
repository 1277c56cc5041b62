/* arm/int8_conv.c: convolution of 8- and 16-bit integers by lists of taps
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#if OCTET_SIMD_ARM

#    include <arm_neon.h>
#    include <string.h>

#    define INLINE static inline __attribute__((always_inline))
#    define AT_ONCE 8 /* positions */

/* x[0], x[step], ... x[7 step] for step 1 or 2; nothing behind is read. */
INLINE uint8x8_t load_stepped(const uint8_t *x, size_t step)
{
    uint8x8_t low = vld1_u8(x), high;

    if (step == 1)
        return low;
    high = vld1_u8(x + 7);
    return vuzp1_u8(low, vext_u8(high, high, 1));
}

/* ---- panels */

/* `count` <= AT_ONCE columns of all quads; column j begins at x + j * step. */
INLINE void copy_slowly(size_t quads, const int64_t *offset, const uint8_t *x, size_t step,
                        uint8_t flip, size_t count, uint8_t *column)
{
    for (size_t t = 0; t < 4 * quads; t++)
        for (size_t j = 0; j < count; j++)
            column[(t / 4 * OCTET_GEMM_NR + j) * 4 + t % 4] =
                x[offset[t] + (int64_t)(j * step)] ^ flip;
}

INLINE void copy_columns(size_t quads, const int64_t *offset, const uint8_t *x, size_t step,
                         uint8_t flip, uint8_t *column)
{
    uint8x8_t flips = vdup_n_u8(flip);

    for (size_t q = 0; q < quads; q++, offset += 4, column += 4 * OCTET_GEMM_NR) {
        uint8x8x4_t four;

        four.val[0] = veor_u8(load_stepped(x + offset[0], step), flips);
        four.val[1] = veor_u8(load_stepped(x + offset[1], step), flips);
        four.val[2] = veor_u8(load_stepped(x + offset[2], step), flips);
        four.val[3] = veor_u8(load_stepped(x + offset[3], step), flips);
        vst4_u8(column, four);
    }
}

static void copy_piece(size_t quads, const int64_t *offset, const uint8_t *x, size_t step,
                       uint8_t flip, size_t count, uint8_t *column)
{
    if (count == AT_ONCE && step == 1)
        copy_columns(quads, offset, x, 1, flip, column);
    else if (count == AT_ONCE && step == 2)
        copy_columns(quads, offset, x, 2, flip, column);
    else
        copy_slowly(quads, offset, x, step, flip, count, column);
}

void octet_im2col_q8_neon(size_t quads, const int64_t *offset, size_t n_runs, const octet_run *runs,
                          size_t step, const uint8_t *x, uint8_t flip, uint8_t *panel)
{
    size_t j = 0;

    for (size_t r = 0; r < n_runs; r++)
        for (size_t i = 0; i < runs[r].length; i += AT_ONCE) {
            size_t left = runs[r].length - i, count = left < AT_ONCE ? left : AT_ONCE;

            copy_piece(quads, offset, x + runs[r].start + (int64_t)(i * step), step, flip, count,
                       panel + 4 * j);
            j += count;
        }
    for (size_t q = 0; j < OCTET_GEMM_NR && q < quads; q++)
        memset(panel + 4 * (q * OCTET_GEMM_NR + j), 0, 4 * (OCTET_GEMM_NR - j));
}

/* ---- rows */

INLINE void row_block(size_t taps, const int64_t *offset, const uint8_t *x, size_t step,
                      uint8_t flip, const int8_t *w, int32_t *y)
{
    uint8x8_t flips = vdup_n_u8(flip);
    int32x4_t left = vdupq_n_s32(0), right = left;

    for (size_t t = 0; t < taps; t++) {
        uint8x8_t bytes = veor_u8(load_stepped(x + offset[t], step), flips);
        int16x8_t wide = vreinterpretq_s16_u16(vmovl_u8(bytes));

        left = vmlal_n_s16(left, vget_low_s16(wide), w[t]);
        right = vmlal_n_s16(right, vget_high_s16(wide), w[t]);
    }
    vst1q_s32(y, left);
    vst1q_s32(y + 4, right);
}

/* n >= AT_ONCE; the last block goes back so as to end with the row. */
INLINE void row_stepped(size_t n, size_t taps, const int64_t *offset, const uint8_t *x, size_t step,
                        uint8_t flip, const int8_t *w, int32_t *y)
{
    for (size_t i = 0; i < n; i += AT_ONCE) {
        size_t from = n - i < AT_ONCE ? n - AT_ONCE : i;

        row_block(taps, offset, x + from * step, step, flip, w, y + from);
    }
}

void octet_conv_row_q8_neon(size_t n, size_t quads, const int64_t *offset, const uint8_t *x,
                            size_t step, uint8_t flip, const int8_t *w, int32_t *y)
{
    if (n >= AT_ONCE && step == 1)
        row_stepped(n, 4 * quads, offset, x, 1, flip, w, y);
    else if (n >= AT_ONCE && step == 2)
        row_stepped(n, 4 * quads, offset, x, 2, flip, w, y);
    else
        octet_conv_row_q8_ref(n, quads, offset, x, step, flip, w, y);
}

/* ---- the same of 16-bit integers */

INLINE uint16x8_t load_words(const uint16_t *x, size_t step)
{
    uint16x8_t low = vld1q_u16(x), high;

    if (step == 1)
        return low;
    high = vld1q_u16(x + 7);
    return vuzp1q_u16(low, vextq_u16(high, high, 1));
}

INLINE void copy_words(size_t pairs, const int64_t *offset, const uint16_t *x, size_t step,
                       uint16_t flip, int16_t *column)
{
    uint16x8_t flips = vdupq_n_u16(flip);

    for (size_t p = 0; p < pairs; p++, offset += 2, column += 2 * OCTET_GEMM_NR) {
        int16x8x2_t two;

        two.val[0] = vreinterpretq_s16_u16(veorq_u16(load_words(x + offset[0], step), flips));
        two.val[1] = vreinterpretq_s16_u16(veorq_u16(load_words(x + offset[1], step), flips));
        vst2q_s16(column, two);
    }
}

static void copy_words_piece(size_t pairs, const int64_t *offset, const uint16_t *x, size_t step,
                             uint16_t flip, size_t count, int16_t *column)
{
    if (count == AT_ONCE && step <= 2) {
        copy_words(pairs, offset, x, step, flip, column);
        return;
    }
    for (size_t t = 0; t < 2 * pairs; t++)
        for (size_t j = 0; j < count; j++)
            column[(t / 2 * OCTET_GEMM_NR + j) * 2 + t % 2] =
                (int16_t)(x[offset[t] + (int64_t)(j * step)] ^ flip);
}

void octet_im2col_s16_neon(size_t pairs, const int64_t *offset, size_t n_runs,
                           const octet_run *runs, size_t step, const uint16_t *x, uint16_t flip,
                           int16_t *panel)
{
    size_t j = 0;

    for (size_t r = 0; r < n_runs; r++)
        for (size_t i = 0; i < runs[r].length; i += AT_ONCE) {
            size_t left = runs[r].length - i, count = left < AT_ONCE ? left : AT_ONCE;

            copy_words_piece(pairs, offset, x + runs[r].start + (int64_t)(i * step), step, flip,
                             count, panel + 2 * j);
            j += count;
        }
    for (size_t p = 0; j < OCTET_GEMM_NR && p < pairs; p++)
        memset(panel + 2 * (p * OCTET_GEMM_NR + j), 0, 4 * (OCTET_GEMM_NR - j));
}

INLINE void words_block(size_t taps, const int64_t *offset, const uint16_t *x, size_t step,
                        uint16_t flip, const int16_t *w, int32_t *y)
{
    uint16x8_t flips = vdupq_n_u16(flip);
    int32x4_t left = vdupq_n_s32(0), right = left;

    for (size_t t = 0; t < taps; t++) {
        int16x8_t v = vreinterpretq_s16_u16(veorq_u16(load_words(x + offset[t], step), flips));

        left = vmlal_n_s16(left, vget_low_s16(v), w[t]);
        right = vmlal_n_s16(right, vget_high_s16(v), w[t]);
    }
    vst1q_s32(y, left);
    vst1q_s32(y + 4, right);
}

void octet_conv_row_s16_neon(size_t n, size_t pairs, const int64_t *offset, const uint16_t *x,
                             size_t step, uint16_t flip, const int16_t *w, int32_t *y)
{
    if (n < AT_ONCE || step > 2) {
        octet_conv_row_s16_ref(n, pairs, offset, x, step, flip, w, y);
        return;
    }
    for (size_t i = 0; i < n; i += AT_ONCE) {
        size_t from = n - i < AT_ONCE ? n - AT_ONCE : i;

        words_block(2 * pairs, offset, x + from * step, step, flip, w, y + from);
    }
}

#else
typedef int octet_no_arm_int8_conv; /* a translation unit must not be empty */
#endif
