/* conv_sum.c: sums over taps, as matrix products or row by row
 * SPDX-License-Identifier: Apache-2.0
 *
 * A group with several output channels is a product of its weights with panels of input values,
 * gathered for a few output positions at a time; a group with one or two is summed row by row. Both
 * give every output the same chain of products.
 */
#include "base/parallel.h"
#include "ops/conv_common.h"

#include <math.h>
#include <string.h>

/* Positions handled at once: their panels (KC x TILE floats) stay in the second-level cache. */
#define TILE (4 * (size_t)OCTET_GEMM_NR)

bool octet_conv_sum_packs(size_t m)
{
    return m > 2;
}

size_t octet_conv_packed_size(size_t groups, size_t m, size_t taps)
{
    size_t one = octet_gemm_a_size(m, taps), all;

    if (one == SIZE_MAX || !octet_mul_size(one, groups, &all) || all > SIZE_MAX / sizeof(float))
        return SIZE_MAX;
    return all;
}

void octet_conv_pack(const octet_kernels *k, size_t groups, size_t m, size_t taps, const float *w,
                     float *packed)
{
    for (size_t g = 0; g < groups; g++)
        k->gemm_pack_a_f32(m, taps, w + g * m * taps, taps, 1,
                           packed + g * octet_gemm_a_size(m, taps));
}

/* ---- sizes and offsets */

static bool product(const int64_t *dims, int32_t n, size_t *out)
{
    *out = 1;
    for (int32_t i = 0; i < n; i++)
        if (!octet_mul_size(*out, (size_t)dims[i], out))
            return false;
    return true;
}

octet_status octet_conv_sum_sizes(octet_eval *e, octet_conv_sum *s)
{
    uint64_t limit = e->g->model->ctx->limits.max_tensor_bytes;
    size_t all;

    if (!product(s->in, s->rank, &s->in_plane) || !product(s->padded, s->rank, &s->plane) ||
        !product(s->out, s->rank, &s->positions) || !octet_mul_size(s->plane, s->channels, &all) ||
        all > INT64_MAX / 16 || (limit != 0 && all * s->element > limit))
        return octet_fail(e->diag, OCTET_ERR_DATA, "the padded input is too large");
    s->direct = true;
    for (int32_t i = 0; i < s->rank; i++)
        if (s->lead[i] != 0 || s->padded[i] != s->in[i])
            s->direct = false;
    return OCTET_OK;
}

static void element_strides(int32_t rank, const int64_t *dims, int64_t *strides)
{
    int64_t stride = 1;

    for (int32_t i = rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= dims[i];
    }
}

/* Next index below dims in row-major order; false after the last. */
static bool advance(int32_t rank, const int64_t *dims, int64_t *index)
{
    for (int32_t i = rank - 1; i >= 0; i--) {
        if (++index[i] < dims[i])
            return true;
        index[i] = 0;
    }
    return false;
}

static void fill_offsets(const octet_conv_shape *s, const int64_t *strides, octet_conv_sum *sum)
{
    size_t t = 0;

    for (size_t c = 0; c < sum->channels; c++) {
        int64_t tap[OCTET_MAX_SPATIAL] = {0};

        do {
            int64_t at = (int64_t)(c * sum->plane);

            for (int32_t i = 0; i < s->rank; i++)
                at += tap[i] * s->dilation[i] * strides[i];
            sum->offset[t++] = at;
        } while (advance(s->rank, s->kernel, tap));
    }
}

octet_status octet_conv_sum_init(octet_eval *e, const octet_conv_shape *s, size_t element,
                                 octet_conv_sum *out)
{
    int64_t strides[OCTET_MAX_SPATIAL];
    size_t kernel, bytes;

    memset(out, 0, sizeof(*out));
    out->element = element;
    out->batch = (size_t)s->batch;
    out->groups = (size_t)s->group;
    out->rank = s->rank;
    out->channels = (size_t)(s->channels / s->group);
    out->m = (size_t)(s->out_channels / s->group);
    for (int32_t i = 0; i < s->rank; i++) {
        out->in[i] = s->in[i];
        out->lead[i] = s->pad_begin[i];
        out->padded[i] = s->in[i] + s->pad_begin[i] + s->pad_end[i];
        out->out[i] = s->out[i];
    }
    OCTET_TRY(octet_conv_sum_sizes(e, out));
    element_strides(s->rank, out->padded, strides);
    for (int32_t i = 0; i < s->rank; i++)
        out->step[i] = strides[i] * s->stride[i];
    if (!product(s->kernel, s->rank, &kernel) ||
        !octet_mul_size(kernel, out->channels, &out->taps) ||
        !octet_mul_size(out->taps, sizeof(*out->offset), &bytes))
        return octet_fail(e->diag, OCTET_ERR_DATA, "the kernel is too large");
    out->offset = octet_eval_scratch(e, bytes);
    OCTET_TRY_ALLOC(e->diag, out->offset);
    if (out->taps > 0)
        fill_offsets(s, strides, out);
    return OCTET_OK;
}

