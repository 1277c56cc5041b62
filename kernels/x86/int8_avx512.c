/* x86/int8_avx512.c: kernels on 8-bit integers for AVX-512, with and without VNNI
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#if OCTET_SIMD_X86

#    include <immintrin.h>
#    include <string.h>

#    include "x86/int8_variants.h"

#    define FEATURES "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"
#    define TARGET __attribute__((target(FEATURES)))
#    define INLINE static inline __attribute__((always_inline)) TARGET
#    define NAME(kernel) octet_##kernel##_avx512
#    define LANES ((size_t)16)

typedef float vf __attribute__((vector_size(64)));
typedef int32_t vi __attribute__((vector_size(64)));
typedef __m512i bytes;
typedef __mmask16 lanes; /* the first so many elements */

INLINE vi splat_i(int32_t i)
{
    return (vi)_mm512_set1_epi32(i);
}

INLINE vf splat(float x)
{
    return (vf)_mm512_set1_ps(x);
}

INLINE vi splat_quad(const void *p)
{
    int32_t quad;

    memcpy(&quad, p, sizeof(quad));
    return splat_i(quad);
}

INLINE lanes first_lanes(size_t n)
{
    return (lanes)(n >= 16 ? 0xffff : (1u << n) - 1);
}

INLINE __mmask64 first_bytes(size_t n)
{
    return n >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
}

INLINE vi load_i(const void *p)
{
    return (vi)_mm512_loadu_si512(p);
}

INLINE vi load_i_some(const int32_t *p, lanes some)
{
    return (vi)_mm512_maskz_loadu_epi32(some, p);
}

INLINE vf load_some(const float *p, lanes some)
{
    return (vf)_mm512_maskz_loadu_ps(some, p);
}

INLINE void store_i(int32_t *p, vi v)
{
    _mm512_storeu_si512(p, (__m512i)v);
}

INLINE void store_some_i(int32_t *p, size_t n, vi v)
{
    if (n >= 16)
        store_i(p, v);
    else
        _mm512_mask_storeu_epi32(p, first_lanes(n), (__m512i)v);
}

INLINE void store_some_f(float *p, size_t n, vf v)
{
    if (n >= 16)
        _mm512_storeu_ps(p, (__m512)v);
    else
        _mm512_mask_storeu_ps(p, first_lanes(n), (__m512)v);
}

INLINE void store_some_bytes(uint8_t *p, size_t n, vi v)
{
    __m128i low = _mm512_cvtepi32_epi8((__m512i)v);

    if (n >= 16)
        _mm_storeu_si128((__m128i *)(void *)p, low);
    else
        _mm_mask_storeu_epi8(p, first_lanes(n), low);
}

INLINE void store_some_words(uint16_t *p, size_t n, vi v)
{
    __m256i low = _mm512_cvtepi32_epi16((__m512i)v);

    if (n >= 16)
        _mm256_storeu_si256((__m256i *)(void *)p, low);
    else
        _mm256_mask_storeu_epi16(p, first_lanes(n), low);
}

/* LANES numbers, their upper halves 0. */
INLINE vi load_words(const uint16_t *p)
{
    return (vi)_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)p));
}

INLINE vi add_i(vi a, vi b)
{
    return (vi)_mm512_add_epi32((__m512i)a, (__m512i)b);
}

INLINE vi sub_i(vi a, vi b)
{
    return (vi)_mm512_sub_epi32((__m512i)a, (__m512i)b);
}

INLINE vi multiply_i(vi a, vi b)
{
    return (vi)_mm512_mullo_epi32((__m512i)a, (__m512i)b);
}

INLINE vi larger_i(vi a, vi b)
{
    return (vi)_mm512_max_epi32((__m512i)a, (__m512i)b);
}

INLINE vi smaller_i(vi a, vi b)
{
    return (vi)_mm512_min_epi32((__m512i)a, (__m512i)b);
}

/* -1 where a > b. */
INLINE vi above(vi a, vi b)
{
    return (vi)_mm512_movm_epi32(_mm512_cmpgt_epi32_mask((__m512i)a, (__m512i)b));
}

INLINE vi shift_left_by(vi a, vi n)
{
    return (vi)_mm512_sllv_epi32((__m512i)a, (__m512i)n);
}

INLINE vi shift_right_by(vi a, vi n)
{
    return (vi)_mm512_srav_epi32((__m512i)a, (__m512i)n);
}

INLINE vi shift_right_logical_by(vi a, vi n)
{
    return (vi)_mm512_srlv_epi32((__m512i)a, (__m512i)n);
}

