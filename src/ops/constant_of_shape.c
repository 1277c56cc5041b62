/* constant_of_shape.c: ConstantOfShape
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

#include <string.h>

/* Type of the attribute `value`, float without it. */
static octet_dtype value_type(const octet_node *n)
{
    const octet_attr *a = octet_node_attr(n, "value");

    return a == NULL || a->tensor == NULL ? OCTET_DTYPE_FLOAT32 : a->tensor->dtype;
}

static octet_status infer_elements(octet_infer *in, int64_t count)
{
    const octet_attr *a = octet_node_attr(in->node, "value");
    octet_dtype_kind kind = octet_dtype_get(value_type(in->node))->kind;
    octet_sym *elements;
    int64_t number = 0;

    if (count < 0 || count > OCTET_MAX_SYMS || kind == OCTET_KIND_FLOAT || kind == OCTET_KIND_OTHER)
        return OCTET_OK;
    if (a->tensor->data == NULL || octet_tensor_count(a->tensor) != 1 ||
        !octet_convert(OCTET_DTYPE_INT64, &number, a->tensor->dtype, a->tensor->data, 0, 1))
        return OCTET_OK;
    elements = OCTET_ARENA_ARRAY(in->arena, octet_sym, (size_t)count + 1);
    OCTET_TRY_ALLOC(in->diag, elements);
    for (int64_t i = 0; i < count; i++)
        elements[i] = octet_sym_known(number);
    octet_infer_set_value(in, 0, elements, (uint32_t)count);
    return OCTET_OK;
}

static octet_status infer(octet_infer *in)
{
    uint32_t count;
    const octet_sym *shape = octet_infer_value(in, 0, &count);
    const octet_type *t = octet_infer_shape(in, 0);
    int64_t rank = shape != NULL ? count : t != NULL && t->rank == 1 ? t->dims[0].size : -1;
    octet_dim *dims;

    octet_infer_set(in, 0, value_type(in->node), -1, NULL);
    if (rank < 0 || rank > OCTET_MAX_RANK)
        return OCTET_OK;
    dims = octet_infer_new_dims(in, (int32_t)rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    for (uint32_t i = 0; shape != NULL && i < count; i++)
        dims[i] = octet_dim_from_sym(shape[i]);
    octet_infer_set(in, 0, value_type(in->node), (int32_t)rank, dims);
    return infer_elements(in, octet_dim_product(dims, (int32_t)rank).size);
}

static octet_status eval(octet_eval *e)
{
    static const uint8_t zeros[16] = {0};
    const octet_attr *a = octet_node_attr(e->node, "value");
    octet_dtype dtype = value_type(e->node);
    const int64_t no_strides[OCTET_MAX_RANK] = {0};
    int64_t *dims, strides[OCTET_MAX_RANK];
    const void *value = zeros;
    uint32_t rank;
    size_t element;

    OCTET_TRY(octet_eval_require(e, 1));
    OCTET_TRY(octet_eval_ints(e, 0, &dims, &rank));
    OCTET_TRY(octet_eval_element(e, dtype, &element));
    if (a != NULL && a->tensor != NULL) {
        if (octet_tensor_count(a->tensor) != 1 || a->tensor->data == NULL)
            return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "value must have one element");
        value = a->tensor->data;
    }
    OCTET_TRY(octet_eval_output(e, 0, dtype, (int32_t)(rank > INT32_MAX ? INT32_MAX : rank), dims));
    octet_strides((int32_t)rank, dims, element, strides);
    octet_copy_nd(element, (int32_t)rank, dims, e->out[0].data, strides, value, no_strides);
    return OCTET_OK;
}

const octet_op octet_op_constant_of_shape = {
    .domain = "",
    .name = "ConstantOfShape",
    .since = 13,
    .in = {{.name = "input", .role = OCTET_ROLE_SHAPE}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
