/* qlinear_matmul.c: QLinearMatMul, 8-bit in and out
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/matmul_common.h"
#include "ops/quantize_common.h"

enum { A, A_SCALE, A_ZERO, B, B_SCALE, B_ZERO, Y_SCALE, Y_ZERO, INPUTS };

static octet_status infer(octet_infer *in)
{
    return octet_matmul_infer(in, A, B, octet_infer_dtype(in, Y_ZERO));
}

/* Scales: one number, one per row (A) or one per column (B). */
typedef struct scales {
    const float *a, *b;
    float y;
    bool per_row, per_column;
} scales;

static octet_status read_scales(octet_eval *e, const octet_matmul_shape *s, scales *out)
{
    int64_t a = octet_tensor_count(e->in[A_SCALE]), b = octet_tensor_count(e->in[B_SCALE]);

    if ((a != 1 && a != s->m) || (b != 1 && b != s->n))
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL,
                          "the scales have %lld and %lld elements for %lld rows and %lld columns",
                          (long long)a, (long long)b, (long long)s->m, (long long)s->n);
    OCTET_TRY(octet_eval_floats(e, e->in[A_SCALE], &out->a));
    OCTET_TRY(octet_eval_floats(e, e->in[B_SCALE], &out->b));
    OCTET_TRY(octet_eval_scale(e, Y_SCALE, &out->y));
    out->per_row = a != 1;
    out->per_column = b != 1;
    return OCTET_OK;
}

static void requantize(octet_eval *e, const octet_matmul_shape *s, const scales *v,
                       const int32_t *acc)
{
    const octet_tensor *zero = e->in[Y_ZERO];
    int32_t zero_point = (int32_t)octet_tensor_i64_at(zero, 0);
    uint8_t *y = e->out[0].data;

    for (int64_t row = 0; row < s->batches * s->m; row++) {
        float a = v->a[v->per_row ? row % s->m : 0];

        if (!v->per_column) {
            octet_requantize((size_t)s->n, acc + row * s->n, a * v->b[0] / v->y, zero_point,
                             zero->dtype, y + row * s->n);
            continue;
        }
        for (int64_t j = 0; j < s->n; j++)
            octet_requantize(1, acc + row * s->n + j, a * v->b[j] / v->y, zero_point, zero->dtype,
                             y + row * s->n + j);
    }
}

static octet_status eval(octet_eval *e)
{
    octet_matmul_shape s;
    int32_t *a, *b, *acc;
    scales v;

    OCTET_TRY(octet_eval_require(e, INPUTS));
    if ((e->in[Y_ZERO]->dtype != OCTET_DTYPE_UINT8 && e->in[Y_ZERO]->dtype != OCTET_DTYPE_INT8) ||
        octet_tensor_count(e->in[Y_ZERO]) != 1)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED,
                          "y_zero_point is not one uint8 or int8 number");
    OCTET_TRY(octet_matmul_resolve(e, e->in[A], e->in[B], &s));
    OCTET_TRY(read_scales(e, &s, &v));
    OCTET_TRY(octet_eval_widen(e, e->in[A], e->in[A_ZERO], e->in[A]->rank - 2, &a));
    OCTET_TRY(octet_eval_widen(e, e->in[B], e->in[B_ZERO], e->in[B]->rank - 1, &b));
    OCTET_TRY(octet_eval_output(e, 0, e->in[Y_ZERO]->dtype, s.rank, s.dims));
    if (octet_tensor_count(&e->out[0]) == 0)
        return OCTET_OK;
    acc = octet_eval_scratch(e, (size_t)octet_tensor_count(&e->out[0]) * sizeof(*acc));
    OCTET_TRY_ALLOC(e->diag, acc);
    for (int64_t i = 0; i < s.batches; i++) {
        int64_t ia, ib;

        octet_matmul_batch(&s, i, &ia, &ib);
        octet_matmul_i32((size_t)s.m, (size_t)s.n, (size_t)s.k, a + ia * s.m * s.k,
                         b + ib * s.k * s.n, acc + i * s.m * s.n);
    }
    requantize(e, &s, &v, acc);
    return OCTET_OK;
}

static int weight_axis(const octet_node *node, int weight_rank)
{
    (void)node;
    return weight_rank - 1;
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
    .quant = {.observe = OCTET_OBSERVE_NONE, .weight_axis = weight_axis},
    .infer = infer,
    .eval = eval,
};
