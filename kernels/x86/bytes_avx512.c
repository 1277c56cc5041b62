/* x86/bytes_avx512.c: light work on tensors of bytes for AVX-512
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#if OCTET_SIMD_X86

#    include <immintrin.h>

#    define TARGET __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")))
#    define INLINE static inline __attribute__((always_inline)) TARGET
#    define NAME(kernel) octet_##kernel##_avx512
#    define LANES ((size_t)16)
#    define BYTES ((size_t)64)

typedef float vf __attribute__((vector_size(64)));
typedef __m512i bytes;

INLINE vf splat(float x)
{
    return (vf)_mm512_set1_ps(x);
}

INLINE vf smaller(vf a, vf b)
{
    return (vf)_mm512_min_ps((__m512)a, (__m512)b);
}

/* The second where the first is NaN. */
INLINE vf larger(vf a, vf b)
{
    return (vf)_mm512_max_ps((__m512)a, (__m512)b);
}

INLINE vf fma_v(vf a, vf b, vf c)
{
    return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}

INLINE __mmask16 first_lanes(size_t n)
{
    return (__mmask16)((1u << n) - 1);
}

INLINE __mmask64 first_bytes(size_t n)
{
    return n >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
}

INLINE vf widen_some(const uint8_t *p, size_t n, uint8_t flip, int32_t back)
{
    __m128i b = n == LANES ? _mm_loadu_si128((const __m128i *)(const void *)p)
                           : _mm_maskz_loadu_epi8(first_lanes(n), p);
    __m512i v = _mm512_cvtepu8_epi32(_mm_xor_si128(b, _mm_set1_epi8((char)flip)));

    return (vf)_mm512_cvtepi32_ps(_mm512_sub_epi32(v, _mm512_set1_epi32(back)));
}

INLINE void narrow_some(uint8_t *p, size_t n, vf v)
{
    __m128i b = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32((__m512)v));

    if (n == LANES)
        _mm_storeu_si128((__m128i *)(void *)p, b);
    else
        _mm_mask_storeu_epi8(p, first_lanes(n), b);
}

INLINE bytes max_bytes(bytes a, bytes b)
{
    return _mm512_max_epu8(a, b);
}

INLINE bytes flip_bytes(bytes v, uint8_t flip)
{
    return _mm512_xor_si512(v, _mm512_set1_epi8((char)flip));
}

INLINE bytes load_bytes_some(const uint8_t *p, size_t n)
{
    return n == BYTES ? _mm512_loadu_si512(p) : _mm512_maskz_loadu_epi8(first_bytes(n), p);
}

/* p[0], p[2], ... n of them; nothing behind the last is read. */
INLINE bytes load_even_some(const uint8_t *p, size_t n)
{
    size_t span = 2 * n - 1;
    __m256i low = _mm512_cvtepi16_epi8(_mm512_maskz_loadu_epi8(first_bytes(span), p));

    if (span <= 64)
        return _mm512_castsi256_si512(low);
    return _mm512_inserti64x4(
        _mm512_castsi256_si512(low),
        _mm512_cvtepi16_epi8(_mm512_maskz_loadu_epi8(first_bytes(span - 64), p + 64)), 1);
}

INLINE void store_bytes_some(uint8_t *p, size_t n, bytes v)
{
    if (n == BYTES)
        _mm512_storeu_si512(p, v);
    else
        _mm512_mask_storeu_epi8(p, first_bytes(n), v);
}

/* ---- tables: 128 words in four registers, of which the lowest bit takes a byte */

typedef struct table {
    __m512i words[4];
} table;

/* Of 16-bit indices: byte `index` of the table, what stands above it may be anything. */
INLINE __m512i look_up_16(const table *t, __m512i index)
{
    __m512i word = _mm512_srli_epi16(index, 1);
    __mmask32 upper = _mm512_test_epi16_mask(index, _mm512_set1_epi16(0x80));
    __m512i found =
        _mm512_mask_blend_epi16(upper, _mm512_permutex2var_epi16(t->words[0], word, t->words[1]),
                                _mm512_permutex2var_epi16(t->words[2], word, t->words[3]));
    __mmask32 odd = _mm512_test_epi16_mask(index, _mm512_set1_epi16(1));

    return _mm512_mask_srli_epi16(found, odd, found, 8);
}

INLINE bytes look_up(const table *t, bytes x)
{
    const __m512i low = _mm512_set1_epi16(0xff);
    __m512i even = look_up_16(t, _mm512_and_si512(x, low));
    __m512i odd = look_up_16(t, _mm512_srli_epi16(x, 8));

    return _mm512_or_si512(_mm512_and_si512(even, low), _mm512_slli_epi16(odd, 8));
}

TARGET void NAME(lookup_u8)(size_t n, const uint8_t *x, const uint8_t entries[256], uint8_t *y)
{
    table t;
    size_t i = 0;

    for (int w = 0; w < 4; w++)
        t.words[w] = _mm512_loadu_si512(entries + 64 * w);
    for (; i + BYTES <= n; i += BYTES)
        store_bytes_some(y + i, BYTES, look_up(&t, load_bytes_some(x + i, BYTES)));
    if (i < n)
        store_bytes_some(y + i, n - i, look_up(&t, load_bytes_some(x + i, n - i)));
}

#    include "x86/bytes.inc"

#else
typedef int octet_no_bytes_avx512; /* a translation unit must not be empty */
#endif
