/* x86/int8_avx2.c: kernels on 8-bit integers for AVX2, with and without VNNI
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#if OCTET_SIMD_X86

#    include <immintrin.h>
#    include <string.h>

#    include "x86/int8_variants.h"

#    define TARGET __attribute__((target("avx2,fma")))
#    define INLINE static inline __attribute__((always_inline)) TARGET
#    define NAME(kernel) octet_##kernel##_avx2
#    define LANES ((size_t)8)

typedef float vf __attribute__((vector_size(32)));
typedef int32_t vi __attribute__((vector_size(32)));
typedef __m256i bytes;
typedef __m256i lanes; /* the first so many elements */

INLINE vi splat_i(int32_t i)
{
    return (vi)_mm256_set1_epi32(i);
}

INLINE vf splat(float x)
{
    return (vf)_mm256_set1_ps(x);
}

INLINE vi splat_quad(const void *p)
{
    int32_t quad;

    memcpy(&quad, p, sizeof(quad));
    return splat_i(quad);
}

INLINE lanes first_lanes(size_t n)
{
    __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);

    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n >= 8 ? 8 : (int)n), index);
}

INLINE vi load_i(const void *p)
{
    return (vi)_mm256_loadu_si256((const __m256i *)p);
}

INLINE vi load_i_some(const int32_t *p, lanes some)
{
    return (vi)_mm256_maskload_epi32(p, some);
}

INLINE vf load_some(const float *p, lanes some)
{
    return (vf)_mm256_maskload_ps(p, some);
}

INLINE void store_i(int32_t *p, vi v)
{
    _mm256_storeu_si256((__m256i *)(void *)p, (__m256i)v);
}

INLINE void store_some_i(int32_t *p, size_t n, vi v)
{
    if (n >= 8)
        store_i(p, v);
    else
        _mm256_maskstore_epi32(p, first_lanes(n), (__m256i)v);
}

INLINE void store_some_f(float *p, size_t n, vf v)
{
    _mm256_maskstore_ps(p, first_lanes(n), (__m256)v);
}

/* The low bytes. */
INLINE void store_some_bytes(uint8_t *p, size_t n, vi v)
{
    __m256i low = _mm256_shuffle_epi8(
        (__m256i)v, _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1,
                                                              -1, -1, -1, -1, -1, -1)));
    __m128i all = _mm_unpacklo_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
    uint8_t some[16];

    if (n >= 8) {
        _mm_storel_epi64((__m128i *)(void *)p, all);
        return;
    }
    _mm_storeu_si128((__m128i *)(void *)some, all);
    memcpy(p, some, n);
}

/* The low halves. */
INLINE void store_some_words(uint16_t *p, size_t n, vi v)
{
    __m256i low = _mm256_and_si256((__m256i)v, _mm256_set1_epi32(0xffff));
    __m128i all = _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
    uint16_t some[8];

    _mm_storeu_si128((__m128i *)(void *)(n >= 8 ? p : some), all);
    if (n < 8)
        memcpy(p, some, n * sizeof(*p));
}

/* LANES numbers, their upper halves 0. */
INLINE vi load_words(const uint16_t *p)
{
    return (vi)_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
}

INLINE vi add_i(vi a, vi b)
{
    return (vi)_mm256_add_epi32((__m256i)a, (__m256i)b);
}

INLINE vi sub_i(vi a, vi b)
{
    return (vi)_mm256_sub_epi32((__m256i)a, (__m256i)b);
}

INLINE vi multiply_i(vi a, vi b)
{
    return (vi)_mm256_mullo_epi32((__m256i)a, (__m256i)b);
}

INLINE vi larger_i(vi a, vi b)
{
    return (vi)_mm256_max_epi32((__m256i)a, (__m256i)b);
}

INLINE vi smaller_i(vi a, vi b)
{
    return (vi)_mm256_min_epi32((__m256i)a, (__m256i)b);
}

/* -1 where a > b. */
INLINE vi above(vi a, vi b)
{
    return (vi)_mm256_cmpgt_epi32((__m256i)a, (__m256i)b);
}

INLINE vi shift_left_by(vi a, vi n)
{
    return (vi)_mm256_sllv_epi32((__m256i)a, (__m256i)n);
}

INLINE vi shift_right_by(vi a, vi n)
{
    return (vi)_mm256_srav_epi32((__m256i)a, (__m256i)n);
}

INLINE vi shift_right_logical_by(vi a, vi n)
{
    return (vi)_mm256_srlv_epi32((__m256i)a, (__m256i)n);
}

