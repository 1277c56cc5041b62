/* ref/conv.c: convolution by lists of taps, the definition
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#include <math.h>
#include <string.h>

/* Which sum of `part` belongs to output i of position number j is the variant's own affair. */
static void conv_block(const octet_conv_block *g, size_t part_row)
{
    for (size_t i = 0; i < g->m; i++) {
        const float *w = g->w + i / OCTET_GEMM_NR * g->w_panel + i % OCTET_GEMM_NR;
        float *part = g->part + i * part_row, *y = g->y ? g->y + i * g->y_row : NULL;

        for (size_t run = 0; run < g->n_runs; run++)
            for (size_t p = 0; p < g->runs[run].length; p++, part++) {
                const float *x = g->x + g->runs[run].start + (int64_t)p;
                float sum = g->first ? 0.0f : *part;

                for (size_t r = 0; r < g->k; r++)
                    sum = fmaf(w[r * OCTET_GEMM_NR], x[g->offset[r]], sum);
                if (g->last)
                    *y++ = octet_finish_ref(sum, g->bias ? g->bias + i : NULL, &g->out);
                else
                    *part = sum;
            }
    }
}

void octet_conv_wide_f32_ref(const octet_conv_block *g)
{
    conv_block(g, OCTET_CONV_NR);
}

void octet_conv_tall_f32_ref(const octet_conv_block *g)
{
    size_t positions = 0;

    for (size_t run = 0; run < g->n_runs; run++)
        positions += g->runs[run].length;
    conv_block(g, positions);
}

void octet_conv_depth_f32_ref(const octet_conv_depth *g)
{
    for (size_t i = 0; i < g->rows; i++)
        for (size_t j = 0; j < g->columns; j++) {
            float sum = 0.0f;

            for (size_t t = 0; t < g->taps; t++)
                sum = fmaf(g->w[t], g->x[g->offset[t] + (int64_t)(i * g->x_row + j)], sum);
            g->y[i * g->columns + j] = octet_finish_ref(sum, g->bias, &g->out);
        }
}

static float sum_3x3(const octet_conv_3x3 *g, const float *x, const float *w, size_t i, size_t j)
{
    float sum = 0.0f;

    for (size_t t = 0; t < 9; t++) {
        size_t r = i * g->stride + t / 3 - g->top, c = j * g->stride + t % 3 - g->left;
        int inside = r < g->in_rows && c < g->in_columns; /* what is before 0 is huge */

        sum = fmaf(w[t], inside ? x[r * g->in_columns + c] : 0.0f, sum);
    }
    return sum;
}

void octet_conv_3x3_f32_ref(const octet_conv_3x3 *g)
{
    for (size_t c = 0; c < g->channels; c++) {
        const float *x = g->x + c * g->in_rows * g->in_columns;
        float *y = g->y + c * g->rows * g->columns;

        for (size_t i = 0; i < g->rows; i++)
            for (size_t j = 0; j < g->columns; j++)
                *y++ = octet_finish_ref(sum_3x3(g, x, g->w + c * 9, i, j),
                                        g->bias ? g->bias + c : NULL, &g->out);
    }
}

void octet_conv_pad_f32_ref(size_t rows, const int64_t *source, const float *x, size_t step,
                            size_t left, size_t count, size_t width, float *y)
{
    for (size_t r = 0; r < rows; r++, y += width) {
        memset(y, 0, width * sizeof(*y));
        for (size_t i = 0; source[r] >= 0 && i < count; i++)
            y[left + i] = x[(size_t)source[r] + i * step];
    }
    memset(y, 0, OCTET_CONV_NR * sizeof(*y));
}
