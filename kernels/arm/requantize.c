/* arm/requantize.c: from int32 sums to results with Advanced SIMD
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#if OCTET_SIMD_ARM

#    include <arm_neon.h>
#    include <string.h>

#    define INLINE static inline __attribute__((always_inline))

/* Four sums of row i from column j on, with what is added to them. */
INLINE int32x4_t value(const octet_requant *r, size_t i, size_t j)
{
    int32x4_t v = vld1q_s32(r->acc + i * r->acc_row + j);

    if (r->row_add)
        v = vaddq_s32(v, vdupq_n_s32(r->row_add[i * r->row_step]));
    if (r->col_add)
        v = vaddq_s32(v, vld1q_s32(r->col_add + j));
    if (r->row_factor)
        v = vmlaq_n_s32(v, vld1q_s32(r->col_factor + j), r->row_factor[i * r->row_step]);
    return v;
}

INLINE float32x4_t scaled(const octet_requant *r, size_t i, size_t j, int32x4_t v)
{
    const float *scale = r->scale + i * r->scale_row;

    return vmulq_f32(vcvtq_f32_s32(v), r->scale_col ? vld1q_f32(scale + j) : vdupq_n_f32(*scale));
}

/* a where the comparison holds: NaN gives b. */
INLINE float32x4_t larger(float32x4_t a, float32x4_t b)
{
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}

INLINE float32x4_t smaller(float32x4_t a, float32x4_t b)
{
    return vbslq_f32(vcltq_f32(a, b), a, b);
}

INLINE void store_bytes(uint8_t *p, int32x4_t v)
{
    uint16x4_t words = vmovn_u32(vreinterpretq_u32_s32(v));
    uint8x8_t bytes = vmovn_u16(vcombine_u16(words, words));
    uint32_t four = vget_lane_u32(vreinterpret_u32_u8(bytes), 0);

    memcpy(p, &four, sizeof(four));
}

INLINE void store_words(uint16_t *p, int32x4_t v)
{
    vst1_u16(p, vmovn_u32(vreinterpretq_u32_s32(v)));
}

/* ---- four results each */

INLINE void requantize_s32_1(const octet_requant *r, size_t i, size_t j, int32_t *y)
{
    vst1q_s32(y, value(r, i, j));
}

INLINE void requantize_f32_1(const octet_requant *r, size_t i, size_t j, float *y)
{
    float32x4_t f = scaled(r, i, j, value(r, i, j));

    vst1q_f32(y, r->bias ? vaddq_f32(f, vld1q_f32(r->bias + j)) : f);
}

INLINE int32x4_t nearest(const octet_requant *r, size_t i, size_t j)
{
    float32x4_t f = scaled(r, i, j, value(r, i, j));

    f = larger(f, vdupq_n_f32((float)(r->lo - r->zero_point)));
    f = smaller(f, vdupq_n_f32((float)(r->hi - r->zero_point)));
    return vaddq_s32(vcvtnq_s32_f32(f), vdupq_n_s32(r->zero_point));
}

INLINE int32x4_t away(const octet_requant *r, size_t i, size_t j)
{
    float32x4_t f = vdivq_f32(scaled(r, i, j, value(r, i, j)), vdupq_n_f32(r->divisor));

    f = vaddq_f32(f, vdupq_n_f32((float)r->zero_point));
    f = larger(f, vdupq_n_f32(-0x1p31f));
    f = smaller(f, vdupq_n_f32(0x1.fffffep30f));
    return vcvtaq_s32_f32(f);
}

INLINE int32x4_t pick(const int32_t *p, const octet_requant *r, size_t i, size_t j)
{
    p += i * r->scale_row;
    return r->scale_col ? vld1q_s32(p + j) : vdupq_n_s32(*p);
}

/* v held to what the shift leaves in 32 bits, then shifted. */
INLINE int32x4_t shift_left(int32x4_t v, int32x4_t left)
{
    int32x4_t back = vnegq_s32(left);

    v = vmaxq_s32(v, vshlq_s32(vdupq_n_s32(INT32_MIN), back));
    v = vminq_s32(v, vshlq_s32(vdupq_n_s32(INT32_MAX), back));
    return vshlq_s32(v, left);
}

