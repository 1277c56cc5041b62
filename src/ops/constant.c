/* constant.c: Constant
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

#include <string.h>

static bool describe(octet_tensor *out, octet_dtype dtype, int32_t rank, int64_t count)
{
    return octet_tensor_describe(out, dtype, rank, &count, NULL) == OCTET_OK;
}

static bool payload_of_attr(const octet_attr *a, octet_tensor *out, const void **data)
{
    switch (a->kind) {
    case OCTET_ATTR_TENSOR:
        if (a->tensor == NULL || a->tensor->dtype == OCTET_DTYPE_STRING)
            return false;
        *out = *a->tensor;
        *data = out->data;
        out->data = NULL;
        return *data != NULL || out->bytes == 0;
    case OCTET_ATTR_FLOAT:
        *data = &a->f;
        return describe(out, OCTET_DTYPE_FLOAT32, 0, 1);
    case OCTET_ATTR_INT:
        *data = &a->i;
        return describe(out, OCTET_DTYPE_INT64, 0, 1);
    case OCTET_ATTR_FLOATS:
        *data = a->floats;
        return describe(out, OCTET_DTYPE_FLOAT32, 1, a->count);
    case OCTET_ATTR_INTS:
        *data = a->ints;
        return describe(out, OCTET_DTYPE_INT64, 1, a->count);
    default:
        return false;
    }
}

bool octet_constant_payload(const octet_node *node, octet_tensor *out, const void **data)
{
    static const char *const names[] = {"value", "value_float", "value_int", "value_floats",
                                        "value_ints"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const octet_attr *a = octet_node_attr(node, names[i]);

        if (a != NULL)
            return payload_of_attr(a, out, data);
    }
    return false;
}

static octet_status infer_elements(octet_infer *in, const octet_tensor *t, const void *data)
{
    int64_t n = octet_tensor_count(t);
    octet_dtype_kind kind = octet_dtype_get(t->dtype)->kind;
    int64_t numbers[OCTET_MAX_SYMS];
    octet_sym *elements;

    if (n > OCTET_MAX_SYMS || kind == OCTET_KIND_FLOAT || kind == OCTET_KIND_OTHER ||
        !octet_convert(OCTET_DTYPE_INT64, numbers, t->dtype, data, 0, n))
        return OCTET_OK;
    elements = OCTET_ARENA_ARRAY(in->arena, octet_sym, (size_t)n + 1);
    OCTET_TRY_ALLOC(in->diag, elements);
    for (int64_t i = 0; i < n; i++)
        elements[i] = octet_sym_known(numbers[i]);
    octet_infer_set_value(in, 0, elements, (uint32_t)n);
    return OCTET_OK;
}

static octet_status infer(octet_infer *in)
{
    octet_tensor t;
    const void *data;
    octet_dim *dims;

    if (!octet_constant_payload(in->node, &t, &data))
        return OCTET_OK;
    dims = octet_infer_new_dims(in, t.rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    for (int32_t i = 0; i < t.rank; i++)
        dims[i] = octet_dim_known(t.dims[i]);
    octet_infer_set(in, 0, t.dtype, t.rank, dims);
    return infer_elements(in, &t, data);
}

static octet_status eval(octet_eval *e)
{
    octet_tensor t;
    const void *data;

    if (!octet_constant_payload(e->node, &t, &data))
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED,
                          "constants of strings and sparse constants are not supported");
    OCTET_TRY(octet_eval_output(e, 0, t.dtype, t.rank, t.dims));
    if (t.bytes > 0)
        memcpy(e->out[0].data, data, t.bytes);
    return OCTET_OK;
}

const octet_op octet_op_constant = {
    .domain = "",
    .name = "Constant",
    .since = 13,
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