/* (a * b + 2^30) >> 31 of 64 bits */
INLINE vi multiply_high(vi a, vi b)
{
    __m256i half = _mm256_set1_epi64x(INT64_C(1) << 30);
    __m256i even = _mm256_mul_epi32((__m256i)a, (__m256i)b);
    __m256i odd =
        _mm256_mul_epi32(_mm256_srli_epi64((__m256i)a, 32), _mm256_srli_epi64((__m256i)b, 32));

    even = _mm256_srli_epi64(_mm256_add_epi64(even, half), 31);
    odd = _mm256_slli_epi64(_mm256_add_epi64(odd, half), 1);
    return (vi)_mm256_blend_epi32(even, odd, 0xaa);
}

INLINE vf to_float(vi i)
{
    return (vf)_mm256_cvtepi32_ps((__m256i)i);
}

INLINE vi round_to_int(vf v)
{
    return (vi)_mm256_cvtps_epi32((__m256)v);
}

INLINE vi truncate_to_int(vf v)
{
    return (vi)_mm256_cvttps_epi32((__m256)v);
}

INLINE vf truncate(vf v)
{
    return (vf)_mm256_round_ps((__m256)v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
}

/* The second where the first is NaN. */
INLINE vf larger(vf a, vf b)
{
    return (vf)_mm256_max_ps((__m256)a, (__m256)b);
}

INLINE vf smaller(vf a, vf b)
{
    return (vf)_mm256_min_ps((__m256)a, (__m256)b);
}

/* 1 where a >= b. */
INLINE vi at_least(vf a, vf b)
{
    __m256i where = _mm256_castps_si256(_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_GE_OQ));

    return (vi)_mm256_srli_epi32(where, 31);
}

INLINE vi shift_left_16(vi v, int n)
{
    return (vi)_mm256_slli_epi16((__m256i)v, n);
}

INLINE vi shift_right_16(vi v, int n)
{
    return (vi)_mm256_srli_epi16((__m256i)v, n);
}

INLINE vi shift_right_signed_16(vi v, int n)
{
    return (vi)_mm256_srai_epi16((__m256i)v, n);
}

INLINE vi multiply_pairs(vi a, vi b)
{
    return (vi)_mm256_madd_epi16((__m256i)a, (__m256i)b);
}

INLINE vi add_pairs(vi sum, vi a, vi b)
{
    return add_i(sum, multiply_pairs(a, b));
}