/* Halves away from zero. */
INLINE int32x4_t shift_right(int32x4_t v, int32x4_t right)
{
    int32x4_t one = vdupq_n_s32(1), mask = vsubq_s32(vshlq_s32(one, right), one);
    int32x4_t half = vsubq_s32(vshrq_n_s32(mask, 1), vshrq_n_s32(v, 31));
    uint32x4_t up = vcgtq_s32(vandq_s32(v, mask), half);

    return vsubq_s32(vshlq_s32(v, vnegq_s32(right)), vreinterpretq_s32_u32(up));
}

/* The doubling high product saturates for -2^31 times -2^31 alone, and multipliers are not
 * negative.
 */
INLINE int32x4_t fixed(const octet_requant *r, size_t i, size_t j)
{
    int32x4_t shift = pick(r->shift, r, i, j), zero = vdupq_n_s32(0);
    int32x4_t v = shift_left(value(r, i, j), vmaxq_s32(shift, zero));

    v = vqrdmulhq_s32(v, pick(r->multiplier, r, i, j));
    v = shift_right(v, vmaxq_s32(vnegq_s32(shift), zero));
    v = vqaddq_s32(v, vdupq_n_s32(r->zero_point));
    v = vmaxq_s32(v, vdupq_n_s32(r->lo));
    return vminq_s32(v, vdupq_n_s32(r->hi));
}

#    define BOTH_SIZES(rule)                                                                       \
        INLINE void requantize_##rule##_1(const octet_requant *r, size_t i, size_t j, uint8_t *y)  \
        {                                                                                          \
            store_bytes(y, rule(r, i, j));                                                         \
        }                                                                                          \
        INLINE void requantize_##rule##_16_1(const octet_requant *r, size_t i, size_t j,           \
                                             uint16_t *y)                                          \
        {                                                                                          \
            store_words(y, rule(r, i, j));                                                         \
        }

BOTH_SIZES(nearest)
BOTH_SIZES(away)
BOTH_SIZES(fixed)

/* ---- all of them */

/* The columns from j on. */
static octet_requant columns_from(const octet_requant *r, size_t j, size_t result_size)
{
    octet_requant rest = *r;

    rest.n -= j;
    rest.acc += j;
    rest.col_add = r->col_add ? r->col_add + j : NULL;
    rest.col_factor = r->col_factor ? r->col_factor + j : NULL;
    rest.scale = r->scale ? r->scale + j * r->scale_col : NULL;
    rest.multiplier = r->multiplier ? r->multiplier + j * r->scale_col : NULL;
    rest.shift = r->shift ? r->shift + j * r->scale_col : NULL;
    rest.bias = r->bias ? r->bias + j : NULL;
    rest.y = (char *)r->y + j * result_size;
    return rest;
}

#    define REQUANTIZE(kernel, type)                                                               \
        void octet_##kernel##_neon(const octet_requant *r)                                         \
        {                                                                                          \
            size_t n = r->n / 4 * 4;                                                               \
            for (size_t i = 0; i < r->m; i++)                                                      \
                for (size_t j = 0; j < n; j += 4)                                                  \
                    kernel##_1(r, i, j, (type *)r->y + i * r->y_row + j);                          \
            if (n < r->n) {                                                                        \
                octet_requant rest = columns_from(r, n, sizeof(type));                             \
                octet_##kernel##_ref(&rest);                                                       \
            }                                                                                      \
        }

REQUANTIZE(requantize_s32, int32_t)
REQUANTIZE(requantize_f32, float)
REQUANTIZE(requantize_nearest, uint8_t)
REQUANTIZE(requantize_away, uint8_t)
REQUANTIZE(requantize_fixed, uint8_t)
REQUANTIZE(requantize_nearest_16, uint16_t)
REQUANTIZE(requantize_away_16, uint16_t)
REQUANTIZE(requantize_fixed_16, uint16_t)

#else
typedef int octet_no_arm_requantize; /* a translation unit must not be empty */
#endif
