/* resize.c: antialiased resizing of 8-bit images
 * SPDX-License-Identifier: Apache-2.0
 *
 * Pillow's Image.resize defines the result, bit for bit: a filter as wide as the reduction, weights
 * normalised in double precision and rounded to fixed point, a horizontal pass that rounds to 8
 * bits, then a vertical pass. Only the pixels of the window that is wanted are computed.
 */
#include "data/image.h"

#include <math.h>
#include <string.h>

/* Weights are at most 1, a few above it for bicubic; 8 bits of pixel and 2 of headroom fit besides.
 */
#define WEIGHT_BITS (32 - 8 - 2)

typedef struct filter {
    double support; /* half width at scale 1 */
    double (*weight)(double x);
} filter;

static double triangle(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

/* Keys' cubic with a = -1/2. */
static double cubic(double x)
{
    const double a = -0.5;

    x = fabs(x);
    if (x < 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
    if (x < 2.0)
        return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
    return 0.0;
}

static const filter filters[] = {
    [OCTET_INTERP_BILINEAR] = {1.0, triangle},
    [OCTET_INTERP_BICUBIC] = {2.0, cubic},
};

/* For each output position of one axis: the first input position, how many, and their weights. */
typedef struct taps {
    int n, most; /* positions; weights that each has room for */
    int *first, *count;
    int32_t *weights; /* n × most */
} taps;

static void taps_deinit(taps *t, const octet_allocator *allocator)
{
    octet_mem_free(allocator, t->first);
    octet_mem_free(allocator, t->count);
    octet_mem_free(allocator, t->weights);
    *t = (taps){0};
}

static octet_status taps_alloc(taps *t, int n, double support, const octet_allocator *allocator,
                               octet_diag *diag)
{
    size_t cells;

    *t = (taps){.n = n, .most = (int)ceil(support) * 2 + 1};
    if (!octet_mul_size((size_t)n, (size_t)t->most, &cells))
        return octet_fail_nomem(diag);
    t->first = octet_mem_alloc(allocator, (size_t)n, sizeof *t->first);
    t->count = octet_mem_alloc(allocator, (size_t)n, sizeof *t->count);
    t->weights = octet_mem_alloc(allocator, cells, sizeof *t->weights);
    if (t->first && t->count && t->weights)
        return OCTET_OK;
    taps_deinit(t, allocator);
    return octet_fail_nomem(diag);
}

static int32_t fixed_point(double weight)
{
    return (int32_t)(weight * (double)(1 << WEIGHT_BITS) + (weight < 0 ? -0.5 : 0.5));
}

/* One output position; w holds the weights before they are rounded. */
static void fill_taps(taps *t, int position, double center, double support, double scale,
                      int in_size, const filter *f, double *w)
{
    int first = (int)(center - support + 0.5), last = (int)(center + support + 0.5);
    double sum = 0.0, step = 1.0 / scale;

    first = first < 0 ? 0 : first;
    last = last > in_size ? in_size : last;
    t->first[position] = first;
    t->count[position] = last - first;
    for (int i = 0; i < last - first; i++) {
        w[i] = f->weight((i + first - center + 0.5) * step);
        sum += w[i];
    }
    for (int i = 0; i < last - first; i++)
        t->weights[(size_t)position * (size_t)t->most + (size_t)i] =
            fixed_point(sum != 0.0 ? w[i] / sum : w[i]);
}

/* Taps of the positions [from, from + n) of an axis resized from in_size to out_size. */
static octet_status taps_init(taps *t, int in_size, int out_size, int from, int n, const filter *f,
                              const octet_allocator *allocator, octet_diag *diag)
{
    double ratio = (double)in_size / out_size, scale = ratio < 1.0 ? 1.0 : ratio;
    double support = f->support * scale, *w;

    OCTET_TRY(taps_alloc(t, n, support, allocator, diag));
    w = octet_mem_alloc(allocator, (size_t)t->most, sizeof *w);
    if (!w) {
        taps_deinit(t, allocator);
        return octet_fail_nomem(diag);
    }
    for (int i = 0; i < n; i++)
        fill_taps(t, i, (from + i + 0.5) * ratio, support, scale, in_size, f, w);
    octet_mem_free(allocator, w);
    return OCTET_OK;
}

static uint8_t round_sum(int32_t sum)
{
    if (sum < 0)
        return 0;
    sum >>= WEIGHT_BITS;
    return (uint8_t)(sum > 255 ? 255 : sum);
}

#define HALF (1 << (WEIGHT_BITS - 1))

/* `start` is what the taps call the row's first byte. */
static void row_gray(const taps *t, const uint8_t *in, ptrdiff_t start, uint8_t *out)
{
    for (int x = 0; x < t->n; x++) {
        const int32_t *w = t->weights + (size_t)x * (size_t)t->most;
        const uint8_t *p = in + (t->first[x] - start);
        int32_t sum = HALF;

        for (int i = 0; i < t->count[x]; i++)
            sum += p[i] * w[i];
        out[x] = round_sum(sum);
    }
}

static void row_rgb(const taps *t, const uint8_t *in, ptrdiff_t start, uint8_t *out)
{
    for (int x = 0; x < t->n; x++, out += 3) {
        const int32_t *w = t->weights + (size_t)x * (size_t)t->most;
        const uint8_t *p = in + (3 * (ptrdiff_t)t->first[x] - start);
        int32_t r = HALF, g = HALF, b = HALF;

        for (int i = 0; i < t->count[x]; i++, p += 3) {
            r += p[0] * w[i];
            g += p[1] * w[i];
            b += p[2] * w[i];
        }
        out[0] = round_sum(r);
        out[1] = round_sum(g);
        out[2] = round_sum(b);
    }
}

/* A pass reads an image that may be a part of the one that the taps were made for: (x, y) is the
 * place of its first pixel there. */
typedef struct part {
    const octet_image *image;
    int x, y;
} part;

/* Fills the rows [y, y + out->height). */
static void pass_columns(part in, const taps *t, int y, octet_image *out)
{
    size_t stride = (size_t)in.image->width * (size_t)in.image->channels;
    ptrdiff_t start = (ptrdiff_t)in.x * in.image->channels;

    for (int row = 0; row < out->height; row++)
        (out->channels == 1 ? row_gray : row_rgb)(
            t, in.image->pixels + (size_t)(y + row - in.y) * stride, start,
            out->pixels + (size_t)row * (size_t)out->width * (size_t)out->channels);
}

/* Whole rows are added up tap by tap, which compilers turn into vector code. */
static void sum_rows(part in, const taps *t, int position, int x, size_t n, int32_t *sums)
{
    const int32_t *w = t->weights + (size_t)position * (size_t)t->most;
    size_t channels = (size_t)in.image->channels, stride = (size_t)in.image->width * channels;

    for (size_t k = 0; k < n; k++)
        sums[k] = HALF;
    for (int i = 0; i < t->count[position]; i++) {
        const uint8_t *row = in.image->pixels + (size_t)(t->first[position] + i - in.y) * stride +
                             (size_t)(x - in.x) * channels;
        int32_t weight = w[i];

        for (size_t k = 0; k < n; k++)
            sums[k] += row[k] * weight;
    }
}

/* Fills the columns [x, x + out->width). */
static octet_status pass_rows(part in, const taps *t, int x, octet_image *out,
                              const octet_allocator *allocator, octet_diag *diag)
{
    size_t n = (size_t)out->width * (size_t)out->channels;
    int32_t *sums = octet_mem_alloc(allocator, n, sizeof *sums);

    OCTET_TRY_ALLOC(diag, sums);
    for (int y = 0; y < out->height; y++) {
        sum_rows(in, t, y, x, n, sums);
        for (size_t k = 0; k < n; k++)
            out->pixels[(size_t)y * n + k] = round_sum(sums[k]);
    }
    octet_mem_free(allocator, sums);
    return OCTET_OK;
}

/* Nothing is resized: the window is cut out. */
static void cut(const octet_image *image, int x, int y, octet_image *out)
{
    size_t channels = (size_t)image->channels, bytes = (size_t)out->width * channels;

    for (int row = 0; row < out->height; row++)
        memcpy(out->pixels + (size_t)row * bytes,
               image->pixels + ((size_t)(y + row) * (size_t)image->width + (size_t)x) * channels,
               bytes);
}

static int taps_end(const taps *t)
{
    return t->first[t->n - 1] + t->count[t->n - 1];
}

/* Both passes, the first over no more than the second one reads. */
static octet_status columns_then_rows(const octet_image *image, const taps *columns,
                                      const taps *rows, octet_image *out,
                                      const octet_allocator *allocator, octet_diag *diag)
{
    int y = rows->first[0];
    octet_image between;
    octet_status status;

    OCTET_TRY(octet_image_init(&between, allocator, out->width, taps_end(rows) - y, image->channels,
                               0, diag));
    pass_columns((part){image, 0, 0}, columns, y, &between);
    status = pass_rows((part){&between, 0, y}, rows, 0, out, allocator, diag);
    octet_image_deinit(&between, allocator);
    return status;
}

static octet_status rows_then_columns(const octet_image *image, const taps *columns,
                                      const taps *rows, octet_image *out,
                                      const octet_allocator *allocator, octet_diag *diag)
{
    int x = columns->first[0];
    octet_image between;
    octet_status status;

    OCTET_TRY(octet_image_init(&between, allocator, taps_end(columns) - x, out->height,
                               image->channels, 0, diag));
    status = pass_rows((part){image, 0, 0}, rows, x, &between, allocator, diag);
    if (status == OCTET_OK)
        pass_columns((part){&between, x, 0}, columns, 0, out);
    octet_image_deinit(&between, allocator);
    return status;
}

/* Since the first pass rounds, the order shows. Pillow 13 starts with the rows where these lose
 * more than twice as many as the columns; earlier versions never did. */
static bool rows_first(const octet_image *image, int width, int height)
{
    return height < image->height && 2 * ((int64_t)image->width - width) < image->height - height;
}

/* An axis that keeps its size has no taps and no pass. */
static octet_status run_passes(const octet_image *image, const taps *columns, const taps *rows,
                               bool swapped, int x, int y, octet_image *out,
                               const octet_allocator *allocator, octet_diag *diag)
{
    part whole = {image, 0, 0};

    if (columns->n && rows->n)
        return (swapped ? rows_then_columns : columns_then_rows)(image, columns, rows, out,
                                                                 allocator, diag);
    if (rows->n)
        return pass_rows(whole, rows, x, out, allocator, diag);
    if (columns->n)
        pass_columns(whole, columns, y, out);
    else
        cut(image, x, y, out);
    return OCTET_OK;
}

static octet_status resize_filtered(const octet_image *image, int width, int height,
                                    const filter *f, int x, int y, octet_image *out,
                                    const octet_allocator *allocator, octet_diag *diag)
{
    taps columns = {0}, rows = {0};
    octet_status status = OCTET_OK;

    if (width != image->width)
        status = taps_init(&columns, image->width, width, x, out->width, f, allocator, diag);
    if (status == OCTET_OK && height != image->height)
        status = taps_init(&rows, image->height, height, y, out->height, f, allocator, diag);
    if (status == OCTET_OK)
        status = run_passes(image, &columns, &rows, rows_first(image, width, height), x, y, out,
                            allocator, diag);
    taps_deinit(&columns, allocator);
    taps_deinit(&rows, allocator);
    return status;
}

/* Input positions of the nearest filter; the running sum is part of the definition. */
static void nearest_positions(int in_size, int out_size, int from, int n, int *out)
{
    double step = (double)in_size / out_size, at = step * 0.5;

    for (int i = 0; i < from + n; i++, at += step) {
        int position = (int)at;

        if (i >= from)
            out[i - from] = position < in_size ? position : in_size - 1;
    }
}

static octet_status resize_nearest(const octet_image *image, int width, int height, int x, int y,
                                   octet_image *out, const octet_allocator *allocator,
                                   octet_diag *diag)
{
    int *columns =
        octet_mem_alloc(allocator, (size_t)out->width + (size_t)out->height, sizeof(int));
    int *rows = columns + out->width;
    size_t channels = (size_t)image->channels;
    uint8_t *to = out->pixels;

    OCTET_TRY_ALLOC(diag, columns);
    nearest_positions(image->width, width, x, out->width, columns);
    nearest_positions(image->height, height, y, out->height, rows);
    for (int row = 0; row < out->height; row++) {
        const uint8_t *from = image->pixels + (size_t)rows[row] * (size_t)image->width * channels;

        for (int column = 0; column < out->width; column++, to += channels)
            memcpy(to, from + (size_t)columns[column] * channels, channels);
    }
    octet_mem_free(allocator, columns);
    return OCTET_OK;
}

octet_status octet_image_resize(const octet_image *image, int width, int height,
                                octet_interpolation interpolation, int x, int y, octet_image *out,
                                const octet_allocator *allocator, octet_diag *diag)
{
    if (interpolation == OCTET_INTERP_NEAREST)
        return resize_nearest(image, width, height, x, y, out, allocator, diag);
    return resize_filtered(image, width, height, &filters[interpolation], x, y, out, allocator,
                           diag);
}
