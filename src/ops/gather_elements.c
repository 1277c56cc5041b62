/* gather_elements.c: GatherElements, Scatter, ScatterElements
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"
#include "ops/scatter.h"

#include <string.h>

static octet_status infer_gather(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 1);

    octet_infer_set(in, 0, octet_infer_dtype(in, 0), t == NULL ? -1 : t->rank,
                    t == NULL ? NULL : t->dims);
    return OCTET_OK;
}

/* A walk over the indices tensor that knows where in `data` each index points. */
typedef struct walk {
    const octet_tensor *data, *indices;
    const int64_t *index;
    int32_t axis;
    int64_t strides[OCTET_MAX_RANK];  /* of data, in bytes */
    int64_t position[OCTET_MAX_RANK]; /* in indices */
    int64_t at, base;                 /* linear position; byte offset without the axis */
} walk;

static octet_status walk_init(walk *w, octet_eval *e, size_t element)
{
    int64_t *index;
    uint32_t n;

    *w = (walk){.data = e->in[0], .indices = e->in[1]};
    OCTET_TRY(octet_eval_ints(e, 1, &index, &n));
    w->index = index;
    OCTET_TRY(
        octet_axis_check(octet_node_int(e->node, "axis", 0), w->data->rank, &w->axis, e->diag));
    if (w->indices->rank != w->data->rank)
        return octet_fail(e->diag, OCTET_ERR_DATA, "data and indices differ in rank: %d and %d",
                          (int)w->data->rank, (int)w->indices->rank);
    for (int32_t i = 0; i < w->data->rank; i++)
        if (i != w->axis && w->indices->dims[i] > w->data->dims[i])
            return octet_fail(e->diag, OCTET_ERR_DATA, "indices are larger than data in axis %d",
                              (int)i);
    octet_strides(w->data->rank, w->data->dims, element, w->strides);
    return OCTET_OK;
}

/* Byte offset in data of the current index. */
static octet_status walk_offset(const walk *w, octet_eval *e, int64_t *out)
{
    int64_t size = w->data->dims[w->axis], i = w->index[w->at];

    if (i < -size || i >= size)
        return octet_fail(e->diag, OCTET_ERR_DATA, "index %lld is out of range for size %lld",
                          (long long)i, (long long)size);
    *out = w->base + (i < 0 ? i + size : i) * w->strides[w->axis];
    return OCTET_OK;
}

static void walk_next(walk *w)
{
    w->at++;
    for (int32_t i = w->data->rank - 1; i >= 0; i--) {
        int64_t step = i == w->axis ? 0 : w->strides[i];

        w->base += step;
        if (++w->position[i] < w->indices->dims[i])
            return;
        w->base -= step * w->indices->dims[i];
        w->position[i] = 0;
    }
}

static octet_status eval_gather(octet_eval *e)
{
    size_t element;
    int64_t n;
    walk w;

    OCTET_TRY(octet_eval_require(e, 2));
    OCTET_TRY(octet_eval_element(e, e->in[0]->dtype, &element));
    OCTET_TRY(walk_init(&w, e, element));
    OCTET_TRY(octet_eval_output(e, 0, w.data->dtype, w.indices->rank, w.indices->dims));
    n = octet_tensor_count(w.indices);
    for (; w.at < n; walk_next(&w)) {
        int64_t offset;

        OCTET_TRY(walk_offset(&w, e, &offset));
        memcpy((char *)e->out[0].data + w.at * (int64_t)element,
               (const char *)w.data->data + offset, element);
    }
    return OCTET_OK;
}

static octet_status eval_scatter(octet_eval *e)
{
    size_t element;
    int64_t n;
    octet_scatter_update update;
    walk w;

    OCTET_TRY(octet_eval_require(e, 3));
    OCTET_TRY(octet_scatter_prepare(e, &element, &update));
    OCTET_TRY(walk_init(&w, e, element));
    n = octet_tensor_count(w.indices);
    if (e->in[2]->rank != w.indices->rank || octet_tensor_count(e->in[2]) != n)
        return octet_fail(e->diag, OCTET_ERR_DATA, "indices and updates differ in shape");
    for (; w.at < n; walk_next(&w)) {
        int64_t offset;

        OCTET_TRY(walk_offset(&w, e, &offset));
        update((char *)e->out[0].data + offset,
               (const char *)e->in[2]->data + w.at * (int64_t)element, 1, element);
    }
    return OCTET_OK;
}

const octet_op octet_op_gather_elements = {
    .domain = "",
    .name = "GatherElements",
    .since = 13,
    .in = {{.name = "data", .role = OCTET_ROLE_DATA},
           {.name = "indices", .role = OCTET_ROLE_SHAPE}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = infer_gather,
    .eval = eval_gather,
};

#define SCATTER_FACTS                                                                              \
    .domain = "", .since = 13,                                                                     \
    .in = {{.name = "data", .role = OCTET_ROLE_DATA},                                              \
           {.name = "indices", .role = OCTET_ROLE_SHAPE},                                          \
           {.name = "updates", .role = OCTET_ROLE_DATA}},                                          \
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},                                          \
    .quant = {.observe = OCTET_OBSERVE_OUTPUT}, .infer = octet_infer_same, .eval = eval_scatter

/* Deprecated since opset 11, still met in files. */
const octet_op octet_op_scatter = {.name = "Scatter", SCATTER_FACTS};

const octet_op octet_op_scatter_elements = {.name = "ScatterElements", SCATTER_FACTS};
