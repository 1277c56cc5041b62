/* ref/quantize.c: float to 8-bit integers and back, the definition
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#include <math.h>

/* Saturating before rounding gives the same as after, and keeps the number small; NaN becomes lo.
 */
static int32_t quantize(float x, float scale, int32_t zero_point, int32_t lo, int32_t hi)
{
    float v = x / scale, min = (float)(lo - zero_point), max = (float)(hi - zero_point);

    v = v > min ? v : min;
    v = v < max ? v : max;
    return (int32_t)rintf(v) + zero_point;
}

void octet_quantize_f32_u8_ref(size_t n, const float *x, float scale, int32_t zero_point,
                               uint8_t *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = (uint8_t)quantize(x[i], scale, zero_point, 0, UINT8_MAX);
}

void octet_quantize_f32_s8_ref(size_t n, const float *x, float scale, int32_t zero_point, int8_t *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = (int8_t)quantize(x[i], scale, zero_point, INT8_MIN, INT8_MAX);
}

void octet_dequantize_u8_f32_ref(size_t n, const uint8_t *x, float scale, int32_t zero_point,
                                 float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = (float)(x[i] - zero_point) * scale;
}

void octet_dequantize_s8_f32_ref(size_t n, const int8_t *x, float scale, int32_t zero_point,
                                 float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = (float)(x[i] - zero_point) * scale;
}
