/* matmul.c: MatMul, numpy's rules
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/matmul_common.h"

static octet_status infer(octet_infer *in)
{
    return octet_matmul_infer(in, 0, 1, octet_infer_dtype(in, 0));
}

static size_t matrix_count(const octet_tensor *t)
{
    return t->rank > 2 ? (size_t)octet_dims_product(t->dims, 0, t->rank - 2) : 1;
}

static octet_status prepare(const octet_graph *g, const octet_node *node,
                            const octet_tensor *const *constant, const octet_kernels *k,
                            octet_arena *arena, const void **state, octet_diag *diag)
{
    const octet_tensor *b = node->n_inputs > 1 ? constant[1] : NULL;
    size_t rows, columns;

    (void)g;
    if (b == NULL || b->dtype != OCTET_DTYPE_FLOAT32 || b->rank < 1 || octet_tensor_count(b) == 0)
        return OCTET_OK;
    rows = (size_t)b->dims[b->rank > 1 ? b->rank - 2 : 0];
    columns = b->rank > 1 ? (size_t)b->dims[b->rank - 1] : 1;
    return octet_matmul_pack(k, arena, b, matrix_count(b), rows, columns, columns, 1, state, diag);
}

static octet_status eval_f32(octet_eval *e, octet_matmul_shape *s)
{
    const float *a = e->in[0]->data, *b = e->in[1]->data, *packed = e->state;
    float *c = e->out[0].data;
    size_t k = (size_t)s->k, n = (size_t)s->n, panel_size = octet_gemm_b_size(k, n);
    octet_matmul_panels panels = {NULL, NULL};
    octet_finish finish;

    OCTET_TRY(octet_finish_begin(e, &finish));
    if (matrix_count(e->in[1]) == 1) { /* all rows of A meet the same B */
        s->m *= s->batches;
        s->batches = 1;
    }
    for (int64_t i = 0; i < s->batches; i++) {
        size_t m = (size_t)s->m;
        int64_t ia, ib;

        octet_matmul_batch(s, i, &ia, &ib);
        OCTET_TRY(octet_matmul_f32(
            e, &panels,
            &(octet_matmul_job){
                .m = m,
                .n = n,
                .k = k,
                .a = {.data = a + (size_t)ia * m * k, .row = k, .col = 1},
                .b = {.data = b + (size_t)ib * k * n, .row = n, .col = 1},
                .b_packed = packed != NULL ? packed + (size_t)ib * panel_size : NULL,
                .finish = &finish,
                .c = c + (size_t)i * m * n,
            }));
    }
    octet_finish_end(e, &finish);
    return OCTET_OK;
}

static octet_status eval_f64(octet_eval *e, const octet_matmul_shape *s)
{
    size_t m = (size_t)s->m, n = (size_t)s->n, k = (size_t)s->k;
    const double *a = e->in[0]->data, *b = e->in[1]->data;

    for (int64_t i = 0; i < s->batches; i++) {
        int64_t ia, ib;

        octet_matmul_batch(s, i, &ia, &ib);
        octet_matmul_f64(m, n, k, (octet_matrix){a + (size_t)ia * m * k, k, 1},
                         (octet_matrix){b + (size_t)ib * k * n, n, 1},
                         (double *)e->out[0].data + (size_t)i * m * n);
    }
    return OCTET_OK;
}

static octet_status eval_integer(octet_eval *e, const octet_matmul_shape *s)
{
    size_t m = (size_t)s->m, n = (size_t)s->n, k = (size_t)s->k;
    int64_t count = octet_tensor_count(&e->out[0]);
    const int64_t *a, *b;
    int64_t *c;

    OCTET_TRY(octet_eval_integers(e, e->in[0], &a));
    OCTET_TRY(octet_eval_integers(e, e->in[1], &b));
    c = octet_eval_scratch(e, (size_t)count * sizeof(*c));
    OCTET_TRY_ALLOC(e->diag, c);
    for (int64_t i = 0; i < s->batches; i++) {
        int64_t ia, ib;

        octet_matmul_batch(s, i, &ia, &ib);
        octet_matmul_i64(m, n, k, (octet_matrix){a + (size_t)ia * m * k, k, 1},
                         (octet_matrix){b + (size_t)ib * k * n, n, 1}, c + (size_t)i * m * n);
    }
    octet_convert(e->out[0].dtype, e->out[0].data, OCTET_DTYPE_INT64, c, 0, count);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    octet_matmul_shape s;
    octet_dtype dtype;

    OCTET_TRY(octet_eval_require(e, 2));
    dtype = e->in[0]->dtype;
    if (e->in[1]->dtype != dtype)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "A and B differ in type");
    OCTET_TRY(octet_matmul_resolve(e, e->in[0], e->in[1], &s));
    OCTET_TRY(octet_eval_output(e, 0, dtype, s.rank, s.dims));
    if (octet_tensor_count(&e->out[0]) == 0)
        return OCTET_OK;
    if (dtype == OCTET_DTYPE_FLOAT32)
        return eval_f32(e, &s);
    if (dtype == OCTET_DTYPE_FLOAT64)
        return eval_f64(e, &s);
    return eval_integer(e, &s);
}

const octet_op octet_op_matmul = {
    .domain = "",
    .name = "MatMul",
    .since = 13,
    .in = {{.name = "A"}, {.name = "B", .role = OCTET_ROLE_WEIGHT}},
    .out = {{.name = "Y"}},
    .quant = {.weight_axis = octet_matmul_weight_axis},
    .fuses = true,
    .infer = infer,
    .eval = eval,
    .prepare = prepare,
    .packs = 1u << 1,
};
