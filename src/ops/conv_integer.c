/* conv_integer.c: ConvInteger, 8-bit operands, int32 sums
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/conv_common.h"
#include "ops/quantize_common.h"

static octet_status infer(octet_infer *in)
{
    return octet_conv_infer(in, 0, 1, OCTET_DTYPE_INT32);
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x = octet_eval_input(e, 0), *w = octet_eval_input(e, 1);
    int64_t dims[OCTET_MAX_RANK];
    int32_t *wide_x, *wide_w, rank;
    octet_conv_shape s;

    OCTET_TRY(octet_eval_require(e, 2));
    OCTET_TRY(octet_conv_resolve(e->node, x, w, NULL, &s, e->diag));
    OCTET_TRY(octet_eval_widen(e, x, octet_eval_input(e, 2), OCTET_MAX_RANK, &wide_x));
    OCTET_TRY(octet_eval_widen(e, w, octet_eval_input(e, 3), 0, &wide_w));
    rank = octet_conv_out_dims(&s, dims);
    OCTET_TRY(octet_eval_output(e, 0, OCTET_DTYPE_INT32, rank, dims));
    return octet_conv_i32(e, &s, wide_x, wide_w, NULL, e->out[0].data);
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
};
