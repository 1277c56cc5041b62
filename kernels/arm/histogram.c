/* arm/histogram.c: counting numbers in bins with Advanced SIMD
 * SPDX-License-Identifier: Apache-2.0
 *
 * Vectors compute the bins of a stretch, those of zeros are left out one by one, and then the
 * counters are raised.
 */
#include "variants.h"

#if OCTET_SIMD_ARM

#    include <arm_neon.h>
#    include <string.h>

#    define STRETCH 256

static inline uint32x4_t bins_of(float32x4_t x, const octet_bins *bins)
{
    uint32x4_t bits = vreinterpretq_u32_f32(x), magnitude = vbicq_u32(bits, vdupq_n_u32(1u << 31));
    int32x4_t page = vreinterpretq_s32_u32(vshrq_n_u32(magnitude, OCTET_BINS_SHIFT));
    int32x4_t i = vsubq_s32(page, vdupq_n_s32(bins->base));
    uint32x4_t small = vcltq_s32(i, vdupq_n_s32(OCTET_BINS_PAGE)), both, paired;

    i = vbslq_s32(small, vcvtq_s32_f32(vmulq_n_f32(vreinterpretq_f32_u32(magnitude), bins->scale)),
                  i);
    both = vcltq_s32(i, vdupq_n_s32(bins->split));
    paired = vsriq_n_u32(vreinterpretq_u32_s32(i), bits, 31);
    return vbslq_u32(both, paired, vreinterpretq_u32_s32(i));
}

/* Appends the bins of four numbers, those of zeros left out; returns how many. */
static inline size_t keep(float32x4_t x, const octet_bins *bins, uint32_t *bin)
{
    uint32_t at[4], nonzero[4];
    size_t kept = 0;

    vst1q_u32(at, bins_of(x, bins));
    vst1q_u32(nonzero, vmvnq_u32(vceqzq_f32(x)));
    for (int j = 0; j < 4; j++) {
        bin[kept] = at[j];
        kept += nonzero[j] & 1;
    }
    return kept;
}

static size_t find_bins(size_t n, const float *x, const octet_bins *bins, uint32_t *bin)
{
    float tail[4] = {0};
    size_t kept = 0, i = 0;

    for (; i + 4 <= n; i += 4)
        kept += keep(vld1q_f32(x + i), bins, bin + kept);
    if (i < n) {
        memcpy(tail, x + i, (n - i) * sizeof(*x));
        kept += keep(vld1q_f32(tail), bins, bin + kept);
    }
    return kept;
}

size_t octet_histogram_f32_neon(size_t n, const float *x, const octet_bins *bins, uint16_t *counts)
{
    uint32_t bin[STRETCH + 4];
    size_t counted = 0;

    for (size_t i = 0; i < n; i += STRETCH) {
        size_t kept = find_bins(n - i < STRETCH ? n - i : STRETCH, x + i, bins, bin);

        for (size_t j = 0; j < kept; j++)
            counts[bin[j]]++;
        counted += kept;
    }
    return counted;
}

#else
typedef int octet_no_arm_histogram; /* a translation unit must not be empty */
#endif
