/* resize.c: Resize
 * SPDX-License-Identifier: Apache-2.0
 *
 * Linear and cubic interpolation work axis by axis, the last axis first; an output is the chain of
 * its taps in index order, products rounded before they are added.
 */
#include "ops/resize.h"

#include "base/parallel.h"

#include <math.h>
#include <string.h>

typedef struct plan {
    octet_resize_how how;
    int32_t rank;
    octet_resize_axis axis[OCTET_MAX_RANK]; /* of X; scale 1 where nothing changes */
    bool used[OCTET_MAX_RANK];
} plan;

/* ---- reading the inputs */

/* Absent, or the empty tensor that old exporters give. */
static const octet_tensor *given(const octet_eval *e, uint32_t index)
{
    const octet_tensor *t = octet_eval_input(e, index);

    return t != NULL && octet_tensor_count(t) > 0 ? t : NULL;
}

static octet_status axes_of(const octet_node *node, int32_t rank, uint32_t *n,
                            int32_t axes[OCTET_MAX_RANK], octet_diag *diag)
{
    const int64_t *list = octet_node_ints(node, "axes", n);
    bool mask[OCTET_MAX_RANK];

    if (list == NULL || *n == 0) {
        *n = (uint32_t)rank;
        for (int32_t i = 0; i < rank; i++)
            axes[i] = i;
        return OCTET_OK;
    }
    OCTET_TRY(octet_axes_mask(list, *n, rank, mask, diag));
    for (uint32_t i = 0; i < *n; i++)
        octet_axis_normalize(list[i], rank, &axes[i]);
    return OCTET_OK;
}

static octet_status check_count(octet_eval *e, const octet_tensor *t, uint32_t n, const char *name)
{
    if (octet_tensor_count(t) == (int64_t)n)
        return OCTET_OK;
    return octet_fail(e->diag, OCTET_ERR_DATA, "%s has %lld elements instead of %u", name,
                      (long long)octet_tensor_count(t), n);
}

static octet_status make_plan(octet_eval *e, plan *p, int64_t *out)
{
    const octet_tensor *x = e->in[0], *roi = given(e, 1), *scales = given(e, 2),
                       *sizes = given(e, 3);
    int32_t axes[OCTET_MAX_RANK];
    float scale[OCTET_MAX_RANK];
    int64_t *wanted = NULL;
    uint32_t n, count;

    OCTET_TRY(octet_resize_read(e->node, &p->how, e->diag));
    OCTET_TRY(axes_of(e->node, x->rank, &n, axes, e->diag));
    if ((scales == NULL) == (sizes == NULL))
        return octet_fail(e->diag, OCTET_ERR_DATA, "either scales or sizes must be given");
    OCTET_TRY(
        check_count(e, scales != NULL ? scales : sizes, n, scales != NULL ? "scales" : "sizes"));
    if (scales != NULL && scales->dtype != OCTET_DTYPE_FLOAT32)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "scales is not float");
    if (sizes != NULL)
        OCTET_TRY(octet_eval_ints(e, 3, &wanted, &count));
    if (p->how.crop && roi == NULL)
        return octet_fail(e->diag, OCTET_ERR_DATA, "roi is missing");
    if (p->how.crop)
        OCTET_TRY(check_count(e, roi, 2 * n, "roi"));
    memcpy(out, x->dims, sizeof x->dims);
    OCTET_TRY(octet_resize_sizes(e->node, n, axes, scales != NULL ? scales->data : NULL, wanted,
                                 x->dims, out, scale, e->diag));
    p->rank = x->rank;
    for (uint32_t i = 0; i < n; i++) {
        int32_t a = axes[i];
        octet_resize_axis *axis = &p->axis[a];

        *axis = (octet_resize_axis){.in = x->dims[a], .out = out[a], .scale = scale[a]};
        p->used[a] = p->how.crop || scale[a] != 1.0f || out[a] != x->dims[a];
        for (uint32_t side = 0; p->how.crop && side < 2; side++)
            axis->roi[side] = (float)octet_tensor_f64_at(roi, (int64_t)(i + side * n));
    }
    return OCTET_OK;
}

/* ---- one axis: x is [outer, in, inner], y is [outer, out, inner] */

typedef struct pass {
    const octet_kernels *k;
    const octet_resize_axis *axis;
    int64_t *offset; /* of the rows that are weighed: index times inner */
    size_t outer, inner, element;
    const char *x;
    char *y;
    const char *fill; /* the extrapolation value as one element */
} pass;

static void copy_elements(size_t element, size_t n, const int64_t *index, const char *x, char *y)
{
    if (element == 4)
        for (size_t i = 0; i < n; i++)
            memcpy(y + 4 * i, x + 4 * index[i], 4);
    else if (element == 1)
        for (size_t i = 0; i < n; i++)
            y[i] = x[index[i]];
    else
        for (size_t i = 0; i < n; i++)
            memcpy(y + i * element, x + (size_t)index[i] * element, element);
}

