/* rms_normalization.c: RMSNormalization, x / sqrt(mean of x^2 + epsilon) * scale
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/norm_common.h"

#include <math.h>

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x;
    const float epsilon = octet_node_float(e->node, "epsilon", 1e-5f);
    octet_norm_param scale;
    size_t n, rows;
    int32_t axis;

    OCTET_TRY(octet_norm_require(e, 2));
    x = e->in[0];
    OCTET_TRY(octet_axis_check(octet_node_int(e->node, "axis", -1), x->rank, &axis, e->diag));
    n = (size_t)octet_dims_product(x->dims, axis, x->rank);
    rows = (size_t)octet_dims_product(x->dims, 0, axis);
    OCTET_TRY(octet_norm_stretch(e, 1, axis, &scale));
    OCTET_TRY(octet_eval_output_like(e, 0, x));
    for (size_t r = 0; r < rows; r++) {
        const float *row = (const float *)x->data + r * n;
        float *y = (float *)e->out[0].data + r * n, inverse;

        e->k->mul_f32(n, row, 1, row, 1, y);
        inverse = 1.0f / sqrtf(e->k->sum_f32(n, y) / (float)n + epsilon);
        e->k->mul_f32(n, row, 1, &inverse, 0, y);
        e->k->mul_f32(n, y, 1, scale.data + r * scale.step, 1, y);
    }
    return OCTET_OK;
}

const octet_op octet_op_rms_normalization = {
    .domain = "",
    .name = "RMSNormalization",
    .since = 23,
    .in = {{.name = "X"}, {.name = "scale", .role = OCTET_ROLE_PARAM}},
    .out = {{.name = "Y"}},
    .infer = octet_infer_same,
    .eval = eval,
};
