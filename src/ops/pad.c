/* pad.c: Pad
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

#include <string.h>

typedef struct padding {
    int64_t before[OCTET_MAX_RANK], after[OCTET_MAX_RANK];
} padding;

/* Spreads the list pads over the axes it is for. */
static octet_status spread(const int64_t *pads, uint32_t n_pads, const int64_t *axes,
                           uint32_t n_axes, int32_t rank, padding *out, octet_diag *diag)
{
    uint32_t n = axes == NULL ? (uint32_t)rank : n_axes;

    memset(out, 0, sizeof *out);
    if (n_pads != 2 * (uint64_t)n)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "pads has %u entries for %u axes", n_pads,
                          n);
    for (uint32_t i = 0; i < n; i++) {
        int32_t axis;

        OCTET_TRY(octet_axis_check(axes == NULL ? (int64_t)i : axes[i], rank, &axis, diag));
        out->before[axis] = pads[i];
        out->after[axis] = pads[n + i];
    }
    return OCTET_OK;
}

/* size + before + after without overflow; false if that is negative or too large. */
static bool padded(int64_t size, int64_t before, int64_t after, int64_t *out)
{
    const int64_t limit = INT64_MAX / 4;

    if (size > limit || before > limit || before < -limit || after > limit || after < -limit)
        return false;
    *out = size + before + after;
    return *out >= 0;
}

static octet_status infer(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);
    uint32_t n_pads, n_axes;
    const int64_t *pads = octet_infer_ints(in, 1, &n_pads),
                  *axes = octet_infer_ints(in, 3, &n_axes);
    octet_dim *dims;
    padding p;

    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    if (t == NULL)
        return OCTET_OK;
    dims = octet_infer_new_dims(in, t->rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), t->rank, dims);
    if (pads == NULL || (axes == NULL && octet_infer_has(in, 3)))
        return OCTET_OK;
    OCTET_TRY(spread(pads, n_pads, axes, n_axes, t->rank, &p, in->diag));
    for (int32_t i = 0; i < t->rank; i++) {
        int64_t size;

        if (p.before[i] == 0 && p.after[i] == 0)
            dims[i] = t->dims[i];
        else if (t->dims[i].size >= 0 && padded(t->dims[i].size, p.before[i], p.after[i], &size))
            dims[i] = octet_dim_known(size);
    }
    return OCTET_OK;
}

/* ---- evaluation: the kept part is copied, then each axis is padded from what is already there */

typedef int64_t (*pad_source)(int64_t i, int64_t n); /* in [0, n) for any i */

static int64_t source_edge(int64_t i, int64_t n)
{
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

static int64_t source_wrap(int64_t i, int64_t n)
{
    return (i % n + n) % n;
}

static int64_t source_reflect(int64_t i, int64_t n)
{
    int64_t t = n == 1 ? 0 : source_wrap(i, 2 * (n - 1));

    return t < n ? t : 2 * (n - 1) - t;
}

static const struct {
    const char *mode;
    pad_source source; /* NULL: constant */
} modes[] = {
    {"constant", NULL}, {"edge", source_edge}, {"reflect", source_reflect}, {"wrap", source_wrap}};

static octet_status find_mode(octet_eval *e, pad_source *out)
{
    const char *mode = octet_node_string(e->node, "mode", "constant");

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(modes[i].mode, mode) == 0) {
            *out = modes[i].source;
            return OCTET_OK;
        }
    return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "mode '%s' is not supported", mode);
}

static octet_status read_padding(octet_eval *e, padding *p)
{
    int64_t *pads, *axes;
    uint32_t n_pads, n_axes;

    OCTET_TRY(octet_eval_ints(e, 1, &pads, &n_pads));
    OCTET_TRY(octet_eval_ints(e, 3, &axes, &n_axes));
    return spread(pads, n_pads, axes, n_axes, e->in[0]->rank, p, e->diag);
}

static octet_status fill(octet_eval *e, size_t element)
{
    static const uint8_t zeros[16] = {0};
    const octet_tensor *value = octet_eval_input(e, 2);
    const int64_t none[1] = {0}, step[1] = {(int64_t)element};
    int64_t n = octet_tensor_count(&e->out[0]);

    if (value != NULL && (octet_tensor_count(value) != 1 || value->dtype != e->in[0]->dtype))
        return octet_fail(e->diag, OCTET_ERR_DATA,
                          "constant_value is not one element of the type "
                          "of data");
    octet_copy_nd(element, 1, &n, e->out[0].data, step, value == NULL ? zeros : value->data, none);
    return OCTET_OK;
}

