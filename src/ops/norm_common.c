/* norm_common.c: what the normalisation operators share; float32 only
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/norm_common.h"

octet_moments octet_norm_moments(const octet_kernels *k, size_t n, const float *x, float *centred,
                                 float *squares)
{
    octet_moments m;

    m.mean = k->sum_f32(n, x) / (float)n;
    k->sub_f32(n, x, 1, &m.mean, 0, centred);
    k->mul_f32(n, centred, 1, centred, 1, squares);
    m.variance = k->sum_f32(n, squares) / (float)n;
    return m;
}

octet_status octet_norm_require(octet_eval *e, uint32_t n_in)
{
    OCTET_TRY(octet_eval_require(e, n_in));
    for (uint32_t i = 0; i < e->n_in; i++)
        if (e->in[i] != NULL && e->in[i]->dtype != OCTET_DTYPE_FLOAT32)
            return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED,
                              "input %u: element type %s is not supported", i,
                              octet_dtype_get(e->in[i]->dtype)->name);
    return OCTET_OK;
}

octet_status octet_norm_vector(octet_eval *e, uint32_t index, int64_t count, const float **out)
{
    const octet_tensor *t = e->in[index];

    if (octet_tensor_count(t) != count || t->rank > 1)
        return octet_fail(e->diag, OCTET_ERR_DATA,
                          "%s has %lld elements in %d dims instead of %lld",
                          e->node->op->in[index].name, (long long)octet_tensor_count(t),
                          (int)t->rank, (long long)count);
    *out = t->data;
    return OCTET_OK;
}

octet_status octet_norm_stretch(octet_eval *e, uint32_t index, int32_t axis, octet_norm_param *out)
{
    const octet_tensor *x = e->in[0], *t = octet_eval_input(e, index);
    int32_t from = t->rank <= x->rank - axis ? axis : 0, rank = x->rank - from, both;
    int64_t dims[OCTET_MAX_RANK], source[OCTET_MAX_RANK], dense[OCTET_MAX_RANK];
    size_t count = (size_t)octet_dims_product(x->dims, from, x->rank);
    float *data;

    if (!octet_shape_broadcast(rank, x->dims + from, t->rank, t->dims, &both, dims) ||
        both != rank || octet_dims_product(dims, 0, rank) != (int64_t)count)
        return octet_fail(e->diag, OCTET_ERR_DATA, "%s does not broadcast to X",
                          e->node->op->in[index].name);
    out->step = from == axis ? 0 : (size_t)octet_dims_product(x->dims, axis, x->rank);
    out->data = t->data;
    if (octet_tensor_count(t) == (int64_t)count)
        return OCTET_OK;
    data = octet_eval_scratch(e, count * sizeof *data);
    OCTET_TRY_ALLOC(e->diag, data);
    octet_strides(rank, dims, sizeof *data, dense);
    octet_strides_broadcast(t, sizeof *data, rank, source);
    octet_copy_nd(sizeof *data, rank, dims, data, dense, t->data, source);
    out->data = data;
    return OCTET_OK;
}
