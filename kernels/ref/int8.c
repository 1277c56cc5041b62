/* ref/int8.c: products of 8- and 16-bit integers and what becomes of them, the definition
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#include <math.h>

/* ---- panels */

void octet_im2col_q8_ref(size_t quads, const int64_t *offset, size_t n_runs, const octet_run *runs,
                         size_t step, const uint8_t *x, uint8_t flip, uint8_t *panel)
{
    for (size_t t = 0; t < 4 * quads; t++) {
        const uint8_t *from = x + offset[t];
        uint8_t *row = panel + t / 4 * 4 * OCTET_GEMM_NR + t % 4;
        size_t j = 0;

        for (size_t r = 0; r < n_runs; r++)
            for (size_t i = 0; i < runs[r].length; i++)
                row[4 * j++] = from[runs[r].start + (int64_t)(i * step)] ^ flip;
        for (; j < OCTET_GEMM_NR; j++)
            row[4 * j] = 0;
    }
}

/* ---- products: unsigned arithmetic wraps */

static int32_t saturate_16(int32_t v)
{
    return v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v;
}

static uint32_t quad(const uint8_t *x, const int8_t *w)
{
    return (uint32_t)(x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + x[3] * w[3]);
}

static uint32_t quad_pairs(const uint8_t *x, const int8_t *w)
{
    return (uint32_t)(saturate_16(x[0] * w[0] + x[1] * w[1]) +
                      saturate_16(x[2] * w[2] + x[3] * w[3]));
}

#define GEMM(kernel, type_a, type_b, product)                                                      \
    void octet_##kernel##_ref(const octet_gemm_q8 *g)                                              \
    {                                                                                              \
        for (size_t i = 0; i < g->m; i++) {                                                        \
            const type_a *a =                                                                      \
                (const type_a *)g->a + i / OCTET_GEMM_MR * g->a_panel + i % OCTET_GEMM_MR * 4;     \
                                                                                                   \
            for (size_t j = 0; j < g->n; j++) {                                                    \
                const type_b *b =                                                                  \
                    (const type_b *)g->b + j / OCTET_GEMM_NR * g->b_panel + j % OCTET_GEMM_NR * 4; \
                uint32_t sum = 0;                                                                  \
                                                                                                   \
                for (size_t q = 0; q < g->quads; q++) {                                            \
                    const type_a *pa = a + q * 4 * OCTET_GEMM_MR;                                  \
                    const type_b *pb = b + q * 4 * OCTET_GEMM_NR;                                  \
                    sum += product;                                                                \
                }                                                                                  \
                g->c[i * g->c_row + j] = (int32_t)sum;                                             \
            }                                                                                      \
        }                                                                                          \
    }

GEMM(gemm_u8s8, uint8_t, int8_t, quad(pa, pb))
GEMM(gemm_s8u8, int8_t, uint8_t, quad(pb, pa))
GEMM(gemm_u8s8_pairs, uint8_t, int8_t, quad_pairs(pa, pb))
GEMM(gemm_s8u8_pairs, int8_t, uint8_t, quad_pairs(pb, pa))

void octet_conv_row_q8_ref(size_t n, size_t quads, const int64_t *offset, const uint8_t *x,
                           size_t step, uint8_t flip, const int8_t *w, int32_t *y)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t sum = 0;

        for (size_t t = 0; t < 4 * quads; t++)
            sum += (uint32_t)(w[t] * (x[offset[t] + (int64_t)(i * step)] ^ flip));
        y[i] = (int32_t)sum;
    }
}

/* ---- 16-bit integers */

void octet_im2col_s16_ref(size_t pairs, const int64_t *offset, size_t n_runs, const octet_run *runs,
                          size_t step, const uint16_t *x, uint16_t flip, int16_t *panel)
{
    for (size_t t = 0; t < 2 * pairs; t++) {
        const uint16_t *from = x + offset[t];
        int16_t *row = panel + t / 2 * 2 * OCTET_GEMM_NR + t % 2;
        size_t j = 0;

        for (size_t r = 0; r < n_runs; r++)
            for (size_t i = 0; i < runs[r].length; i++)
                row[2 * j++] = (int16_t)(from[runs[r].start + (int64_t)(i * step)] ^ flip);
        for (; j < OCTET_GEMM_NR; j++)
            row[2 * j] = 0;
    }
}

void octet_gemm_s16_ref(const octet_gemm_q8 *g)
{
    for (size_t i = 0; i < g->m; i++) {
        const int16_t *a =
            (const int16_t *)g->a + i / OCTET_GEMM_MR * (g->a_panel / 2) + i % OCTET_GEMM_MR * 2;

        for (size_t j = 0; j < g->n; j++) {
            const int16_t *b = (const int16_t *)g->b + j / OCTET_GEMM_NR * (g->b_panel / 2) +
                               j % OCTET_GEMM_NR * 2;
            uint32_t sum = 0;

            for (size_t p = 0; p < g->quads; p++)
                for (size_t t = 0; t < 2; t++)
                    sum += (uint32_t)(a[2 * p * OCTET_GEMM_MR + t] * b[2 * p * OCTET_GEMM_NR + t]);
            g->c[i * g->c_row + j] = (int32_t)sum;
        }
    }
}

void octet_conv_row_s16_ref(size_t n, size_t pairs, const int64_t *offset, const uint16_t *x,
                            size_t step, uint16_t flip, const int16_t *w, int32_t *y)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t sum = 0;

        for (size_t t = 0; t < 2 * pairs; t++)
            sum += (uint32_t)(w[t] * (int16_t)(x[offset[t] + (int64_t)(i * step)] ^ flip));
        y[i] = (int32_t)sum;
    }
}

