/* batch_normalization.c: BatchNormalization with the stored mean and variance
 * SPDX-License-Identifier: Apache-2.0
 *
 * y = x * a + b with a = scale / sqrt(var + epsilon) and b = B - mean * a.
 */
#include "ops/fused.h"
#include "ops/norm_common.h"

#include <math.h>

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x;
    const float *p[4];
    const float epsilon = octet_node_float(e->node, "epsilon", 1e-5f);
    octet_finish finish;
    size_t channels, plane;

    if (octet_node_int(e->node, "training_mode", 0) != 0)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "training_mode = 1 is not supported");
    OCTET_TRY(octet_norm_require(e, 5));
    x = e->in[0];
    channels = x->rank < 2 ? 1 : (size_t)x->dims[1];
    plane = (size_t)octet_dims_product(x->dims, 2, x->rank);
    for (uint32_t i = 0; i < 4; i++)
        OCTET_TRY(octet_norm_vector(e, i + 1, (int64_t)channels, &p[i]));
    OCTET_TRY(octet_eval_output_like(e, 0, x));
    OCTET_TRY(octet_finish_begin(e, &finish));
    for (size_t i = 0, n = (size_t)octet_tensor_count(x); i < n; i += plane) {
        size_t c = i / plane % channels;
        float scale = p[0][c] / sqrtf(p[3][c] + epsilon), bias = p[1][c] - p[2][c] * scale;

        e->k->affine_f32(plane, (const float *)x->data + i, scale, bias,
                         (float *)e->out[0].data + i);
        octet_finish_block(&finish, 0, plane, (float *)e->out[0].data + i);
    }
    octet_finish_end(e, &finish);
    return OCTET_OK;
}

const octet_op octet_op_batch_normalization = {
    .domain = "",
    .name = "BatchNormalization",
    .since = 9,
    .in = {{.name = "X"},
           {.name = "scale", .role = OCTET_ROLE_PARAM},
           {.name = "B", .role = OCTET_ROLE_PARAM},
           {.name = "input_mean", .role = OCTET_ROLE_PARAM},
           {.name = "input_var", .role = OCTET_ROLE_PARAM}},
    .out = {{.name = "Y"},
            {.name = "running_mean", .role = OCTET_ROLE_PARAM, .optional = true},
            {.name = "running_var", .role = OCTET_ROLE_PARAM, .optional = true}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