/* ---- padding */

/* Copies one channel into its padded image; what lies around it is +0. */
static void pad_channel(const octet_conv_sum *s, const uint8_t *x, uint8_t *padded)
{
    int64_t from[OCTET_MAX_SPATIAL], count[OCTET_MAX_SPATIAL], index[OCTET_MAX_SPATIAL] = {0};
    int64_t in_strides[OCTET_MAX_SPATIAL], strides[OCTET_MAX_SPATIAL];
    int32_t last = s->rank - 1;

    memset(padded, 0, s->plane * s->element);
    for (int32_t i = 0; i < s->rank; i++) {
        int64_t end = s->lead[i] + s->in[i] < s->padded[i] ? s->lead[i] + s->in[i] : s->padded[i];

        from[i] = s->lead[i] > 0 ? s->lead[i] : 0;
        count[i] = end - from[i];
        if (count[i] <= 0)
            return;
    }
    element_strides(s->rank, s->in, in_strides);
    element_strides(s->rank, s->padded, strides);
    do {
        int64_t src = from[last] - s->lead[last], dst = from[last];

        for (int32_t i = 0; i < last; i++) {
            src += (from[i] + index[i] - s->lead[i]) * in_strides[i];
            dst += (from[i] + index[i]) * strides[i];
        }
        memcpy(padded + (size_t)dst * s->element, x + (size_t)src * s->element,
               (size_t)count[last] * s->element);
    } while (advance(last, count, index));
}

static const void *pad_group(const octet_conv_sum *s, const uint8_t *x, void *buffer)
{
    if (s->direct)
        return x;
    for (size_t c = 0; c < s->channels; c++)
        pad_channel(s, x + c * s->in_plane * s->element,
                    (uint8_t *)buffer + c * s->plane * s->element);
    return buffer;
}

/* ---- one group of one image */

typedef struct job {
    const octet_kernels *k;
    const octet_conv_sum *s;
    uint8_t *padded; /* per worker */
    size_t padded_bytes;
    float *panels; /* per worker */
    size_t panel_floats;
    uint8_t *sheets; /* per worker */
    size_t sheet_bytes, pitch;
    const float *x, *packed, *bias; /* of the one group whose tiles are shared out */
    float *y;
} job;

/* Element offset of output position p. */
static int64_t position(const octet_conv_sum *s, size_t p)
{
    int64_t at = 0;

    for (int32_t i = s->rank - 1; i >= 0; i--) {
        at += (int64_t)(p % (size_t)s->out[i]) * s->step[i];
        p /= (size_t)s->out[i];
    }
    return at;
}

/* Positions [p, p + n) as runs along the last axis; neighbours that continue each other are joined.
 */
static size_t find_runs(const octet_conv_sum *s, size_t p, size_t n, octet_run *runs)
{
    size_t width = (size_t)s->out[s->rank - 1], count = 0;

    while (n > 0) {
        size_t length = width - p % width < n ? width - p % width : n;
        int64_t start = position(s, p);
        octet_run *last = count > 0 ? &runs[count - 1] : NULL;

        if (last != NULL && last->start + (int64_t)last->length * s->step[s->rank - 1] == start)
            last->length += length;
        else
            runs[count++] = (octet_run){.start = start, .length = length};
        p += length;
        n -= length;
    }
    return count;
}

static void run_tile(const job *j, const float *x, const float *packed, const float *bias, float *y,
                     size_t tile, float *panels)
{
    const octet_conv_sum *s = j->s;
    octet_run runs[TILE / OCTET_GEMM_NR][OCTET_GEMM_NR];
    size_t n_runs[TILE / OCTET_GEMM_NR];
    size_t from = tile * TILE, n = s->positions - from < TILE ? s->positions - from : TILE;
    size_t n_panels = (n + OCTET_GEMM_NR - 1) / OCTET_GEMM_NR, k0 = 0;

    for (size_t i = 0; i < n_panels; i++) {
        size_t left = n - i * OCTET_GEMM_NR;

        n_runs[i] = find_runs(s, from + i * OCTET_GEMM_NR,
                              left < OCTET_GEMM_NR ? left : OCTET_GEMM_NR, runs[i]);
    }
    do {
        size_t kc = s->taps - k0 < OCTET_GEMM_KC ? s->taps - k0 : OCTET_GEMM_KC;
        octet_gemm_block block = {
            .m = s->m,
            .n = n,
            .k = kc,
            .a = packed + k0 * OCTET_GEMM_MR,
            .a_panel = s->taps * OCTET_GEMM_MR,
            .b = panels,
            .b_panel = OCTET_GEMM_KC * OCTET_GEMM_NR,
            .b_row = OCTET_GEMM_NR,
            .c = y + from,
            .c_row = s->positions,
            .first = k0 == 0,
            .bias = k0 + kc == s->taps ? bias : NULL,
        };

        for (size_t i = 0; i < n_panels; i++)
            j->k->im2col_f32(kc, s->offset + k0, n_runs[i], runs[i], (size_t)s->step[s->rank - 1],
                             x, panels + i * block.b_panel);
        j->k->gemm_block_f32(&block);
        k0 += kc;
    } while (k0 < s->taps);
}

