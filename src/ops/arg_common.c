/* arg_common.c: ArgMax and ArgMin
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/arg_common.h"

#include <string.h>

typedef struct view {
    size_t outer, axis, inner;
    bool max, last; /* last: of equal elements the last one */
} view;

/* Inner positions run in the inner loop, with the best values so far in `best`. A NaN wins. */
#define SEARCH(T)                                                                                  \
    static void search_##T(const view *v, const void *px, void *scratch, int64_t *y)               \
    {                                                                                              \
        const T *x = px;                                                                           \
        T *best = scratch;                                                                         \
                                                                                                   \
        for (size_t o = 0; o < v->outer; o++, x += v->axis * v->inner, y += v->inner) {            \
            memcpy(best, x, v->inner * sizeof(T));                                                 \
            memset(y, 0, v->inner * sizeof *y);                                                    \
            for (size_t a = 1; a < v->axis; a++)                                                   \
                for (size_t i = 0; i < v->inner; i++) {                                            \
                    const T c = x[a * v->inner + i], b = best[i];                                  \
                    bool better =                                                                  \
                        (v->max ? c > b : c < b) || (v->last && c == b) || (c != c && b == b);     \
                    best[i] = better ? c : b;                                                      \
                    y[i] = better ? (int64_t)a : y[i];                                             \
                }                                                                                  \
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
    if (v.axis == 0)
        return octet_fail(e->diag, OCTET_ERR_DATA, "axis %d is empty", (int)axis);
    scratch = octet_eval_scratch(e, v.inner * sizeof(double));
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
