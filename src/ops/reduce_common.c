/* reduce_common.c: operators that fold the elements along some axes into one
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/reduce_common.h"

#include <math.h>
#include <string.h>

/* Floats of scratch a block of columns may take. */
#define BLOCK_FLOATS 65536

/* Lines up to this length are turned into columns, so many at once. */
#define SHORT_LINE 24
#define LINES 256

/* ---- shapes */

/* Neighbouring axes that are all reduced or all kept, merged; axes of size 1 left out. Kept and
 * reduced groups in separate lists, outermost first. */
typedef struct groups {
    int32_t n_kept, n_reduced;
    size_t kept[OCTET_MAX_RANK], kept_step[OCTET_MAX_RANK];
    size_t reduced[OCTET_MAX_RANK], reduced_step[OCTET_MAX_RANK];
    size_t outputs, count; /* products of kept and of reduced */
    bool inner_reduced;    /* the innermost group is a reduced one, or there is none */
} groups;

static void make_groups(const octet_tensor *x, const bool *mask, groups *g)
{
    size_t step = 1;
    int32_t last = -1; /* mask of the group being built; groups are found innermost first */

    memset(g, 0, sizeof *g);
    g->outputs = g->count = 1;
    g->inner_reduced = true;
    for (int32_t i = x->rank - 1; i >= 0; i--) {
        size_t dim = (size_t)x->dims[i];
        int32_t *n = mask[i] ? &g->n_reduced : &g->n_kept;
        size_t *dims = mask[i] ? g->reduced : g->kept;
        size_t *steps = mask[i] ? g->reduced_step : g->kept_step;

        *(mask[i] ? &g->count : &g->outputs) *= dim;
        if (dim == 1)
            continue;
        if (last < 0)
            g->inner_reduced = mask[i];
        if (last == (int32_t)mask[i]) {
            dims[*n - 1] *= dim;
        } else {
            dims[*n] = dim;
            steps[(*n)++] = step;
        }
        last = mask[i];
        step *= dim;
    }
}

/* Offset of the index-th of the combinations of `n` groups, innermost group first in the lists. */
static size_t offset_of(size_t index, int32_t n, const size_t *dims, const size_t *steps)
{
    size_t offset = 0;

    for (int32_t i = 0; i < n; i++) {
        offset += index % dims[i] * steps[i];
        index /= dims[i];
    }
    return offset;
}

/* ---- float32: a block is `count` rows of `width` columns, one result per column */

static float better(octet_combine c, float x, float y)
{
    if (c == OCTET_COMBINE_MAX)
        return x > y || x != x ? x : y;
    return x < y || x != x ? x : y;
}

static void fold_row(octet_combine c, size_t width, const float *x, float *restrict y)
{
    if (c == OCTET_COMBINE_PROD)
        for (size_t i = 0; i < width; i++)
            y[i] *= x[i];
    else if (c == OCTET_COMBINE_MAX)
        for (size_t i = 0; i < width; i++)
            y[i] = better(OCTET_COMBINE_MAX, x[i], y[i]);
    else
        for (size_t i = 0; i < width; i++)
            y[i] = better(OCTET_COMBINE_MIN, x[i], y[i]);
}

static float neutral(octet_combine c)
{
    return c == OCTET_COMBINE_PROD ? 1.0f : c == OCTET_COMBINE_MAX ? -INFINITY : INFINITY;
}

/* Contiguous numbers: eight running results, like the sum. */
static float fold_line(octet_combine c, size_t n, const float *x)
{
    float lanes[8], result = neutral(c);
    size_t i;

    for (i = 0; i < 8; i++)
        lanes[i] = result;
    for (i = 0; i + 8 <= n; i += 8)
        fold_row(c, 8, x + i, lanes);
    fold_row(c, n - i, x + i, lanes);
    for (i = 0; i < 8; i++)
        fold_row(c, 1, &lanes[i], &result);
    return result;
}

static void combine(const octet_kernels *k, octet_combine c, size_t rows, size_t width,
                    const float *x, size_t row_step, float *y)
{
    if (c == OCTET_COMBINE_SUM && width == 1 && row_step == 1) {
        y[0] = k->sum_f32(rows, x);
    } else if (c == OCTET_COMBINE_SUM) {
        k->sum_rows_f32(rows, width, x, row_step, y);
    } else if (width == 1 && row_step == 1) {
        y[0] = fold_line(c, rows, x);
    } else {
        for (size_t i = 0; i < width; i++)
            y[i] = neutral(c);
        for (size_t r = 0; r < rows; r++)
            fold_row(c, width, x + r * row_step, y);
    }
}

