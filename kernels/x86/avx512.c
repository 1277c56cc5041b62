/* avx512.c: kernels for AVX-512 F, BW, DQ, VL
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#if OCTET_SIMD_X86

#    include <immintrin.h>
#    include <math.h>
#    include <string.h>

#    define TARGET __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")))
#    define NAME(kernel) octet_##kernel##_avx512
#    define LANES 16

typedef float vf __attribute__((vector_size(64)));
typedef int32_t vi __attribute__((vector_size(64)));
typedef uint32_t vu __attribute__((vector_size(64)));
typedef __mmask16 lanes; /* the first so many elements */

#    define INLINE static inline __attribute__((always_inline)) TARGET

INLINE vf splat(float x)
{
    return (vf)_mm512_set1_ps(x);
}

INLINE vi splat_i(int32_t i)
{
    return (vi)_mm512_set1_epi32(i);
}

INLINE lanes first_lanes(size_t n)
{
    return (lanes)(n >= 16 ? 0xffff : (1u << n) - 1);
}

INLINE vf load(const float *p)
{
    return (vf)_mm512_loadu_ps(p);
}

INLINE vf load_some(const float *p, lanes some)
{
    return (vf)_mm512_maskz_loadu_ps(some, p);
}

INLINE void store(float *p, vf v)
{
    _mm512_storeu_ps(p, (__m512)v);
}

INLINE void store_some(float *p, lanes some, vf v)
{
    _mm512_mask_storeu_ps(p, some, (__m512)v);
}

/* p[0], p[2], ... p[2 n - 2]; nothing behind is read. */
INLINE vf load_even(const float *p, size_t n)
{
    size_t span = 2 * n - 1;
    __m512 low = _mm512_maskz_loadu_ps(first_lanes(span), p);
    __m512 high = _mm512_maskz_loadu_ps(first_lanes(span > 16 ? span - 16 : 0), p + 16);
    __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);

    return (vf)_mm512_permutex2var_ps(low, even, high);
}

/* All of them; the second load begins one early so as to end with the last. */
INLINE vf load_even_whole(const float *p)
{
    __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31);

    return (vf)_mm512_permutex2var_ps(_mm512_loadu_ps(p), even, _mm512_loadu_ps(p + 15));
}

INLINE vf fma_v(vf a, vf b, vf c)
{
    return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}

INLINE vf smaller(vf a, vf b)
{
    return (vf)_mm512_min_ps((__m512)a, (__m512)b);
}

INLINE vf larger(vf a, vf b)
{
    return (vf)_mm512_max_ps((__m512)a, (__m512)b);
}

typedef __mmask16 span; /* some neighbouring elements */

INLINE span make_span(size_t from, size_t to)
{
    return (span)(first_lanes(to) & ~first_lanes(from));
}

#    define SPAN_OF(mask) _mm512_test_epi32_mask((__m512i)(mask), (__m512i)(mask))

/* +0 in the other elements, which are not read. */
INLINE vf load_span(const float *p, span some)
{
    return (vf)_mm512_maskz_loadu_ps(some, p);
}

/* Elements 0, 2, 4, ... (1, 3, 5, ...) of a and b, one after the other. */
INLINE vf even(vf a, vf b)
{
    __m512i index = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);

    return (vf)_mm512_permutex2var_ps((__m512)a, index, (__m512)b);
}

INLINE vf odd(vf a, vf b)
{
    __m512i index = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);

    return (vf)_mm512_permutex2var_ps((__m512)a, index, (__m512)b);
}

/* v, which must stay in a register: the compiler would rather load it again for each use. */
INLINE vf hold(vf v)
{
    __asm__("" : "+v"(v));
    return v;
}

/* Elements from <= i < to of v to p[i]. */
INLINE void store_range(float *p, size_t from, size_t to, vf v)
{
    _mm512_mask_storeu_ps(p, (lanes)(first_lanes(to) & ~first_lanes(from)), (__m512)v);
}

