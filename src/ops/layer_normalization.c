/* layer_normalization.c: LayerNormalization over the axes from `axis` to the last
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/norm_common.h"

#include <math.h>

/* Mean and InvStdDev: one element per row, normalised axes have size 1. */
static octet_status moment_output(octet_eval *e, uint32_t index, int32_t axis, float **out)
{
    int64_t dims[OCTET_MAX_RANK];

    *out = NULL;
    if (!octet_eval_wants(e, index))
        return OCTET_OK;
    for (int32_t i = 0; i < e->in[0]->rank; i++)
        dims[i] = i < axis ? e->in[0]->dims[i] : 1;
    OCTET_TRY(octet_eval_output(e, index, OCTET_DTYPE_FLOAT32, e->in[0]->rank, dims));
    *out = e->out[index].data;
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x;
    const float epsilon = octet_node_float(e->node, "epsilon", 1e-5f);
    octet_norm_param scale, bias = {NULL, 0};
    float *squares, *means, *inverses;
    size_t n, rows;
    int32_t axis;

    OCTET_TRY(octet_norm_require(e, 2));
    x = e->in[0];
    OCTET_TRY(octet_axis_check(octet_node_int(e->node, "axis", -1), x->rank, &axis, e->diag));
    n = (size_t)octet_dims_product(x->dims, axis, x->rank);
    rows = (size_t)octet_dims_product(x->dims, 0, axis);
    OCTET_TRY(octet_norm_stretch(e, 1, axis, &scale));
    if (octet_eval_input(e, 2) != NULL)
        OCTET_TRY(octet_norm_stretch(e, 2, axis, &bias));
    OCTET_TRY(octet_eval_output_like(e, 0, x));
    OCTET_TRY(moment_output(e, 1, axis, &means));
    OCTET_TRY(moment_output(e, 2, axis, &inverses));
    squares = octet_eval_scratch(e, n * sizeof *squares);
    OCTET_TRY_ALLOC(e->diag, squares);
    for (size_t r = 0; r < rows; r++) {
        float *y = (float *)e->out[0].data + r * n, inverse;
        octet_moments m = octet_norm_moments(e->k, n, (const float *)x->data + r * n, y, squares);

        inverse = 1.0f / sqrtf(m.variance + epsilon);
        e->k->mul_f32(n, y, 1, &inverse, 0, y);
        e->k->mul_f32(n, y, 1, scale.data + r * scale.step, 1, y);
        if (bias.data != NULL)
            e->k->add_f32(n, y, 1, bias.data + r * bias.step, 1, y);
        if (means != NULL)
            means[r] = m.mean;
        if (inverses != NULL)
            inverses[r] = inverse;
    }
    return OCTET_OK;
}

static octet_status infer(octet_infer *in)
{
    const octet_type *x = octet_infer_shape(in, 0);
    octet_dim *dims = x == NULL ? NULL : octet_infer_new_dims(in, x->rank);
    int32_t axis;

    OCTET_TRY(octet_infer_same(in));
    octet_infer_set(in, 1, OCTET_DTYPE_FLOAT32, -1, NULL);
    octet_infer_set(in, 2, OCTET_DTYPE_FLOAT32, -1, NULL);
    if (x == NULL)
        return OCTET_OK;
    OCTET_TRY_ALLOC(in->diag, dims);
    OCTET_TRY(octet_axis_check(octet_node_int(in->node, "axis", -1), x->rank, &axis, in->diag));
    for (int32_t i = 0; i < x->rank; i++)
        dims[i] = i < axis ? x->dims[i] : octet_dim_known(1);
    octet_infer_set(in, 1, OCTET_DTYPE_FLOAT32, x->rank, dims);
    octet_infer_set(in, 2, OCTET_DTYPE_FLOAT32, x->rank, dims);
    return OCTET_OK;
}

const octet_op octet_op_layer_normalization = {
    .domain = "",
    .name = "LayerNormalization",
    .since = 17,
    .in = {{.name = "X"},
           {.name = "Scale", .role = OCTET_ROLE_PARAM},
           {.name = "B", .role = OCTET_ROLE_PARAM, .optional = true}},
    .out = {{.name = "Y"},
            {.name = "Mean", .role = OCTET_ROLE_PARAM, .optional = true},
            {.name = "InvStdDev", .role = OCTET_ROLE_PARAM, .optional = true}},
    .infer = infer,
    .eval = eval,
};
