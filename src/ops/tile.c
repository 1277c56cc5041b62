/* tile.c: Tile
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

static octet_dim repeated(octet_dim size, octet_sym repeats)
{
    int64_t product;

    if (repeats.size == 1)
        return size;
    if (!octet_sym_is_number(repeats) || repeats.size < 0 || size.size < 0 ||
        !octet_mul_i64(size.size, repeats.size, &product))
        return size.size == 1 ? octet_dim_from_sym(repeats) : octet_dim_unknown();
    return octet_dim_known(product);
}

static octet_status infer(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);
    uint32_t n;
    const octet_sym *repeats = octet_infer_value(in, 1, &n);
    octet_dim *dims;

    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    if (t == NULL)
        return OCTET_OK;
    dims = octet_infer_new_dims(in, t->rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    if (repeats != NULL && n != (uint32_t)t->rank)
        return octet_infer_fail(in, "repeats has %u entries for rank %d", n, (int)t->rank);
    for (int32_t i = 0; repeats != NULL && i < t->rank; i++)
        dims[i] = repeated(t->dims[i], repeats[i]);
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), t->rank, dims);
    return OCTET_OK;
}

/* The input lies in the corner of `y`; its first axes are repeated last, so that each step copies
 * what earlier steps filled. */
static void repeat_axes(const octet_tensor *x, octet_tensor *y, size_t element)
{
    int64_t filled[OCTET_MAX_RANK], strides[OCTET_MAX_RANK];

    octet_strides(y->rank, y->dims, element, strides);
    for (int32_t i = 0; i < x->rank; i++)
        filled[i] = x->dims[i];
    for (int32_t i = x->rank - 1; i >= 0; i--) {
        for (int64_t at = x->dims[i]; at < y->dims[i]; at += x->dims[i])
            octet_copy_nd(element, y->rank, filled, (char *)y->data + at * strides[i], strides,
                          y->data, strides);
        filled[i] = y->dims[i];
    }
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x;
    int64_t dims[OCTET_MAX_RANK], from[OCTET_MAX_RANK], to[OCTET_MAX_RANK], *repeats;
    uint32_t n;
    size_t element;

    OCTET_TRY(octet_eval_require(e, 2));
    x = e->in[0];
    OCTET_TRY(octet_eval_element(e, x->dtype, &element));
    OCTET_TRY(octet_eval_ints(e, 1, &repeats, &n));
    if (n != (uint32_t)x->rank)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "repeats has %u entries for rank %d", n,
                          (int)x->rank);
    for (int32_t i = 0; i < x->rank; i++)
        if (repeats[i] < 0 || !octet_mul_i64(x->dims[i], repeats[i], &dims[i]))
            return octet_fail(e->diag, OCTET_ERR_DATA, "%lld repeats of axis %d",
                              (long long)repeats[i], (int)i);
    OCTET_TRY(octet_eval_output(e, 0, x->dtype, x->rank, dims));
    if (e->out[0].bytes == 0)
        return OCTET_OK;
    octet_strides(x->rank, x->dims, element, from);
    octet_strides(x->rank, dims, element, to);
    octet_copy_nd(element, x->rank, x->dims, e->out[0].data, to, x->data, from);
    repeat_axes(x, &e->out[0], element);
    return OCTET_OK;
}

const octet_op octet_op_tile = {
    .domain = "",
    .name = "Tile",
    .since = 13,
    .in = {{.name = "input", .role = OCTET_ROLE_DATA},
           {.name = "repeats", .role = OCTET_ROLE_SHAPE}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