/* (a * b + 2^30) >> 31 of 64 bits */
INLINE vi multiply_high(vi a, vi b)
{
    __m512i half = _mm512_set1_epi64(INT64_C(1) << 30);
    __m512i even = _mm512_mul_epi32((__m512i)a, (__m512i)b);
    __m512i odd =
        _mm512_mul_epi32(_mm512_srli_epi64((__m512i)a, 32), _mm512_srli_epi64((__m512i)b, 32));

    even = _mm512_srli_epi64(_mm512_add_epi64(even, half), 31);
    odd = _mm512_slli_epi64(_mm512_add_epi64(odd, half), 1);
    return (vi)_mm512_mask_blend_epi32(0xaaaa, even, odd);
}

INLINE vf to_float(vi i)
{
    return (vf)_mm512_cvtepi32_ps((__m512i)i);
}

INLINE vi round_to_int(vf v)
{
    return (vi)_mm512_cvtps_epi32((__m512)v);
}

INLINE vi truncate_to_int(vf v)
{
    return (vi)_mm512_cvttps_epi32((__m512)v);
}

INLINE vf truncate(vf v)
{
    return (vf)_mm512_roundscale_ps((__m512)v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
}

/* The second where the first is NaN. */
INLINE vf larger(vf a, vf b)
{
    return (vf)_mm512_max_ps((__m512)a, (__m512)b);
}

INLINE vf smaller(vf a, vf b)
{
    return (vf)_mm512_min_ps((__m512)a, (__m512)b);
}

/* 1 where a >= b. */
INLINE vi at_least(vf a, vf b)
{
    return (vi)_mm512_maskz_set1_epi32(_mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GE_OQ), 1);
}

INLINE vi shift_left_16(vi v, int n)
{
    return (vi)_mm512_slli_epi16((__m512i)v, (unsigned)n);
}

INLINE vi shift_right_16(vi v, int n)
{
    return (vi)_mm512_srli_epi16((__m512i)v, (unsigned)n);
}

INLINE vi shift_right_signed_16(vi v, int n)
{
    return (vi)_mm512_srai_epi16((__m512i)v, (unsigned)n);
}

INLINE vi multiply_pairs(vi a, vi b)
{
    return (vi)_mm512_madd_epi16((__m512i)a, (__m512i)b);
}

INLINE vi add_pairs(vi sum, vi a, vi b)
{
    return add_i(sum, multiply_pairs(a, b));
}

INLINE vi dot_pairs(vi sum, vi u, vi s)
{
    __m512i pairs = _mm512_maddubs_epi16((__m512i)u, (__m512i)s);

    return add_i(sum, (vi)_mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
}

/* ---- bytes of rows */

INLINE bytes flip_bytes(bytes v, uint8_t flip)
{
    return _mm512_xor_si512(v, _mm512_set1_epi8((char)flip));
}

INLINE bytes load_bytes(const uint8_t *p)
{
    return _mm512_loadu_si512(p);
}

INLINE bytes load_bytes_some(const uint8_t *p, size_t n)
{
    return _mm512_maskz_loadu_epi8(first_bytes(n), p);
}

/* p[0], p[2], ... of n of them; nothing behind the last is read. */
INLINE bytes load_even_bytes_some(const uint8_t *p, size_t n)
{
    size_t span = 2 * (n < 64 ? n : 64) - 1;
    __m512i low = _mm512_maskz_loadu_epi8(first_bytes(span), p);
    __m512i high = _mm512_maskz_loadu_epi8(first_bytes(span > 64 ? span - 64 : 0), p + 64);

    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi16_epi8(low)),
                              _mm512_cvtepi16_epi8(high), 1);
}

INLINE bytes load_even_bytes(const uint8_t *p)
{
    return load_even_bytes_some(p, 64);
}

/* Quads of 64 positions: lane 4 k + l of the vector m is position 16 k + 4 m + l. */
INLINE void interleave(bytes r0, bytes r1, bytes r2, bytes r3, vi *q0, vi *q1, vi *q2, vi *q3)
{
    __m512i low01 = _mm512_unpacklo_epi8(r0, r1), high01 = _mm512_unpackhi_epi8(r0, r1);
    __m512i low23 = _mm512_unpacklo_epi8(r2, r3), high23 = _mm512_unpackhi_epi8(r2, r3);

    *q0 = (vi)_mm512_unpacklo_epi16(low01, low23);
    *q1 = (vi)_mm512_unpackhi_epi16(low01, low23);
    *q2 = (vi)_mm512_unpacklo_epi16(high01, high23);
    *q3 = (vi)_mm512_unpackhi_epi16(high01, high23);
}

