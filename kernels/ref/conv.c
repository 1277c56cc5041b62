/* ref/conv.c: convolution by lists of taps, the definition
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#include <math.h>

void octet_im2col_f32_ref(size_t taps, const int64_t *offset, size_t n_runs, const octet_run *runs,
                          size_t step, const float *x, float *panel)
{
    for (size_t t = 0; t < taps; t++) {
        const float *from = x + offset[t];
        float *row = panel + t * OCTET_GEMM_NR, *end = row + OCTET_GEMM_NR;

        for (size_t r = 0; r < n_runs; r++)
            for (size_t i = 0; i < runs[r].length; i++)
                *row++ = from[runs[r].start + (int64_t)(i * step)];
        while (row < end)
            *row++ = 0.0f;
    }
}

void octet_conv_row_f32_ref(size_t n, size_t taps, const int64_t *offset, const float *x,
                            size_t step, const float *w, const float *bias, float *y)
{
    for (size_t i = 0; i < n; i++) {
        float sum = 0.0f;

        for (size_t t = 0; t < taps; t++)
            sum = fmaf(w[t], x[offset[t] + (int64_t)(i * step)], sum);
        y[i] = bias ? sum + *bias : sum;
    }
}
