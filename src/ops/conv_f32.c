/* conv_f32.c: sums over taps in float32
 * SPDX-License-Identifier: Apache-2.0
 *
 * Nothing is gathered: with strides split into phases, neighbouring outputs of a row read
 * neighbouring elements of the image, so the kernels load them from where they are. Large images
 * are summed with vectors across positions, which run on through the padding between two rows;
 * small ones with vectors across output channels; groups with one or two output channels channel by
 * channel. Every output is the same chain of products in all three. A large image is made band by
 * band, so that what is copied is still near when it is summed.
 */
#include "base/parallel.h"
#include "ops/conv_image.h"
#include "ops/fused.h"

#include <string.h>

/* Positions that are summed at once with vectors across channels. */
#define TALL_POSITIONS 256

/* Shorter runs are gathered into panels first. */
#define SHORT_RUN 4

typedef enum method { DEPTH_3X3, DEPTH, WIDE, TALL, TALL_GATHERED } method;

/* Everything a worker writes. */
typedef struct workspace {
    float *image, *part, *panels;
    int64_t *rows; /* of a panel: TALL_GATHERED */
} workspace;

typedef struct job {
    const octet_kernels *k;
    const octet_conv_sum *s;
    const octet_finish *finish;
    method how;
    octet_conv_sum band; /* the sum of a band: some of the outputs' indices on the first axis */
    size_t bands;
    size_t stretch;  /* taps at a time */
    size_t outputs;  /* channels at a time */
    bool rows;       /* WIDE: tiles end with rows */
    size_t *begin;   /* WIDE: first output of each tile of a band */
    size_t tiles;    /* of a band */
    int64_t *source; /* by row of the whole image: the input's, or -1 */
    workspace *workers;
} job;

/* ---- the image */

/* A row of the image for each index of the phases and of all axes but the last: where it begins in
 * the input. Phases of the last axis, whose columns differ, take the same rows. */
static void fill_sources(const octet_conv_sum *s, int64_t *source)
{
    int32_t last = s->rank - 1;
    int64_t dims[2 * OCTET_MAX_SPATIAL], index[2 * OCTET_MAX_SPATIAL] = {0};
    size_t rows = 1;

    for (int32_t i = 0; i < last; i++) {
        dims[i] = s->phases[i];
        dims[last + i] = s->half[i];
        rows *= (size_t)(s->phases[i] * s->half[i]);
    }
    for (size_t r = 0; r < rows; r++) {
        int64_t at = 0;

        for (int32_t i = 0; i < last; i++) {
            int64_t from = index[last + i] * s->split[i] + index[i] - s->lead[i];

            at = from < 0 || from >= s->in[i] || at < 0 ? -1 : at * s->in[i] + from;
        }
        source[r] = at < 0 ? -1 : at * s->in[last];
        for (int32_t i = 2 * last - 1; i >= 0 && ++index[i] == dims[i]; i--)
            index[i] = 0;
    }
}

/* Columns of phase `phase` of the last axis: the input's first one, how many, and where they go. */
static void phase_columns(const octet_conv_sum *s, int64_t phase, int64_t *first, size_t *count,
                          size_t *left)
{
    int32_t last = s->rank - 1;
    int64_t split = s->split[last], lead = s->lead[last];
    int64_t begin = lead > phase ? (lead - phase + split - 1) / split : 0;
    int64_t end = (s->in[last] + lead - phase + split - 1) / split;

    if (end > s->half[last])
        end = s->half[last];
    *left = (size_t)begin;
    *count = end > begin ? (size_t)(end - begin) : 0;
    *first = begin * split + phase - lead;
}

/* Rows of the image that an index of its first axis has, and its first index for output index i. */
static size_t rows_of_index(const octet_conv_sum *s)
{
    return s->rank > 1 ? (size_t)octet_dims_product(s->half, 1, s->rank - 1) : 1;
}

static size_t index_of_output(const octet_conv_sum *s, size_t i)
{
    return i * (size_t)(s->step[0] / octet_dims_product(s->half, 1, s->rank));
}

