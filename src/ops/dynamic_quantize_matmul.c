/* dynamic_quantize_matmul.c: DynamicQuantizeMatMul of com.microsoft: A is quantized by its own
 * range SPDX-License-Identifier: Apache-2.0
 */
#include "ops/q8.h"
#include "ops/quantize_common.h"

enum { A, B, B_SCALE, B_ZERO, BIAS };

static octet_status infer(octet_infer *in)
{
    return octet_matmul_infer(in, A, B, OCTET_DTYPE_FLOAT32);
}

static octet_status prepare(const octet_graph *g, const octet_node *node,
                            const octet_tensor *const *constant, const octet_kernels *k,
                            octet_arena *arena, const void **state, octet_diag *diag)
{
    (void)g;
    return octet_q8_matmul_prepare(k, arena, node->n_inputs > B ? constant[B] : NULL, false, state,
                                   diag);
}

/* A as uint8, its scale, its zero point in a tensor over *zero. */
static octet_status quantize_a(octet_eval *e, octet_tensor *a, float *scale, octet_tensor *zero,
                               uint8_t *zero_value)
{
    const octet_tensor *x = e->in[A];
    size_t n = (size_t)octet_tensor_count(x);
    int32_t zero_point;

    if (x->dtype != OCTET_DTYPE_FLOAT32)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "A has type %s",
                          octet_dtype_get(x->dtype)->name);
    OCTET_TRY(octet_quant_dynamic(e, x, scale, &zero_point));
    OCTET_TRY(octet_tensor_describe(a, OCTET_DTYPE_UINT8, x->rank, x->dims, e->diag));
    OCTET_TRY(octet_tensor_describe(zero, OCTET_DTYPE_UINT8, 0, NULL, e->diag));
    a->data = octet_eval_scratch(e, n + 1);
    OCTET_TRY_ALLOC(e->diag, a->data);
    e->k->quantize_f32_u8(n, x->data, *scale, zero_point, a->data);
    *zero_value = (uint8_t)zero_point;
    zero->data = zero_value;
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    octet_tensor a, a_zero;
    octet_q8_matmul job;
    float a_scale;
    uint8_t zero;

    OCTET_TRY(octet_eval_require(e, B_ZERO));
    OCTET_TRY(quantize_a(e, &a, &a_scale, &a_zero, &zero));
    OCTET_TRY(octet_q8_matmul_init(e, &a, e->in[B], &a_zero, octet_eval_input(e, B_ZERO), &job));
    return octet_q8_matmul_to_f32(e, &job, a_scale, B_SCALE, BIAS);
}

const octet_op octet_op_dynamic_quantize_matmul = {
    .domain = "com.microsoft",
    .name = "DynamicQuantizeMatMul",
    .since = 1,
    .in = {{.name = "A"},
           {.name = "B", .role = OCTET_ROLE_WEIGHT},
           {.name = "b_scale", .role = OCTET_ROLE_PARAM},
           {.name = "b_zero_point", .role = OCTET_ROLE_PARAM, .optional = true},
           {.name = "bias", .role = OCTET_ROLE_BIAS, .optional = true}},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE, .weight_axis = octet_matmul_weight_axis},
    .infer = infer,
    .eval = eval,
    .prepare = prepare,
};
