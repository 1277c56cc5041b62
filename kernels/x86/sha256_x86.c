/* x86/sha256_x86.c: the compression function of SHA-256 with the SHA instructions
 * SPDX-License-Identifier: Apache-2.0
 *
 * The instructions are a feature of their own, on machines with AVX2 and on machines without.
 */
#include "variants.h"

#if OCTET_SIMD_X86

#    include <cpuid.h>
#    include <immintrin.h>

#    define SHA __attribute__((target("sha,sse4.1")))

static int has_sha(void)
{
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1) != 0;
}

/* Words 4 g + 16 … from the sixteen before: w0 is the oldest group of four. */
SHA static __m128i next_words(__m128i w0, __m128i w1, __m128i w2, __m128i w3)
{
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));
    return _mm_sha256msg2_epu32(sum, w3);
}

/* abef and cdgh hold the working variables in the order the instructions want. */
SHA static void four_rounds(__m128i *abef, __m128i *cdgh, __m128i w, int i)
{
    __m128i wk =
        _mm_add_epi32(w, _mm_loadu_si128((const __m128i *)(const void *)(octet_sha256_k + i)));
    *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, wk);
    *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(wk, 0x0E));
}

SHA static void one_block(__m128i *abef, __m128i *cdgh, const uint8_t *data)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    const __m128i abef_before = *abef, cdgh_before = *cdgh;
    __m128i w[4];

    for (int g = 0; g < 4; g++) {
        w[g] = _mm_loadu_si128((const __m128i *)(const void *)(data + 16 * g));
        w[g] = _mm_shuffle_epi8(w[g], big_endian);
        four_rounds(abef, cdgh, w[g], 4 * g);
    }
    for (int g = 4; g < 16; g++) {
        w[g % 4] = next_words(w[g % 4], w[(g + 1) % 4], w[(g + 2) % 4], w[(g + 3) % 4]);
        four_rounds(abef, cdgh, w[g % 4], 4 * g);
    }
    *abef = _mm_add_epi32(*abef, abef_before);
    *cdgh = _mm_add_epi32(*cdgh, cdgh_before);
}

SHA static void blocks(uint32_t *state, size_t n, const uint8_t *data)
{
    const uint32_t *s = state;
    __m128i abef = _mm_set_epi32((int)s[0], (int)s[1], (int)s[4], (int)s[5]);
    __m128i cdgh = _mm_set_epi32((int)s[2], (int)s[3], (int)s[6], (int)s[7]);
    uint32_t out[8];

    for (size_t i = 0; i < n; i++)
        one_block(&abef, &cdgh, data + 64 * i);
    _mm_storeu_si128((__m128i *)(void *)out, abef);
    _mm_storeu_si128((__m128i *)(void *)(out + 4), cdgh);
    state[0] = out[3];
    state[1] = out[2];
    state[4] = out[1];
    state[5] = out[0];
    state[2] = out[7];
    state[3] = out[6];
    state[6] = out[5];
    state[7] = out[4];
}

void octet_sha256_blocks_avx2(uint32_t *state, size_t n, const uint8_t *data)
{
    if (has_sha())
        blocks(state, n, data);
    else
        octet_sha256_blocks_ref(state, n, data);
}

#else
typedef int octet_no_x86; /* a translation unit must not be empty */
#endif