/* The part of a channel's image that the band from output index `from` on needs. */
static void make_channel(const job *j, const float *x, size_t from, float *image)
{
    const octet_conv_sum *s = j->s, *b = &j->band;
    int32_t last = s->rank - 1;
    size_t width = (size_t)s->half[last], whole = (size_t)octet_dims_product(s->half, 0, last);
    size_t first = index_of_output(s, from) * rows_of_index(s);
    size_t inner = (size_t)octet_dims_product(b->half, 0, last);
    size_t outer = (size_t)octet_dims_product(s->phases, 0, last);
    size_t rows = inner < whole - first ? inner : whole - first;

    for (size_t o = 0; o < outer; o++)
        for (int64_t phase = 0; phase < s->phases[last]; phase++, image += inner * width) {
            int64_t column;
            size_t count, left;

            phase_columns(s, phase, &column, &count, &left);
            j->k->conv_pad_f32(rows, j->source + o * whole + first, x + column,
                               (size_t)s->split[last], count > 0 ? left : 0, count, width, image);
        }
}

static const float *make_image(const job *j, const float *x, size_t from, float *image)
{
    if (j->s->direct)
        return x + (int64_t)from * j->s->step[0];
    for (size_t c = 0; c < j->s->channels; c++)
        make_channel(j, x + c * j->s->in_plane, from, image + c * j->band.plane);
    return image;
}

/* ---- positions */

/* Element of the image at which output p's taps begin. */
static int64_t position(const octet_conv_sum *s, size_t p)
{
    return octet_image_position(s->rank, s->out, s->step, p);
}

/* Outputs [p, end) as runs of neighbours, relative to the first. */
static size_t find_runs(const octet_conv_sum *s, size_t p, size_t end, octet_run *runs)
{
    size_t width = (size_t)s->out[s->rank - 1], left = width - p % width, n = 0;
    int64_t origin = position(s, p), start = 0;

    while (true) {
        size_t length = left < end - p ? left : end - p;

        if (n > 0 && runs[n - 1].start + (int64_t)runs[n - 1].length == start)
            runs[n - 1].length += length;
        else
            runs[n++] = (octet_run){.start = start, .length = length};
        p += length;
        if (p >= end)
            return n;
        start = position(s, p) - origin;
        left = width;
    }
}

static double vectors_of(int64_t from, int64_t to)
{
    return (double)((to - from + 15) / 16 * 16);
}

/* Cuts the outputs into tiles, each of outputs that lie less than OCTET_CONV_NR behind its first,
 * in one row if tiles are to end with rows; `begin` may be NULL. *columns: elements that their
 * vectors hold. */
static size_t cut_tiles(const octet_conv_sum *s, bool rows, size_t *begin, double *columns)
{
    size_t width = (size_t)s->out[s->rank - 1], n = 0;
    int64_t first = 0, end = 0; /* of the last tile */

    *columns = 0;
    for (size_t p = 0; p < s->positions; p += width) {
        int64_t at = position(s, p), row_end = at + (int64_t)width;

        for (bool fresh = rows || n == 0; at < row_end; fresh = false) {
            if (fresh || at - first >= OCTET_CONV_NR) {
                *columns += vectors_of(first, end);
                if (begin != NULL)
                    begin[n] = p + width - (size_t)(row_end - at);
                n++;
                first = at;
            }
            end = first + OCTET_CONV_NR < row_end ? first + OCTET_CONV_NR : row_end;
            at = end;
        }
    }
    *columns += vectors_of(first, end);
    if (begin != NULL)
        begin[n] = s->positions;
    return n;
}

/* ---- one tile */

static octet_epilogue epilogue(const job *j, int worker)
{
    const octet_finish *f = j->finish;

    return f->worker != NULL ? f->worker[worker] : (octet_epilogue){.act = OCTET_ACT_NONE};
}