static void nearest_slice(const pass *p, const char *x, char *y)
{
    const octet_resize_axis *a = p->axis;
    size_t bytes = p->inner * p->element;

    if (p->inner == 1)
        copy_elements(p->element, (size_t)a->out, a->index, x, y);
    else
        for (int64_t j = 0; j < a->out; j++)
            memcpy(y + (size_t)j * bytes, x + (size_t)a->index[j] * bytes, bytes);
}

/* Outputs of the last axis: single elements from here and there. */
static void weigh_elements(const octet_resize_axis *a, const float *x, float *y)
{
    const int64_t *index = a->index;
    const float *weight = a->weight;

    for (int64_t j = 0; a->taps == 2 && j < a->out; j++)
        y[j] = weight[2 * j] * x[index[2 * j]] + weight[2 * j + 1] * x[index[2 * j + 1]];
    for (int64_t j = 0; a->taps != 2 && j < a->out; j++, index += a->taps, weight += a->taps) {
        float sum = weight[0] * x[index[0]];
        for (size_t t = 1; t < a->taps; t++)
            sum += weight[t] * x[index[t]];
        y[j] = sum;
    }
}

static void weigh_rows(const pass *p, const float *x, float *y)
{
    const octet_resize_axis *a = p->axis;

    for (int64_t j = 0; j < a->out; j++, y += p->inner)
        p->k->weigh_row_f32(p->inner, a->taps, p->offset + (size_t)j * a->taps,
                            a->weight + (size_t)j * a->taps, x, y);
}

static void fill_outside(const pass *p, char *y)
{
    for (int64_t j = 0; j < p->axis->out; j++)
        for (size_t i = 0; p->axis->outside[j] && i < p->inner; i++)
            memcpy(y + ((size_t)j * p->inner + i) * p->element, p->fill, p->element);
}

static void run_slice(void *arg, size_t o, int worker)
{
    const pass *p = arg;
    const octet_resize_axis *a = p->axis;
    const char *x = p->x + o * (size_t)a->in * p->inner * p->element;
    char *y = p->y + o * (size_t)a->out * p->inner * p->element;

    (void)worker;
    if (a->weight == NULL)
        nearest_slice(p, x, y);
    else if (p->inner == 1)
        weigh_elements(a, (const float *)(const void *)x, (float *)(void *)y);
    else
        weigh_rows(p, (const float *)(const void *)x, (float *)(void *)y);
    if (a->outside != NULL)
        fill_outside(p, y);
}

static octet_status set_offsets(octet_eval *e, pass *p)
{
    size_t n = (size_t)p->axis->out * p->axis->taps;

    if (p->axis->weight == NULL || p->inner == 1)
        return OCTET_OK;
    p->offset = octet_eval_scratch(e, n * sizeof *p->offset);
    OCTET_TRY_ALLOC(e->diag, p->offset);
    for (size_t i = 0; i < n; i++)
        p->offset[i] = p->axis->index[i] * (int64_t)p->inner;
    return OCTET_OK;
}

/* ---- all axes, the last one first; y receives the result */

static octet_status run_axes(octet_eval *e, plan *p, const octet_tensor *x, const char *fill,
                             void *y)
{
    octet_tensor now = *x;
    int32_t first = 0;

    while (first < p->rank && !p->used[first])
        first++;
    for (int32_t i = p->rank - 1; i >= first; i--) {
        pass s = {.k = e->k, .axis = &p->axis[i], .x = now.data, .fill = fill};
        octet_tensor next;
        int64_t dims[OCTET_MAX_RANK];

        if (!p->used[i])
            continue;
        OCTET_TRY(octet_resize_axis_init(e, &p->how, &p->axis[i]));
        s.outer = (size_t)octet_dims_product(now.dims, 0, i);
        s.inner = (size_t)octet_dims_product(now.dims, i + 1, now.rank);
        OCTET_TRY(octet_eval_element(e, now.dtype, &s.element));
        OCTET_TRY(set_offsets(e, &s));
        memcpy(dims, now.dims, sizeof dims);
        dims[i] = p->axis[i].out;
        OCTET_TRY(octet_tensor_describe(&next, now.dtype, now.rank, dims, e->diag));
        next.data = i == first ? y : octet_eval_scratch(e, next.bytes);
        OCTET_TRY_ALLOC(e->diag, next.data);
        s.y = next.data;
        octet_parallel_for(s.outer, e->threads, run_slice, &s);
        now = next;
    }
    if (first == p->rank)
        memcpy(y, x->data, x->bytes);
    return OCTET_OK;
}

static octet_status unsupported(octet_eval *e)
{
    return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "element type %s is not supported",
                      octet_dtype_get(e->in[0]->dtype)->name);
}