/* A block that may be written to. */
static void reduce_own(const octet_kernels *k, const octet_reduce *r, size_t rows, size_t width,
                       float *x, float *max, float *y)
{
    if (r->shifted) {
        combine(k, OCTET_COMBINE_MAX, rows, width, x, width, max);
        for (size_t i = 0; i < width; i++)
            max[i] = isfinite(max[i]) ? max[i] : 0.0f;
        for (size_t i = 0; i < rows; i++)
            for (size_t c = 0; c < width; c++)
                x[i * width + c] -= max[c];
    }
    if (r->map_f32 != NULL)
        r->map_f32(k, rows * width, x, x);
    combine(k, r->combine, rows, width, x, width, y);
    if (r->finish_f32 != NULL)
        r->finish_f32(k, width, y, (float)rows);
    for (size_t i = 0; r->shifted && i < width; i++)
        y[i] += max[i];
}

/* Rows of `width` contiguous elements, or one column of single ones, gathered into dst. */
static void gather(const groups *g, const float *x, size_t width, float *dst)
{
    size_t run = g->inner_reduced && g->n_reduced > 0 ? g->reduced[0] : 1;
    int32_t first = g->inner_reduced && g->n_reduced > 0 ? 1 : 0;

    for (size_t i = 0; g->count > 0 && i < g->count / run; i++) {
        size_t from =
            offset_of(i, g->n_reduced - first, g->reduced + first, g->reduced_step + first);

        memcpy(dst, x + from, run * width * sizeof *dst);
        dst += run * width;
    }
}

/* Columns [from, from + width) of the innermost kept group, or the one result when it is reduced.
 */
static void reduce_block(const octet_kernels *k, const octet_reduce *r, const groups *g,
                         const float *x, size_t width, float *scratch, float *y)
{
    bool plain = r->map_f32 == NULL && !r->shifted && g->n_reduced <= 1;
    size_t step = g->n_reduced == 1 ? g->reduced_step[0] : 1;

    if (!plain) {
        gather(g, x, width, scratch);
        reduce_own(k, r, g->count, width, scratch, scratch + g->count * width, y);
        return;
    }
    combine(k, r->combine, g->count, width, x, step, y);
    if (r->finish_f32 != NULL)
        r->finish_f32(k, width, y, (float)g->count);
}

/* Whether every output folds a few elements that lie side by side, and they lie as the outputs do.
 * Up to eight are folded in the same order as a line and as a column; sums always are. */
static bool has_short_lines(const octet_reduce *r, const groups *g)
{
    size_t most = r->combine == OCTET_COMBINE_SUM ? SHORT_LINE : 8;

    return g->inner_reduced && g->n_reduced == 1 && g->n_kept == 1 && g->count <= most &&
           g->outputs >= 8 && r->map_f32 == NULL && !r->shifted;
}

/* Lines turned into columns. */
static octet_status reduce_short_lines(octet_eval *e, const octet_reduce *r, const groups *g)
{
    const octet_kernels *k = e->k;
    size_t n = g->count;
    const float *x = e->in[0]->data;
    float *y = e->out[0].data, *t = octet_eval_scratch(e, n * LINES * sizeof *t);

    OCTET_TRY_ALLOC(e->diag, t);
    for (size_t o = 0; o < g->outputs; o += LINES) {
        size_t width = g->outputs - o < LINES ? g->outputs - o : LINES;

        k->transpose_f32(width, n, x + o * n, n, t, width);
        combine(k, r->combine, n, width, t, width, y + o);
        if (r->finish_f32 != NULL)
            r->finish_f32(k, width, y + o, (float)n);
    }
    return OCTET_OK;
}

/* Sums of lines, one after the other: nothing is gathered. */
static octet_status sum_lines(octet_eval *e, const octet_reduce *r, const groups *g)
{
    float *y = e->out[0].data;
    size_t most = g->n_kept > 0 ? g->kept[0] : 1;

    for (size_t o = 0; o < g->outputs; o += most)
        e->k->sum_lines_f32(most, g->count,
                            (const float *)e->in[0]->data +
                                offset_of(o, g->n_kept, g->kept, g->kept_step),
                            g->n_kept > 0 ? g->kept_step[0] : 0, y + o);
    if (r->finish_f32 != NULL)
        r->finish_f32(e->k, g->outputs, y, (float)g->count);
    return OCTET_OK;
}

