/* matmul_integer.c: MatMulInteger, 8-bit operands, int32 sums
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/matmul_common.h"
#include "ops/quantize_common.h"

static octet_status infer(octet_infer *in)
{
    return octet_matmul_infer(in, 0, 1, OCTET_DTYPE_INT32);
}

static octet_status eval(octet_eval *e)
{
    octet_matmul_shape s;
    int32_t *a, *b, *c;

    OCTET_TRY(octet_eval_require(e, 2));
    OCTET_TRY(octet_matmul_resolve(e, e->in[0], e->in[1], &s));
    OCTET_TRY(octet_eval_widen(e, e->in[0], octet_eval_input(e, 2), e->in[0]->rank - 2, &a));
    OCTET_TRY(octet_eval_widen(e, e->in[1], octet_eval_input(e, 3), e->in[1]->rank - 1, &b));
    OCTET_TRY(octet_eval_output(e, 0, OCTET_DTYPE_INT32, s.rank, s.dims));
    c = e->out[0].data;
    if (octet_tensor_count(&e->out[0]) == 0)
        return OCTET_OK;
    for (int64_t i = 0; i < s.batches; i++) {
        int64_t ia, ib;

        octet_matmul_batch(&s, i, &ia, &ib);
        octet_matmul_i32((size_t)s.m, (size_t)s.n, (size_t)s.k, a + ia * s.m * s.k,
                         b + ib * s.k * s.n, c + i * s.m * s.n);
    }
    return OCTET_OK;
}

static int weight_axis(const octet_node *node, int weight_rank)
{
    (void)node;
    return weight_rank - 1;
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
    .quant = {.observe = OCTET_OBSERVE_NONE, .weight_axis = weight_axis},
    .infer = infer,
    .eval = eval,
};
