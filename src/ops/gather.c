/* gather.c: Gather
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

#include <string.h>

static octet_status infer_elements(octet_infer *in)
{
    uint32_t n, count;
    const octet_sym *value = octet_infer_value(in, 0, &n);
    const int64_t *index = octet_infer_ints(in, 1, &count);
    octet_sym *out;

    if (value == NULL || index == NULL || count > OCTET_MAX_SYMS || in->in[0]->rank != 1)
        return OCTET_OK;
    out = OCTET_ARENA_ARRAY(in->arena, octet_sym, (size_t)count + 1);
    OCTET_TRY_ALLOC(in->diag, out);
    for (uint32_t i = 0; i < count; i++) {
        if (index[i] < -(int64_t)n || index[i] >= (int64_t)n)
            return octet_infer_fail(in, "index %lld is out of range for %u elements",
                                    (long long)index[i], n);
        out[i] = value[index[i] < 0 ? index[i] + n : index[i]];
    }
    octet_infer_set_value(in, 0, out, count);
    return OCTET_OK;
}

static octet_status infer(octet_infer *in)
{
    const octet_type *x = octet_infer_shape(in, 0), *indices = octet_infer_shape(in, 1);
    int32_t axis = 0, rank = 0;
    octet_dim *dims;

    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    OCTET_TRY(infer_elements(in));
    if (x == NULL || indices == NULL)
        return OCTET_OK;
    OCTET_TRY(octet_axis_check(octet_node_int(in->node, "axis", 0), x->rank, &axis, in->diag));
    dims = octet_infer_new_dims(in, x->rank + indices->rank - 1);
    OCTET_TRY_ALLOC(in->diag, dims);
    for (int32_t i = 0; i < axis; i++)
        dims[rank++] = x->dims[i];
    for (int32_t i = 0; i < indices->rank; i++)
        dims[rank++] = indices->dims[i];
    for (int32_t i = axis + 1; i < x->rank; i++)
        dims[rank++] = x->dims[i];
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), rank, dims);
    return OCTET_OK;
}

static octet_status output_dims(octet_eval *e, int32_t axis, int64_t dims[2 * OCTET_MAX_RANK])
{
    const octet_tensor *x = e->in[0], *indices = e->in[1];
    int32_t rank = 0;

    for (int32_t i = 0; i < axis; i++)
        dims[rank++] = x->dims[i];
    for (int32_t i = 0; i < indices->rank; i++)
        dims[rank++] = indices->dims[i];
    for (int32_t i = axis + 1; i < x->rank; i++)
        dims[rank++] = x->dims[i];
    return octet_eval_output(e, 0, x->dtype, rank, dims);
}

static octet_status check_indices(octet_eval *e, int64_t *index, uint32_t n, int64_t size)
{
    for (uint32_t i = 0; i < n; i++) {
        if (index[i] < -size || index[i] >= size)
            return octet_fail(e->diag, OCTET_ERR_DATA, "index %lld is out of range for size %lld",
                              (long long)index[i], (long long)size);
        if (index[i] < 0)
            index[i] += size;
    }
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x;
    int64_t dims[2 * OCTET_MAX_RANK], *index, outer;
    int32_t axis = 0;
    uint32_t n;
    size_t element, inner;
    char *to;

    OCTET_TRY(octet_eval_require(e, 2));
    x = e->in[0];
    OCTET_TRY(octet_eval_element(e, x->dtype, &element));
    OCTET_TRY(octet_axis_check(octet_node_int(e->node, "axis", 0), x->rank, &axis, e->diag));
    OCTET_TRY(octet_eval_ints(e, 1, &index, &n));
    OCTET_TRY(check_indices(e, index, n, x->dims[axis]));
    OCTET_TRY(output_dims(e, axis, dims));
    if (e->out[0].bytes == 0)
        return OCTET_OK;
    outer = octet_dims_product(x->dims, 0, axis);
    inner = (size_t)octet_dims_product(x->dims, axis + 1, x->rank) * element;
    to = e->out[0].data;
    for (int64_t o = 0; o < outer; o++) {
        const char *from = (const char *)x->data + (size_t)(o * x->dims[axis]) * inner;

        for (uint32_t i = 0; i < n; i++, to += inner)
            memcpy(to, from + (size_t)index[i] * inner, inner);
    }
    return OCTET_OK;
}

const octet_op octet_op_gather = {
    .domain = "",
    .name = "Gather",
    .since = 13,
    .in = {{.name = "data", .role = OCTET_ROLE_DATA},
           {.name = "indices", .role = OCTET_ROLE_SHAPE}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .unaligned = 1u << 0,
    .infer = infer,
    .eval = eval,
};
