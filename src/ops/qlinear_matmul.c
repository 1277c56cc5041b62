/* qlinear_matmul.c: QLinearMatMul, 8 bits in and out; a and y may also have 16
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/q8.h"
#include "ops/quantize_common.h"

enum { A, A_SCALE, A_ZERO, B, B_SCALE, B_ZERO, Y_SCALE, Y_ZERO, INPUTS };

static octet_status infer(octet_infer *in)
{
    return octet_matmul_infer(in, A, B, octet_infer_dtype(in, Y_ZERO));
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
    octet_q8_scales scales = {.alpha = 1.0f, .by_column = true};
    const float *a_scale;
    octet_q8_matmul job;
    size_t n_a, rows;
    float y_scale;

    OCTET_TRY(octet_eval_require(e, INPUTS));
    OCTET_TRY(octet_q8_matmul_init(e, e->in[A], e->in[B], e->in[A_ZERO], e->in[B_ZERO], &job));
    OCTET_TRY(octet_q8_read_scales(e, A_SCALE, job.p.m, &a_scale, &n_a));
    OCTET_TRY(octet_q8_read_scales(e, B_SCALE, job.p.n, &scales.w, &scales.count));
    OCTET_TRY(octet_eval_scale(e, Y_SCALE, &y_scale));
    OCTET_TRY(octet_eval_output(e, 0, e->in[Y_ZERO]->dtype, job.s.rank, job.s.dims));
    rows = n_a > 1 ? 1 : job.p.m; /* that have one scale */
    for (size_t i = 0; i < job.p.m; i += rows) {
        scales.x = a_scale[n_a > 1 ? i : 0];
        OCTET_TRY(octet_q8_finish_q8(e, &scales, y_scale, e->in[Y_ZERO], &job.p.finish));
        OCTET_TRY(octet_q8_matmul_run(e, &job, i, rows, e->out[0].data));
    }
    return OCTET_OK;
}

const octet_op octet_op_qlinear_matmul = {
    .domain = "",
    .name = "QLinearMatMul",
    .since = 13,
    .in = {{.name = "a"},
           {.name = "a_scale", .role = OCTET_ROLE_PARAM},
           {.name = "a_zero_point", .role = OCTET_ROLE_PARAM},
           {.name = "b", .role = OCTET_ROLE_WEIGHT},
           {.name = "b_scale", .role = OCTET_ROLE_PARAM},
           {.name = "b_zero_point", .role = OCTET_ROLE_PARAM},
           {.name = "y_scale", .role = OCTET_ROLE_PARAM},
           {.name = "y_zero_point", .role = OCTET_ROLE_PARAM}},
    .out = {{.name = "y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE, .weight_axis = octet_matmul_weight_axis},
    .infer = infer,
    .eval = eval,
    .prepare = prepare,
};
