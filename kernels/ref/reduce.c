/* ref/reduce.c: sums and ranges, the definition
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#include <math.h>

int octet_minmax_f32_ref(size_t n, const float *x, float *min, float *max)
{
    float lo = INFINITY, hi = -INFINITY;

    for (size_t i = 0; i < n; i++) {
        float v = x[i] + 0.0f; /* -0 becomes +0 */

        if (!isfinite(v))
            return 0;
        lo = v < lo ? v : lo;
        hi = v > hi ? v : hi;
    }
    *min = lo;
    *max = hi;
    return 1;
}

/* Element i goes to running sum i mod 8; the tree is what folding a vector in halves does. */
static float sum_strided(size_t n, const float *x, size_t step)
{
    float s[8] = {0};

    for (size_t i = 0; i < n; i++)
        s[i % 8] += x[i * step];
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

float octet_sum_f32_ref(size_t n, const float *x)
{
    return sum_strided(n, x, 1);
}

void octet_sum_lines_f32_ref(size_t lines, size_t n, const float *x, size_t line_step, float *y)
{
    for (size_t l = 0; l < lines; l++)
        y[l] = sum_strided(n, x + l * line_step, 1);
}

void octet_sum_rows_f32_ref(size_t n, size_t width, const float *x, size_t row_step, float *y)
{
    for (size_t j = 0; j < width; j++)
        y[j] = sum_strided(n, x + j, row_step);
}
