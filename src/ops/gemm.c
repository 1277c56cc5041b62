/* gemm.c: Gemm, alpha A' B' + beta C
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/matmul_common.h"

typedef struct shape {
    bool trans_a, trans_b;
    int64_t m, n, k;
    int64_t c_row, c_col; /* steps of the broadcast C */
} shape;

/* ---- inference */

static octet_status infer(octet_infer *in)
{
    const octet_type *a = octet_infer_shape(in, 0), *b = octet_infer_shape(in, 1);
    int trans_a = octet_node_int(in->node, "transA", 0) != 0;
    int trans_b = octet_node_int(in->node, "transB", 0) != 0;
    octet_dim *dims;

    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    if ((a != NULL && a->rank != 2) || (b != NULL && b->rank != 2))
        return octet_infer_fail(in, "A and B must have 2 dims");
    if (a != NULL && b != NULL) {
        int64_t ka = a->dims[1 - trans_a].size, kb = b->dims[trans_b].size;

        if (ka >= 0 && kb >= 0 && ka != kb)
            return octet_infer_fail(in, "A' has %lld columns but B' has %lld rows", (long long)ka,
                                    (long long)kb);
    }
    dims = octet_infer_new_dims(in, 2);
    OCTET_TRY_ALLOC(in->diag, dims);
    if (a != NULL)
        dims[0] = a->dims[trans_a];
    if (b != NULL)
        dims[1] = b->dims[1 - trans_b];
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), 2, dims);
    return OCTET_OK;
}

/* ---- evaluation */

static octet_matrix view(const void *data, int64_t rows, int64_t columns, bool trans)
{
    return (octet_matrix){
        .data = data, .row = trans ? 1 : (size_t)columns, .col = trans ? (size_t)rows : 1};
}

static octet_status prepare(const octet_graph *g, const octet_node *node,
                            const octet_tensor *const *constant, const octet_kernels *k,
                            octet_arena *arena, const void **state, octet_diag *diag)
{
    const octet_tensor *b = node->n_inputs > 1 ? constant[1] : NULL;
    bool trans = octet_node_int(node, "transB", 0) != 0;
    octet_matrix v;
    int64_t rows, columns;

    (void)g;
    if (b == NULL || b->dtype != OCTET_DTYPE_FLOAT32 || b->rank != 2 || octet_tensor_count(b) == 0)
        return OCTET_OK;
    rows = b->dims[trans];
    columns = b->dims[!trans];
    v = view(b->data, rows, columns, trans);
    return octet_matmul_pack(k, arena, b, 1, (size_t)rows, (size_t)columns, v.row, v.col, state,
                             diag);
}

/* Steps of C over an m x n result: a size of 1 and missing leading dims stretch. */
static octet_status resolve_c(octet_eval *e, const octet_tensor *c, shape *s)
{
    int64_t rows, columns;

    if (c == NULL)
        return OCTET_OK;
    rows = c->rank == 2 ? c->dims[0] : 1;
    columns = c->rank > 0 && c->rank <= 2 ? c->dims[c->rank - 1] : 1;
    if (c->rank > 2 || (rows != 1 && rows != s->m) || (columns != 1 && columns != s->n))
        return octet_fail(e->diag, OCTET_ERR_DATA, "C (%d dims) does not broadcast to %lld x %lld",
                          c->rank, (long long)s->m, (long long)s->n);
    s->c_row = rows != 1 ? columns : 0;
    s->c_col = columns != 1 ? 1 : 0;
    return OCTET_OK;
}

static octet_status resolve(octet_eval *e, shape *s)
{
    const octet_tensor *a = e->in[0], *b = e->in[1], *c = octet_eval_input(e, 2);
    int64_t b_rows;

    *s = (shape){.trans_a = octet_node_int(e->node, "transA", 0) != 0,
                 .trans_b = octet_node_int(e->node, "transB", 0) != 0};
    if (a->rank != 2 || b->rank != 2)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "A has %d dims and B %d instead of 2",
                          a->rank, b->rank);
    if (b->dtype != a->dtype || (c != NULL && c->dtype != a->dtype))
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "A, B and C differ in type");
    s->m = a->dims[s->trans_a];
    s->k = a->dims[!s->trans_a];
    b_rows = b->dims[s->trans_b];
    s->n = b->dims[!s->trans_b];
    if (s->k != b_rows)
        return octet_fail(e->diag, OCTET_ERR_DATA, "A' has %lld columns but B' has %lld rows",
                          (long long)s->k, (long long)b_rows);
    return resolve_c(e, c, s);
}

/* y = alpha y + beta C, each product rounded, left out when the factor is 1. */
static void finish_f32(const octet_kernels *k, const shape *s, const float *c, float alpha,
                       float beta, float *y)
{
    size_t n = (size_t)s->n;

    for (int64_t i = 0; i < s->m; i++, y += n) {
        if (alpha != 1.0f)
            k->mul_f32(n, y, 1, &alpha, 0, y);
        if (c == NULL)
            continue;
        if (beta == 1.0f)
            k->add_f32(n, y, 1, c + i * s->c_row, (size_t)s->c_col, y);
        else
            for (int64_t j = 0; j < s->n; j++)
                y[j] += beta * c[i * s->c_row + j * s->c_col];
    }
}

