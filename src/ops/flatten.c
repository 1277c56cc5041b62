/* flatten.c: Flatten
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

static octet_status split_point(const octet_node *n, int32_t rank, int32_t *out, octet_diag *diag)
{
    int64_t axis = octet_node_int(n, "axis", 1);

    if (axis < -(int64_t)rank || axis > rank)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "axis %lld is out of range for rank %d",
                          (long long)axis, (int)rank);
    *out = (int32_t)(axis < 0 ? axis + rank : axis);
    return OCTET_OK;
}

static octet_status infer(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);
    octet_dim *dims = octet_infer_new_dims(in, 2);
    int32_t at;

    OCTET_TRY_ALLOC(in->diag, dims);
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), 2, dims);
    if (t == NULL)
        return OCTET_OK;
    OCTET_TRY(split_point(in->node, t->rank, &at, in->diag));
    dims[0] = octet_dim_product(t->dims, at);
    dims[1] = octet_dim_product(t->dims + at, t->rank - at);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x;
    int32_t at;
    int64_t dims[2];

    OCTET_TRY(octet_eval_require(e, 1));
    x = e->in[0];
    OCTET_TRY(split_point(e->node, x->rank, &at, e->diag));
    dims[0] = octet_dims_product(x->dims, 0, at);
    dims[1] = octet_dims_product(x->dims, at, x->rank);
    return octet_eval_output_view(e, 0, 0, 2, dims);
}

const octet_op octet_op_flatten = {
    .domain = "",
    .name = "Flatten",
    .since = 13,
    .in = {{.name = "input", .role = OCTET_ROLE_DATA}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
