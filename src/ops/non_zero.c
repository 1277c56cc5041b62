/* non_zero.c: NonZero
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

static octet_status infer(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);
    octet_dim *dims = octet_infer_new_dims(in, 2);

    OCTET_TRY_ALLOC(in->diag, dims);
    if (t != NULL)
        dims[0] = octet_dim_known(t->rank == 0 ? 1 : t->rank);
    octet_infer_set(in, 0, OCTET_DTYPE_INT64, 2, dims);
    return OCTET_OK;
}

/* Coordinates of the flat position i, one per row of the output. */
static void write_position(const octet_tensor *x, int64_t i, int64_t *out, int64_t pitch)
{
    if (x->rank == 0)
        out[0] = 0;
    for (int32_t d = x->rank - 1; d >= 0; d--) {
        out[d * pitch] = i % x->dims[d];
        i /= x->dims[d];
    }
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x;
    int64_t n, dims[2], found = 0;
    uint8_t *set;

    OCTET_TRY(octet_eval_require(e, 1));
    x = e->in[0];
    n = octet_tensor_count(x);
    set = octet_eval_scratch(e, (size_t)n + 1);
    OCTET_TRY_ALLOC(e->diag, set);
    if (!octet_convert(OCTET_DTYPE_BOOL, set, x->dtype, x->data, 0, n))
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "elements of type %s are not supported",
                          octet_dtype_get(x->dtype)->name);
    for (int64_t i = 0; i < n; i++)
        found += set[i];
    dims[0] = x->rank == 0 ? 1 : x->rank;
    dims[1] = found;
    OCTET_TRY(octet_eval_output(e, 0, OCTET_DTYPE_INT64, 2, dims));
    found = 0;
    for (int64_t i = 0; i < n; i++)
        if (set[i])
            write_position(x, i, (int64_t *)e->out[0].data + found++, dims[1]);
    return OCTET_OK;
}

const octet_op octet_op_non_zero = {
    .domain = "",
    .name = "NonZero",
    .since = 13,
    .in = {{.name = "X", .role = OCTET_ROLE_DATA}},
    .out = {{.name = "Y", .role = OCTET_ROLE_SHAPE}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