/* Copies the elements of a stretch into panels of MR positions, which become the block's image. */
static void gather(octet_conv_block *b, octet_run *runs, workspace *w)
{
    size_t panel = b->k * OCTET_GEMM_MR, n = 0;

    for (size_t i = 0; i < b->n_runs; i++)
        for (size_t p = 0; p < b->runs[i].length; p++, n++) {
            const float *x = b->x + b->runs[i].start + (int64_t)p;
            float *to = w->panels + n / OCTET_GEMM_MR * panel + n % OCTET_GEMM_MR;

            for (size_t r = 0; r < b->k; r++)
                to[r * OCTET_GEMM_MR] = x[b->offset[r]];
        }
    b->x = w->panels;
    b->offset = w->rows;
    b->runs = runs;
    b->n_runs = (n + OCTET_GEMM_MR - 1) / OCTET_GEMM_MR;
    for (size_t i = 0; i < b->n_runs; i++)
        runs[i] =
            (octet_run){.start = (int64_t)(i * panel),
                        .length = n - i * OCTET_GEMM_MR < OCTET_GEMM_MR ? n - i * OCTET_GEMM_MR
                                                                        : OCTET_GEMM_MR};
}

/* All stretches of taps of the positions that `block` describes. */
static void run_stretches(const job *j, const octet_conv_block *block, workspace *w)
{
    const octet_conv_sum *s = &j->band;
    octet_run panels[TALL_POSITIONS / OCTET_GEMM_MR + 1];
    size_t at = 0;

    do { /* once also without taps, which gives +0 and the bias */
        octet_conv_block b = *block;

        b.k = s->taps - at < j->stretch ? s->taps - at : j->stretch;
        b.w += at * OCTET_GEMM_NR;
        b.offset = s->offset + at;
        b.first = at == 0;
        at += b.k;
        b.last = at == s->taps;
        if (j->how == TALL_GATHERED)
            gather(&b, panels, w);
        if (j->how == WIDE)
            j->k->conv_wide_f32(&b);
        else
            j->k->conv_tall_f32(&b);
    } while (at < s->taps);
}

/* First output of a tile of a band. */
static size_t tile_begin(const job *j, size_t tile)
{
    return j->how == WIDE ? j->begin[tile] : tile * TALL_POSITIONS;
}

/* Channels [m, end) of a tile of a band whose outputs begin at y. */
static void run_tile(const job *j, const octet_conv_block *band, size_t count, size_t tile,
                     size_t m, workspace *w)
{
    const octet_conv_sum *s = &j->band;
    size_t from = tile_begin(j, tile), to = tile_begin(j, tile + 1);
    octet_run runs[TALL_POSITIONS];
    octet_conv_block block = *band;

    block.m = s->m - m < j->outputs ? s->m - m : j->outputs;
    block.w += m / OCTET_GEMM_NR * block.w_panel + m % OCTET_GEMM_NR;
    block.x += position(s, from);
    block.n_runs = find_runs(s, from, to < count ? to : count, runs);
    block.runs = runs;
    block.bias = block.bias != NULL ? block.bias + m : NULL;
    block.y += m * block.y_row + from;
    run_stretches(j, &block, w);
}

/* The outputs whose first index is from <= i < from + the band's, as far as there are so many. */
static void run_band(const job *j, size_t unit, size_t from, int worker)
{
    workspace *w = &j->workers[worker];
    const octet_conv_sum *s = j->s;
    size_t g = unit % s->groups, row = s->positions / (size_t)s->out[0];
    size_t left = s->positions - from * row;
    size_t count = left < j->band.positions ? left : j->band.positions;
    const float *x = (const float *)s->x + unit * s->channels * s->in_plane;
    octet_conv_block block = {
        .w = s->packed + g * octet_gemm_b_size(s->taps, s->m),
        .w_panel = s->taps * OCTET_GEMM_NR,
        .x = make_image(j, x, from, w->image),
        .slack = !s->direct,
        .part = w->part,
        .bias = s->bias != NULL ? (const float *)s->bias + g * s->m : NULL,
        .out = epilogue(j, worker),
        .y = (float *)s->y + unit * s->m * s->positions + from * row,
        .y_row = s->positions,
    };

    for (size_t m = 0; m < s->m; m += j->outputs)
        for (size_t t = 0; t < j->tiles; t++)
            if (tile_begin(j, t) < count) /* the last band may have fewer */
                run_tile(j, &block, count, t, m, w);
}