static octet_status reduce_f32(octet_eval *e, const octet_reduce *r, const groups *g)
{
    bool columns = !g->inner_reduced;
    size_t width = columns ? g->kept[0] : 1, block = BLOCK_FLOATS / (g->count + 1);
    const float *x = e->in[0]->data;
    float *y = e->out[0].data, *scratch;

    if (has_short_lines(r, g))
        return reduce_short_lines(e, r, g);
    if (g->inner_reduced && g->n_reduced <= 1 && r->combine == OCTET_COMBINE_SUM &&
        r->map_f32 == NULL && !r->shifted)
        return sum_lines(e, r, g);
    block = block < 8 ? 8 : block;
    block = block < width ? block : width;
    scratch = octet_eval_scratch(e, (g->count + 1) * block * sizeof *scratch);
    OCTET_TRY_ALLOC(e->diag, scratch);
    for (size_t o = 0; o < g->outputs; o += width) {
        size_t at = offset_of(o, g->n_kept, g->kept, g->kept_step);

        for (size_t c = 0; c < width; c += block)
            reduce_block(e->k, r, g, x + at + c, width - c < block ? width - c : block, scratch,
                         y + o + c);
    }
    return OCTET_OK;
}

/* ---- float64 and integers: one result at a time */

static double fold_f64(const octet_reduce *r, size_t n, const double *x, double shift)
{
    octet_combine c = r->combine;
    double y = c == OCTET_COMBINE_SUM ? 0.0 : (double)neutral(c);

    for (size_t i = 0; i < n; i++) {
        double v = r->map_f64 != NULL ? r->map_f64(x[i] - shift) : x[i] - shift;

        if (c == OCTET_COMBINE_SUM)
            y += v;
        else if (c == OCTET_COMBINE_PROD)
            y *= v;
        else if (v != v || (c == OCTET_COMBINE_MAX ? v > y : v < y))
            y = v;
    }
    return y;
}

static double reduce_row_f64(const octet_reduce *r, size_t n, const double *x)
{
    static const octet_reduce max_only = {.combine = OCTET_COMBINE_MAX};
    double shift = r->shifted ? fold_f64(&max_only, n, x, 0.0) : 0.0, y;

    shift = isfinite(shift) ? shift : 0.0;
    y = fold_f64(r, n, x, shift);
    if (r->finish_f64 != NULL)
        y = r->finish_f64(y, (double)n);
    return y + shift;
}

static int64_t first_i64(octet_combine c, octet_dtype dtype)
{
    const octet_dtype_traits *t = octet_dtype_get(dtype);
    bool top = c == OCTET_COMBINE_MIN;

    if (c == OCTET_COMBINE_SUM || c == OCTET_COMBINE_PROD)
        return c == OCTET_COMBINE_PROD;
    if (dtype == OCTET_DTYPE_INT64)
        return top ? INT64_MAX : INT64_MIN;
    if (dtype == OCTET_DTYPE_UINT64)
        return top ? -1 : 0;
    return top ? t->max : t->min;
}

static int64_t reduce_row_i64(const octet_reduce *r, size_t n, const int64_t *x, octet_dtype dtype)
{
    bool is_unsigned = octet_dtype_get(dtype)->kind != OCTET_KIND_SIGNED;
    int64_t y = first_i64(r->combine, dtype);
    /* Comparing with the sign bit flipped orders numbers as unsigned ones. */
    uint64_t flip = is_unsigned ? 0 : (uint64_t)1 << 63;

    for (size_t i = 0; i < n; i++) {
        int64_t v = r->map_i64 != NULL && !(is_unsigned && x[i] < 0) ? r->map_i64(x[i]) : x[i];
        uint64_t a = (uint64_t)v ^ flip, b = (uint64_t)y ^ flip;

        if (r->combine == OCTET_COMBINE_SUM)
            y = (int64_t)((uint64_t)y + (uint64_t)v);
        else if (r->combine == OCTET_COMBINE_PROD)
            y = (int64_t)((uint64_t)y * (uint64_t)v);
        else if (r->combine == OCTET_COMBINE_MAX ? a > b : a < b)
            y = v;
    }
    return r->finish_i64 != NULL ? r->finish_i64(y, (int64_t)n, is_unsigned) : y;
}

