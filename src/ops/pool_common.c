/* pool_common.c: sliding windows of MaxPool, AveragePool and LpPool
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/pool_common.h"

#include "base/parallel.h"

#include <string.h>

/* ---- shapes */

static octet_status read_shape(const octet_node *node, int32_t x_rank, octet_conv_shape *s,
                               octet_diag *diag)
{
    uint32_t n;
    const int64_t *kernel = octet_node_ints(node, "kernel_shape", &n);
    int64_t w[OCTET_MAX_RANK] = {1, 1};

    if (kernel == NULL || n == 0)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "kernel_shape is missing");
    if (n > OCTET_MAX_SPATIAL || x_rank != (int32_t)n + 2)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL,
                          "kernel_shape has %u entries but X has %d dims", n, x_rank);
    for (uint32_t i = 0; i < n; i++)
        if (kernel[i] < 1)
            return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "kernel_shape contains %lld",
                              (long long)kernel[i]);
    memcpy(w + 2, kernel, n * sizeof *kernel);
    OCTET_TRY(octet_conv_read(node, x_rank, w, s, diag));
    for (int32_t i = 0; i < s->rank; i++)
        if (s->pad_begin[i] < 0 || s->pad_end[i] < 0)
            return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "pads contains a negative number");
    return OCTET_OK;
}

/* How much farther than to its start the first window could move; negative: it does not fit. */
static int64_t room_of(const octet_conv_shape *s, int32_t axis)
{
    return s->in[axis] + s->pad_begin[axis] + s->pad_end[axis] -
           ((s->kernel[axis] - 1) * s->dilation[axis] + 1);
}

/* With ceil_mode one more window, unless it would start in the padding at the end; it may be the
 * only one. */
static octet_status resolve_axis(const octet_node *node, octet_conv_shape *s, int32_t axis,
                                 octet_diag *diag)
{
    bool ceil_mode = octet_node_int(node, "ceil_mode", 0) != 0;
    octet_auto_pad mode;
    int64_t room;

    OCTET_TRY(octet_conv_auto_pad(node, &mode, diag));
    if (ceil_mode && mode == OCTET_PAD_NOTSET && s->in[axis] > 0 && s->in[axis] <= INT32_MAX) {
        room = room_of(s, axis);
        if (room < 0 && room > -s->stride[axis]) {
            s->out[axis] = 1;
            return OCTET_OK;
        }
    }
    OCTET_TRY(octet_conv_resolve_axis(node, s, axis, diag));
    if (ceil_mode && room_of(s, axis) % s->stride[axis] != 0 &&
        s->out[axis] * s->stride[axis] < s->in[axis] + s->pad_begin[axis])
        s->out[axis]++;
    return OCTET_OK;
}

octet_status octet_pool_infer(octet_infer *in)
{
    const octet_type *x = octet_infer_shape(in, 0);
    octet_dim *dims = x == NULL ? NULL : octet_infer_new_dims(in, x->rank);
    octet_dtype dtype = octet_infer_dtype(in, 0);
    octet_conv_shape s;

    octet_infer_set(in, 0, dtype, -1, NULL);
    octet_infer_set(in, 1, OCTET_DTYPE_INT64, -1, NULL);
    if (x == NULL)
        return OCTET_OK;
    OCTET_TRY_ALLOC(in->diag, dims);
    OCTET_TRY(read_shape(in->node, x->rank, &s, in->diag));
    dims[0] = x->dims[0];
    dims[1] = x->dims[1];
    for (int32_t i = 0; i < s.rank; i++)
        if (x->dims[2 + i].size >= 0) {
            s.in[i] = x->dims[2 + i].size;
            OCTET_TRY(resolve_axis(in->node, &s, i, in->diag));
            dims[2 + i] = octet_dim_known(s.out[i]);
        } else if (s.stride[i] == 1 &&
                   s.pad_begin[i] + s.pad_end[i] == (s.kernel[i] - 1) * s.dilation[i]) {
            dims[2 + i] = x->dims[2 + i];
        }
    octet_infer_set(in, 0, dtype, x->rank, dims);
    octet_infer_set(in, 1, OCTET_DTYPE_INT64, x->rank, dims);
    return OCTET_OK;
}

octet_status octet_pool_init(octet_eval *e, octet_pool *p)
{
    const octet_tensor *x;
    int64_t dims[OCTET_MAX_RANK];

    OCTET_TRY(octet_eval_require(e, 1));
    x = e->in[0];
    OCTET_TRY(octet_eval_element(e, x->dtype, &p->element));
    OCTET_TRY(read_shape(e->node, x->rank, &p->s, e->diag));
    p->s.batch = x->dims[0];
    p->s.channels = p->s.out_channels = x->dims[1];
    memcpy(p->s.in, x->dims + 2, (size_t)p->s.rank * sizeof *p->s.in);
    for (int32_t i = 0; i < p->s.rank; i++)
        OCTET_TRY(resolve_axis(e->node, &p->s, i, e->diag));
    return octet_eval_output(e, 0, x->dtype, octet_conv_out_dims(&p->s, dims), dims);
}

/* ---- counts */

/* Numbers k in [0, limit) with low <= start + k * step <= high: [*from, *to). */
static void range(int64_t limit, int64_t start, int64_t step, int64_t low, int64_t high,
                  int64_t *from, int64_t *to)
{
    *from = start >= low ? 0 : (low - start + step - 1) / step;
    *to = start > high ? 0 : (high - start) / step + 1;
    *to = *to < limit ? *to : limit;
    *from = *from < *to ? *from : *to;
}

