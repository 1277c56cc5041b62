/* expand.c: Expand
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

static octet_status infer(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);
    uint32_t n;
    const octet_sym *shape = octet_infer_value(in, 1, &n);
    int32_t rank, extra;
    octet_dim *dims;

    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    if (t == NULL || shape == NULL || n > OCTET_MAX_RANK)
        return OCTET_OK;
    rank = t->rank > (int32_t)n ? t->rank : (int32_t)n;
    extra = rank - (int32_t)n;
    dims = octet_infer_new_dims(in, rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    for (int32_t i = 0; i < rank; i++) {
        octet_dim a = i < rank - t->rank ? octet_dim_known(1) : t->dims[i - (rank - t->rank)];
        octet_dim b = i < extra ? octet_dim_known(1) : octet_dim_from_sym(shape[i - extra]);

        if (!octet_dim_broadcast(a, b, &dims[i]))
            return octet_infer_fail(in, "size %lld does not expand to %lld", (long long)a.size,
                                    (long long)b.size);
    }
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), rank, dims);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x;
    int64_t dims[OCTET_MAX_RANK], from[OCTET_MAX_RANK], to[OCTET_MAX_RANK], *shape;
    int32_t rank = 0;
    uint32_t n;
    size_t element;

    OCTET_TRY(octet_eval_require(e, 2));
    x = e->in[0];
    OCTET_TRY(octet_eval_element(e, x->dtype, &element));
    OCTET_TRY(octet_eval_ints(e, 1, &shape, &n));
    if (n > OCTET_MAX_RANK)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "rank %u is not supported", n);
    if (!octet_shape_broadcast(x->rank, x->dims, (int32_t)n, shape, &rank, dims))
        return octet_fail(e->diag, OCTET_ERR_DATA, "the input does not expand to the shape");
    OCTET_TRY(octet_eval_output(e, 0, x->dtype, rank, dims));
    octet_strides(rank, dims, element, to);
    octet_strides_broadcast(x, element, rank, from);
    octet_copy_nd(element, rank, dims, e->out[0].data, to, x->data, from);
    return OCTET_OK;
}

const octet_op octet_op_expand = {
    .domain = "",
    .name = "Expand",
    .since = 13,
    .in = {{.name = "input", .role = OCTET_ROLE_DATA}, {.name = "shape", .role = OCTET_ROLE_SHAPE}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
