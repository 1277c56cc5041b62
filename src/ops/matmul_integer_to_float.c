/* matmul_integer_to_float.c: MatMulIntegerToFloat of com.microsoft: 8-bit operands, float result
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/q8.h"
#include "ops/quantize_common.h"

enum { A, B, A_SCALE, B_SCALE, A_ZERO, B_ZERO, BIAS };

static octet_status infer(octet_infer *in)
{
    return octet_matmul_infer(in, A, B, OCTET_DTYPE_FLOAT32);
}

static octet_status prepare(const octet_graph *g, const octet_node *node,
                            const octet_tensor *const *constant, const octet_kernels *k,
                            octet_arena *arena, const void **state, octet_diag *diag)
{
    return octet_q8_matmul_prepare(k, arena, node->n_inputs > B ? constant[B] : NULL,
                                   octet_q8_is_wide(g, node), state, diag);
}

static octet_status eval(octet_eval *e)
{
    octet_q8_matmul job;
    float a_scale;

    OCTET_TRY(octet_eval_require(e, A_ZERO));
    OCTET_TRY(octet_q8_matmul_init(e, e->in[A], e->in[B], octet_eval_input(e, A_ZERO),
                                   octet_eval_input(e, B_ZERO), &job));
    OCTET_TRY(octet_eval_scale(e, A_SCALE, &a_scale));
    return octet_q8_matmul_to_f32(e, &job, a_scale, B_SCALE, BIAS);
}

const octet_op octet_op_matmul_integer_to_float = {
    .domain = "com.microsoft",
    .name = "MatMulIntegerToFloat",
    .since = 1,
    .in = {{.name = "A"},
           {.name = "B", .role = OCTET_ROLE_WEIGHT},
           {.name = "a_scale", .role = OCTET_ROLE_PARAM},
           {.name = "b_scale", .role = OCTET_ROLE_PARAM},
           {.name = "a_zero_point", .role = OCTET_ROLE_PARAM, .optional = true},
           {.name = "b_zero_point", .role = OCTET_ROLE_PARAM, .optional = true},
           {.name = "bias", .role = OCTET_ROLE_BIAS, .optional = true}},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE, .weight_axis = octet_matmul_weight_axis},
    .infer = infer,
    .eval = eval,
    .prepare = prepare,
};
