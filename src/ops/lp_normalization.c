/* lp_normalization.c: LpNormalization, each line along an axis divided by its 1- or 2-norm
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/norm_common.h"
#include "ops/softmax_common.h"

#include <math.h>

/* Norms of all columns of an [axis, inner] slice; a line of zeros stays zero. */
static void slice(octet_eval *e, bool squared, const octet_axis_view *v, const float *x, float *y,
                  float *norm)
{
    size_t n = v->axis * v->inner;

    if (squared)
        e->k->mul_f32(n, x, 1, x, 1, y);
    else
        for (size_t i = 0; i < n; i++)
            y[i] = fabsf(x[i]);
    e->k->sum_rows_f32(v->axis, v->inner, y, v->inner, norm);
    for (size_t i = 0; i < v->inner; i++) {
        norm[i] = squared ? sqrtf(norm[i]) : norm[i];
        norm[i] = norm[i] == 0.0f ? 1.0f : norm[i];
    }
    for (size_t a = 0; a < v->axis; a++)
        e->k->div_f32(v->inner, x + a * v->inner, 1, norm, 1, y + a * v->inner);
}

static octet_status eval(octet_eval *e)
{
    int64_t p = octet_node_int(e->node, "p", 2);
    const float *x;
    octet_axis_view v;
    float *norm;

    OCTET_TRY(octet_norm_require(e, 1));
    if (p != 1 && p != 2)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "p is %lld", (long long)p);
    OCTET_TRY(octet_axis_view_of(e, e->in[0], &v));
    OCTET_TRY(octet_eval_output_like(e, 0, e->in[0]));
    norm = octet_eval_scratch(e, v.inner * sizeof *norm);
    OCTET_TRY_ALLOC(e->diag, norm);
    x = e->in[0]->data;
    for (size_t o = 0; v.axis * v.inner > 0 && o < v.outer; o++)
        slice(e, p == 2, &v, x + o * v.axis * v.inner,
              (float *)e->out[0].data + o * v.axis * v.inner, norm);
    return OCTET_OK;
}

const octet_op octet_op_lp_normalization = {
    .domain = "",
    .name = "LpNormalization",
    .since = 1,
    .in = {{.name = "input"}},
    .out = {{.name = "output"}},
    .infer = octet_infer_same,
    .eval = eval,
};
