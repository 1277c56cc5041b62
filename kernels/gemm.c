/* gemm.c: whole matrix products from the block kernel
 * SPDX-License-Identifier: Apache-2.0
 *
 * Blocks over k continue from the sums already in C, so cutting does not change the order of a
 * chain.
 */
#include "kernels.h"

/* Columns and rows of one round: a block of B (KC x NC floats) and one of A (MC x KC) fit in 1 MB.
 */
#define NC (8 * (size_t)OCTET_GEMM_NR)
#define MC (32 * (size_t)OCTET_GEMM_MR)

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t panel_size(size_t count, size_t panel, size_t depth)
{
    size_t padded = (count + panel - 1) / panel * panel;

    if (padded < count || (depth > 0 && padded > SIZE_MAX / sizeof(float) / depth))
        return SIZE_MAX;
    return padded * depth;
}

size_t octet_gemm_a_size(size_t m, size_t k)
{
    return panel_size(m, OCTET_GEMM_MR, k);
}

size_t octet_gemm_b_size(size_t k, size_t n)
{
    return panel_size(n, OCTET_GEMM_NR, k);
}

size_t octet_conv_wide_part_size(size_t m)
{
    return panel_size(m, 8, OCTET_CONV_NR);
}

size_t octet_conv_tall_part_size(size_t m, size_t positions)
{
    return panel_size(m, OCTET_GEMM_NR, positions);
}

static void run_block(const octet_kernels *kernels, const octet_gemm_block *g, size_t k0, size_t j0)
{
    size_t kc = min_size(g->k - k0, OCTET_GEMM_KC);
    octet_gemm_block block = *g;
    int last = k0 + kc == g->k;

    block.n = min_size(g->n - j0, NC);
    block.k = kc;
    block.first = k0 == 0;
    for (size_t i0 = 0; i0 < g->m; i0 += MC) {
        block.m = min_size(g->m - i0, MC);
        block.a = g->a + i0 / OCTET_GEMM_MR * g->a_panel + k0 * g->a_row;
        block.b = g->b + j0 / OCTET_GEMM_NR * g->b_panel + k0 * g->b_row;
        block.c = g->c + i0 * g->c_row + j0;
        block.bias = g->bias && last ? g->bias + j0 : NULL;
        block.out = last ? g->out : (octet_epilogue){.act = OCTET_ACT_NONE};
        kernels->gemm_block_f32(&block);
    }
}

void octet_gemm_f32(const octet_kernels *kernels, const octet_gemm_block *g)
{
    for (size_t j0 = 0; j0 < g->n; j0 += NC) {
        size_t k0 = 0;

        do { /* once also for an empty reduction, which gives +0 and the bias */
            run_block(kernels, g, k0, j0);
            k0 += OCTET_GEMM_KC;
        } while (k0 < g->k);
    }
}
