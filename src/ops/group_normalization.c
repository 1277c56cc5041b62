/* group_normalization.c: GroupNormalization; scale and bias per group up to opset 20, per channel
 * since SPDX-License-Identifier: Apache-2.0
 */
#include "ops/norm_common.h"

#include <math.h>

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x;
    const float *scale, *bias, epsilon = octet_node_float(e->node, "epsilon", 1e-5f);
    int64_t groups = octet_node_int(e->node, "num_groups", 0), params;
    bool per_group = e->node->op->since < 21;
    size_t plane, block, n, step;
    float *squares;

    OCTET_TRY(octet_norm_require(e, 3));
    x = e->in[0];
    if (x->rank < 2 || groups < 1 || x->dims[1] % groups != 0)
        return octet_fail(e->diag, OCTET_ERR_DATA,
                          "the channels of X do not divide into %lld groups", (long long)groups);
    params = per_group ? groups : x->dims[1];
    plane = (size_t)octet_dims_product(x->dims, 2, x->rank);
    block = plane * (size_t)(x->dims[1] / groups);
    step = per_group ? block : plane; /* elements that share scale and bias */
    OCTET_TRY(octet_norm_vector(e, 1, params, &scale));
    OCTET_TRY(octet_norm_vector(e, 2, params, &bias));
    OCTET_TRY(octet_eval_output_like(e, 0, x));
    squares = octet_eval_scratch(e, block * sizeof *squares);
    OCTET_TRY_ALLOC(e->diag, squares);
    n = (size_t)octet_tensor_count(x);
    for (size_t i = 0; i < n; i += block) {
        float *y = (float *)e->out[0].data + i;
        octet_moments m = octet_norm_moments(e->k, block, (const float *)x->data + i, y, squares);
        float inverse = 1.0f / sqrtf(m.variance + epsilon);
        for (size_t at = 0; at < block; at += step) {
            size_t p = (i + at) / step % (size_t)params;
            e->k->affine_f32(step, y + at, inverse * scale[p], bias[p], y + at);
        }
    }
    return OCTET_OK;
}

#define DESCRIPTOR(variable, version)                                                              \
    const octet_op variable = {                                                                    \
        .domain = "",                                                                              \
        .name = "GroupNormalization",                                                              \
        .since = version,                                                                          \
        .in = {{.name = "X"},                                                                      \
               {.name = "scale", .role = OCTET_ROLE_PARAM},                                        \
               {.name = "bias", .role = OCTET_ROLE_PARAM}},                                        \
        .out = {{.name = "Y"}},                                                                    \
        .infer = octet_infer_same,                                                                 \
        .eval = eval,                                                                              \
    }

DESCRIPTOR(octet_op_group_normalization_18, 18);
DESCRIPTOR(octet_op_group_normalization_21, 21);
