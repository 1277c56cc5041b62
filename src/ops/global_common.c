/* global_common.c: GlobalAveragePool, GlobalMaxPool, GlobalLpPool
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/global_common.h"

octet_status octet_global_eval(octet_eval *e, const octet_reduce *r)
{
    bool mask[OCTET_MAX_RANK];

    OCTET_TRY(octet_eval_require(e, 1));
    if (e->in[0]->rank < 2)
        return octet_fail(e->diag, OCTET_ERR_DATA, "X has %d dims instead of 2 or more",
                          (int)e->in[0]->rank);
    if (octet_dtype_get(e->in[0]->dtype)->kind != OCTET_KIND_FLOAT)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "X is %s, not a floating type",
                          octet_dtype_get(e->in[0]->dtype)->name);
    for (int32_t i = 0; i < OCTET_MAX_RANK; i++)
        mask[i] = i >= 2;
    return octet_reduce_axes(e, r, mask, true);
}

octet_status octet_global_infer(octet_infer *in)
{
    const octet_type *x = octet_infer_shape(in, 0);
    octet_dim *dims = x == NULL ? NULL : octet_infer_new_dims(in, x->rank);

    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    if (x == NULL)
        return OCTET_OK;
    OCTET_TRY_ALLOC(in->diag, dims);
    if (x->rank < 2)
        return octet_infer_fail(in, "X has %d dims instead of 2 or more", (int)x->rank);
    for (int32_t i = 0; i < x->rank; i++)
        dims[i] = i < 2 ? x->dims[i] : octet_dim_known(1);
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), x->rank, dims);
    return OCTET_OK;
}