/* Pads one axis; `box` is the filled part of the output: whole in later axes, kept in earlier ones.
 */
static void pad_axis(octet_tensor *y, int32_t axis, int64_t *box, int64_t *corner,
                     const int64_t *strides, size_t element, pad_source source)
{
    int64_t kept = box[axis], from = corner[axis], size = y->dims[axis], base = 0;

    box[axis] = 1;
    corner[axis] = 0;
    for (int32_t i = 0; i < y->rank; i++)
        base += corner[i] * strides[i];
    for (int64_t j = 0; j < size; j++) {
        int64_t s = from + source(j - from, kept);

        if (s != j)
            octet_copy_nd(element, y->rank, box, (char *)y->data + base + j * strides[axis],
                          strides, (char *)y->data + base + s * strides[axis], strides);
    }
    box[axis] = size;
}

/* The part of the input that stays: all of it, or less where pads are negative. */
static octet_status keep(octet_eval *e, const padding *p, int64_t *box, int64_t *corner,
                         int64_t *dims, int64_t *skip)
{
    const octet_tensor *x = e->in[0];

    for (int32_t i = 0; i < x->rank; i++) {
        bool ok = padded(x->dims[i], p->before[i], p->after[i], &dims[i]);
        int64_t cut_before = ok && p->before[i] < 0 ? -p->before[i] : 0;
        int64_t cut_after = ok && p->after[i] < 0 ? -p->after[i] : 0;

        if (!ok || cut_before > x->dims[i] || cut_after > x->dims[i] - cut_before)
            return octet_fail(e->diag, OCTET_ERR_DATA, "pads %lld and %lld do not suit size %lld",
                              (long long)p->before[i], (long long)p->after[i],
                              (long long)x->dims[i]);
        box[i] = x->dims[i] - cut_before - cut_after;
        corner[i] = p->before[i] > 0 ? p->before[i] : 0;
        skip[i] = cut_before;
    }
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    int64_t dims[OCTET_MAX_RANK], box[OCTET_MAX_RANK], corner[OCTET_MAX_RANK], skip[OCTET_MAX_RANK];
    int64_t from[OCTET_MAX_RANK], to[OCTET_MAX_RANK], at = 0, base = 0, kept;
    const octet_tensor *x;
    pad_source source = NULL;
    size_t element;
    padding p;

    OCTET_TRY(octet_eval_require(e, 2));
    x = e->in[0];
    OCTET_TRY(octet_eval_element(e, x->dtype, &element));
    OCTET_TRY(find_mode(e, &source));
    OCTET_TRY(read_padding(e, &p));
    OCTET_TRY(keep(e, &p, box, corner, dims, skip));
    OCTET_TRY(octet_eval_output(e, 0, x->dtype, x->rank, dims));
    if (e->out[0].bytes == 0)
        return OCTET_OK;
    kept = octet_dims_product(box, 0, x->rank);
    if (source == NULL)
        OCTET_TRY(fill(e, element));
    else if (kept == 0)
        return octet_fail(e->diag, OCTET_ERR_DATA, "there is nothing to pad from");
    octet_strides(x->rank, x->dims, element, from);
    octet_strides(x->rank, dims, element, to);
    for (int32_t i = 0; kept > 0 && i < x->rank; i++) {
        at += skip[i] * from[i];
        base += corner[i] * to[i];
    }
    octet_copy_nd(element, x->rank, box, (char *)e->out[0].data + base, to,
                  (const char *)x->data + at, from);
    for (int32_t i = x->rank - 1; source != NULL && i >= 0; i--)
        pad_axis(&e->out[0], i, box, corner, to, element, source);
    return OCTET_OK;
}

const octet_op octet_op_pad = {
    .domain = "",
    .name = "Pad",
    .since = 13,
    .in = {{.name = "data", .role = OCTET_ROLE_DATA},
           {.name = "pads", .role = OCTET_ROLE_SHAPE},
           {.name = "constant_value", .role = OCTET_ROLE_PARAM, .optional = true},
           {.name = "axes", .role = OCTET_ROLE_SHAPE, .optional = true}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
