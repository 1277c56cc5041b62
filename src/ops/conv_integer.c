/* conv_integer.c: ConvInteger, 8-bit operands, int32 sums
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/q8.h"

static octet_status infer(octet_infer *in)
{
    return octet_conv_infer(in, 0, 1, OCTET_DTYPE_INT32);
}

static octet_status prepare(const octet_graph *g, const octet_node *node,
                            const octet_tensor *const *constant, const octet_kernels *k,
                            octet_arena *arena, const void **state, octet_diag *diag)
{
    (void)k;
    return octet_q8_conv_prepare(node, node->n_inputs > 1 ? constant[1] : NULL,
                                 octet_q8_is_wide(g, node), arena, state, diag);
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x = octet_eval_input(e, 0), *w = octet_eval_input(e, 1);
    int64_t dims[OCTET_MAX_RANK];
    octet_q8_conv c = {.exact = true}; /* in ONNX Runtime the weight is the first operand */
    int32_t rank;

    OCTET_TRY(octet_eval_require(e, 2));
    OCTET_TRY(octet_conv_resolve(e->node, x, w, NULL, &c.s, e->diag));
    OCTET_TRY(octet_q8_activation(e, x, octet_eval_input(e, 2), 1, &c.x));
    OCTET_TRY(octet_q8_weight(e, w, octet_eval_input(e, 3), (size_t)w->dims[0], &c.w));
    rank = octet_conv_out_dims(&c.s, dims);
    OCTET_TRY(octet_eval_output(e, 0, OCTET_DTYPE_INT32, rank, dims));
    octet_q8_finish_s32(e, &c.finish);
    c.y = e->out[0].data;
    return octet_q8_conv_run(e, &c);
}

static int weight_axis(const octet_node *node, int weight_rank)
{
    (void)node;
    (void)weight_rank;
    return 0;
}

const octet_op octet_op_conv_integer = {
    .domain = "",
    .name = "ConvInteger",
    .since = 13,
    .in = {{.name = "x"},
           {.name = "w", .role = OCTET_ROLE_WEIGHT},
           {.name = "x_zero_point", .role = OCTET_ROLE_PARAM, .optional = true},
           {.name = "w_zero_point", .role = OCTET_ROLE_PARAM, .optional = true}},
    .out = {{.name = "y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE, .weight_axis = weight_axis},
    .infer = infer,
    .eval = eval,
    .prepare = prepare,
};