INLINE vi dot_pairs(vi sum, vi u, vi s)
{
    __m256i pairs = _mm256_maddubs_epi16((__m256i)u, (__m256i)s);

    return add_i(sum, (vi)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/* ---- bytes of rows */

INLINE bytes flip_bytes(bytes v, uint8_t flip)
{
    return _mm256_xor_si256(v, _mm256_set1_epi8((char)flip));
}

INLINE bytes load_bytes(const uint8_t *p)
{
    return (bytes)load_i(p);
}

INLINE bytes load_bytes_some(const uint8_t *p, size_t n)
{
    uint8_t some[32] = {0};

    memcpy(some, p, n < 32 ? n : 32);
    return load_bytes(some);
}

/* p[0], p[2], ... p[62]; the second half is loaded one early so as to end with the last. */
INLINE bytes load_even_bytes(const uint8_t *p)
{
    __m256i low = _mm256_and_si256(load_bytes(p), _mm256_set1_epi16(0xff));
    __m256i high = _mm256_srli_epi16(load_bytes(p + 31), 8);

    return _mm256_permute4x64_epi64(_mm256_packus_epi16(low, high), 0xd8);
}

INLINE bytes load_even_bytes_some(const uint8_t *p, size_t n)
{
    uint8_t some[32] = {0};

    for (size_t i = 0; i < 32 && i < n; i++)
        some[i] = p[2 * i];
    return load_bytes(some);
}

/* Quads of 32 positions: lane 4 k + l of the vector m is position 16 k + 4 m + l. */
INLINE void interleave(bytes r0, bytes r1, bytes r2, bytes r3, vi *q0, vi *q1, vi *q2, vi *q3)
{
    __m256i low01 = _mm256_unpacklo_epi8(r0, r1), high01 = _mm256_unpackhi_epi8(r0, r1);
    __m256i low23 = _mm256_unpacklo_epi8(r2, r3), high23 = _mm256_unpackhi_epi8(r2, r3);

    *q0 = (vi)_mm256_unpacklo_epi16(low01, low23);
    *q1 = (vi)_mm256_unpackhi_epi16(low01, low23);
    *q2 = (vi)_mm256_unpacklo_epi16(high01, high23);
    *q3 = (vi)_mm256_unpackhi_epi16(high01, high23);
}

/* The first n of 32 sums that lie as interleave() made them. */
INLINE void store_gathered(int32_t *y, size_t n, vi s0, vi s1, vi s2, vi s3)
{
    __m256i all[4] = {_mm256_permute2x128_si256((__m256i)s0, (__m256i)s1, 0x20),
                      _mm256_permute2x128_si256((__m256i)s2, (__m256i)s3, 0x20),
                      _mm256_permute2x128_si256((__m256i)s0, (__m256i)s1, 0x31),
                      _mm256_permute2x128_si256((__m256i)s2, (__m256i)s3, 0x31)};

    for (size_t i = 0; i < 4 && n > 8 * i; i++)
        store_some_i(y + 8 * i, n - 8 * i, (vi)all[i]);
}

/* The low bytes of 32 such numbers. */
INLINE void store_gathered_bytes(uint8_t *y, vi s0, vi s1, vi s2, vi s3)
{
    const __m256i low = _mm256_set1_epi16(0xff);
    __m256i a = _mm256_and_si256(_mm256_packs_epi32((__m256i)s0, (__m256i)s1), low);
    __m256i b = _mm256_and_si256(_mm256_packs_epi32((__m256i)s2, (__m256i)s3), low);

    _mm256_storeu_si256((__m256i *)(void *)y, _mm256_packus_epi16(a, b));
}

/* ---- bytes of panels */

INLINE void store_16(uint8_t *p, __m128i v)
{
    _mm_storeu_si128((__m128i *)(void *)p, v);
}

INLINE void store_16_some(uint8_t *p, size_t n, __m128i v)
{
    uint8_t some[16];

    store_16(some, v);
    memcpy(p, some, n);
}

INLINE __m128i load_16(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

INLINE __m128i load_16_some(const uint8_t *p, size_t n)
{
    uint8_t some[16] = {0};

    memcpy(some, p, n);
    return load_16(some);
}

INLINE __m128i load_16_steps(const uint8_t *p, size_t step, size_t n)
{
    uint8_t some[16];

    for (size_t i = 0; i < 16; i++)
        some[i] = p[(i < n ? i : 0) * step];
    return load_16(some);
}

INLINE __m128i load_16_even(const uint8_t *p, size_t n)
{
    if (n < 16)
        return load_16_steps(p, 2, n);
    return _mm_packus_epi16(_mm_and_si128(load_16(p), _mm_set1_epi16(0xff)),
                            _mm_srli_epi16(load_16(p + 15), 8));
}

INLINE void store_quads(uint8_t *to, size_t n, const __m128i *row, uint8_t flip)
{
    __m128i low01 = _mm_unpacklo_epi8(row[0], row[1]), high01 = _mm_unpackhi_epi8(row[0], row[1]);
    __m128i low23 = _mm_unpacklo_epi8(row[2], row[3]), high23 = _mm_unpackhi_epi8(row[2], row[3]);
    __m128i all[4] = {_mm_unpacklo_epi16(low01, low23), _mm_unpackhi_epi16(low01, low23),
                      _mm_unpacklo_epi16(high01, high23), _mm_unpackhi_epi16(high01, high23)};
    uint8_t some[64];

    for (size_t i = 0; i < 4; i++)
        _mm_storeu_si128((__m128i *)(void *)((n == 16 ? to : some) + 16 * i),
                         _mm_xor_si128(all[i], _mm_set1_epi8((char)flip)));
    if (n < 16)
        memcpy(to, some, 4 * n);
}

#    include "x86/depth_common.inc"
#    include "x86/int8_common.inc"

/* ---- panels of 16-bit numbers: 8 positions of two taps at a time, for both widths */

INLINE __m128i load_words_1(const uint16_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* The second half is loaded one early so as to end with the last. */
INLINE __m128i load_words_2(const uint16_t *p)
{
    return _mm_packus_epi32(_mm_and_si128(load_words_1(p), _mm_set1_epi32(0xffff)),
                            _mm_srli_epi32(load_words_1(p + 7), 16));
}

INLINE __m128i load_words_steps(const uint16_t *p, size_t step, size_t n)
{
    uint16_t some[8];

    if (n == 8 && step <= 2)
        return step == 1 ? load_words_1(p) : load_words_2(p);
    for (size_t i = 0; i < 8; i++)
        some[i] = p[(i < n ? i : 0) * step];
    return load_words_1(some);
}

INLINE void words_piece(size_t pairs, const int64_t *offset, const uint16_t *from, size_t step,
                        size_t n, uint16_t flip, int16_t *to)
{
    __m128i flips = _mm_set1_epi16((short)flip);

    for (size_t p = 0; p < pairs; p++, to += 2 * OCTET_GEMM_NR) {
        __m128i x = _mm_xor_si128(load_words_steps(from + offset[2 * p], step, n), flips);
        __m128i y = _mm_xor_si128(load_words_steps(from + offset[2 * p + 1], step, n), flips);
        int16_t some[16], *at = n == 8 ? to : some;

        _mm_storeu_si128((__m128i *)(void *)at, _mm_unpacklo_epi16(x, y));
        _mm_storeu_si128((__m128i *)(void *)(at + 8), _mm_unpackhi_epi16(x, y));
        if (n < 8)
            memcpy(to, some, 4 * n);
    }
}

TARGET void octet_im2col_s16_avx2(size_t pairs, const int64_t *offset, size_t n_runs,
                                  const octet_run *runs, size_t step, const uint16_t *x,
                                  uint16_t flip, int16_t *panel)
{
    size_t j = 0;

    for (size_t r = 0; r < n_runs; j += runs[r++].length) {
        size_t length = runs[r].length, n = length < 8 ? length : 8;

        for (size_t i = 0; i < length; i += 8) { /* the last piece goes back so as to be whole */
            size_t at = length - i < n ? length - n : i;
            const uint16_t *from = x + runs[r].start + (int64_t)(at * step);
            int16_t *to = panel + 2 * (j + at);

            if (step == 1 && n == 8)
                words_piece(pairs, offset, from, 1, 8, flip, to);
            else if (step == 2 && n == 8)
                words_piece(pairs, offset, from, 2, 8, flip, to);
            else
                words_piece(pairs, offset, from, step, n, flip, to);
        }
    }
    for (size_t p = 0; j < OCTET_GEMM_NR && p < pairs; p++)
        memset(panel + (p * OCTET_GEMM_NR + j) * 2, 0, 4 * (OCTET_GEMM_NR - j));
}

/* ---- without VNNI: 16-bit halves; 8 sums, 4 halves of B, 2 of A, a mask */

#    define DOT_NAME(kernel) octet_##kernel##_avx2
#    define DOT_TARGET TARGET
#    define unsigned_t halves
#    define signed_t halves
#    define of_unsigned halves_unsigned
#    define of_signed halves_signed
#    define dot dot_halves
#    define dot_words add_pairs
#    define TILE_ROWS 4
#    define PAIRS
#    include "x86/int8.inc"

/* ---- with VNNI: 12 sums, 2 pieces of B, 1 quad of A. The same code twice, so that a CPU with
 * AVX-512 alone can test it. */

#    define DOT_NAME(kernel) octet_##kernel##_avx2_vnni
#    define DOT_TARGET __attribute__((target("avx2,fma,avxvnni")))
#    define unsigned_t vi
#    define signed_t vi
#    define of_unsigned(v) (v)
#    define of_signed(v) (v)
#    define dot(sum, u, s) ((vi)_mm256_dpbusd_avx_epi32((__m256i)(sum), (__m256i)(u), (__m256i)(s)))
#    define dot_words(sum, a, b)                                                                   \
        ((vi)_mm256_dpwssd_avx_epi32((__m256i)(sum), (__m256i)(a), (__m256i)(b)))
#    define TILE_ROWS 6
#    include "x86/int8.inc"

#    define DOT_NAME(kernel) octet_##kernel##_avx2_evex
#    define DOT_TARGET __attribute__((target("avx2,fma,avx512f,avx512vl,avx512vnni")))
#    define unsigned_t vi
#    define signed_t vi
#    define of_unsigned(v) (v)
#    define of_signed(v) (v)
#    define dot(sum, u, s) ((vi)_mm256_dpbusd_epi32((__m256i)(sum), (__m256i)(u), (__m256i)(s)))
#    define dot_words(sum, a, b)                                                                   \
        ((vi)_mm256_dpwssd_epi32((__m256i)(sum), (__m256i)(a), (__m256i)(b)))
#    define TILE_ROWS 6
#    include "x86/int8.inc"

#else
typedef int octet_no_int8_avx2; /* a translation unit must not be empty */
#endif
