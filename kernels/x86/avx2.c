/* avx2.c: kernels for AVX2 and FMA
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#if OCTET_SIMD_X86

#    include <immintrin.h>
#    include <math.h>
#    include <string.h>

#    define TARGET __attribute__((target("avx2,fma")))
#    define NAME(kernel) octet_##kernel##_avx2
#    define LANES 8

typedef float vf __attribute__((vector_size(32)));
typedef int32_t vi __attribute__((vector_size(32)));
typedef uint32_t vu __attribute__((vector_size(32)));
typedef vi lanes; /* the first so many elements */

#    define INLINE static inline __attribute__((always_inline)) TARGET

INLINE vf splat(float x)
{
    return (vf)_mm256_set1_ps(x);
}

INLINE vi splat_i(int32_t i)
{
    return (vi)_mm256_set1_epi32(i);
}

INLINE lanes first_lanes(size_t n)
{
    __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);

    return (lanes)_mm256_cmpgt_epi32(_mm256_set1_epi32(n >= 8 ? 8 : (int)n), index);
}

INLINE vf load(const float *p)
{
    return (vf)_mm256_loadu_ps(p);
}

INLINE vf load_some(const float *p, lanes some)
{
    return (vf)_mm256_maskload_ps(p, (__m256i)some);
}

INLINE void store(float *p, vf v)
{
    _mm256_storeu_ps(p, (__m256)v);
}

INLINE void store_some(float *p, lanes some, vf v)
{
    _mm256_maskstore_ps(p, (__m256i)some, (__m256)v);
}

/* p[0], p[2], ... p[2 n - 2]; nothing behind is read. */
INLINE vf load_even(const float *p, size_t n)
{
    size_t span = 2 * n - 1;
    __m256 low = _mm256_maskload_ps(p, (__m256i)first_lanes(span));
    __m256 high = _mm256_maskload_ps(p + 8, (__m256i)first_lanes(span > 8 ? span - 8 : 0));
    /* 0 2 8 10 | 4 6 12 14, then the middle quarters swapped */
    __m256 mixed = _mm256_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0));

    return (vf)_mm256_castpd_ps(
        _mm256_permute4x64_pd(_mm256_castps_pd(mixed), _MM_SHUFFLE(3, 1, 2, 0)));
}

/* All of them; the second load begins one early so as to end with the last. */
INLINE vf load_even_whole(const float *p)
{
    __m256 low = _mm256_loadu_ps(p), high = _mm256_loadu_ps(p + 7);
    __m256 mixed = _mm256_shuffle_ps(low, high, _MM_SHUFFLE(3, 1, 2, 0));

    return (vf)_mm256_castpd_ps(
        _mm256_permute4x64_pd(_mm256_castps_pd(mixed), _MM_SHUFFLE(3, 1, 2, 0)));
}

INLINE vf fma_v(vf a, vf b, vf c)
{
    return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}

INLINE vf smaller(vf a, vf b)
{
    return (vf)_mm256_min_ps((__m256)a, (__m256)b);
}

INLINE vf larger(vf a, vf b)
{
    return (vf)_mm256_max_ps((__m256)a, (__m256)b);
}

typedef vi span; /* some neighbouring elements */

INLINE span make_span(size_t from, size_t to)
{
    return first_lanes(to) & ~first_lanes(from);
}

#    define SPAN_OF(mask) (mask)

/* +0 in the other elements, which are not read. */
INLINE vf load_span(const float *p, span some)
{
    return (vf)_mm256_maskload_ps(p, (__m256i)some);
}

/* 64-bit quarters 0 2 1 3. */
INLINE vf middle_swapped(__m256 v)
{
    return (vf)_mm256_castpd_ps(
        _mm256_permute4x64_pd(_mm256_castps_pd(v), _MM_SHUFFLE(3, 1, 2, 0)));
}

/* Elements 0, 2, 4, ... (1, 3, 5, ...) of a and b, one after the other. */
INLINE vf even(vf a, vf b)
{
    return middle_swapped(_mm256_shuffle_ps((__m256)a, (__m256)b, _MM_SHUFFLE(2, 0, 2, 0)));
}

INLINE vf odd(vf a, vf b)
{
    return middle_swapped(_mm256_shuffle_ps((__m256)a, (__m256)b, _MM_SHUFFLE(3, 1, 3, 1)));
}

/* v, which must stay in a register: the compiler would rather load it again for each use. */
INLINE vf hold(vf v)
{
    __asm__("" : "+x"(v));
    return v;
}

/* Elements from <= i < to of v to p[i]. */
INLINE void store_range(float *p, size_t from, size_t to, vf v)
{
    _mm256_maskstore_ps(p, (__m256i)(first_lanes(to) & ~first_lanes(from)), (__m256)v);
}

/* Halves of each vector first, then the vectors of halves. */
INLINE void transpose(vf v[8])
{
    __m256 t[8];

    for (int i = 0; i < 8; i += 4) {
        __m256 a = _mm256_unpacklo_ps((__m256)v[i], (__m256)v[i + 1]);
        __m256 b = _mm256_unpackhi_ps((__m256)v[i], (__m256)v[i + 1]);
        __m256 c = _mm256_unpacklo_ps((__m256)v[i + 2], (__m256)v[i + 3]);
        __m256 d = _mm256_unpackhi_ps((__m256)v[i + 2], (__m256)v[i + 3]);

        t[i] = _mm256_shuffle_ps(a, c, _MM_SHUFFLE(1, 0, 1, 0));
        t[i + 1] = _mm256_shuffle_ps(a, c, _MM_SHUFFLE(3, 2, 3, 2));
        t[i + 2] = _mm256_shuffle_ps(b, d, _MM_SHUFFLE(1, 0, 1, 0));
        t[i + 3] = _mm256_shuffle_ps(b, d, _MM_SHUFFLE(3, 2, 3, 2));
    }
    for (int i = 0; i < 4; i++) {
        v[i] = (vf)_mm256_permute2f128_ps(t[i], t[i + 4], 0x20);
        v[i + 4] = (vf)_mm256_permute2f128_ps(t[i], t[i + 4], 0x31);
    }
}

INLINE vf choose(vi mask, vf a, vf b)
{
    return (vf)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)mask);
}

INLINE int any(vi mask)
{
    return _mm256_movemask_ps((__m256)mask) != 0;
}

INLINE vf to_float(vi i)
{
    return (vf)_mm256_cvtepi32_ps((__m256i)i);
}

INLINE vi round_to_int(vf v)
{
    return (vi)_mm256_cvtps_epi32((__m256)v);
}

/* The low bytes of 8 numbers. */
INLINE void store_bytes(uint8_t *p, vi v)
{
    __m256i low = _mm256_and_si256((__m256i)v, _mm256_set1_epi32(0xff));
    __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));

    _mm_storel_epi64((__m128i *)(void *)p, _mm_packus_epi16(words, words));
}

INLINE vi load_bytes_unsigned(const uint8_t *p)
{
    return (vi)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p));
}

INLINE vi load_bytes_signed(const uint8_t *p)
{
    return (vi)_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p));
}

/* Tiles of 6 rows: 12 sums, 2 pieces of B, 1 element of A are 15 of 16 registers; 4 rows of 3
 * vectors are as many sums and take them all. */
#    define TILE_ROWS 6

#    include "vector.inc"

#    include "gemm.inc"

#    include "conv.inc"

#    include "move.inc"

#    include "pointwise.inc"

#    include "pool.inc"

#else
typedef int octet_no_avx2; /* a translation unit must not be empty */
#endif
