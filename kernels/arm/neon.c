/* arm/neon.c: kernels for Advanced SIMD of AArch64, which every such processor has
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#if OCTET_SIMD_ARM

#    include <arm_neon.h>
#    include <math.h>
#    include <string.h>

#    define TARGET
#    define NAME(kernel) octet_##kernel##_neon
#    define LANES 4

typedef float vf __attribute__((vector_size(16)));
typedef int32_t vi __attribute__((vector_size(16)));
typedef uint32_t vu __attribute__((vector_size(16)));
typedef size_t lanes; /* how many of the first elements; there are no masked loads */

#    define INLINE static inline __attribute__((always_inline))

INLINE vf splat(float x)
{
    return (vf)vdupq_n_f32(x);
}

INLINE vi splat_i(int32_t i)
{
    return (vi)vdupq_n_s32(i);
}

INLINE lanes first_lanes(size_t n)
{
    return n < LANES ? n : LANES;
}

INLINE vf load(const float *p)
{
    return (vf)vld1q_f32(p);
}

INLINE vf load_some(const float *p, lanes some)
{
    float32x2_t zero = vdup_n_f32(0);

    if (some >= 4)
        return load(p);
    if (some == 3)
        return (vf)vcombine_f32(vld1_f32(p), vld1_lane_f32(p + 2, zero, 0));
    if (some == 2)
        return (vf)vcombine_f32(vld1_f32(p), zero);
    return (vf)vcombine_f32(some ? vld1_lane_f32(p, zero, 0) : zero, zero);
}

INLINE void store(float *p, vf v)
{
    vst1q_f32(p, (float32x4_t)v);
}

INLINE void store_some(float *p, lanes some, vf v)
{
    if (some >= 4) {
        store(p, v);
        return;
    }
    if (some >= 2)
        vst1_f32(p, vget_low_f32((float32x4_t)v));
    if (some == 3)
        vst1q_lane_f32(p + 2, (float32x4_t)v, 2);
    if (some == 1)
        vst1q_lane_f32(p, (float32x4_t)v, 0);
}

/* p[0], p[2], p[4], p[6]: the second load begins one early so as to end with the last. */
INLINE vf load_even_whole(const float *p)
{
    float32x4_t high = vld1q_f32(p + 3);

    return (vf)vuzp1q_f32(vld1q_f32(p), vextq_f32(high, high, 1));
}

/* p[0], p[2], ... p[2 n - 2]; nothing behind is read. */
INLINE vf load_even(const float *p, size_t n)
{
    float all[LANES] = {0};

    if (n >= LANES)
        return load_even_whole(p);
    for (size_t i = 0; i < n; i++)
        all[i] = p[2 * i];
    return load(all);
}

INLINE vf fma_v(vf a, vf b, vf c)
{
    return (vf)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}

/* Clang makes a maximum of `0 > x ? 0 : x`, and that of -0 and +0 is +0: it must not know the mask.
 */
INLINE uint32x4_t opaque(uint32x4_t mask)
{
#    ifdef __clang__
    __asm__("" : "+w"(mask));
#    endif
    return mask;
}

/* a where the comparison holds, so that NaN gives b. */
INLINE vf smaller(vf a, vf b)
{
    return (vf)vbslq_f32(opaque(vcltq_f32((float32x4_t)a, (float32x4_t)b)), (float32x4_t)a,
                         (float32x4_t)b);
}

INLINE vf larger(vf a, vf b)
{
    return (vf)vbslq_f32(opaque(vcgtq_f32((float32x4_t)a, (float32x4_t)b)), (float32x4_t)a,
                         (float32x4_t)b);
}

/* Some neighbouring elements. */
typedef struct span {
    size_t from, to;
} span;

INLINE span make_span(size_t from, size_t to)
{
    return (span){from, to};
}

/* +0 in the other elements, which are not read. */
INLINE vf load_span(const float *p, span some)
{
    float all[LANES] = {0};

    if (some.from == 0)
        return load_some(p, first_lanes(some.to));
    for (size_t i = some.from; i < some.to && i < LANES; i++)
        all[i] = p[i];
    return load(all);
}