static size_t tile_count(const octet_conv_sum *s)
{
    return (s->positions + TILE - 1) / TILE;
}

/* Rows of narrow outputs are summed as one long row that runs on through the padding between them;
 * what it yields there is left out. Elements from row to row of such a sheet, 0: not worth it. */
static size_t sheet_pitch(const octet_conv_sum *s)
{
    size_t width = (size_t)s->out[s->rank - 1], pitch;

    if (s->rank < 2 || width >= 64 || s->step[s->rank - 2] % s->step[s->rank - 1] != 0)
        return 0;
    pitch = (size_t)(s->step[s->rank - 2] / s->step[s->rank - 1]);
    return pitch >= width && pitch <= width + width / 4 + 4 ? pitch : 0;
}

static size_t sheet_length(const octet_conv_sum *s, size_t pitch)
{
    return (size_t)(s->out[s->rank - 2] - 1) * pitch + (size_t)s->out[s->rank - 1];
}

/* All rows of one output channel from x on, through the worker's sheet. */
static void run_sheet(const job *j, const uint8_t *x, const uint8_t *w, const uint8_t *bias,
                      uint8_t *y, uint8_t *sheet)
{
    const octet_conv_sum *s = j->s;
    size_t row = (size_t)s->out[s->rank - 1] * s->element;

    s->row(j->k, sheet_length(s, j->pitch), s->taps, s->offset, x, (size_t)s->step[s->rank - 1], w,
           bias, sheet);
    for (int64_t i = 0; i < s->out[s->rank - 2]; i++)
        memcpy(y + (size_t)i * row, sheet + (size_t)i * j->pitch * s->element, row);
}

static void run_rows(const job *j, const uint8_t *x, const uint8_t *w, const uint8_t *bias,
                     uint8_t *y, uint8_t *sheet)
{
    const octet_conv_sum *s = j->s;
    size_t width = (size_t)s->out[s->rank - 1];
    size_t stretch = j->pitch > 0 ? width * (size_t)s->out[s->rank - 2] : width;

    for (size_t p = 0; p < s->positions; p += stretch) {
        const uint8_t *from = x + (size_t)position(s, p) * s->element;

        for (size_t m = 0; m < s->m; m++) {
            const uint8_t *wm = w + m * s->taps * s->element;
            const uint8_t *bm = bias ? bias + m * s->element : NULL;
            uint8_t *to = y + (m * s->positions + p) * s->element;

            if (j->pitch > 0)
                run_sheet(j, from, wm, bm, to, sheet);
            else
                s->row(j->k, width, s->taps, s->offset, from, (size_t)s->step[s->rank - 1], wm, bm,
                       to);
        }
    }
}

/* The worker's part of scratch that there may be none of. */
static uint8_t *share(uint8_t *blocks, int worker, size_t bytes)
{
    return blocks != NULL ? blocks + (size_t)worker * bytes : NULL;
}

static void group_body(void *arg, size_t index, int worker)
{
    const job *j = arg;
    const octet_conv_sum *s = j->s;
    size_t g = index % s->groups;
    const uint8_t *x = (const uint8_t *)s->x + index * s->channels * s->in_plane * s->element;
    uint8_t *y = (uint8_t *)s->y + index * s->m * s->positions * s->element;
    const uint8_t *bias = s->bias ? (const uint8_t *)s->bias + g * s->m * s->element : NULL;

    x = pad_group(s, x, share(j->padded, worker, j->padded_bytes));
    if (s->packed == NULL) {
        run_rows(j, x, (const uint8_t *)s->w + g * s->m * s->taps * s->element, bias, y,
                 share(j->sheets, worker, j->sheet_bytes));
        return;
    }
    for (size_t t = 0; t < tile_count(s); t++)
        run_tile(j, (const float *)(const void *)x,
                 s->packed + g * octet_gemm_a_size(s->m, s->taps),
                 (const float *)(const void *)bias, (float *)(void *)y, t,
                 j->panels + (size_t)worker * j->panel_floats);
}

