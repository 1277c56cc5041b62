/* pool_bytes.c: MaxPool of bytes over one or two axes, by kernels
 * SPDX-License-Identifier: Apache-2.0
 *
 * The rows of a window first, into a line with padding at its ends, then the columns of that line.
 */
#include "base/parallel.h"
#include "ops/pool_common.h"

#include <string.h>

typedef struct axis {
    int64_t in, out, kernel, stride, dilation, pad;
} axis;

typedef struct job {
    const octet_kernels *k;
    axis rows, columns;
    const uint8_t *x;
    uint8_t *y, *lines;
    size_t line; /* bytes */
    uint8_t lowest;
    bool is_signed;
} job;

static axis axis_of(const octet_conv_shape *s, int32_t i)
{
    return (axis){s->in[i], s->out[i], s->kernel[i], s->stride[i], s->dilation[i], s->pad_begin[i]};
}

static void row(const job *j, const uint8_t *x, int64_t index, uint8_t *line, uint8_t *y)
{
    const axis *r = &j->rows, *c = &j->columns;
    int64_t first = index * r->stride - r->pad, last = (r->in - 1 - first) / r->dilation;
    int64_t from = first < 0 ? (-first + r->dilation - 1) / r->dilation : 0;
    int64_t taps = (last < r->kernel - 1 ? last : r->kernel - 1) - from + 1;

    if (taps <= 0 || first >= r->in) {
        memset(y, j->lowest, (size_t)c->out);
        return;
    }
    j->k->max_taps_q8((size_t)c->in, (size_t)taps, x + (first + from * r->dilation) * c->in,
                      (size_t)(r->dilation * c->in), 1, j->is_signed, line + c->pad);
    j->k->max_taps_q8((size_t)c->out, (size_t)c->kernel, line, (size_t)c->dilation,
                      (size_t)c->stride, j->is_signed, y);
}

static void plane(void *arg, size_t index, int worker)
{
    const job *j = arg;
    const uint8_t *x = j->x + index * (size_t)(j->rows.in * j->columns.in);
    uint8_t *y = j->y + index * (size_t)(j->rows.out * j->columns.out);
    uint8_t *line = j->lines + (size_t)worker * j->line;

    for (int64_t i = 0; i < j->rows.out; i++)
        row(j, x, i, line, y + i * j->columns.out);
}

/* Whether products of two sizes fit easily. */
static bool is_small(const axis *a)
{
    const int64_t limit = 1 << 20;

    return a->in > 0 && a->in < limit && a->out < limit && a->kernel < limit && a->stride < limit &&
           a->dilation < limit && a->pad >= 0 && a->pad < limit;
}

octet_status octet_pool_max_bytes(octet_eval *e, const octet_pool *p, bool *done)
{
    const octet_conv_shape *s = &p->s;
    int32_t last = s->rank - 1;
    job j = {.k = e->k, .x = e->in[0]->data, .y = e->out[0].data};
    const axis *c = &j.columns;
    size_t reach, threads = e->threads > 1 ? (size_t)e->threads : 1, all;

    *done = false;
    if (s->rank > 2 || octet_tensor_count(&e->out[0]) == 0)
        return OCTET_OK;
    j.columns = axis_of(s, last);
    j.rows = last > 0 ? axis_of(s, 0) : (axis){1, 1, 1, 1, 1, 0};
    if (!is_small(&j.rows) || !is_small(c))
        return OCTET_OK;
    reach = (size_t)((c->out - 1) * c->stride + (c->kernel - 1) * c->dilation + 1);
    j.line = reach > (size_t)(c->pad + c->in) ? reach : (size_t)(c->pad + c->in);
    if (!octet_mul_size(j.line, threads, &all) || all > 1 << 24)
        return OCTET_OK;
    j.lines = octet_eval_scratch(e, all);
    OCTET_TRY_ALLOC(e->diag, j.lines);
    j.is_signed = e->in[0]->dtype == OCTET_DTYPE_INT8;
    j.lowest = j.is_signed ? 0x80 : 0;
    memset(j.lines, j.lowest, all);
    octet_parallel_for((size_t)(s->batch * s->channels), (int)threads, plane, &j);
    *done = true;
    return OCTET_OK;
}