int64_t octet_pool_axis_count(const octet_pool *p, int32_t axis, int64_t o)
{
    const octet_conv_shape *s = &p->s;
    int64_t from, to, pad = p->count_pad ? s->pad_end[axis] : 0;
    int64_t low = p->count_pad ? -s->pad_begin[axis] : 0;

    range(s->kernel[axis], o * s->stride[axis] - s->pad_begin[axis], s->dilation[axis], low,
          s->in[axis] + pad - 1, &from, &to);
    return to - from;
}

octet_status octet_pool_count(octet_eval *e, octet_pool *p)
{
    int32_t last = p->s.rank - 1;
    size_t n = (size_t)p->s.out[last];
    float *columns = octet_eval_scratch(e, n * sizeof *columns);

    OCTET_TRY_ALLOC(e->diag, columns);
    for (size_t i = 0; i < n; i++)
        columns[i] = (float)octet_pool_axis_count(p, last, (int64_t)i);
    p->columns = columns;
    return OCTET_OK;
}

/* ---- the walk over windows */

typedef struct job {
    const octet_pool *p;
    const char *x;
    char *y;
    int64_t *index; /* NULL: not wanted */
    int64_t in_plane, out_plane, rows;
} job;

/* All columns of the kernel at one place of its other axes: x is that row of the image. */
static void tap_columns(const octet_pool *p, const char *x, char *y, int64_t *index, int64_t first)
{
    const octet_conv_shape *s = &p->s;
    int32_t c = s->rank - 1;
    int64_t stride = s->stride[c], step = p->index_step[c], k_from, k_to;
    int64_t reach = (s->out[c] - 1) * stride; /* start of the last window */
    octet_pool_index taken;

    range(s->kernel[c], -s->pad_begin[c], s->dilation[c], -reach, s->in[c] - 1, &k_from, &k_to);
    for (int64_t k = k_from; k < k_to; k++) {
        int64_t start = k * s->dilation[c] - s->pad_begin[c], from, to, at;

        range(s->out[c], start, stride, 0, s->in[c] - 1, &from, &to);
        if (from == to)
            continue;
        at = start + from * stride;
        if (index != NULL)
            taken = (octet_pool_index){index + from, first + at * step, stride * step};
        p->tap(p, (size_t)(to - from), x + (size_t)at * p->element, (size_t)stride,
               y + (size_t)from * p->element, index == NULL ? NULL : &taken);
    }
}

/* One row of outputs: o are its coordinates on all axes but the last. */
static void run_row(const job *j, const int64_t *o, const char *x, char *y, int64_t *index,
                    int64_t plane_first)
{
    const octet_conv_shape *s = &j->p->s;
    int32_t outer = s->rank - 1, d;
    int64_t from[OCTET_MAX_SPATIAL], to[OCTET_MAX_SPATIAL], k[OCTET_MAX_SPATIAL], rows = 1;

    j->p->init((size_t)s->out[outer], y);
    for (d = 0; d < outer; d++) {
        range(s->kernel[d], o[d] * s->stride[d] - s->pad_begin[d], s->dilation[d], 0, s->in[d] - 1,
              &from[d], &to[d]);
        k[d] = from[d];
        rows *= octet_pool_axis_count(j->p, d, o[d]);
        if (from[d] == to[d])
            goto done;
    }
    do {
        int64_t at = 0, first = plane_first;

        for (d = 0; d < outer; d++) {
            int64_t i = o[d] * s->stride[d] - s->pad_begin[d] + k[d] * s->dilation[d];
            at = (at + i) * s->in[d + 1];
            first += i * j->p->index_step[d];
        }
        tap_columns(j->p, x + (size_t)at * j->p->element, y, index, first);
        for (d = outer - 1; d >= 0 && ++k[d] == to[d]; d--)
            k[d] = from[d];
    } while (d >= 0);
done:
    if (j->p->finish != NULL)
        j->p->finish(j->p, (size_t)s->out[outer], y, rows);
}

static void run_plane(void *arg, size_t plane, int worker)
{
    const job *j = arg;
    const octet_conv_shape *s = &j->p->s;
    int64_t o[OCTET_MAX_SPATIAL] = {0}, width = s->out[s->rank - 1];
    const char *x = j->x + plane * (size_t)j->in_plane * j->p->element;
    size_t at = plane * (size_t)j->out_plane;

    (void)worker;
    for (int64_t row = 0; row < j->rows; row++, at += (size_t)width) {
        run_row(j, o, x, j->y + at * j->p->element, j->index == NULL ? NULL : j->index + at,
                (int64_t)plane * j->in_plane);
        for (int32_t d = s->rank - 2; d >= 0 && ++o[d] == s->out[d]; d--)
            o[d] = 0;
    }
}

octet_status octet_pool_run(octet_eval *e, const octet_pool *p, int64_t *index)
{
    const octet_conv_shape *s = &p->s;
    job j = {.p = p, .x = e->in[0]->data, .y = e->out[0].data, .index = index};

    j.in_plane = octet_dims_product(s->in, 0, s->rank);
    j.out_plane = octet_dims_product(s->out, 0, s->rank);
    j.rows = octet_dims_product(s->out, 0, s->rank - 1);
    if (octet_tensor_count(&e->out[0]) == 0)
        return OCTET_OK;
    octet_parallel_for((size_t)(s->batch * s->channels), e->threads, run_plane, &j);
    return OCTET_OK;
}
