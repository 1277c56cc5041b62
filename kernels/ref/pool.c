/* ref/pool.c: windows of pooling and interpolation, the definition
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#include <math.h>

static float largest(const octet_windows *w, const float *x)
{
    float s = -INFINITY;

    for (size_t t = 0; t < w->taps; t++) {
        float v = x[w->offset[t]];
        s = v > s || v != v ? v : s;
    }
    return s;
}

static float sum(const octet_windows *w, const float *x)
{
    float s = 0.0f;

    for (size_t t = 0; t < w->taps; t++)
        s += x[w->offset[t]];
    return s;
}

void octet_max_windows_f32_ref(const octet_windows *w)
{
    for (size_t r = 0; r < w->rows; r++)
        for (size_t i = 0; i < w->n; i++)
            w->y[r * w->y_row + i] = largest(w, w->x + r * w->x_row + i * w->step);
}

void octet_sum_windows_f32_ref(const octet_windows *w)
{
    for (size_t r = 0; r < w->rows; r++)
        for (size_t i = 0; i < w->n; i++)
            w->y[r * w->y_row + i] = sum(w, w->x + r * w->x_row + i * w->step);
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
