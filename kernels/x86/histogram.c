/* x86/histogram.c: counting numbers in bins with AVX2 and AVX-512
 * SPDX-License-Identifier: Apache-2.0
 *
 * Vectors compute the bins of a stretch and leave those of zeros out; the counters are then raised
 * one by one.
 */
#include "variants.h"

#if OCTET_SIMD_X86

#    include <immintrin.h>
#    include <string.h>

#    define STRETCH 256

/* Those of four distant places in turn: neighbours often share a bin, and an increment would wait
 * for the one before. */
static inline void raise_counters(uint16_t *counts, const uint32_t *bin, size_t n)
{
    size_t quarter = n / 4;

    for (size_t i = 0; i < quarter; i++) {
        counts[bin[i]]++;
        counts[bin[i + quarter]]++;
        counts[bin[i + 2 * quarter]]++;
        counts[bin[i + 3 * quarter]]++;
    }
    for (size_t i = 4 * quarter; i < n; i++)
        counts[bin[i]]++;
}

#    define TARGET512 __attribute__((target("avx2,fma,popcnt,avx512f,avx512bw,avx512dq,avx512vl")))

#    define INLINE512 static inline __attribute__((always_inline)) TARGET512

/* *none: lanes whose number lies in no bin. */
INLINE512 __m512i bins_512(__m512i bits, const octet_bins *bins, int shared, __mmask16 *none)
{
    __m512i magnitude = _mm512_and_si512(bits, _mm512_set1_epi32(0x7fffffff));
    __m512i i = _mm512_sub_epi32(_mm512_srli_epi32(magnitude, OCTET_BINS_SHIFT),
                                 _mm512_set1_epi32(bins->base));
    __mmask16 small = _mm512_cmplt_epi32_mask(i, _mm512_set1_epi32(OCTET_BINS_PAGE));
    __mmask16 foreign = (__mmask16)(_mm512_movepi32_mask(bits) ^ (bins->negative ? 0xffffu : 0u));
    __mmask16 both;

    i = _mm512_mask_cvttps_epi32(
        i, small, _mm512_mul_ps(_mm512_castsi512_ps(magnitude), _mm512_set1_ps(bins->scale)));
    *none = _mm512_cmpge_epi32_mask(i, _mm512_set1_epi32(bins->end)) | foreign;
    if (!shared)
        return i;
    both = _mm512_cmplt_epi32_mask(i, _mm512_set1_epi32(bins->split));
    *none &= (__mmask16)~both;
    i = _mm512_mask_andnot_epi32(i, both, _mm512_set1_epi32(1), i);
    return _mm512_mask_or_epi32(i, both, i, _mm512_srli_epi32(bits, 31));
}

/* Rare: one by one. */
static inline size_t set_aside(float *rest, const float *x, unsigned lanes)
{
    size_t n = 0;

    for (; lanes != 0; lanes &= lanes - 1)
        rest[n++] = x[__builtin_ctz(lanes)];
    return n;
}

/* Pairs of bins are loaded at once: loads are what these lines wait for. */
INLINE512 void raise_16(uint16_t *counts, const uint32_t *bin)
{
    for (int i = 0; i < 16; i += 2) {
        uint64_t two;

        memcpy(&two, bin + i, sizeof two);
        counts[(uint32_t)two]++;
        counts[two >> 32]++;
    }
}

/* Counters of a stretch are raised while the bins of the next are computed: other units do that. */
INLINE512 size_t count_512(size_t n, const float *x, const octet_bins *bins, int shared,
                           uint16_t *counts, float *rest, size_t *n_rest)
{
    uint32_t bin[2][STRETCH + 16], *now = bin[0], *before = bin[1], *swap;
    size_t counted = 0, left = 0, n_before = 0;

    for (size_t i = 0; i < n;) {
        size_t kept = 0, done = 0, end = n - i > STRETCH ? i + STRETCH : n;

        for (; i < end; i += 16) {
            __mmask16 some = (__mmask16)(end - i >= 16 ? 0xffff : (1u << (end - i)) - 1), none;
            __m512i bits = _mm512_maskz_loadu_epi32(some, x + i);
            __mmask16 nonzero = _mm512_test_epi32_mask(bits, _mm512_set1_epi32(0x7fffffff));
            __m512i at = bins_512(bits, bins, shared, &none);

            none &= nonzero;
            if (none != 0) {
                left += set_aside(rest + left, x + i, none);
                nonzero &= (__mmask16)~none;
            }
            _mm512_storeu_si512(now + kept, _mm512_maskz_compress_epi32(nonzero, at));
            kept += (size_t)__builtin_popcount(nonzero);
            if (done + 16 <= n_before) {
                raise_16(counts, before + done);
                done += 16;
            }
        }
        i = end;
        raise_counters(counts, before + done, n_before - done);
        counted += kept;
        n_before = kept;
        swap = now;
        now = before;
        before = swap;
    }
    raise_counters(counts, before, n_before);
    *n_rest = left;
    return counted;
}

