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

/* Fractional parts of the cube roots of the first 64 primes. */
static const uint32_t k[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

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
    __m128i wk = _mm_add_epi32(w, _mm_load_si128((const __m128i *)(const void *)(k + i)));
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
