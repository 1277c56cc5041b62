/* arm/sha256_arm.c: the compression function of SHA-256 with the instructions of AArch64
 * SPDX-License-Identifier: Apache-2.0
 *
 * They are an extension of their own: a processor may have Advanced SIMD without them.
 */
#include "variants.h"

#include "arm/features.h"

#if OCTET_SIMD_ARM && OCTET_ARM_EXTENSIONS

#    include <arm_neon.h>

#    ifdef __clang__
#        define SHA __attribute__((target("sha2")))
#    else
#        define SHA __attribute__((target("+crypto")))
#    endif

/* Words 4 g + 16 … from the sixteen before: w0 is the oldest group of four. */
SHA static uint32x4_t next_words(uint32x4_t w0, uint32x4_t w1, uint32x4_t w2, uint32x4_t w3)
{
    return vsha256su1q_u32(vsha256su0q_u32(w0, w1), w2, w3);
}

SHA static void four_rounds(uint32x4_t *abcd, uint32x4_t *efgh, uint32x4_t w, int i)
{
    uint32x4_t wk = vaddq_u32(w, vld1q_u32(octet_sha256_k + i)), before = *abcd;

    *abcd = vsha256hq_u32(*abcd, *efgh, wk);
    *efgh = vsha256h2q_u32(*efgh, before, wk);
}

SHA static void one_block(uint32x4_t *abcd, uint32x4_t *efgh, const uint8_t *data)
{
    const uint32x4_t abcd_before = *abcd, efgh_before = *efgh;
    uint32x4_t w[4];

    for (int g = 0; g < 4; g++) {
        w[g] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(data + 16 * g)));
        four_rounds(abcd, efgh, w[g], 4 * g);
    }
    for (int g = 4; g < 16; g++) {
        w[g % 4] = next_words(w[g % 4], w[(g + 1) % 4], w[(g + 2) % 4], w[(g + 3) % 4]);
        four_rounds(abcd, efgh, w[g % 4], 4 * g);
    }
    *abcd = vaddq_u32(*abcd, abcd_before);
    *efgh = vaddq_u32(*efgh, efgh_before);
}

SHA static void blocks(uint32_t *state, size_t n, const uint8_t *data)
{
    uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);

    for (size_t i = 0; i < n; i++)
        one_block(&abcd, &efgh, data + 64 * i);
    vst1q_u32(state, abcd);
    vst1q_u32(state + 4, efgh);
}

void octet_sha256_blocks_neon(uint32_t *state, size_t n, const uint8_t *data)
{
    if (octet_arm_has(OCTET_ARM_SHA2))
        blocks(state, n, data);
    else
        octet_sha256_blocks_ref(state, n, data);
}

#elif OCTET_SIMD_ARM

void octet_sha256_blocks_neon(uint32_t *state, size_t n, const uint8_t *data)
{
    octet_sha256_blocks_ref(state, n, data);
}

#else
typedef int octet_no_arm_sha256; /* a translation unit must not be empty */
#endif
