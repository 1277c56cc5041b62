/* ref/gemm.c: matrix product on packed panels, the definition
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#include <math.h>

/* Panels of `width` lines; element (line, r) of the matrix is x[line * line_step + r * depth_step].
 */
static void pack(size_t lines, size_t depth, size_t width, const float *x, size_t line_step,
                 size_t depth_step, float *packed)
{
    for (size_t i0 = 0; i0 < lines; i0 += width)
        for (size_t r = 0; r < depth; r++)
            for (size_t i = i0; i < i0 + width; i++)
                *packed++ = i < lines ? x[i * line_step + r * depth_step] : 0.0f;
}

void octet_gemm_pack_a_f32_ref(size_t m, size_t k, const float *a, size_t row_step, size_t col_step,
                               float *packed)
{
    pack(m, k, OCTET_GEMM_MR, a, row_step, col_step, packed);
}

void octet_gemm_pack_b_f32_ref(size_t k, size_t n, const float *b, size_t row_step, size_t col_step,
                               float *packed)
{
    pack(n, k, OCTET_GEMM_NR, b, col_step, row_step, packed);
}

float octet_finish_ref(float sum, const float *bias, const octet_epilogue *o)
{
    float y = bias ? sum + *bias : sum;

    if (o->act == OCTET_ACT_RELU)
        octet_relu_f32_ref(1, &y, &y);
    else if (o->act == OCTET_ACT_CLIP)
        octet_clip_f32_ref(1, &y, o->lo, o->hi, &y);
    if (o->range && !isfinite(y))
        o->range->not_finite = 1;
    else if (o->range) {
        o->range->min = y < o->range->min ? y + 0.0f : o->range->min;
        o->range->max = y > o->range->max ? y + 0.0f : o->range->max;
    }
    return y;
}

void octet_gemm_block_f32_ref(const octet_gemm_block *g)
{
    for (size_t i = 0; i < g->m; i++) {
        const float *a = g->a + i / OCTET_GEMM_MR * g->a_panel + i % OCTET_GEMM_MR;
        float *c = g->c + i * g->c_row;

        for (size_t j = 0; j < g->n; j++) {
            const float *b = g->b + j / OCTET_GEMM_NR * g->b_panel + j % OCTET_GEMM_NR;
            float sum = g->first ? 0.0f : c[j];

            for (size_t r = 0; r < g->k; r++)
                sum = fmaf(a[r * g->a_row], b[r * g->b_row], sum);
            c[j] = octet_finish_ref(sum, g->bias ? g->bias + j : NULL, &g->out);
        }
    }
}