/* The first n of 64 sums that lie as interleave() made them. */
INLINE void store_gathered(int32_t *y, size_t n, vi s0, vi s1, vi s2, vi s3)
{
    __m512i a = _mm512_shuffle_i32x4((__m512i)s0, (__m512i)s1, 0x44);
    __m512i b = _mm512_shuffle_i32x4((__m512i)s0, (__m512i)s1, 0xee);
    __m512i c = _mm512_shuffle_i32x4((__m512i)s2, (__m512i)s3, 0x44);
    __m512i d = _mm512_shuffle_i32x4((__m512i)s2, (__m512i)s3, 0xee);
    __m512i all[4] = {_mm512_shuffle_i32x4(a, c, 0x88), _mm512_shuffle_i32x4(a, c, 0xdd),
                      _mm512_shuffle_i32x4(b, d, 0x88), _mm512_shuffle_i32x4(b, d, 0xdd)};

    for (size_t i = 0; i < 4 && n > 16 * i; i++)
        store_some_i(y + 16 * i, n - 16 * i, (vi)all[i]);
}

/* The low bytes of 64 such numbers. */
INLINE void store_gathered_bytes(uint8_t *y, vi s0, vi s1, vi s2, vi s3)
{
    const __m512i low = _mm512_set1_epi16(0xff);
    __m512i a = _mm512_and_si512(_mm512_packs_epi32((__m512i)s0, (__m512i)s1), low);
    __m512i b = _mm512_and_si512(_mm512_packs_epi32((__m512i)s2, (__m512i)s3), low);

    _mm512_storeu_si512(y, _mm512_packus_epi16(a, b));
}

/* ---- bytes of panels */

INLINE void store_16(uint8_t *p, __m128i v)
{
    _mm_storeu_si128((__m128i *)(void *)p, v);
}

INLINE void store_16_some(uint8_t *p, size_t n, __m128i v)
{
    _mm_mask_storeu_epi8(p, first_lanes(n), v);
}

INLINE __m128i load_16(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

INLINE __m128i load_16_some(const uint8_t *p, size_t n)
{
    return _mm_maskz_loadu_epi8(first_lanes(n), p);
}

INLINE __m128i load_16_even(const uint8_t *p, size_t n)
{
    return _mm256_cvtepi16_epi8(_mm256_maskz_loadu_epi8((__mmask32)first_bytes(2 * n - 1), p));
}

INLINE __m128i load_16_steps(const uint8_t *p, size_t step, size_t n)
{
    uint8_t some[16];

    for (size_t i = 0; i < 16; i++)
        some[i] = p[(i < n ? i : 0) * step];
    return load_16(some);
}

INLINE void store_quads(uint8_t *to, size_t n, const __m128i *row, uint8_t flip)
{
    __m512i all = _mm512_castsi128_si512(row[0]);
    __m512i words = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i within =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));

    all = _mm512_inserti32x4(all, row[1], 1);
    all = _mm512_inserti32x4(all, row[2], 2);
    all = _mm512_inserti32x4(all, row[3], 3);
    all = _mm512_shuffle_epi8(_mm512_permutexvar_epi32(words, all), within);
    all = _mm512_xor_si512(all, _mm512_set1_epi8((char)flip));
    if (n == 16)
        _mm512_storeu_si512(to, all);
    else
        _mm512_mask_storeu_epi32(to, first_lanes(n), all);
}

#    include "x86/depth_common.inc"
#    include "x86/int8_common.inc"

/* ---- without VNNI: 16-bit halves; 12 sums, 4 halves of B, 2 of A, a mask */

#    define DOT_NAME(kernel) octet_##kernel##_avx512
#    define DOT_TARGET TARGET
#    define unsigned_t halves
#    define signed_t halves
#    define of_unsigned halves_unsigned
#    define of_signed halves_signed
#    define dot dot_halves
#    define dot_words add_pairs
#    define TILE_ROWS 6
#    define PAIRS
#    include "x86/int8.inc"

/* ---- with VNNI: 24 sums, 2 pieces of B, 1 quad of A */

#    define DOT_NAME(kernel) octet_##kernel##_avx512_vnni
#    define DOT_TARGET __attribute__((target(FEATURES ",avx512vnni")))
#    define unsigned_t vi
#    define signed_t vi
#    define of_unsigned(v) (v)
#    define of_signed(v) (v)
#    define dot(sum, u, s) ((vi)_mm512_dpbusd_epi32((__m512i)(sum), (__m512i)(u), (__m512i)(s)))
#    define dot_words(sum, a, b)                                                                   \
        ((vi)_mm512_dpwssd_epi32((__m512i)(sum), (__m512i)(a), (__m512i)(b)))
#    define TILE_ROWS 12
#    include "x86/int8.inc"

#else
typedef int octet_no_int8_avx512; /* a translation unit must not be empty */
#endif
