/* mean_variance_normalization.c: MeanVarianceNormalization over the given axes
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/norm_common.h"

#include <math.h>
#include <string.h>

/* Strides that read x with its kept axes first and its reduced axes last, in their order. */
static int64_t permute(const octet_tensor *x, const bool *mask, int64_t *dims, int64_t *strides)
{
    int64_t dense[OCTET_MAX_RANK], rows = 1;
    int32_t n = 0;

    octet_strides(x->rank, x->dims, sizeof(float), dense);
    for (int pass = 0; pass < 2; pass++)
        for (int32_t i = 0; i < x->rank; i++)
            if (mask[i] == (pass == 1)) {
                rows *= pass == 0 ? x->dims[i] : 1;
                dims[n] = x->dims[i];
                strides[n++] = dense[i];
            }
    return rows;
}

static octet_status eval(octet_eval *e)
{
    static const int64_t usual[] = {0, 2, 3};
    const octet_tensor *x;
    const int64_t *axes;
    int64_t dims[OCTET_MAX_RANK], strides[OCTET_MAX_RANK], dense[OCTET_MAX_RANK];
    bool mask[OCTET_MAX_RANK];
    float *rows, *squares;
    size_t n_rows, n;
    uint32_t n_axes;

    OCTET_TRY(octet_norm_require(e, 1));
    x = e->in[0];
    axes = octet_node_ints(e->node, "axes", &n_axes);
    OCTET_TRY(axes == NULL ? octet_axes_mask(usual, 3, x->rank, mask, e->diag)
                           : octet_axes_mask(axes, n_axes, x->rank, mask, e->diag));
    OCTET_TRY(octet_eval_output_like(e, 0, x));
    if (octet_tensor_count(x) == 0)
        return OCTET_OK;
    n_rows = (size_t)permute(x, mask, dims, strides);
    n = (size_t)octet_tensor_count(x) / n_rows;
    rows = octet_eval_scratch(e, x->bytes);
    squares = octet_eval_scratch(e, n * sizeof *squares);
    OCTET_TRY_ALLOC(e->diag, rows);
    OCTET_TRY_ALLOC(e->diag, squares);
    octet_strides(x->rank, dims, sizeof *rows, dense);
    octet_copy_nd(sizeof *rows, x->rank, dims, rows, dense, x->data, strides);
    for (size_t r = 0; r < n_rows; r++) {
        float *row = rows + r * n, deviation;

        deviation = sqrtf(octet_norm_moments(e->k, n, row, row, squares).variance) + 1e-9f;
        e->k->div_f32(n, row, 1, &deviation, 0, row);
    }
    octet_copy_nd(sizeof *rows, x->rank, dims, e->out[0].data, strides, rows, dense);
    return OCTET_OK;
}

const octet_op octet_op_mean_variance_normalization = {
    .domain = "",
    .name = "MeanVarianceNormalization",
    .since = 13,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .infer = octet_infer_same,
    .eval = eval,
};