/* ---- results */

static int32_t value(const octet_requant *r, size_t i, size_t j)
{
    uint32_t v = (uint32_t)r->acc[i * r->acc_row + j];

    v += r->row_add != NULL ? (uint32_t)r->row_add[i * r->row_step] : 0;
    v += r->col_add != NULL ? (uint32_t)r->col_add[j] : 0;
    if (r->row_factor != NULL)
        v += (uint32_t)r->row_factor[i * r->row_step] * (uint32_t)r->col_factor[j];
    return (int32_t)v;
}

static int32_t clamp(const octet_requant *r, int64_t v)
{
    return (int32_t)(v < r->lo ? r->lo : v > r->hi ? r->hi : v);
}

/* Clamped before it is rounded, which is the same and keeps it small; NaN becomes lo. */
static int32_t nearest(const octet_requant *r, int32_t v, float scale)
{
    float lo = (float)(r->lo - r->zero_point), hi = (float)(r->hi - r->zero_point);
    float f = (float)v * scale;

    f = f > lo ? f : lo;
    f = f < hi ? f : hi;
    return (int32_t)rintf(f) + r->zero_point;
}

/* C's cast from float is defined within int32 alone: what is outside goes to the bounds. */
static int32_t away(const octet_requant *r, int32_t v, float scale)
{
    float f = (float)v * scale / r->divisor + (float)r->zero_point;

    f = f > -0x1p31f ? f : -0x1p31f;
    f = f < 0x1.fffffep30f ? f : 0x1.fffffep30f;
    return (int32_t)roundf(f);
}

static int32_t fixed(const octet_requant *r, int32_t v, int32_t multiplier, int32_t shift)
{
    int32_t left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
    int32_t least = INT32_MIN >> left, most = INT32_MAX >> left;
    int64_t held = v < least ? least : v > most ? most : v;
    int64_t product = held * (INT64_C(1) << left) * multiplier;
    int64_t high = (product + (INT64_C(1) << 30)) >> 31;
    int64_t mask = (INT64_C(1) << right) - 1, rest = high & mask;
    int64_t rounded = (high >> right) + (rest > (mask >> 1) + (high < 0));

    return clamp(r, rounded + r->zero_point);
}

#define REQUANTIZE(kernel, type, result)                                                           \
    void octet_##kernel##_ref(const octet_requant *r)                                              \
    {                                                                                              \
        for (size_t i = 0; i < r->m; i++)                                                          \
            for (size_t j = 0; j < r->n; j++) {                                                    \
                size_t s = i * r->scale_row + j * r->scale_col;                                    \
                int32_t v = value(r, i, j);                                                        \
                                                                                                   \
                (void)s;                                                                           \
                ((type *)r->y)[i * r->y_row + j] = (type)(result);                                 \
            }                                                                                      \
    }

REQUANTIZE(requantize_s32, int32_t, v)
REQUANTIZE(requantize_f32, float,
           r->bias != NULL ? (float)v * r->scale[s] + r->bias[j] : (float)v * r->scale[s])
REQUANTIZE(requantize_nearest, uint8_t, nearest(r, v, r->scale[s]))
REQUANTIZE(requantize_away, uint8_t, away(r, v, r->scale[s]))
REQUANTIZE(requantize_fixed, uint8_t, fixed(r, v, r->multiplier[s], r->shift[s]))
REQUANTIZE(requantize_nearest_16, uint16_t, nearest(r, v, r->scale[s]))
REQUANTIZE(requantize_away_16, uint16_t, away(r, v, r->scale[s]))
REQUANTIZE(requantize_fixed_16, uint16_t, fixed(r, v, r->multiplier[s], r->shift[s]))

/* ---- channels one by one */

static void depth_fill(const octet_depth_q8 *g, const uint8_t *x)
{
    for (size_t r = 0; r < g->in_rows; r++)
        for (size_t c = 0; c < g->in_columns; c++) {
            size_t i = g->top + r, j = g->left + c;
            size_t phase = i % g->row_step * g->column_step + j % g->column_step;

            g->image[phase * g->plane + i / g->row_step * g->pitch + j / g->column_step] =
                x[r * g->in_columns + c] ^ g->flip;
        }
}

void octet_depth_q8_ref(const octet_depth_q8 *g)
{
    for (size_t c = 0; c < g->channels; c++) {
        const int8_t *w = g->w + c * 4 * g->quads;

        depth_fill(g, g->x + c * g->in_rows * g->in_columns);
        for (size_t i = 0; i < g->rows; i++)
            for (size_t j = 0; j < g->columns; j++) {
                uint32_t sum = (uint32_t)g->add[c];
                int32_t acc;

                for (size_t t = 0; t < 4 * g->quads; t++)
                    sum += (uint32_t)(g->image[g->offset[t] + (int64_t)(i * g->pitch + j)] * w[t]);
                acc = (int32_t)sum;
                octet_requantize_nearest_ref(
                    &(octet_requant){.m = 1,
                                     .n = 1,
                                     .acc = &acc,
                                     .scale = g->scale + c * g->scale_step,
                                     .zero_point = g->zero_point,
                                     .lo = g->lo,
                                     .hi = g->hi,
                                     .y = g->y + (c * g->rows + i) * g->columns + j});
            }
    }
}
