/* unsqueeze.c: Unsqueeze
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

/* Rank of the result; its new axes are marked in `added`. */
static octet_status new_axes(const int64_t *axes, uint32_t n, int32_t rank, int32_t *rank_out,
                             bool added[OCTET_MAX_RANK], octet_diag *diag)
{
    if (n > (uint32_t)(OCTET_MAX_RANK - rank))
        return octet_fail(diag, OCTET_ERR_UNSUPPORTED, "a rank above %d is not supported",
                          OCTET_MAX_RANK);
    *rank_out = rank + (int32_t)n;
    return octet_axes_mask(axes, n, *rank_out, added, diag);
}

static octet_status infer(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);
    uint32_t n;
    const int64_t *axes = octet_infer_ints(in, 1, &n);
    bool added[OCTET_MAX_RANK];
    octet_dim *dims;
    int32_t rank = 0, from = 0;

    OCTET_TRY(octet_infer_same_value(in));
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    if (t == NULL || axes == NULL)
        return OCTET_OK;
    OCTET_TRY(new_axes(axes, n, t->rank, &rank, added, in->diag));
    dims = octet_infer_new_dims(in, rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    for (int32_t i = 0; i < rank; i++)
        dims[i] = added[i] ? octet_dim_known(1) : t->dims[from++];
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), rank, dims);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    bool added[OCTET_MAX_RANK];
    int64_t dims[OCTET_MAX_RANK], *axes;
    uint32_t n;
    int32_t rank = 0, from = 0;

    OCTET_TRY(octet_eval_require(e, 2));
    OCTET_TRY(octet_eval_ints(e, 1, &axes, &n));
    OCTET_TRY(new_axes(axes, n, e->in[0]->rank, &rank, added, e->diag));
    for (int32_t i = 0; i < rank; i++)
        dims[i] = added[i] ? 1 : e->in[0]->dims[from++];
    return octet_eval_output_view(e, 0, 0, rank, dims);
}

const octet_op octet_op_unsqueeze = {
    .domain = "",
    .name = "Unsqueeze",
    .since = 13,
    .in = {{.name = "data", .role = OCTET_ROLE_DATA}, {.name = "axes", .role = OCTET_ROLE_SHAPE}},
    .out = {{.name = "expanded", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