static void tile_body(void *arg, size_t index, int worker)
{
    const job *j = arg;

    run_tile(j, j->x, j->packed, j->bias, j->y, index,
             j->panels + (size_t)worker * j->panel_floats);
}

static octet_status make_scratch(octet_eval *e, job *j, size_t workers)
{
    const octet_conv_sum *s = j->s;
    size_t bytes;

    if (!s->direct) {
        /* octet_conv_sum_sizes bounded the product */
        j->padded_bytes = (s->channels * s->plane * s->element + 63) / 64 * 64;
        if (!octet_mul_size(j->padded_bytes, workers, &bytes))
            return octet_fail_nomem(e->diag);
        j->padded = octet_eval_scratch(e, bytes);
        OCTET_TRY_ALLOC(e->diag, j->padded);
    }
    if (s->packed != NULL) {
        j->panel_floats = OCTET_GEMM_KC * TILE;
        j->panels = octet_eval_scratch(e, workers * j->panel_floats * sizeof(float));
        OCTET_TRY_ALLOC(e->diag, j->panels);
        return OCTET_OK;
    }
    j->pitch = sheet_pitch(s);
    if (j->pitch > 0) { /* no longer than the padded plane */
        j->sheet_bytes = (sheet_length(s, j->pitch) * s->element + 63) / 64 * 64;
        if (!octet_mul_size(j->sheet_bytes, workers, &bytes))
            return octet_fail_nomem(e->diag);
        j->sheets = octet_eval_scratch(e, bytes);
        OCTET_TRY_ALLOC(e->diag, j->sheets);
    }
    return OCTET_OK;
}

octet_status octet_conv_sum_run(octet_eval *e, const octet_conv_sum *s)
{
    size_t units = s->batch * s->groups;
    int threads = e->threads > 1 ? e->threads : 1;
    job j = {.k = e->k, .s = s};

    if (units == 0 || s->m == 0 || s->positions == 0)
        return OCTET_OK;
    if (units > 1 && (size_t)threads > units)
        threads = (int)units;
    OCTET_TRY(make_scratch(e, &j, (size_t)threads));
    if (units > 1 || s->packed == NULL) {
        octet_parallel_for(units, threads, group_body, &j);
        return OCTET_OK;
    }
    j.x = pad_group(s, s->x, j.padded);
    j.packed = s->packed;
    j.bias = s->bias;
    j.y = s->y;
    octet_parallel_for(tile_count(s), threads, tile_body, &j);
    return OCTET_OK;
}

/* ---- rows */

void octet_conv_row_f32(const octet_kernels *k, size_t n, size_t taps, const int64_t *offset,
                        const void *x, size_t step, const void *w, const void *bias, void *y)
{
    k->conv_row_f32(n, taps, offset, x, step, w, bias, y);
}

void octet_conv_row_f64(const octet_kernels *k, size_t n, size_t taps, const int64_t *offset,
                        const void *x, size_t step, const void *w, const void *bias, void *y)
{
    const double *px = x, *pw = w, *pb = bias;
    double *py = y;

    (void)k;
    for (size_t i = 0; i < n; i++) {
        double sum = 0;

        for (size_t t = 0; t < taps; t++)
            sum = fma(pw[t], px[offset[t] + (int64_t)(i * step)], sum);
        py[i] = pb ? sum + *pb : sum;
    }
}

/* Unsigned arithmetic wraps where int32 would overflow. */
void octet_conv_row_i32(const octet_kernels *k, size_t n, size_t taps, const int64_t *offset,
                        const void *x, size_t step, const void *w, const void *bias, void *y)
{
    const uint32_t *px = x, *pw = w, *pb = bias;
    uint32_t *py = y;

    (void)k;
    for (size_t i = 0; i < n; i++)
        py[i] = pb ? *pb : 0;
    for (size_t t = 0; t < taps; t++)
        for (size_t i = 0; i < n; i++)
            py[i] += pw[t] * px[offset[t] + (int64_t)(i * step)];
}

octet_status octet_conv_i32(octet_eval *e, const octet_conv_shape *s, const int32_t *x,
                            const int32_t *w, const int32_t *bias, int32_t *y)
{
    octet_conv_sum sum;

    OCTET_TRY(octet_conv_sum_init(e, s, sizeof(int32_t), &sum));
    sum.x = x;
    sum.w = w;
    sum.bias = bias;
    sum.y = y;
    sum.row = octet_conv_row_i32;
    return octet_conv_sum_run(e, &sum);
}