/* Quarters of each vector first, then the vectors of quarters. */
INLINE void transpose(vf v[16])
{
    __m512 t[16];

    for (int i = 0; i < 16; i += 4) {
        __m512 a = _mm512_unpacklo_ps((__m512)v[i], (__m512)v[i + 1]);
        __m512 b = _mm512_unpackhi_ps((__m512)v[i], (__m512)v[i + 1]);
        __m512 c = _mm512_unpacklo_ps((__m512)v[i + 2], (__m512)v[i + 3]);
        __m512 d = _mm512_unpackhi_ps((__m512)v[i + 2], (__m512)v[i + 3]);

        t[i] = _mm512_shuffle_ps(a, c, _MM_SHUFFLE(1, 0, 1, 0));
        t[i + 1] = _mm512_shuffle_ps(a, c, _MM_SHUFFLE(3, 2, 3, 2));
        t[i + 2] = _mm512_shuffle_ps(b, d, _MM_SHUFFLE(1, 0, 1, 0));
        t[i + 3] = _mm512_shuffle_ps(b, d, _MM_SHUFFLE(3, 2, 3, 2));
    }
    for (int i = 0; i < 4; i++) {
        __m512 a = _mm512_shuffle_f32x4(t[i], t[i + 4], _MM_SHUFFLE(2, 0, 2, 0));
        __m512 b = _mm512_shuffle_f32x4(t[i], t[i + 4], _MM_SHUFFLE(3, 1, 3, 1));
        __m512 c = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], _MM_SHUFFLE(2, 0, 2, 0));
        __m512 d = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], _MM_SHUFFLE(3, 1, 3, 1));

        v[i] = (vf)_mm512_shuffle_f32x4(a, c, _MM_SHUFFLE(2, 0, 2, 0));
        v[i + 4] = (vf)_mm512_shuffle_f32x4(b, d, _MM_SHUFFLE(2, 0, 2, 0));
        v[i + 8] = (vf)_mm512_shuffle_f32x4(a, c, _MM_SHUFFLE(3, 1, 3, 1));
        v[i + 12] = (vf)_mm512_shuffle_f32x4(b, d, _MM_SHUFFLE(3, 1, 3, 1));
    }
}

INLINE vf choose(vi mask, vf a, vf b)
{
    return (vf)((mask & (vi)a) | (~mask & (vi)b));
}

/* Comparisons give masks of their own kind here; through vi they would cost more than the rest. */
INLINE vf where_less(vf a, vf b, vf x, vf y)
{
    return (vf)_mm512_mask_blend_ps(_mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ), (__m512)y,
                                    (__m512)x);
}

INLINE vf where_nan(vf a, vf x, vf y)
{
    return (vf)_mm512_mask_blend_ps(_mm512_cmp_ps_mask((__m512)a, (__m512)a, _CMP_UNORD_Q),
                                    (__m512)y, (__m512)x);
}

#    define WHERE_LT(a, b, x, y) where_less((a), (b), (x), (y))
#    define WHERE_NAN(a, x, y) where_nan((a), (x), (y))
#    define SCALE(p, n) ((vf)_mm512_scalef_ps((__m512)(p), (__m512)(n)))

INLINE int any(vi mask)
{
    return _mm512_movepi32_mask((__m512i)mask) != 0;
}

INLINE vf to_float(vi i)
{
    return (vf)_mm512_cvtepi32_ps((__m512i)i);
}

INLINE vi round_to_int(vf v)
{
    return (vi)_mm512_cvtps_epi32((__m512)v);
}

/* The low bytes of 16 numbers. */
INLINE void store_bytes(uint8_t *p, vi v)
{
    _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtepi32_epi8((__m512i)v));
}

INLINE vi load_bytes_unsigned(const uint8_t *p)
{
    return (vi)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
}

INLINE vi load_bytes_signed(const uint8_t *p)
{
    return (vi)_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
}

/* Tiles of 12 rows: 24 sums, 2 pieces of B, 1 element of A are 27 of 32 registers. */
#    define TILE_ROWS 12

#    include "vector.inc"

#    include "gemm.inc"

#    include "conv.inc"

#    include "move.inc"

#    include "pointwise.inc"

#    include "pool.inc"

#else
typedef int octet_no_avx512; /* a translation unit must not be empty */
#endif