static void run_channels(const job *j, const float *image, size_t unit, int worker)
{
    const octet_conv_sum *s = j->s;
    int32_t last = s->rank - 1;
    size_t g = unit % s->groups, rows = last > 0 ? (size_t)s->out[last - 1] : 1;
    octet_conv_depth depth = {
        .rows = rows,
        .columns = (size_t)s->out[last],
        .taps = s->taps,
        .offset = s->offset,
        .x_row = last > 0 ? (size_t)s->step[last - 1] : 0,
        .slack = !s->direct,
        .out = epilogue(j, worker),
    };

    for (size_t m = 0; m < s->m; m++)
        for (size_t p = 0; p < s->positions; p += rows * depth.columns) {
            depth.x = image + position(s, p);
            depth.w = (const float *)s->w + (g * s->m + m) * s->taps;
            depth.bias = s->bias != NULL ? (const float *)s->bias + g * s->m + m : NULL;
            depth.y = (float *)s->y + (unit * s->m + m) * s->positions + p;
            j->k->conv_depth_f32(&depth);
        }
}

/* A channel of each group, taps of neighbours: the kernel pads for itself. */
static bool is_3x3(const octet_conv_sum *s)
{
    return s->rank == 2 && s->m == 1 && s->channels == 1 && s->kernel[0] == 3 &&
           s->kernel[1] == 3 && s->dilation[0] == 1 && s->dilation[1] == 1 &&
           s->split[0] == s->split[1] && s->split[0] <= 2 && s->lead[0] >= 0 && s->lead[1] >= 0;
}

/* Channels of one task. */
#define CHANNELS_3X3 16

static size_t count_3x3(const octet_conv_sum *s)
{
    return (s->groups + CHANNELS_3X3 - 1) / CHANNELS_3X3;
}

static void body_3x3(void *arg, size_t index, int worker)
{
    const job *j = arg;
    const octet_conv_sum *s = j->s;
    size_t image = index / count_3x3(s), g = index % count_3x3(s) * CHANNELS_3X3;
    octet_conv_3x3 c = {
        .channels = s->groups - g < CHANNELS_3X3 ? s->groups - g : CHANNELS_3X3,
        .in_rows = (size_t)s->in[0],
        .in_columns = (size_t)s->in[1],
        .rows = (size_t)s->out[0],
        .columns = (size_t)s->out[1],
        .stride = (size_t)s->split[0],
        .top = (size_t)s->lead[0],
        .left = (size_t)s->lead[1],
        .x = (const float *)s->x + (image * s->groups + g) * s->in_plane,
        .w = (const float *)s->w + g * 9,
        .bias = s->bias != NULL ? (const float *)s->bias + g : NULL,
        .out = epilogue(j, worker),
        .y = (float *)s->y + (image * s->groups + g) * s->positions,
    };

    j->k->conv_3x3_f32(&c);
}

static void depth_body(void *arg, size_t unit, int worker)
{
    const job *j = arg;
    const octet_conv_sum *s = j->s;
    const float *x = (const float *)s->x + unit * s->channels * s->in_plane;

    run_channels(j, make_image(j, x, 0, j->workers[worker].image), unit, worker);
}

static void band_body(void *arg, size_t index, int worker)
{
    const job *j = arg;

    run_band(j, index / j->bands, index % j->bands * (size_t)j->band.out[0], worker);
}

/* ---- which way */

/* Time of a tile relative to its products, in taps: loading and storing its sums. */
#define WIDE_REST 10
#define TALL_REST 24

/* Tiles that end with rows are stored as they are, which is worth a few idle lanes. */
#define ROWS_PAY 1.03

static void choose(job *j)
{
    const octet_conv_sum *s = &j->band;
    size_t rest = s->m % OCTET_GEMM_NR, tiles;
    double columns, by_rows, m = (double)(s->m - rest + (rest == 0 ? 0 : rest <= 16 ? 16 : 32));
    double wide, tall;

    j->tiles = cut_tiles(s, false, NULL, &columns);
    tiles = cut_tiles(s, true, NULL, &by_rows);
    j->rows = by_rows < columns * ROWS_PAY;
    if (j->rows) {
        j->tiles = tiles;
        columns = by_rows;
    }
    wide = columns * (double)s->m * (double)(s->taps + WIDE_REST);
    tall = (double)s->positions * m * (double)(s->taps + TALL_REST);
    j->how = wide <= tall ? WIDE : TALL;
    if (j->how == TALL) {
        size_t n = s->positions < TALL_POSITIONS ? s->positions : TALL_POSITIONS;
        octet_run runs[TALL_POSITIONS];

        j->tiles = (s->positions + TALL_POSITIONS - 1) / TALL_POSITIONS;
        if (n > SHORT_RUN && find_runs(s, 0, n, runs) * SHORT_RUN > n)
            j->how = TALL_GATHERED;
    }
}

