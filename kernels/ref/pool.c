/* ref/pool.c: windows of pooling and interpolation, the definition
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#include <math.h>

void octet_max_row_f32_ref(size_t n, size_t taps, const int64_t *offset, const float *x,
                           size_t step, float *y)
{
    for (size_t i = 0; i < n; i++) {
        float s = -INFINITY;

        for (size_t t = 0; t < taps; t++) {
            float v = x[offset[t] + (int64_t)(i * step)];
            s = v > s || v != v ? v : s;
        }
        y[i] = s;
    }
}

void octet_sum_row_f32_ref(size_t n, size_t taps, const int64_t *offset, const float *x,
                           size_t step, float *y)
{
    for (size_t i = 0; i < n; i++) {
        float s = 0.0f;

        for (size_t t = 0; t < taps; t++)
            s += x[offset[t] + (int64_t)(i * step)];
        y[i] = s;
    }
}

void octet_weigh_row_f32_ref(size_t n, size_t taps, const int64_t *offset, const float *w,
                             const float *x, float *y)
{
    for (size_t i = 0; i < n; i++) {
        float s = w[0] * x[offset[0] + (int64_t)i];

        for (size_t t = 1; t < taps; t++)
            s += w[t] * x[offset[t] + (int64_t)i];
        y[i] = s;
    }
}
