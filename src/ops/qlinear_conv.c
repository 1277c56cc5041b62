/* qlinear_conv.c: QLinearConv, 8-bit in and out
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/conv_common.h"
#include "ops/quantize_common.h"

enum { X, X_SCALE, X_ZERO, W, W_SCALE, W_ZERO, Y_SCALE, Y_ZERO, B };

static octet_status infer(octet_infer *in)
{
    return octet_conv_infer(in, X, W, octet_infer_dtype(in, Y_ZERO));
}

static octet_status check(octet_eval *e)
{
    const octet_tensor *w_scale = octet_eval_input(e, W_SCALE), *zero = octet_eval_input(e, Y_ZERO);
    const octet_tensor *w = octet_eval_input(e, W), *bias = octet_eval_input(e, B);
    int64_t scales = octet_tensor_count(w_scale);

    if (w_scale->dtype != OCTET_DTYPE_FLOAT32 || (scales != 1 && scales != w->dims[0]))
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL,
                          "w_scale has %lld elements, W has %lld output channels",
                          (long long)scales, (long long)w->dims[0]);
    if ((zero->dtype != OCTET_DTYPE_UINT8 && zero->dtype != OCTET_DTYPE_INT8) ||
        octet_tensor_count(zero) != 1)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL,
                          "y_zero_point is not one uint8 or int8 number");
    if (bias != NULL && bias->dtype != OCTET_DTYPE_INT32)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "B has type %s",
                          octet_dtype_get(bias->dtype)->name);
    return OCTET_OK;
}

static void requantize(octet_eval *e, const octet_conv_shape *s, const int32_t *acc, float x_scale,
                       float y_scale)
{
    const octet_tensor *w_scale = octet_eval_input(e, W_SCALE), *zero = octet_eval_input(e, Y_ZERO);
    bool per_channel = octet_tensor_count(w_scale) > 1;
    size_t plane = (size_t)octet_dims_product(s->out, 0, s->rank);

    for (int64_t i = 0; i < s->batch * s->out_channels; i++) {
        int64_t m = per_channel ? i % s->out_channels : 0;
        float multiplier = x_scale * ((const float *)w_scale->data)[m] / y_scale;

        octet_requantize(plane, acc + (size_t)i * plane, multiplier,
                         (int32_t)octet_tensor_i64_at(zero, 0), zero->dtype,
                         (uint8_t *)e->out[0].data + (size_t)i * plane);
    }
}

static octet_status eval(octet_eval *e)
{
    int64_t dims[OCTET_MAX_RANK];
    int32_t *x, *w, *acc, rank;
    const octet_tensor *bias = octet_eval_input(e, B);
    float x_scale, y_scale;
    octet_conv_shape s;

    OCTET_TRY(octet_eval_require(e, B));
    OCTET_TRY(octet_conv_resolve(e->node, e->in[X], e->in[W], bias, &s, e->diag));
    OCTET_TRY(check(e));
    OCTET_TRY(octet_eval_scale(e, X_SCALE, &x_scale));
    OCTET_TRY(octet_eval_scale(e, Y_SCALE, &y_scale));
    OCTET_TRY(octet_eval_widen(e, e->in[X], e->in[X_ZERO], OCTET_MAX_RANK, &x));
    OCTET_TRY(octet_eval_widen(e, e->in[W], e->in[W_ZERO], 0, &w));
    rank = octet_conv_out_dims(&s, dims);
    OCTET_TRY(octet_eval_output(e, 0, e->in[Y_ZERO]->dtype, rank, dims));
    if (octet_tensor_count(&e->out[0]) == 0)
        return OCTET_OK;
    acc = octet_eval_scratch(e, (size_t)octet_tensor_count(&e->out[0]) * sizeof(*acc));
    OCTET_TRY_ALLOC(e->diag, acc);
    OCTET_TRY(octet_conv_i32(e, &s, x, w, bias != NULL ? bias->data : NULL, acc));
    requantize(e, &s, acc, x_scale, y_scale);
    return OCTET_OK;
}

static int weight_axis(const octet_node *node, int weight_rank)
{
    (void)node;
    (void)weight_rank;
    return 0;
}

const octet_op octet_op_qlinear_conv = {
    .domain = "",
    .name = "QLinearConv",
    .since = 13,
    .in = {{.name = "x"},
           {.name = "x_scale", .role = OCTET_ROLE_PARAM},
           {.name = "x_zero_point", .role = OCTET_ROLE_PARAM},
           {.name = "w", .role = OCTET_ROLE_WEIGHT},
           {.name = "w_scale", .role = OCTET_ROLE_PARAM},
           {.name = "w_zero_point", .role = OCTET_ROLE_PARAM},
           {.name = "y_scale", .role = OCTET_ROLE_PARAM},
           {.name = "y_zero_point", .role = OCTET_ROLE_PARAM},
           {.name = "B", .role = OCTET_ROLE_BIAS, .optional = true}},
    .out = {{.name = "y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE, .weight_axis = weight_axis},
    .infer = infer,
    .eval = eval,
};