/* Taps at a time, so that their part of the image (or of the weights) stays in the nearest cache,
 * of which narrow vectors read more for each product.
 */
static size_t stretch_of(const octet_kernels *k, const octet_conv_sum *s)
{
    size_t kernel = s->channels > 0 ? s->taps / s->channels : 1;

    if (kernel > 1 && kernel <= OCTET_GEMM_KC) /* the taps of a row share what they read */
        return OCTET_GEMM_KC / kernel * kernel;
    return k->isa == OCTET_ISA_AVX2 ? 64 : 128;
}

/* Floats of a band's image: with the weights and the results it stays in the second cache. */
#define BAND_IMAGE (96 * 1024)

/* A band of fewer outputs is hardly worth its beginning and its end. */
#define BAND_POSITIONS 384

/* Indices of the first axis of the image that outputs with the same first index read. */
static size_t reach(const octet_conv_sum *s)
{
    size_t index = (size_t)octet_dims_product(s->half, 1, s->rank);
    size_t phase = (size_t)s->half[0] * index, most = 0;

    for (size_t t = 0; t < s->taps / s->channels; t++) { /* those of one channel */
        size_t row = (size_t)s->offset[t] % phase / index;

        most = row > most ? row : most;
    }
    return most + 1;
}

/* Indices of the first axis of the outputs that one band has. */
static size_t band_size(const octet_conv_sum *s, size_t reached, int threads)
{
    size_t all = (size_t)s->out[0], row = s->positions / all, step = index_of_output(s, 1);
    size_t one = s->channels * (s->plane / (size_t)s->half[0]); /* floats of an index */
    size_t most = BAND_IMAGE / (one > 0 ? one : 1), least = BAND_POSITIONS / row + 1;
    size_t fit = most > reached ? (most - reached) / step + 1 : 1, share = all;

    if (s->batch * s->groups < (size_t)threads)
        share = (all + (size_t)threads - 1) / (size_t)threads;
    fit = fit > least ? fit : least;
    fit = fit < share ? fit : share;
    return (all + (all + fit - 1) / fit - 1) / ((all + fit - 1) / fit); /* all bands alike */
}

/* The image of a band has fewer rows, so that all that follows lies elsewhere. */
static octet_status make_band(octet_eval *e, job *j, int threads)
{
    const octet_conv_sum *s = j->s;
    octet_conv_sum *b = &j->band;
    size_t reached, size, before, after;

    j->bands = 1;
    if (s->rank < 2 || s->taps == 0 || /* mostly, there is nothing to think about: */
        (s->channels * s->plane <= BAND_IMAGE && s->batch * s->groups >= (size_t)threads))
        return OCTET_OK;
    reached = reach(s);
    size = band_size(s, reached, threads);
    if (size >= (size_t)s->out[0])
        return OCTET_OK;
    j->bands = ((size_t)s->out[0] + size - 1) / size;
    b->out[0] = (int64_t)size;
    b->positions = size * (s->positions / (size_t)s->out[0]);
    if (s->direct)
        return OCTET_OK;
    b->half[0] = (int64_t)(index_of_output(s, size - 1) + reached);
    before = (size_t)octet_dims_product(s->half, 0, s->rank);
    after = (size_t)octet_dims_product(b->half, 0, s->rank);
    b->plane = s->plane / before * after;
    b->offset = octet_eval_scratch(e, s->taps * sizeof(*b->offset));
    OCTET_TRY_ALLOC(e->diag, b->offset);
    for (size_t t = 0; t < s->taps; t++)
        b->offset[t] =
            (int64_t)((size_t)s->offset[t] / before * after + (size_t)s->offset[t] % before);
    return OCTET_OK;
}

/* ---- memory */

static octet_status need(octet_eval *e, size_t count, float **out)
{
    size_t bytes;

    *out = count <= SIZE_MAX / sizeof(float) - OCTET_CONV_NR &&
                   octet_mul_size(count, sizeof(float), &bytes)
               ? octet_eval_scratch(e, bytes)
               : NULL;
    OCTET_TRY_ALLOC(e->diag, *out);
    return OCTET_OK;
}

