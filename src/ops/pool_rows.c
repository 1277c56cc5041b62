/* pool_rows.c: MaxPool and AveragePool of float32 over the last one or two axes, by rows
 * SPDX-License-Identifier: Apache-2.0
 *
 * A plane whose windows reach over its edge is copied into a padded one first: -infinity is never
 * the largest, and +0 changes no sum. The largest of a window is the largest of its rows' largest,
 * which neighbouring windows share; of equal elements the first one wins either way. A sum is one
 * chain over all taps.
 */
#include "base/parallel.h"
#include "ops/fused.h"
#include "ops/pool_common.h"

#include <math.h>
#include <string.h>

/* Planes side by side where a row of outputs is shorter than a vector. */
#define PLANES 64

/* Floats of padded rows at once. */
#define STRIP 4096

typedef struct job {
    const octet_pool *p;
    const octet_kernels *k;
    const octet_finish *finish;
    bool max;
    const float *x;
    float *y;
    size_t in_h, in_w, out_h, out_w; /* as two axes */
    size_t kernel[2], stride[2], dilation[2], lead[2];
    size_t rows, width; /* of the padded plane: what the windows reach */
    size_t span;        /* rows that one window reaches */
    size_t strip;       /* rows of windows handled at once */
    bool direct;        /* it is part of the plane itself */
    size_t row;         /* distance of rows in what is read: width, or in_w */
    size_t planes, taps;
    size_t depth_in, depth_out, depth_step; /* an axis of planes, of which some are left out */
    bool even;                              /* of a maximum: all rows as one */
    size_t wide_row; /* distance of rows that hold the largest of each window's row */
    int64_t *offset; /* of all taps; of a maximum: of a row's taps, then of the rows */
    float *counts;   /* of a sum: what to divide by, one plane */
    float *work;     /* for each worker: padded rows, then rows of the largest */
    size_t padded_size, work_size;
} job;

/* ---- sizes */

static void set_axis(job *j, const octet_conv_shape *s, int32_t axis, int32_t to)
{
    bool is = axis >= 0;

    j->kernel[to] = is ? (size_t)s->kernel[axis] : 1;
    j->stride[to] = is ? (size_t)s->stride[axis] : 1;
    j->dilation[to] = is ? (size_t)s->dilation[axis] : 1;
    j->lead[to] = is ? (size_t)s->pad_begin[axis] : 0;
}

/* What the windows reach; far more than there is: the kernel or its padding is out of all
 * proportion.
 */
static bool reach(const octet_conv_shape *s, int32_t axis, size_t *out)
{
    int64_t span, all;

    if (!octet_mul_i64(s->kernel[axis] - 1, s->dilation[axis], &span) ||
        !octet_mul_i64(s->out[axis] - 1, s->stride[axis], &all))
        return false;
    *out = (size_t)all + (size_t)span + 1;
    return *out <= 4 * ((size_t)s->in[axis] + (size_t)s->out[axis]) + 64;
}

/* A third axis without windows of its own. */
static bool set_depth(job *j, const octet_conv_shape *s)
{
    bool is = s->rank == 3;

    j->depth_in = is ? (size_t)s->in[0] : 1;
    j->depth_out = is ? (size_t)s->out[0] : 1;
    j->depth_step = is ? (size_t)s->stride[0] : 1;
    return !is || (s->kernel[0] == 1 && s->pad_begin[0] == 0 && s->pad_end[0] == 0);
}

static const float *source_plane(const job *j, size_t plane)
{
    size_t at = plane / j->depth_out * j->depth_in + plane % j->depth_out * j->depth_step;

    return j->x + at * j->in_h * j->in_w;
}

static bool set_sizes(job *j)
{
    const octet_conv_shape *s = &j->p->s;
    int32_t last = s->rank - 1;

    set_axis(j, s, last - 1, 0);
    set_axis(j, s, last, 1);
    j->rows = 1;
    if (s->rank > 3 || !set_depth(j, s) || !reach(s, last, &j->width) ||
        (last > 0 && !reach(s, last - 1, &j->rows)))
        return false;
    j->in_h = last > 0 ? (size_t)s->in[last - 1] : 1;
    j->out_h = last > 0 ? (size_t)s->out[last - 1] : 1;
    j->in_w = (size_t)s->in[last];
    j->out_w = (size_t)s->out[last];
    j->planes = (size_t)(s->batch * s->channels) * j->depth_out;
    j->direct = j->lead[0] == 0 && j->lead[1] == 0 && j->rows <= j->in_h && j->width <= j->in_w;
    j->row = j->direct ? j->in_w : (j->width + j->stride[1] - 1) / j->stride[1] * j->stride[1];
    j->span = j->rows - (j->out_h - 1) * j->stride[0];
    return true;
}