/* Elements 0, 2, 4, ... (1, 3, 5, ...) of a and b, one after the other. */
INLINE vf even(vf a, vf b)
{
    return (vf)vuzp1q_f32((float32x4_t)a, (float32x4_t)b);
}

INLINE vf odd(vf a, vf b)
{
    return (vf)vuzp2q_f32((float32x4_t)a, (float32x4_t)b);
}

/* v in a register; there are no operands in memory here. */
INLINE vf hold(vf v)
{
    return v;
}

/* Elements from <= i < to of v to p[i]. */
INLINE void store_range(float *p, size_t from, size_t to, vf v)
{
    float all[LANES];

    if (from == 0) {
        store_some(p, first_lanes(to), v);
        return;
    }
    store(all, v);
    for (size_t i = from; i < to && i < LANES; i++)
        p[i] = all[i];
}

INLINE void transpose(vf v[4])
{
    float32x4_t a = vtrn1q_f32((float32x4_t)v[0], (float32x4_t)v[1]);
    float32x4_t b = vtrn2q_f32((float32x4_t)v[0], (float32x4_t)v[1]);
    float32x4_t c = vtrn1q_f32((float32x4_t)v[2], (float32x4_t)v[3]);
    float32x4_t d = vtrn2q_f32((float32x4_t)v[2], (float32x4_t)v[3]);

    v[0] = (vf)vcombine_f32(vget_low_f32(a), vget_low_f32(c));
    v[1] = (vf)vcombine_f32(vget_low_f32(b), vget_low_f32(d));
    v[2] = (vf)vcombine_f32(vget_high_f32(a), vget_high_f32(c));
    v[3] = (vf)vcombine_f32(vget_high_f32(b), vget_high_f32(d));
}

INLINE vf choose(vi mask, vf a, vf b)
{
    return (vf)vbslq_f32(opaque((uint32x4_t)mask), (float32x4_t)a, (float32x4_t)b);
}

INLINE int any(vi mask)
{
    return vmaxvq_u32((uint32x4_t)mask) != 0;
}

INLINE vf to_float(vi i)
{
    return (vf)vcvtq_f32_s32((int32x4_t)i);
}

/* Ties to even whatever the rounding mode. */
INLINE vi round_to_int(vf v)
{
    return (vi)vcvtnq_s32_f32((float32x4_t)v);
}

/* The low bytes of 4 numbers. */
INLINE void store_bytes(uint8_t *p, vi v)
{
    uint16x4_t words = vmovn_u32((uint32x4_t)v);
    uint32_t bytes = vget_lane_u32(vreinterpret_u32_u8(vmovn_u16(vcombine_u16(words, words))), 0);

    memcpy(p, &bytes, sizeof(bytes));
}

INLINE uint8x8_t load_4_bytes(const uint8_t *p)
{
    uint32_t bytes;

    memcpy(&bytes, p, sizeof(bytes));
    return vcreate_u8(bytes);
}

INLINE vi load_bytes_unsigned(const uint8_t *p)
{
    return (vi)vmovl_u16(vget_low_u16(vmovl_u8(load_4_bytes(p))));
}

INLINE vi load_bytes_signed(const uint8_t *p)
{
    int16x8_t words = vmovl_s8(vreinterpret_s8_u8(load_4_bytes(p)));

    return (vi)vmovl_s16(vget_low_s16(words));
}

#    include "vector.inc"

/* Tiles of 12 rows: 24 sums, 2 pieces of B, 3 of A are 29 of 32 registers; with three vectors of 8
 * rows as well. */
#    define TILE_ROWS 12
/* Multiplications take one lane of a register, so spreading it costs nothing: whole vectors, then
 * the elements that are left. */
#    define LOAD_A(rows)                                                                           \
        enum { whole = (rows) / LANES };                                                           \
        vf a_v[(TILE_ROWS) / LANES];                                                               \
        for (int n = 0; n < whole; n++)                                                            \
            a_v[n] = load(a_r + LANES * n);
#    define ELEMENT_A(i) splat((i) / LANES < whole ? a_v[(i) / LANES][(i) % LANES] : a_r[i])
#    include "gemm.inc"

#    include "conv.inc"

#    include "move.inc"

#    include "pointwise.inc"

#    include "pool.inc"

#else
typedef int octet_no_neon; /* a translation unit must not be empty */
#endif
