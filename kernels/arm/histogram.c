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

/* -1: in none. */
static inline int32x4_t bins_of(float32x4_t x, const octet_bins *bins)
{
    uint32x4_t bits = vreinterpretq_u32_f32(x), sign = vshrq_n_u32(bits, 31);
    float32x4_t magnitude = vabsq_f32(x);
    int32x4_t page = vshrq_n_s32(vreinterpretq_s32_f32(magnitude), OCTET_BINS_SHIFT);
    int32x4_t i = vsubq_s32(page, vdupq_n_s32(bins->base)), both;
    uint32x4_t linear = vcltq_s32(i, vdupq_n_s32(OCTET_BINS_PAGE)), one;

    i = vbslq_s32(linear, vcvtq_s32_f32(vmulq_n_f32(magnitude, bins->scale)), i);
    both = vreinterpretq_s32_u32(vsriq_n_u32(vreinterpretq_u32_s32(i), bits, 31));
    one = vandq_u32(vcltq_s32(i, vdupq_n_s32(bins->end)),
                    vceqq_u32(sign, vdupq_n_u32((uint32_t)bins->negative)));
    return vbslq_s32(vcltq_s32(i, vdupq_n_s32(bins->split)), both,
                     vbslq_s32(one, i, vdupq_n_s32(-1)));
}

/* What a stretch of numbers comes to. */
typedef struct stretch {
    size_t kept;
    int32_t bin[STRETCH + 4]; /* room for what is written and not kept */
    float *rest;              /* end of it */
} stretch;

static inline void keep(stretch *s, float32x4_t x, const octet_bins *bins)
{
    int32x4_t at = bins_of(x, bins);
    uint32x4_t nonzero = vmvnq_u32(vceqzq_f32(x));
    uint32x4_t nowhere = vandq_u32(nonzero, vcltzq_s32(at));
    int32_t bin[4];
    uint32_t kept[4], left[4];
    float value[4];

    vst1q_s32(bin, at);
    vst1q_u32(kept, vbicq_u32(nonzero, nowhere));
    for (int j = 0; j < 4; j++) {
        s->bin[s->kept] = bin[j];
        s->kept += kept[j] & 1;
    }
    if (vmaxvq_u32(nowhere) == 0)
        return;
    vst1q_u32(left, nowhere);
    vst1q_f32(value, x);
    for (int j = 0; j < 4; j++)
        if (left[j])
            *s->rest++ = value[j];
}

static void find_bins(stretch *s, size_t n, const float *x, const octet_bins *bins)
{
    float tail[4] = {0};
    size_t i = 0;

    s->kept = 0;
    for (; i + 4 <= n; i += 4)
        keep(s, vld1q_f32(x + i), bins);
    if (i < n) {
        memcpy(tail, x + i, (n - i) * sizeof(*x));
        keep(s, vld1q_f32(tail), bins);
    }
}

size_t octet_histogram_f32_neon(size_t n, const float *x, const octet_bins *bins, uint16_t *counts,
                                float *rest, size_t *n_rest)
{
    stretch s = {.rest = rest};
    size_t counted = 0;

    for (size_t i = 0; i < n; i += STRETCH) {
        find_bins(&s, n - i < STRETCH ? n - i : STRETCH, x + i, bins);
        for (size_t j = 0; j < s.kept; j++)
            counts[s.bin[j]]++;
        counted += s.kept;
    }
    *n_rest = (size_t)(s.rest - rest);
    return counted;
}

#else
typedef int octet_no_arm_histogram; /* a translation unit must not be empty */
#endif
