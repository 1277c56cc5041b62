/* q8_depth.c: convolutions of bytes whose channels stand alone, over one or two axes
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/parallel.h"
#include "ops/q8.h"

#include <string.h>

#define CHANNELS ((size_t)16) /* at once, where threads share them */
#define MAX_STEP 8

typedef struct depth {
    octet_depth_q8 g; /* of all channels of one image */
    const octet_kernels *k;
    size_t image_bytes, sheet_bytes; /* per worker */
    size_t chunk;                    /* channels of one call */
    const uint8_t *x;
    uint8_t *y;
} depth;

bool octet_q8_depth_fits(const octet_eval *e, const octet_q8_conv *c, const octet_requant *r)
{
    const octet_conv_shape *s = &c->s;

    if (s->rank > 2 || c->x.wide || s->group != s->channels || s->out_channels != s->channels ||
        c->finish.run != e->k->requantize_nearest || r->row_factor != NULL ||
        s->stride[s->rank - 1] > 2)
        return false;
    for (int32_t i = 0; i < s->rank; i++)
        if (s->pad_begin[i] < 0 || s->pad_end[i] < 0 || s->stride[i] > MAX_STEP)
            return false;
    return true;
}

static void set_offsets(const octet_conv_shape *s, const octet_depth_q8 *g, int64_t *offset)
{
    int32_t last = s->rank - 1;
    size_t rows = last > 0 ? (size_t)s->kernel[0] : 1, n = 0;
    size_t row_step = last > 0 ? (size_t)s->dilation[0] : 1;

    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < (size_t)s->kernel[last]; c++) {
            size_t i = r * row_step, j = c * (size_t)s->dilation[last];
            size_t phase = i % g->row_step * g->column_step + j % g->column_step;

            offset[n++] =
                (int64_t)(phase * g->plane + i / g->row_step * g->pitch + j / g->column_step);
        }
    for (; n < 4 * g->quads; n++)
        offset[n] = 0;
}

/* Sizes of the image; the caller has found the padded plane to be of a sane size. */
static void set_sizes(depth *d, const octet_conv_shape *s)
{
    octet_depth_q8 *g = &d->g;
    int32_t last = s->rank - 1;
    size_t height = 1;

    g->in_rows = g->rows = g->row_step = 1;
    if (last > 0) {
        g->in_rows = (size_t)s->in[0];
        g->rows = (size_t)s->out[0];
        g->row_step = (size_t)s->stride[0];
        g->top = (size_t)s->pad_begin[0];
        height = (g->top + g->in_rows + (size_t)s->pad_end[0] + g->row_step - 1) / g->row_step;
    }
    g->in_columns = (size_t)s->in[last];
    g->columns = (size_t)s->out[last];
    g->column_step = (size_t)s->stride[last];
    g->left = (size_t)s->pad_begin[last];
    g->pitch =
        (g->left + g->in_columns + (size_t)s->pad_end[last] + g->column_step - 1) / g->column_step;
    g->plane = height * g->pitch;
    d->image_bytes = g->row_step * g->column_step * g->plane + OCTET_DEPTH_SLACK;
    d->sheet_bytes = g->plane + OCTET_DEPTH_SLACK;
}

static void body(void *arg, size_t index, int worker)
{
    const depth *d = arg;
    octet_depth_q8 g = d->g;
    size_t chunks = (g.channels + d->chunk - 1) / d->chunk;
    size_t image = index / chunks, c = index % chunks * d->chunk, channel = image * g.channels + c;

    g.channels = g.channels - c < d->chunk ? g.channels - c : d->chunk;
    g.image += (size_t)worker * d->image_bytes;
    g.sheet += (size_t)worker * d->sheet_bytes;
    g.x = d->x + channel * g.in_rows * g.in_columns;
    g.y = d->y + channel * g.rows * g.columns;
    g.w += c * 4 * g.quads;
    g.add += c;
    g.scale += c * g.scale_step;
    d->k->depth_q8(&g);
}

octet_status octet_q8_depth_run(octet_eval *e, const octet_q8_conv *c, const int8_t *w,
                                size_t quads, const octet_requant *r)
{
    size_t channels = (size_t)c->s.channels, threads = e->threads > 1 ? (size_t)e->threads : 1;
    depth d = {.g = {.channels = channels,
                     .flip = (uint8_t)c->x.flip,
                     .quads = quads,
                     .w = w,
                     .add = r->row_add,
                     .scale = r->scale,
                     .scale_step = r->scale_row,
                     .zero_point = r->zero_point,
                     .lo = r->lo,
                     .hi = r->hi},
               .k = e->k,
               .chunk = threads > 1 ? CHANNELS : channels,
               .x = c->x.data,
               .y = c->y};
    size_t images, sheets;
    int64_t *offset = octet_eval_scratch(e, (4 * quads + 1) * sizeof(*offset));

    OCTET_TRY_ALLOC(e->diag, offset);
    set_sizes(&d, &c->s);
    set_offsets(&c->s, &d.g, offset);
    d.g.offset = offset;
    if (!octet_mul_size(d.image_bytes, threads, &images) ||
        !octet_mul_size(d.sheet_bytes, threads, &sheets))
        return octet_fail_nomem(e->diag);
    d.g.image = octet_eval_scratch(e, images);
    d.g.sheet = octet_eval_scratch(e, sheets);
    OCTET_TRY_ALLOC(e->diag, d.g.image);
    OCTET_TRY_ALLOC(e->diag, d.g.sheet);
    memset(d.g.image, c->x.zero[0], images);
    octet_parallel_for((size_t)c->s.batch * ((channels + d.chunk - 1) / d.chunk), (int)threads,
                       body, &d);
    return OCTET_OK;
}
