/* squeeze.c: Squeeze
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

static octet_status infer_axes(octet_infer *in, const octet_type *t, bool drop[OCTET_MAX_RANK],
                               bool *known)
{
    uint32_t n;
    const int64_t *axes;

    *known = true;
    if (octet_infer_has(in, 1)) {
        axes = octet_infer_ints(in, 1, &n);
        *known = axes != NULL;
        return *known ? octet_axes_mask(axes, n, t->rank, drop, in->diag) : OCTET_OK;
    }
    for (int32_t i = 0; i < t->rank; i++) {
        drop[i] = t->dims[i].size == 1;
        if (t->dims[i].size < 0)
            *known = false; /* it might be 1 */
    }
    return OCTET_OK;
}

static octet_status infer(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);
    bool drop[OCTET_MAX_RANK], known;
    octet_dim *dims;
    int32_t rank = 0;

    OCTET_TRY(octet_infer_same_value(in));
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    if (t == NULL)
        return OCTET_OK;
    OCTET_TRY(infer_axes(in, t, drop, &known));
    if (!known)
        return OCTET_OK;
    dims = octet_infer_new_dims(in, t->rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    for (int32_t i = 0; i < t->rank; i++) {
        if (!drop[i])
            dims[rank++] = t->dims[i];
        else if (t->dims[i].size >= 0 && t->dims[i].size != 1)
            return octet_infer_fail(in, "axis %d has size %lld instead of 1", (int)i,
                                    (long long)t->dims[i].size);
    }
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), rank, dims);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x;
    bool drop[OCTET_MAX_RANK];
    int64_t dims[OCTET_MAX_RANK], *axes;
    uint32_t n;
    int32_t rank = 0;

    OCTET_TRY(octet_eval_require(e, 1));
    x = e->in[0];
    OCTET_TRY(octet_eval_ints(e, 1, &axes, &n));
    if (axes != NULL)
        OCTET_TRY(octet_axes_mask(axes, n, x->rank, drop, e->diag));
    for (int32_t i = 0; i < x->rank; i++) {
        if (axes == NULL)
            drop[i] = x->dims[i] == 1;
        if (!drop[i])
            dims[rank++] = x->dims[i];
        else if (x->dims[i] != 1)
            return octet_fail(e->diag, OCTET_ERR_DATA, "axis %d has size %lld instead of 1", (int)i,
                              (long long)x->dims[i]);
    }
    return octet_eval_output_view(e, 0, 0, rank, dims);
}

const octet_op octet_op_squeeze = {
    .domain = "",
    .name = "Squeeze",
    .since = 13,
    .in = {{.name = "data", .role = OCTET_ROLE_DATA},
           {.name = "axes", .role = OCTET_ROLE_SHAPE, .optional = true}},
    .out = {{.name = "squeezed", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
