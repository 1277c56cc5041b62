/* eye_like.c: EyeLike
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

#include <string.h>

static octet_dtype result_type(const octet_node *n, octet_dtype input)
{
    int64_t dtype = octet_node_int(n, "dtype", 0);

    return dtype > 0 && dtype < OCTET_DTYPE_COUNT ? (octet_dtype)dtype : input;
}

static octet_status infer(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);

    octet_infer_set(in, 0, result_type(in->node, octet_infer_dtype(in, 0)),
                    t == NULL ? -1 : t->rank, t == NULL ? NULL : t->dims);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const int64_t one = 1;
    int64_t k = octet_node_int(e->node, "k", 0), rows, columns;
    const octet_tensor *x;
    octet_dtype dtype;
    uint8_t value[16];
    size_t element;

    OCTET_TRY(octet_eval_require(e, 1));
    x = e->in[0];
    dtype = result_type(e->node, x->dtype);
    OCTET_TRY(octet_eval_element(e, dtype, &element));
    if (x->rank != 2)
        return octet_fail(e->diag, OCTET_ERR_DATA, "the input has rank %d instead of 2",
                          (int)x->rank);
    if (!octet_convert(dtype, value, OCTET_DTYPE_INT64, &one, 0, 1))
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "type %s is not supported",
                          octet_dtype_get(dtype)->name);
    OCTET_TRY(octet_eval_output(e, 0, dtype, 2, x->dims));
    rows = x->dims[0];
    columns = x->dims[1];
    if (e->out[0].bytes == 0)
        return OCTET_OK;
    memset(e->out[0].data, 0, e->out[0].bytes);
    for (int64_t i = k < 0 ? (k < -rows ? rows : -k) : 0; i < rows && k < columns - i; i++)
        memcpy((char *)e->out[0].data + (size_t)(i * columns + i + k) * element, value, element);
    return OCTET_OK;
}

const octet_op octet_op_eye_like = {
    .domain = "",
    .name = "EyeLike",
    .since = 13,
    .in = {{.name = "input", .role = OCTET_ROLE_PARAM}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