static octet_status eval_f32(octet_eval *e, const shape *s)
{
    const octet_tensor *c = octet_eval_input(e, 2);
    float alpha = octet_node_float(e->node, "alpha", 1.0f);
    float beta = octet_node_float(e->node, "beta", 1.0f), *y = e->out[0].data;
    octet_matmul_panels panels = {NULL, NULL};
    octet_finish finish;
    /* a row that is added last is a bias to the product */
    bool plain = alpha == 1.0f && (c == NULL || beta == 0.0f);
    bool row = alpha == 1.0f && beta == 1.0f && c != NULL && s->c_row == 0 && s->c_col == 1;

    OCTET_TRY(octet_finish_begin(e, &finish));
    OCTET_TRY(octet_matmul_f32(e, &panels,
                               &(octet_matmul_job){
                                   .m = (size_t)s->m,
                                   .n = (size_t)s->n,
                                   .k = (size_t)s->k,
                                   .a = view(e->in[0]->data, s->m, s->k, s->trans_a),
                                   .b = view(e->in[1]->data, s->k, s->n, s->trans_b),
                                   .b_packed = e->state,
                                   .bias = row ? c->data : NULL,
                                   .finish = plain || row ? &finish : NULL,
                                   .c = y,
                               }));
    if (plain || row) {
        octet_finish_end(e, &finish);
        return OCTET_OK;
    }
    finish_f32(e->k, s, c != NULL && beta != 0.0f ? c->data : NULL, alpha, beta, y);
    return octet_finish_output(e);
}

static octet_status eval_f64(octet_eval *e, const shape *s)
{
    const octet_tensor *c = octet_eval_input(e, 2);
    double alpha = (double)octet_node_float(e->node, "alpha", 1.0f);
    double beta = (double)octet_node_float(e->node, "beta", 1.0f);
    double *y = e->out[0].data;

    octet_matmul_f64((size_t)s->m, (size_t)s->n, (size_t)s->k,
                     view(e->in[0]->data, s->m, s->k, s->trans_a),
                     view(e->in[1]->data, s->k, s->n, s->trans_b), y);
    for (int64_t i = 0; i < s->m; i++)
        for (int64_t j = 0; j < s->n; j++) {
            double v = alpha * y[i * s->n + j];

            if (c != NULL)
                v += beta * ((const double *)c->data)[i * s->c_row + j * s->c_col];
            y[i * s->n + j] = v;
        }
    return OCTET_OK;
}

/* Integers: sums wrap; a real factor has no defined meaning. */
static octet_status eval_integer(octet_eval *e, const shape *s)
{
    const octet_tensor *c = octet_eval_input(e, 2);
    float alpha = octet_node_float(e->node, "alpha", 1.0f);
    float beta = octet_node_float(e->node, "beta", 1.0f);
    const int64_t *a, *b, *pc = NULL;
    int64_t *y, count = octet_tensor_count(&e->out[0]);

    if (alpha != 1.0f || (beta != 1.0f && beta != 0.0f))
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "alpha or beta other than 1 with type %s",
                          octet_dtype_get(e->in[0]->dtype)->name);
    OCTET_TRY(octet_eval_integers(e, e->in[0], &a));
    OCTET_TRY(octet_eval_integers(e, e->in[1], &b));
    if (c != NULL && beta != 0.0f)
        OCTET_TRY(octet_eval_integers(e, c, &pc));
    y = octet_eval_scratch(e, (size_t)count * sizeof(*y));
    OCTET_TRY_ALLOC(e->diag, y);
    octet_matmul_i64((size_t)s->m, (size_t)s->n, (size_t)s->k, view(a, s->m, s->k, s->trans_a),
                     view(b, s->k, s->n, s->trans_b), y);
    for (int64_t i = 0; pc != NULL && i < count; i++)
        y[i] = (int64_t)((uint64_t)y[i] + (uint64_t)pc[i / s->n * s->c_row + i % s->n * s->c_col]);
    octet_convert(e->out[0].dtype, e->out[0].data, OCTET_DTYPE_INT64, y, 0, count);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    octet_dtype dtype;
    shape s;

    OCTET_TRY(octet_eval_require(e, 2));
    OCTET_TRY(resolve(e, &s));
    dtype = e->in[0]->dtype;
    OCTET_TRY(octet_eval_output(e, 0, dtype, 2, (int64_t[]){s.m, s.n}));
    if (octet_tensor_count(&e->out[0]) == 0)
        return OCTET_OK;
    if (dtype == OCTET_DTYPE_FLOAT32)
        return eval_f32(e, &s);
    if (dtype == OCTET_DTYPE_FLOAT64)
        return eval_f64(e, &s);
    return eval_integer(e, &s);
}

const octet_op octet_op_gemm = {
    .domain = "",
    .name = "Gemm",
    .since = 13,
    .in = {{.name = "A"},
           {.name = "B", .role = OCTET_ROLE_WEIGHT},
           {.name = "C", .role = OCTET_ROLE_BIAS, .optional = true}},
    .out = {{.name = "Y"}},
    .quant = {.weight_axis = octet_gemm_weight_axis},
    .fuses = true,
    .infer = infer,
    .eval = eval,
    .prepare = prepare,
    .packs = 1u << 1,
};
