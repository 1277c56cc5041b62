/* shape.c: Shape, Size
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

#include <string.h>

/* The part [*from, *to) of the shape that attributes start and end select. */
static void selected(const octet_node *n, int32_t rank, int32_t *from, int32_t *to)
{
    int64_t start = octet_node_int(n, "start", 0), end = octet_node_int(n, "end", rank);

    if (start < 0)
        start = start < -(int64_t)rank ? 0 : start + rank;
    if (end < 0)
        end = end < -(int64_t)rank ? 0 : end + rank;
    *to = (int32_t)(end > rank ? rank : end);
    *from = (int32_t)(start > *to ? *to : start);
}

static octet_status infer_shape(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);
    octet_dim *length = octet_infer_new_dims(in, 1);
    int32_t from, to;
    octet_sym *elements;

    OCTET_TRY_ALLOC(in->diag, length);
    octet_infer_set(in, 0, OCTET_DTYPE_INT64, 1, length);
    if (t == NULL)
        return OCTET_OK;
    selected(in->node, t->rank, &from, &to);
    length[0] = octet_dim_known(to - from);
    elements = OCTET_ARENA_ARRAY(in->arena, octet_sym, (size_t)(to - from) + 1);
    OCTET_TRY_ALLOC(in->diag, elements);
    for (int32_t i = from; i < to; i++)
        elements[i - from] = octet_sym_from_dim(t->dims[i]);
    octet_infer_set_value(in, 0, elements, (uint32_t)(to - from));
    return OCTET_OK;
}

static octet_status infer_size(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);
    octet_dim *none = octet_infer_new_dims(in, 0);
    octet_sym *element = OCTET_ARENA_NEW(in->arena, octet_sym);

    OCTET_TRY_ALLOC(in->diag, none);
    OCTET_TRY_ALLOC(in->diag, element);
    octet_infer_set(in, 0, OCTET_DTYPE_INT64, 0, none);
    if (t == NULL)
        return OCTET_OK;
    *element = octet_sym_from_dim(octet_dim_product(t->dims, t->rank));
    octet_infer_set_value(in, 0, element, 1);
    return OCTET_OK;
}

static octet_status eval_shape(octet_eval *e)
{
    int32_t from, to;
    int64_t n;

    OCTET_TRY(octet_eval_require(e, 1));
    selected(e->node, e->in[0]->rank, &from, &to);
    n = to - from;
    OCTET_TRY(octet_eval_output(e, 0, OCTET_DTYPE_INT64, 1, &n));
    if (n > 0)
        memcpy(e->out[0].data, e->in[0]->dims + from, (size_t)n * sizeof n);
    return OCTET_OK;
}

static octet_status eval_size(octet_eval *e)
{
    OCTET_TRY(octet_eval_require(e, 1));
    OCTET_TRY(octet_eval_output(e, 0, OCTET_DTYPE_INT64, 0, NULL));
    *(int64_t *)e->out[0].data = octet_tensor_count(e->in[0]);
    return OCTET_OK;
}

const octet_op octet_op_shape = {
    .domain = "",
    .name = "Shape",
    .since = 13,
    .in = {{.name = "data", .role = OCTET_ROLE_DATA}},
    .out = {{.name = "shape", .role = OCTET_ROLE_SHAPE}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .native_half = true,
    .infer = infer_shape,
    .eval = eval_shape,
};

const octet_op octet_op_size = {
    .domain = "",
    .name = "Size",
    .since = 13,
    .in = {{.name = "data", .role = OCTET_ROLE_DATA}},
    .out = {{.name = "size", .role = OCTET_ROLE_SHAPE}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .native_half = true,
    .infer = infer_size,
    .eval = eval_size,
};