/* Interpolation of other types goes through float32; integers truncate. */
static octet_status through_f32(octet_eval *e, plan *p, const char *fill)
{
    const octet_tensor *x = e->in[0];
    int64_t n = octet_tensor_count(&e->out[0]);
    octet_tensor real;
    void *y = octet_eval_scratch(e, (size_t)n * sizeof(float));

    OCTET_TRY(octet_tensor_describe(&real, OCTET_DTYPE_FLOAT32, x->rank, x->dims, e->diag));
    real.data = octet_eval_scratch(e, real.bytes);
    OCTET_TRY_ALLOC(e->diag, real.data);
    OCTET_TRY_ALLOC(e->diag, y);
    if (!octet_convert(real.dtype, real.data, x->dtype, x->data, 0, octet_tensor_count(x)))
        return unsupported(e);
    OCTET_TRY(run_axes(e, p, &real, fill, y));
    octet_convert(x->dtype, e->out[0].data, real.dtype, y, 0, n);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x;
    int64_t dims[OCTET_MAX_RANK];
    char fill[16] = {0};
    bool copies;
    plan p = {0};

    OCTET_TRY(octet_eval_require(e, 1));
    x = e->in[0];
    OCTET_TRY(make_plan(e, &p, dims));
    OCTET_TRY(octet_eval_output(e, 0, x->dtype, x->rank, dims));
    if (octet_tensor_count(&e->out[0]) == 0)
        return OCTET_OK;
    copies = p.how.mode == OCTET_RESIZE_NEAREST;
    if (!octet_convert(copies ? x->dtype : OCTET_DTYPE_FLOAT32, fill, OCTET_DTYPE_FLOAT32,
                       &p.how.extrapolation, 0, 1))
        return unsupported(e);
    if (copies || x->dtype == OCTET_DTYPE_FLOAT32)
        return run_axes(e, &p, x, fill, e->out[0].data);
    return through_f32(e, &p, fill);
}

/* ---- inference */

static octet_dim scaled(octet_dim dim, float scale)
{
    if (dim.size < 0)
        return scale == 1.0f ? dim : octet_dim_unknown();
    return octet_dim_known((int64_t)floorf(scale * (float)dim.size));
}

/* The policies that keep the aspect ratio need every size. */
static octet_status infer_kept(octet_infer *in, uint32_t n, const int32_t *axes, octet_dim *dims)
{
    uint32_t count;
    const int64_t *sizes = octet_infer_ints(in, 3, &count);
    int64_t from[OCTET_MAX_RANK], to[OCTET_MAX_RANK];
    float scale[OCTET_MAX_RANK];
    bool known = sizes != NULL && count == n;

    for (uint32_t i = 0; i < n; i++) {
        from[axes[i]] = dims[axes[i]].size;
        known = known && from[axes[i]] >= 0;
        dims[axes[i]] = octet_dim_unknown();
    }
    if (!known)
        return OCTET_OK;
    OCTET_TRY(octet_resize_sizes(in->node, n, axes, NULL, sizes, from, to, scale, in->diag));
    for (uint32_t i = 0; i < n; i++)
        dims[axes[i]] = octet_dim_known(to[axes[i]]);
    return OCTET_OK;
}

/* Sizes may be symbols. */
static octet_status infer_sizes(octet_infer *in, uint32_t n, const int32_t *axes, octet_dim *dims)
{
    const char *policy = octet_node_string(in->node, "keep_aspect_ratio_policy", "stretch");
    uint32_t count;
    const octet_sym *sizes = octet_infer_value(in, 3, &count);

    if (strcmp(policy, "stretch") != 0)
        return infer_kept(in, n, axes, dims);
    for (uint32_t i = 0; i < n; i++)
        dims[axes[i]] =
            sizes != NULL && count == n ? octet_dim_from_sym(sizes[i]) : octet_dim_unknown();
    return OCTET_OK;
}

static octet_status infer(octet_infer *in)
{
    const octet_type *x = octet_infer_shape(in, 0);
    const octet_tensor *scales = in->n_in > 2 ? in->constant[2] : NULL;
    int32_t axes[OCTET_MAX_RANK];
    octet_dim *dims;
    uint32_t n;

    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    if (x == NULL)
        return OCTET_OK;
    dims = octet_infer_new_dims(in, x->rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    OCTET_TRY(axes_of(in->node, x->rank, &n, axes, in->diag));
    for (int32_t i = 0; i < x->rank; i++)
        dims[i] = x->dims[i];
    if (octet_infer_has(in, 3)) {
        OCTET_TRY(infer_sizes(in, n, axes, dims));
    } else {
        bool known = scales != NULL && scales->dtype == OCTET_DTYPE_FLOAT32 &&
                     octet_tensor_count(scales) == (int64_t)n;
        for (uint32_t i = 0; i < n; i++) {
            float s = known ? ((const float *)scales->data)[i] : 0.0f;
            bool usable = known && s > 0.0f && s < 0x1p31f;
            dims[axes[i]] = usable ? scaled(x->dims[axes[i]], s) : octet_dim_unknown();
        }
    }
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), x->rank, dims);
    return OCTET_OK;
}

const octet_op octet_op_resize = {
    .domain = "",
    .name = "Resize",
    .since = 13,
    .in = {{.name = "X"},
           {.name = "roi", .role = OCTET_ROLE_PARAM, .optional = true},
           {.name = "scales", .role = OCTET_ROLE_PARAM, .optional = true},
           {.name = "sizes", .role = OCTET_ROLE_SHAPE, .optional = true}},
    .out = {{.name = "Y"}},
    .infer = infer,
    .eval = eval,
};
