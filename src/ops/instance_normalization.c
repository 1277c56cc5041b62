/* instance_normalization.c: InstanceNormalization, each channel of each sample by its own moments
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/norm_common.h"

#include <math.h>

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x;
    const float *scale, *bias, epsilon = octet_node_float(e->node, "epsilon", 1e-5f);
    size_t channels, plane, n;
    float *squares;

    OCTET_TRY(octet_norm_require(e, 3));
    x = e->in[0];
    if (x->rank < 2)
        return octet_fail(e->diag, OCTET_ERR_DATA, "input has %d dims instead of 2 or more",
                          (int)x->rank);
    channels = (size_t)x->dims[1];
    plane = (size_t)octet_dims_product(x->dims, 2, x->rank);
    OCTET_TRY(octet_norm_vector(e, 1, (int64_t)channels, &scale));
    OCTET_TRY(octet_norm_vector(e, 2, (int64_t)channels, &bias));
    OCTET_TRY(octet_eval_output_like(e, 0, x));
    squares = octet_eval_scratch(e, plane * sizeof *squares);
    OCTET_TRY_ALLOC(e->diag, squares);
    n = (size_t)octet_tensor_count(x);
    for (size_t i = 0; i < n; i += plane) {
        float *y = (float *)e->out[0].data + i;
        octet_moments m = octet_norm_moments(e->k, plane, (const float *)x->data + i, y, squares);
        size_t c = i / plane % channels;

        e->k->affine_f32(plane, y, scale[c] / sqrtf(m.variance + epsilon), bias[c], y);
    }
    return OCTET_OK;
}

const octet_op octet_op_instance_normalization = {
    .domain = "",
    .name = "InstanceNormalization",
    .since = 6,
    .in = {{.name = "input"},
           {.name = "scale", .role = OCTET_ROLE_PARAM},
           {.name = "B", .role = OCTET_ROLE_PARAM}},
    .out = {{.name = "output"}},
    .infer = octet_infer_same,
    .eval = eval,
};