TARGET512 size_t octet_histogram_f32_avx512(size_t n, const float *x, const octet_bins *bins,
                                            uint16_t *counts, float *rest, size_t *n_rest)
{
    if (bins->split == 0)
        return count_512(n, x, bins, 0, counts, rest, n_rest);
    return count_512(n, x, bins, 1, counts, rest, n_rest);
}

#    define TARGET256 __attribute__((target("avx2,fma,popcnt")))

static inline TARGET256 __m256i bins_256(__m256i bits, const octet_bins *bins, unsigned *none)
{
    __m256i magnitude = _mm256_and_si256(bits, _mm256_set1_epi32(0x7fffffff));
    __m256i i = _mm256_sub_epi32(_mm256_srli_epi32(magnitude, OCTET_BINS_SHIFT),
                                 _mm256_set1_epi32(bins->base));
    __m256i large = _mm256_cmpgt_epi32(i, _mm256_set1_epi32(OCTET_BINS_PAGE - 1));
    __m256i linear = _mm256_cvttps_epi32(
        _mm256_mul_ps(_mm256_castsi256_ps(magnitude), _mm256_set1_ps(bins->scale)));
    __m256i foreign = _mm256_xor_si256(bits, _mm256_set1_epi32(bins->negative ? -1 : 0));
    __m256i both, paired, beyond;

    i = _mm256_blendv_epi8(linear, i, large);
    both = _mm256_cmpgt_epi32(_mm256_set1_epi32(bins->split), i);
    beyond = _mm256_cmpgt_epi32(i, _mm256_set1_epi32(bins->end - 1));
    beyond = _mm256_or_si256(beyond, _mm256_andnot_si256(both, foreign));
    *none = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(beyond));
    paired =
        _mm256_or_si256(_mm256_andnot_si256(_mm256_set1_epi32(1), i), _mm256_srli_epi32(bits, 31));
    return _mm256_blendv_epi8(i, paired, both);
}

#    define LANE(i) 4 * (i), 4 * (i) + 1, 4 * (i) + 2, 4 * (i) + 3

/* The lanes of four that a mask names, in order; what follows them is of no interest. */
static const uint8_t front[16][16] = {
    {LANE(0), LANE(0), LANE(0), LANE(0)}, {LANE(0), LANE(0), LANE(0), LANE(0)},
    {LANE(1), LANE(0), LANE(0), LANE(0)}, {LANE(0), LANE(1), LANE(0), LANE(0)},
    {LANE(2), LANE(0), LANE(0), LANE(0)}, {LANE(0), LANE(2), LANE(0), LANE(0)},
    {LANE(1), LANE(2), LANE(0), LANE(0)}, {LANE(0), LANE(1), LANE(2), LANE(0)},
    {LANE(3), LANE(0), LANE(0), LANE(0)}, {LANE(0), LANE(3), LANE(0), LANE(0)},
    {LANE(1), LANE(3), LANE(0), LANE(0)}, {LANE(0), LANE(1), LANE(3), LANE(0)},
    {LANE(2), LANE(3), LANE(0), LANE(0)}, {LANE(0), LANE(2), LANE(3), LANE(0)},
    {LANE(1), LANE(2), LANE(3), LANE(0)}, {LANE(0), LANE(1), LANE(2), LANE(3)},
};

/* Stores the four bins that the mask names, and rubbish up to four; returns how many. */
static inline TARGET256 size_t keep_128(uint32_t *p, __m128i bin, unsigned mask)
{
    __m128i order = _mm_loadu_si128((const __m128i *)(const void *)front[mask]);

    _mm_storeu_si128((__m128i *)(void *)p, _mm_shuffle_epi8(bin, order));
    return (size_t)__builtin_popcount(mask);
}

TARGET256 size_t octet_histogram_f32_avx2(size_t n, const float *x, const octet_bins *bins,
                                          uint16_t *counts, float *rest, size_t *n_rest)
{
    uint32_t bin[STRETCH + 8];
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    size_t counted = 0, left = 0;

    for (size_t i = 0; i < n;) {
        size_t kept = 0, end = n - i > STRETCH ? i + STRETCH : n;

        for (; i < end; i += 8) {
            __m256i some = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(end - i)), lane);
            __m256i bits = _mm256_castps_si256(_mm256_maskload_ps(x + i, some));
            __m256i zero = _mm256_cmpeq_epi32(_mm256_slli_epi32(bits, 1), _mm256_setzero_si256());
            unsigned nonzero = 0xffu ^ (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(zero));
            unsigned none;
            __m256i at = bins_256(bits, bins, &none);

            none &= nonzero;
            if (none != 0) {
                left += set_aside(rest + left, x + i, none);
                nonzero &= ~none;
            }

            kept += keep_128(bin + kept, _mm256_castsi256_si128(at), nonzero & 15);
            kept += keep_128(bin + kept, _mm256_extracti128_si256(at, 1), nonzero >> 4);
        }
        i = end;
        raise_counters(counts, bin, kept);
        counted += kept;
    }
    *n_rest = left;
    return counted;
}

#else
typedef int octet_no_x86_histogram; /* a translation unit must not be empty */
#endif