/* ---- one plane */

static void pad_row(const job *j, float fill, const float *x, size_t r, float *padded)
{
    size_t left = j->lead[1] < j->row ? j->lead[1] : j->row, width = j->row - left;
    bool inside = r >= j->lead[0] && r - j->lead[0] < j->in_h;

    width = !inside ? 0 : width < j->in_w ? width : j->in_w;
    for (size_t i = 0; i < left; i++)
        padded[i] = fill;
    if (width > 0)
        memcpy(padded + left, x + (r - j->lead[0]) * j->in_w, width * sizeof *x);
    for (size_t i = left + width; i < j->row; i++)
        padded[i] = fill;
}

/* Rows of the padded plane from `first`, for `outputs` rows of windows. */
static const float *pad_rows(const job *j, float fill, const float *x, size_t first, size_t outputs,
                             float *padded)
{
    size_t n = (outputs - 1) * j->stride[0] + j->span;

    if (j->direct)
        return x + first * j->in_w;
    for (size_t r = 0; r < n; r++)
        pad_row(j, fill, x, first + r, padded + r * j->row);
    return padded;
}

/* Rows of windows first, then columns; a few rows at a time, so that they stay in the cache. */
static void max_rows(const job *j, const float *x, size_t outputs, float *wide, float *y)
{
    size_t rows = (outputs - 1) * j->stride[0] + j->span;
    octet_windows across = {.rows = j->even ? 1 : rows,
                            .n = j->even ? (rows - 1) * j->wide_row + j->out_w : j->out_w,
                            .taps = j->kernel[1],
                            .offset = j->offset,
                            .x = x,
                            .x_row = j->row,
                            .step = j->stride[1],
                            .y = wide,
                            .y_row = j->wide_row};
    octet_windows down = {.rows = outputs,
                          .n = j->out_w,
                          .taps = j->kernel[0],
                          .offset = j->offset + j->kernel[1],
                          .x = wide,
                          .x_row = j->stride[0] * j->wide_row,
                          .step = 1,
                          .y = y,
                          .y_row = j->out_w};

    j->k->max_windows_f32(&across);
    j->k->max_windows_f32(&down);
}

static void sum_rows(const job *j, const float *x, size_t outputs, size_t first, float *y)
{
    octet_windows w = {.rows = outputs,
                       .n = j->out_w,
                       .taps = j->taps,
                       .offset = j->offset,
                       .x = x,
                       .x_row = j->stride[0] * j->row,
                       .step = j->stride[1],
                       .y = y,
                       .y_row = j->out_w};

    j->k->sum_windows_f32(&w);
    j->k->div_f32(outputs * j->out_w, y, 1, j->counts + first * j->out_w, 1, y);
}

static void pool_plane(void *arg, size_t plane, int worker)
{
    const job *j = arg;
    float *padded = j->work + (size_t)worker * j->work_size, *wide = padded + j->padded_size;
    const float *x = source_plane(j, plane);
    float *y = j->y + plane * j->out_h * j->out_w, fill = j->max ? -INFINITY : 0.0f;

    for (size_t o = 0; o < j->out_h; o += j->strip, y += j->strip * j->out_w) {
        size_t outputs = j->out_h - o < j->strip ? j->out_h - o : j->strip;
        const float *rows = pad_rows(j, fill, x, o * j->stride[0], outputs, padded);

        if (j->max)
            max_rows(j, rows, outputs, wide, y);
        else
            sum_rows(j, rows, outputs, o, y);
        octet_finish_block(j->finish, worker, outputs * j->out_w, y);
    }
}