static octet_status reduce_wide(octet_eval *e, const octet_reduce *r, const groups *g)
{
    const octet_tensor *x = e->in[0];
    octet_dtype dtype = x->dtype, wide = OCTET_DTYPE_INT64;
    size_t size = octet_dtype_get(dtype)->bits / 8;
    double *row = octet_eval_scratch(e, (g->count + 1) * sizeof *row);

    OCTET_TRY_ALLOC(e->diag, row);
    if (octet_dtype_get(dtype)->kind == OCTET_KIND_FLOAT || r->through_f64)
        wide = OCTET_DTYPE_FLOAT64;
    else if (octet_dtype_get(dtype)->kind == OCTET_KIND_UNSIGNED)
        wide = OCTET_DTYPE_UINT64;
    for (size_t o = 0; o < g->outputs; o++) {
        size_t at = offset_of(o, g->n_kept, g->kept, g->kept_step);
        int64_t y;

        for (size_t i = 0; i < g->count; i++) {
            size_t from = at + offset_of(i, g->n_reduced, g->reduced, g->reduced_step);
            octet_convert(wide, row + i, dtype, x->data, (int64_t)from, 1);
        }
        if (wide == OCTET_DTYPE_FLOAT64) {
            double real = reduce_row_f64(r, g->count, row);
            memcpy(&y, &real, sizeof y);
        } else {
            y = reduce_row_i64(r, g->count, (const int64_t *)(const void *)row, dtype);
        }
        octet_convert(dtype, (char *)e->out[0].data + o * size, wide, &y, 0, 1);
    }
    return OCTET_OK;
}

/* ---- entry points */

octet_status octet_reduce_axes(octet_eval *e, const octet_reduce *r, const bool *mask,
                               bool keepdims)
{
    const octet_tensor *x = e->in[0];
    bool real = octet_dtype_get(x->dtype)->kind == OCTET_KIND_FLOAT;
    int64_t dims[OCTET_MAX_RANK];
    int32_t rank = 0;
    size_t element;
    groups g;

    OCTET_TRY(octet_eval_element(e, x->dtype, &element));
    if (real ? x->dtype != OCTET_DTYPE_FLOAT32 && x->dtype != OCTET_DTYPE_FLOAT64
             : octet_dtype_get(x->dtype)->kind == OCTET_KIND_OTHER)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "element type %s is not supported",
                          octet_dtype_get(x->dtype)->name);
    for (int32_t i = 0; i < x->rank; i++)
        if (!mask[i] || keepdims)
            dims[rank++] = mask[i] ? 1 : x->dims[i];
    OCTET_TRY(octet_eval_output(e, 0, x->dtype, rank, dims));
    make_groups(x, mask, &g);
    if (g.outputs == 0)
        return OCTET_OK;
    return x->dtype == OCTET_DTYPE_FLOAT32 ? reduce_f32(e, r, &g) : reduce_wide(e, r, &g);
}

octet_status octet_reduce_eval(octet_eval *e, const octet_reduce *r)
{
    const int64_t *axes;
    uint32_t n;
    bool mask[OCTET_MAX_RANK];

    OCTET_TRY(octet_eval_require(e, 1));
    OCTET_TRY(octet_eval_axes(e, 1, &axes, &n));
    OCTET_TRY(octet_axes_mask(axes, n, e->in[0]->rank, mask, e->diag));
    if (n == 0 && octet_node_int(e->node, "noop_with_empty_axes", 0) == 0)
        memset(mask, true, sizeof mask);
    return octet_reduce_axes(e, r, mask, octet_node_int(e->node, "keepdims", 1) != 0);
}

static bool infer_axes(octet_infer *in, const int64_t **axes, uint32_t *n)
{
    *axes = NULL;
    *n = 0;
    if (!octet_infer_has(in, 1)) {
        *axes = octet_node_ints(in->node, "axes", n);
        return true;
    }
    *axes = octet_infer_ints(in, 1, n);
    return *axes != NULL;
}

octet_status octet_reduce_infer(octet_infer *in)
{
    const octet_type *x = octet_infer_shape(in, 0);
    bool keepdims = octet_node_int(in->node, "keepdims", 1) != 0, mask[OCTET_MAX_RANK], known;
    const int64_t *axes;
    uint32_t n;
    int32_t rank = 0;
    octet_dim *dims;

    known = infer_axes(in, &axes, &n);
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    if (x == NULL || (!known && !keepdims))
        return OCTET_OK;
    dims = octet_infer_new_dims(in, x->rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    OCTET_TRY(octet_axes_mask(axes, n, x->rank, mask, in->diag));
    if (n == 0 && octet_node_int(in->node, "noop_with_empty_axes", 0) == 0)
        memset(mask, true, sizeof mask);
    for (int32_t i = 0; i < x->rank; i++)
        if (!mask[i] || keepdims)
            dims[rank++] = mask[i] ? octet_dim_known(1) : x->dims[i];
    if (known)
        octet_infer_set(in, 0, octet_infer_dtype(in, 0), rank, dims);
    else
        octet_infer_set(in, 0, octet_infer_dtype(in, 0), x->rank,
                        octet_infer_new_dims(in, x->rank));
    return OCTET_OK;
}
