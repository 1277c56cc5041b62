/* transpose.c: Transpose
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

/* perm, or the axes reversed without it. */
static octet_status permutation(const octet_node *n, int32_t rank, int32_t perm[OCTET_MAX_RANK],
                                octet_diag *diag)
{
    bool seen[OCTET_MAX_RANK];
    uint32_t count;
    const int64_t *given = octet_node_ints(n, "perm", &count);

    for (int32_t i = 0; i < rank; i++)
        perm[i] = rank - 1 - i;
    if (octet_node_attr(n, "perm") == NULL)
        return OCTET_OK;
    if (count != (uint32_t)rank)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "perm has %u entries for rank %d", count,
                          (int)rank);
    OCTET_TRY_NOTE(diag, octet_axes_mask(given, count, rank, seen, diag), "perm");
    for (int32_t i = 0; i < rank; i++)
        perm[i] = (int32_t)(given[i] < 0 ? given[i] + rank : given[i]);
    return OCTET_OK;
}

static octet_status infer(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);
    int32_t perm[OCTET_MAX_RANK];
    octet_dim *dims;

    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    if (t == NULL)
        return OCTET_OK;
    OCTET_TRY(permutation(in->node, t->rank, perm, in->diag));
    dims = octet_infer_new_dims(in, t->rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    for (int32_t i = 0; i < t->rank; i++)
        dims[i] = t->dims[perm[i]];
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), t->rank, dims);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x;
    int32_t perm[OCTET_MAX_RANK];
    int64_t dims[OCTET_MAX_RANK], strides[OCTET_MAX_RANK], from[OCTET_MAX_RANK], to[OCTET_MAX_RANK];
    size_t element;

    OCTET_TRY(octet_eval_require(e, 1));
    x = e->in[0];
    OCTET_TRY(octet_eval_element(e, x->dtype, &element));
    OCTET_TRY(permutation(e->node, x->rank, perm, e->diag));
    octet_strides(x->rank, x->dims, element, strides);
    for (int32_t i = 0; i < x->rank; i++) {
        dims[i] = x->dims[perm[i]];
        from[i] = strides[perm[i]];
    }
    OCTET_TRY(octet_eval_output(e, 0, x->dtype, x->rank, dims));
    octet_strides(x->rank, dims, element, to);
    octet_move_nd(e->k, element, x->rank, dims, e->out[0].data, to, x->data, from);
    return OCTET_OK;
}

const octet_op octet_op_transpose = {
    .domain = "",
    .name = "Transpose",
    .since = 13,
    .in = {{.name = "data", .role = OCTET_ROLE_DATA}},
    .out = {{.name = "transposed", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
