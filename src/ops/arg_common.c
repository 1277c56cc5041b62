/* arg_common.c: ArgMax and ArgMin
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/arg_common.h"

#include <string.h>

typedef struct view {
    size_t outer, axis, inner;
    bool max, last; /* last: of equal elements the last one */
} view;

/* Whether c takes the place of b, the best so far. A NaN wins. */
#define BETTER(v, c, b)                                                                            \
    (((v)->max ? (c) > (b) : (c) < (b)) | ((v)->last & ((c) == (b))) |                             \
     (((c) != (c)) & ((b) == (b))))

/* Of one line side by side, or of all inner positions at once with the best values in `best`. */
#define SEARCH(T)                                                                                  \
    static int64_t line_##T(const view *v, const T *x)                                             \
    {                                                                                              \
        const view flags = *v;                                                                     \
        T best = x[0];                                                                             \
        size_t at = 0;                                                                             \
                                                                                                   \
        for (size_t a = 1; a < flags.axis; a++) {                                                  \
            const T c = x[a];                                                                      \
            const bool better = BETTER(&flags, c, best);                                           \
            best = better ? c : best;                                                              \
            at = better ? a : at;                                                                  \
        }                                                                                          \
        return (int64_t)at;                                                                        \
    }                                                                                              \
                                                                                                   \
    static void row_##T(bool max, bool last, size_t n, int32_t a, const T *restrict x,             \
                        T *restrict best, int32_t *restrict at)                                    \
    {                                                                                              \
        const view v = {.max = max, .last = last};                                                 \
                                                                                                   \
        for (size_t i = 0; i < n; i++) {                                                           \
            const T c = x[i], b = best[i];                                                         \
            const bool better = BETTER(&v, c, b);                                                  \
            best[i] = better ? c : b;                                                              \
            at[i] = better ? a : at[i];                                                            \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static void slice_##T(const view *v, const T *x, T *best, int32_t *at)                         \
    {                                                                                              \
        memcpy(best, x, v->inner * sizeof(T));                                                     \
        memset(at, 0, v->inner * sizeof *at);                                                      \
        for (size_t a = 1; a < v->axis; a++) {                                                     \
            const T *row = x + a * v->inner;                                                       \
            if (v->max && !v->last)                                                                \
                row_##T(true, false, v->inner, (int32_t)a, row, best, at);                         \
            else                                                                                   \
                row_##T(v->max, v->last, v->inner, (int32_t)a, row, best, at);                     \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static void search_##T(const view *v, const void *px, void *scratch, int64_t *y)               \
    {                                                                                              \
        const T *x = px;                                                                           \
        int32_t *at = scratch;                                                                     \
        T *best = (T *)(void *)((char *)scratch + v->inner * sizeof(double));                      \
                                                                                                   \
        for (size_t o = 0; o < v->outer; o++, x += v->axis * v->inner, y += v->inner) {            \
            if (v->inner == 1) {                                                                   \
                y[0] = line_##T(v, x);                                                             \
                continue;                                                                          \
            }                                                                                      \
            slice_##T(v, x, best, at);                                                             \
            for (size_t i = 0; i < v->inner; i++)                                                  \
                y[i] = at[i];                                                                      \
        }                                                                                          \
    }

SEARCH(float)
SEARCH(double)
SEARCH(int8_t)
SEARCH(int16_t)
SEARCH(int32_t)
SEARCH(int64_t)
SEARCH(uint8_t)
SEARCH(uint16_t)
SEARCH(uint32_t)
SEARCH(uint64_t)

typedef void (*search)(const view *v, const void *x, void *scratch, int64_t *y);

static const search searches[OCTET_DTYPE_COUNT] = {
    [OCTET_DTYPE_FLOAT32] = search_float,   [OCTET_DTYPE_FLOAT64] = search_double,
    [OCTET_DTYPE_INT8] = search_int8_t,     [OCTET_DTYPE_INT16] = search_int16_t,
    [OCTET_DTYPE_INT32] = search_int32_t,   [OCTET_DTYPE_INT64] = search_int64_t,
    [OCTET_DTYPE_UINT8] = search_uint8_t,   [OCTET_DTYPE_UINT16] = search_uint16_t,
    [OCTET_DTYPE_UINT32] = search_uint32_t, [OCTET_DTYPE_UINT64] = search_uint64_t,
};

octet_status octet_arg_eval(octet_eval *e, bool max)
{
    const octet_tensor *x;
    int64_t dims[OCTET_MAX_RANK];
    int32_t axis, rank = 0;
    bool keepdims = octet_node_int(e->node, "keepdims", 1) != 0;
    view v = {.max = max, .last = octet_node_int(e->node, "select_last_index", 0) != 0};
    void *scratch;

    OCTET_TRY(octet_eval_require(e, 1));
    x = e->in[0];
    if ((unsigned)x->dtype >= OCTET_DTYPE_COUNT || searches[x->dtype] == NULL)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "element type %s is not supported",
                          octet_dtype_get(x->dtype)->name);
    OCTET_TRY(octet_axis_check(octet_node_int(e->node, "axis", 0), x->rank, &axis, e->diag));
    for (int32_t i = 0; i < x->rank; i++)
        if (i != axis || keepdims)
            dims[rank++] = i == axis ? 1 : x->dims[i];
    v.outer = (size_t)octet_dims_product(x->dims, 0, axis);
    v.axis = (size_t)x->dims[axis];
    v.inner = (size_t)octet_dims_product(x->dims, axis + 1, x->rank);
    OCTET_TRY(octet_eval_output(e, 0, OCTET_DTYPE_INT64, rank, dims));
    if (v.outer * v.inner == 0)
        return OCTET_OK;
    if (v.axis > INT32_MAX)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "axis %d is too long", (int)axis);
    if (v.axis == 0)
        return octet_fail(e->diag, OCTET_ERR_DATA, "axis %d is empty", (int)axis);
    scratch = octet_eval_scratch(e, 2 * v.inner * sizeof(double));
    OCTET_TRY_ALLOC(e->diag, scratch);
    searches[x->dtype](&v, x->data, scratch, e->out[0].data);
    return OCTET_OK;
}

octet_status octet_arg_infer(octet_infer *in)
{
    const octet_type *x = octet_infer_shape(in, 0);
    bool keepdims = octet_node_int(in->node, "keepdims", 1) != 0;
    int32_t axis, rank = 0;
    octet_dim *dims;

    octet_infer_set(in, 0, OCTET_DTYPE_INT64, -1, NULL);
    if (x == NULL)
        return OCTET_OK;
    OCTET_TRY(octet_axis_check(octet_node_int(in->node, "axis", 0), x->rank, &axis, in->diag));
    dims = octet_infer_new_dims(in, x->rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    for (int32_t i = 0; i < x->rank; i++)
        if (i != axis || keepdims)
            dims[rank++] = i == axis ? octet_dim_known(1) : x->dims[i];
    octet_infer_set(in, 0, OCTET_DTYPE_INT64, rank, dims);
    return OCTET_OK;
}
