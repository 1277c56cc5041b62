/* matmul_integer.c: MatMulInteger, 8-bit operands, int32 sums
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/q8.h"

static octet_status infer(octet_infer *in)
{
    return octet_matmul_infer(in, 0, 1, OCTET_DTYPE_INT32);
}

static octet_status prepare(const octet_graph *g, const octet_node *node,
                            const octet_tensor *const *constant, const octet_kernels *k,
                            octet_arena *arena, const void **state, octet_diag *diag)
{
    return octet_q8_matmul_prepare(k, arena, node->n_inputs > 1 ? constant[1] : NULL,
                                   octet_q8_is_wide(g, node), state, diag);
}

static octet_status eval(octet_eval *e)
{
    octet_q8_matmul job;

    OCTET_TRY(octet_eval_require(e, 2));
    OCTET_TRY(octet_q8_matmul_init(e, e->in[0], e->in[1], octet_eval_input(e, 2),
                                   octet_eval_input(e, 3), &job));
    OCTET_TRY(octet_eval_output(e, 0, OCTET_DTYPE_INT32, job.s.rank, job.s.dims));
    octet_q8_finish_s32(e, &job.p.finish);
    return octet_q8_matmul_run(e, &job, 0, job.p.m, e->out[0].data);
}

const octet_op octet_op_matmul_integer = {
    .domain = "",
    .name = "MatMulInteger",
    .since = 13,
    .in = {{.name = "A"},
           {.name = "B", .role = OCTET_ROLE_WEIGHT},
           {.name = "a_zero_point", .role = OCTET_ROLE_PARAM, .optional = true},
           {.name = "b_zero_point", .role = OCTET_ROLE_PARAM, .optional = true}},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE, .weight_axis = octet_matmul_weight_axis},
    .infer = infer,
    .eval = eval,
    .prepare = prepare,
};
