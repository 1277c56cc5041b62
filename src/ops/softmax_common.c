/* softmax_common.c: Softmax and LogSoftmax along one axis
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/softmax_common.h"

#include "ops/reduce_common.h"

#include <math.h>
#include <string.h>

/* Columns handled together when the axis is not the last one. */
#define COLUMNS 256
/* Rows up to this length are handled as columns. */
#define SHORT 24

octet_status octet_axis_view_of(octet_eval *e, const octet_tensor *x, octet_axis_view *out)
{
    int32_t axis;

    if (x->rank == 0) { /* the one element of a scalar is its own axis */
        *out = (octet_axis_view){1, 1, 1};
        return OCTET_OK;
    }
    OCTET_TRY(octet_axis_check(octet_node_int(e->node, "axis", -1), x->rank, &axis, e->diag));
    out->outer = (size_t)octet_dims_product(x->dims, 0, axis);
    out->axis = (size_t)x->dims[axis];
    out->inner = (size_t)octet_dims_product(x->dims, axis + 1, x->rank);
    return OCTET_OK;
}

static void row_f32(const octet_kernels *k, bool logarithm, size_t n, const float *x, float *y,
                    float *t)
{
    const float max = k->max_f32(n, x);
    float sum;

    k->sub_f32(n, x, 1, &max, 0, y);
    k->exp_f32(n, y, logarithm ? t : y);
    sum = k->sum_f32(n, logarithm ? t : y);
    if (logarithm) {
        k->log_f32(1, &sum, &sum);
        k->sub_f32(n, y, 1, &sum, 0, y);
    } else {
        k->div_f32(n, y, 1, &sum, 0, y);
    }
}

/* The same for `width` columns of a matrix whose rows lie v->inner apart; t holds axis + 1 rows. */
static void columns_f32(const octet_kernels *k, bool logarithm, const octet_axis_view *v,
                        size_t width, const float *x, float *y, float *t)
{
    float *max = t + v->axis * width, *sum = max;

    memcpy(max, x, width * sizeof *max);
    for (size_t a = 1; a < v->axis; a++)
        for (size_t c = 0; c < width; c++)
            max[c] = x[a * v->inner + c] > max[c] ? x[a * v->inner + c] : max[c];
    for (size_t a = 0; a < v->axis; a++)
        k->sub_f32(width, x + a * v->inner, 1, max, 1, t + a * width);
    for (size_t a = 0; logarithm && a < v->axis; a++)
        memcpy(y + a * v->inner, t + a * width, width * sizeof *y);
    k->exp_f32(v->axis * width, t, t);
    k->sum_rows_f32(v->axis, width, t, width, sum);
    if (logarithm)
        k->log_f32(width, sum, sum);
    for (size_t a = 0; a < v->axis; a++) {
        float *out = y + a * v->inner;

        if (logarithm)
            k->sub_f32(width, out, 1, sum, 1, out);
        else
            k->div_f32(width, t + a * width, 1, sum, 1, out);
    }
}

/* Rows too short for vectors: as columns. */
static octet_status short_rows(octet_eval *e, bool logarithm, const octet_axis_view *v)
{
    const octet_kernels *k = e->k;
    size_t n = v->axis, rows = v->outer < COLUMNS ? v->outer : COLUMNS;
    const float *x = e->in[0]->data;
    float *y = e->out[0].data, *t = octet_eval_scratch(e, (3 * n + 1) * rows * sizeof *t);

    OCTET_TRY_ALLOC(e->diag, t);
    for (size_t o = 0; o < v->outer; o += rows, x += rows * n, y += rows * n) {
        octet_axis_view block = {1, n, v->outer - o < rows ? v->outer - o : rows};
        float *in = t, *out = t + n * rows;

        k->transpose_f32(block.inner, n, x, n, in, block.inner);
        columns_f32(k, logarithm, &block, block.inner, in, out, out + n * rows);
        k->transpose_f32(n, block.inner, out, block.inner, y, n);
    }
    return OCTET_OK;
}

static octet_status eval_f32(octet_eval *e, bool logarithm, const octet_axis_view *v)
{
    size_t step = v->axis * v->inner, width = v->inner < COLUMNS ? v->inner : COLUMNS;
    const float *x = e->in[0]->data;
    float *y = e->out[0].data, *t;

    if (v->inner == 1 && v->axis <= SHORT && v->outer > 4)
        return short_rows(e, logarithm, v);
    t = octet_eval_scratch(e, (v->axis + 1) * width * sizeof *t);
    OCTET_TRY_ALLOC(e->diag, t);
    for (size_t o = 0; o < v->outer; o++, x += step, y += step) {
        if (v->inner == 1)
            row_f32(e->k, logarithm, v->axis, x, y, t);
        for (size_t c = 0; v->inner > 1 && c < v->inner; c += width)
            columns_f32(e->k, logarithm, v, v->inner - c < width ? v->inner - c : width, x + c,
                        y + c, t);
    }
    return OCTET_OK;
}

static void line_f64(bool logarithm, size_t n, size_t stride, const double *x, double *y)
{
    double max = x[0], sum = 0.0;

    for (size_t i = 0; i < n; i++)
        max = x[i * stride] > max ? x[i * stride] : max;
    for (size_t i = 0; i < n; i++)
        sum += y[i * stride] = exp(x[i * stride] - max);
    for (size_t i = 0; i < n; i++)
        y[i * stride] = logarithm ? x[i * stride] - max - log(sum) : y[i * stride] / sum;
}

static void eval_f64(octet_eval *e, bool logarithm, const octet_axis_view *v)
{
    const double *x = e->in[0]->data;
    double *y = e->out[0].data;

    for (size_t o = 0; o < v->outer; o++)
        for (size_t i = 0; i < v->inner; i++) {
            size_t at = o * v->axis * v->inner + i;
            line_f64(logarithm, v->axis, v->inner, x + at, y + at);
        }
}

octet_status octet_softmax_eval(octet_eval *e, bool logarithm)
{
    const octet_tensor *x;
    octet_axis_view v;

    OCTET_TRY(octet_eval_require(e, 1));
    x = e->in[0];
    OCTET_TRY(octet_axis_view_of(e, x, &v));
    if (x->dtype != OCTET_DTYPE_FLOAT32 && x->dtype != OCTET_DTYPE_FLOAT64)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "element type %s is not supported",
                          octet_dtype_get(x->dtype)->name);
    OCTET_TRY(octet_eval_output_like(e, 0, x));
    if (octet_tensor_count(x) == 0)
        return OCTET_OK;
    if (x->dtype == OCTET_DTYPE_FLOAT32)
        return eval_f32(e, logarithm, &v);
    eval_f64(e, logarithm, &v);
    return OCTET_OK;
}