static octet_status make_worker(octet_eval *e, const job *j, workspace *w)
{
    const octet_conv_sum *s = &j->band;
    size_t positions = s->positions < TALL_POSITIONS ? s->positions : TALL_POSITIONS;

    *w = (workspace){.image = NULL};
    if (!s->direct && j->how != DEPTH_3X3) /* bounded by octet_conv_sum_sizes */
        OCTET_TRY(need(e, s->channels * s->plane + OCTET_CONV_NR, &w->image));
    if (j->how == WIDE)
        OCTET_TRY(need(e, octet_conv_wide_part_size(s->m), &w->part));
    if (j->how == TALL || j->how == TALL_GATHERED)
        OCTET_TRY(need(e, octet_conv_tall_part_size(s->m, positions), &w->part));
    if (j->how == TALL_GATHERED) {
        OCTET_TRY(need(e, octet_gemm_a_size(positions, j->stretch), &w->panels));
        w->rows = octet_eval_scratch(e, j->stretch * sizeof(*w->rows));
        OCTET_TRY_ALLOC(e->diag, w->rows);
        for (size_t r = 0; r < j->stretch; r++)
            w->rows[r] = (int64_t)(r * OCTET_GEMM_MR);
    }
    return OCTET_OK;
}

static octet_status make_workers(octet_eval *e, job *j, int threads)
{
    j->workers = octet_eval_scratch(e, (size_t)threads * sizeof(*j->workers));
    OCTET_TRY_ALLOC(e->diag, j->workers);
    for (int i = 0; i < threads; i++)
        OCTET_TRY(make_worker(e, j, &j->workers[i]));
    return OCTET_OK;
}

static octet_status make_tables(octet_eval *e, job *j)
{
    const octet_conv_sum *s = j->s;
    int32_t last = s->rank - 1;
    size_t rows =
        (size_t)(octet_dims_product(s->half, 0, last) * octet_dims_product(s->phases, 0, last));
    double columns;

    if (!s->direct && j->how != DEPTH_3X3) {
        j->source = octet_eval_scratch(e, rows * sizeof(*j->source));
        OCTET_TRY_ALLOC(e->diag, j->source);
        fill_sources(s, j->source);
    }
    if (j->how == WIDE) {
        j->begin = octet_eval_scratch(e, (j->tiles + 1) * sizeof(*j->begin));
        OCTET_TRY_ALLOC(e->diag, j->begin);
        cut_tiles(&j->band, j->rows, j->begin, &columns);
    }
    return OCTET_OK;
}

/* Few taps: the results of all channels side by side would be too many streams to write. */
#define STREAMS 16
#define STREAM_TAPS 64

static size_t outputs_of(const job *j)
{
    return j->how == WIDE && j->s->taps <= STREAM_TAPS ? STREAMS : j->s->m;
}

octet_status octet_conv_sum_f32(octet_eval *e, const octet_conv_sum *s)
{
    size_t units = s->batch * s->groups;
    int threads = e->threads > 1 ? e->threads : 1;
    octet_finish finish;
    job j = {.k = e->k, .s = s, .finish = &finish, .stretch = stretch_of(e->k, s), .band = *s};
    void (*body)(void *, size_t, int) = band_body;

    if (units == 0 || s->m == 0 || s->positions == 0)
        return OCTET_OK;
    OCTET_TRY(octet_finish_begin(e, &finish));
    if (s->packed == NULL && is_3x3(s)) {
        j.how = DEPTH_3X3;
        units = s->batch * count_3x3(s);
        body = body_3x3;
    } else if (s->packed == NULL) {
        j.how = DEPTH;
        body = depth_body;
    } else {
        OCTET_TRY(make_band(e, &j, threads));
        choose(&j);
        units *= j.bands;
    }
    j.outputs = outputs_of(&j);
    if ((size_t)threads > units)
        threads = (int)units;
    OCTET_TRY(make_tables(e, &j));
    OCTET_TRY(make_workers(e, &j, threads));
    octet_parallel_for(units, threads, body, &j);
    octet_finish_end(e, &finish);
    return OCTET_OK;
}
