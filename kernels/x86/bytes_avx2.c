/* x86/bytes_avx2.c: light work on tensors of bytes for AVX2
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#if OCTET_SIMD_X86

#    include <immintrin.h>
#    include <string.h>

#    define TARGET __attribute__((target("avx2,fma")))
#    define INLINE static inline __attribute__((always_inline)) TARGET
#    define NAME(kernel) octet_##kernel##_avx2
#    define LANES ((size_t)8)
#    define BYTES ((size_t)32)

typedef float vf __attribute__((vector_size(32)));
typedef __m256i bytes;

INLINE vf splat(float x)
{
    return (vf)_mm256_set1_ps(x);
}

INLINE vf smaller(vf a, vf b)
{
    return (vf)_mm256_min_ps((__m256)a, (__m256)b);
}

/* The second where the first is NaN. */
INLINE vf larger(vf a, vf b)
{
    return (vf)_mm256_max_ps((__m256)a, (__m256)b);
}

INLINE vf fma_v(vf a, vf b, vf c)
{
    return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}

INLINE vf widen_some(const uint8_t *p, size_t n, uint8_t flip, int32_t back)
{
    uint8_t some[8] = {0};
    __m128i b;
    __m256i v;

    if (n < LANES)
        memcpy(some, p, n);
    b = _mm_loadl_epi64((const __m128i *)(const void *)(n < LANES ? some : p));
    v = _mm256_cvtepu8_epi32(_mm_xor_si128(b, _mm_set1_epi8((char)flip)));
    return (vf)_mm256_cvtepi32_ps(_mm256_sub_epi32(v, _mm256_set1_epi32(back)));
}

/* The numbers are those of one type of byte: of each 32 bits the lowest eight are it. */
INLINE void narrow_some(uint8_t *p, size_t n, vf v)
{
    __m256i i = _mm256_and_si256(_mm256_cvtps_epi32((__m256)v), _mm256_set1_epi32(0xff));
    __m128i b = _mm_packus_epi32(_mm256_castsi256_si128(i), _mm256_extracti128_si256(i, 1));
    uint8_t some[8];

    b = _mm_packus_epi16(b, b);
    _mm_storel_epi64((__m128i *)(void *)(n < LANES ? some : p), b);
    if (n < LANES)
        memcpy(p, some, n);
}

INLINE bytes max_bytes(bytes a, bytes b)
{
    return _mm256_max_epu8(a, b);
}

INLINE bytes flip_bytes(bytes v, uint8_t flip)
{
    return _mm256_xor_si256(v, _mm256_set1_epi8((char)flip));
}

INLINE bytes load_bytes_some(const uint8_t *p, size_t n)
{
    uint8_t some[32];

    if (n < BYTES)
        memcpy(some, p, n);
    return _mm256_loadu_si256((const __m256i *)(const void *)(n < BYTES ? some : p));
}

/* p[0], p[2], ... n of them; nothing behind the last is read. */
INLINE bytes load_even_some(const uint8_t *p, size_t n)
{
    uint8_t some[64];
    const __m256i *from = (const __m256i *)(const void *)p;
    __m256i low, high;

    if (n < BYTES)
        memcpy(some, p, 2 * n - 1);
    low = _mm256_loadu_si256(n < BYTES ? (const __m256i *)(const void *)some : from);
    /* The last one begins a byte early so as to end with the last element. */
    high = n < BYTES
               ? _mm256_and_si256(_mm256_loadu_si256((const __m256i *)(const void *)some + 1),
                                  _mm256_set1_epi16(0xff))
               : _mm256_srli_epi16(_mm256_loadu_si256((const __m256i *)(const void *)(p + 31)), 8);
    low = _mm256_and_si256(low, _mm256_set1_epi16(0xff));
    return _mm256_permute4x64_epi64(_mm256_packus_epi16(low, high), 0xd8);
}

INLINE void store_bytes_some(uint8_t *p, size_t n, bytes v)
{
    uint8_t some[32];

    _mm256_storeu_si256((__m256i *)(void *)(n < BYTES ? some : p), v);
    if (n < BYTES)
        memcpy(p, some, n);
}

/* Sixteen shuffles for each vector are no faster than one load for each byte. */
TARGET void NAME(lookup_u8)(size_t n, const uint8_t *x, const uint8_t table[256], uint8_t *y)
{
    octet_lookup_u8_ref(n, x, table, y);
}

#    include "x86/bytes.inc"

#else
typedef int octet_no_bytes_avx2; /* a translation unit must not be empty */
#endif