/* The same output of many planes at a time. */
static void sum_planes(void *arg, size_t index, int worker)
{
    const job *j = arg;
    size_t first = index * PLANES, in_plane = j->in_h * j->in_w, n = j->out_h * j->out_w;
    size_t count = j->planes - first < PLANES ? j->planes - first : PLANES;
    const float *x = j->x + first * in_plane;
    float *y = j->y + first * n, sums[PLANES];
    octet_windows w = {
        .rows = 1, .n = count, .taps = j->taps, .offset = j->offset, .step = in_plane, .y = sums};

    for (size_t o = 0; o < n; o++) {
        size_t at = o / j->out_w * j->stride[0] * j->row + o % j->out_w * j->stride[1];

        w.x = x + at;
        j->k->sum_windows_f32(&w);
        j->k->div_f32(count, sums, 1, &j->counts[o], 0, sums);
        for (size_t i = 0; i < count; i++)
            y[i * n + o] = sums[i];
    }
    octet_finish_block(j->finish, worker, count * n, y);
}

/* ---- all planes */

/* wide_row: floats of `wide` for each row. */
static octet_status allocate(octet_eval *e, job *j, size_t offsets, size_t wide_row)
{
    size_t workers = (size_t)(e->threads > 1 ? e->threads : 1), rows;

    j->strip = 1;
    while (j->strip < j->out_h && (j->strip * j->stride[0] + j->span) * j->row <= STRIP)
        j->strip++;
    rows = (j->strip - 1) * j->stride[0] + j->span;
    j->padded_size = j->direct ? 0 : rows * j->row;
    j->work_size = j->padded_size + rows * wide_row + 16;
    j->offset = octet_eval_scratch(e, offsets * sizeof *j->offset);
    j->work = octet_eval_scratch(e, workers * j->work_size * sizeof *j->work);
    OCTET_TRY_ALLOC(e->diag, j->offset);
    OCTET_TRY_ALLOC(e->diag, j->work);
    return OCTET_OK;
}

/* Rows of the plane that are in step with the windows are taken as one long row, unless too much of
 * it is wasted. */
static octet_status prepare_max(octet_eval *e, job *j)
{
    size_t steps = j->row / j->stride[1];

    j->even = j->row % j->stride[1] == 0 && steps < j->out_w + j->out_w / 4 + 8;
    j->wide_row = j->even ? steps : j->out_w;
    OCTET_TRY(allocate(e, j, j->kernel[0] + j->kernel[1], j->wide_row + 1));
    for (size_t t = 0; t < j->kernel[1]; t++)
        j->offset[t] = (int64_t)(t * j->dilation[1]);
    for (size_t t = 0; t < j->kernel[0]; t++)
        j->offset[j->kernel[1] + t] = (int64_t)(t * j->dilation[0] * j->wide_row);
    return OCTET_OK;
}

static octet_status prepare_sum(octet_eval *e, job *j)
{
    size_t t = 0, n = j->out_h * j->out_w;

    j->taps = j->kernel[0] * j->kernel[1];
    OCTET_TRY(allocate(e, j, j->taps, 0));
    for (size_t r = 0; r < j->kernel[0]; r++)
        for (size_t c = 0; c < j->kernel[1]; c++)
            j->offset[t++] = (int64_t)(r * j->dilation[0] * j->row + c * j->dilation[1]);
    j->counts = octet_eval_scratch(e, n * sizeof *j->counts);
    OCTET_TRY_ALLOC(e->diag, j->counts);
    for (size_t o = 0; o < n; o++) {
        int32_t h = j->p->s.rank - 2;
        int64_t r = h >= 0 ? octet_pool_axis_count(j->p, h, (int64_t)(o / j->out_w)) : 1;
        float count = (float)r * j->p->columns[o % j->out_w];

        j->counts[o] = count == 0.0f ? 1.0f : count; /* an empty window: +0 */
    }
    return OCTET_OK;
}

octet_status octet_pool_rows(octet_eval *e, const octet_pool *p, bool max, bool *done)
{
    job j = {.p = p, .k = e->k, .max = max, .x = e->in[0]->data, .y = e->out[0].data};
    octet_finish finish;
    bool across;

    *done = octet_tensor_count(&e->out[0]) == 0 || set_sizes(&j);
    if (!*done || octet_tensor_count(&e->out[0]) == 0)
        return OCTET_OK;
    OCTET_TRY(max ? prepare_max(e, &j) : prepare_sum(e, &j));
    OCTET_TRY(octet_finish_begin(e, &finish));
    j.finish = &finish;
    across = !max && j.direct && j.out_w < 4 && p->s.rank < 3;
    octet_parallel_for(across ? (j.planes + PLANES - 1) / PLANES : j.planes, e->threads,
                       across ? sum_planes : pool_plane, &j);
    octet_finish_end(e, &finish);
    return OCTET_OK;
}
