/* qlinear_conv.c: QLinearConv, 8-bit in and out
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/q8.h"
#include "ops/quantize_common.h"

enum { X, X_SCALE, X_ZERO, W, W_SCALE, W_ZERO, Y_SCALE, Y_ZERO, B };

static octet_status infer(octet_infer *in)
{
    return octet_conv_infer(in, X, W, octet_infer_dtype(in, Y_ZERO));
}

static octet_status prepare(const octet_graph *g, const octet_node *node,
                            const octet_tensor *const *constant, const octet_kernels *k,
                            octet_arena *arena, const void **state, octet_diag *diag)
{
    (void)g;
    (void)k;
    return octet_q8_conv_prepare(node, node->n_inputs > W ? constant[W] : NULL, arena, state, diag);
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *bias = octet_eval_input(e, B), *w;
    octet_q8_scales scales = {.alpha = 1.0f};
    int64_t dims[OCTET_MAX_RANK];
    octet_q8_conv c = {.exact = false};
    float y_scale;
    int32_t rank;

    OCTET_TRY(octet_eval_require(e, B));
    w = e->in[W];
    OCTET_TRY(octet_conv_resolve(e->node, e->in[X], w, bias, &c.s, e->diag));
    if (bias != NULL && bias->dtype != OCTET_DTYPE_INT32)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "B has type %s",
                          octet_dtype_get(bias->dtype)->name);
    OCTET_TRY(octet_eval_scale(e, X_SCALE, &scales.x));
    OCTET_TRY(octet_q8_read_scales(e, W_SCALE, (size_t)w->dims[0], &scales.w, &scales.count));
    OCTET_TRY(octet_eval_scale(e, Y_SCALE, &y_scale));
    OCTET_TRY(octet_q8_activation(e, e->in[X], e->in[X_ZERO], 1, &c.x));
    OCTET_TRY(octet_q8_weight(e, w, e->in[W_ZERO], (size_t)w->dims[0], &c.w));
    OCTET_TRY(octet_q8_finish_q8(e, &scales, y_scale, e->in[Y_ZERO], &c.finish));
    rank = octet_conv_out_dims(&c.s, dims);
    OCTET_TRY(octet_eval_output(e, 0, e->in[Y_ZERO]->dtype, rank, dims));
    c.bias = bias != NULL ? bias->data : NULL;
    c.y = e->out[0].data;
    return octet_q8_conv_run(e, &c);
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
    .prepare = prepare,
};
