/* ref/bytes.c: light work on tensors of bytes, the definition
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

void octet_lookup_u8_ref(size_t n, const uint8_t *x, const uint8_t table[256], uint8_t *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = table[x[i]];
}

static int32_t integer(uint8_t byte, int is_signed)
{
    return is_signed ? (int8_t)byte : byte;
}

/* Half to even: adding and taking off 3 · 2^22 rounds what lies in the range of a byte. NaN gives
 * the lowest integer. */
static uint8_t rounded(float v, int is_signed)
{
    const float magic = 0x1.8p23f, lo = is_signed ? -128.0f : 0.0f,
                hi = is_signed ? 127.0f : 255.0f;

    v = v > lo ? v : lo;
    v = v < hi ? v : hi;
    return (uint8_t)(int32_t)((v + magic) - magic);
}

void octet_add_q8_ref(size_t n, const uint8_t *a, float a_ratio, const uint8_t *b, float b_ratio,
                      float plus, int is_signed, uint8_t *y)
{
    for (size_t i = 0; i < n; i++) {
        float v = fmaf((float)integer(b[i], is_signed), b_ratio, plus);

        y[i] = rounded(fmaf((float)integer(a[i], is_signed), a_ratio, v), is_signed);
    }
}

void octet_mul_q8_ref(size_t n, const uint8_t *a, float a_zero, const uint8_t *b, float b_zero,
                      float ratio, float plus, int is_signed, uint8_t *y)
{
    for (size_t i = 0; i < n; i++) {
        float u = (float)integer(a[i], is_signed) - a_zero;
        float v = (float)integer(b[i], is_signed) - b_zero;

        y[i] = rounded(u * v * ratio + plus, is_signed);
    }
}

void octet_max_taps_q8_ref(size_t n, size_t taps, const uint8_t *x, size_t tap_step, size_t step,
                           int is_signed, uint8_t *y)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t best = x[i * step];

        for (size_t t = 1; t < taps; t++) {
            uint8_t v = x[i * step + t * tap_step];
            best = integer(v, is_signed) > integer(best, is_signed) ? v : best;
        }
        y[i] = best;
    }
}
