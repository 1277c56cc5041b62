/* qgemm.c: QGemm of com.microsoft: alpha A' B' + C of 8-bit operands
 * SPDX-License-Identifier: Apache-2.0
 *
 * With y_scale the result is quantized, without it is float.
 */
#include "ops/q8.h"
#include "ops/quantize_common.h"

enum { A, A_SCALE, A_ZERO, B, B_SCALE, B_ZERO, C, Y_SCALE, Y_ZERO };

static octet_status infer(octet_infer *in)
{
    const octet_type *a = octet_infer_shape(in, A), *b = octet_infer_shape(in, B);
    int trans_a = octet_node_int(in->node, "transA", 0) != 0;
    int trans_b = octet_node_int(in->node, "transB", 0) != 0;
    octet_dtype dtype =
        octet_infer_has(in, Y_SCALE) ? octet_infer_dtype(in, Y_ZERO) : OCTET_DTYPE_FLOAT32;
    octet_dim *dims;

    octet_infer_set(in, 0, dtype, -1, NULL);
    if ((a != NULL && a->rank != 2) || (b != NULL && b->rank != 2))
        return octet_infer_fail(in, "A and B must have 2 dims");
    dims = octet_infer_new_dims(in, 2);
    OCTET_TRY_ALLOC(in->diag, dims);
    if (a != NULL)
        dims[0] = a->dims[trans_a];
    if (b != NULL)
        dims[1] = b->dims[1 - trans_b];
    octet_infer_set(in, 0, dtype, 2, dims);
    return OCTET_OK;
}

static octet_status prepare(const octet_graph *g, const octet_node *node,
                            const octet_tensor *const *constant, const octet_kernels *k,
                            octet_arena *arena, const void **state, octet_diag *diag)
{
    const octet_tensor *b = node->n_inputs > B ? constant[B] : NULL;
    bool trans = octet_node_int(node, "transB", 0) != 0;
    size_t width;

    if (b == NULL || b->rank != 2)
        return OCTET_OK;
    width = (size_t)b->dims[1];
    return octet_q8_product_prepare(k, arena, b, octet_q8_is_wide(g, node), 1,
                                    (size_t)b->dims[trans], (size_t)b->dims[!trans],
                                    trans ? 1 : width, trans ? width : 1, state, diag);
}

/* Sizes and steps of the operands. */
static octet_status resolve(octet_eval *e, octet_q8_product *p)
{
    const octet_tensor *a = e->in[A], *b = e->in[B];
    bool trans_a = octet_node_int(e->node, "transA", 0) != 0;
    bool trans_b = octet_node_int(e->node, "transB", 0) != 0;
    size_t a_width, b_width;

    if (a->rank != 2 || b->rank != 2)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "A has %d dims and B %d instead of 2",
                          a->rank, b->rank);
    if (a->dims[!trans_a] != b->dims[trans_b])
        return octet_fail(e->diag, OCTET_ERR_DATA, "A' has %lld columns but B' has %lld rows",
                          (long long)a->dims[!trans_a], (long long)b->dims[trans_b]);
    a_width = (size_t)a->dims[1];
    b_width = (size_t)b->dims[1];
    p->m = (size_t)a->dims[trans_a];
    p->k = (size_t)a->dims[!trans_a];
    p->n = (size_t)b->dims[!trans_b];
    p->a_row = trans_a ? 1 : a_width;
    p->a_col = trans_a ? a_width : 1;
    p->b_row = trans_b ? 1 : b_width;
    p->b_col = trans_b ? b_width : 1;
    return OCTET_OK;
}

static octet_status add_c(octet_eval *e, octet_q8_product *p)
{
    const octet_tensor *c = octet_eval_input(e, C);
    int64_t rows, columns;

    if (c == NULL)
        return OCTET_OK;
    if (c->dtype != OCTET_DTYPE_INT32)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "C has type %s",
                          octet_dtype_get(c->dtype)->name);
    rows = c->rank == 2 ? c->dims[0] : 1;
    columns = c->rank > 0 && c->rank <= 2 ? c->dims[c->rank - 1] : 1;
    if (c->rank > 2 || (rows != 1 && rows != (int64_t)p->m) ||
        (columns != 1 && columns != (int64_t)p->n))
        return octet_fail(e->diag, OCTET_ERR_DATA, "C (%d dims) does not broadcast to %zu x %zu",
                          c->rank, p->m, p->n);
    p->add = c->data;
    p->add_row = rows != 1 ? (size_t)columns : 0;
    p->add_col = columns != 1;
    return OCTET_OK;
}

static octet_status finish(octet_eval *e, octet_q8_product *p, octet_dtype *dtype)
{
    octet_q8_scales s = {.alpha = octet_node_float(e->node, "alpha", 1.0f), .by_column = true};
    const octet_tensor *zero = octet_eval_input(e, Y_ZERO);
    float y_scale;

    OCTET_TRY(octet_eval_scale(e, A_SCALE, &s.x));
    OCTET_TRY(octet_q8_read_scales(e, B_SCALE, p->n, &s.w, &s.count));
    *dtype = OCTET_DTYPE_FLOAT32;
    if (octet_eval_input(e, Y_SCALE) == NULL)
        return octet_q8_finish_f32(e, &s, NULL, &p->finish);
    if (zero == NULL)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "y_scale is without y_zero_point");
    *dtype = zero->dtype;
    OCTET_TRY(octet_eval_scale(e, Y_SCALE, &y_scale));
    return octet_q8_finish_q8(e, &s, y_scale, zero, &p->finish);
}

static octet_status eval(octet_eval *e)
{
    octet_q8_product p = {.packed = e->state};
    octet_dtype dtype;

    OCTET_TRY(octet_eval_require(e, C));
    OCTET_TRY(resolve(e, &p));
    OCTET_TRY(octet_q8_activation(e, e->in[A], e->in[A_ZERO], 1, &p.a));
    OCTET_TRY(octet_q8_weight(e, e->in[B], e->in[B_ZERO], p.n, &p.b));
    OCTET_TRY(add_c(e, &p));
    OCTET_TRY(finish(e, &p, &dtype));
    OCTET_TRY(octet_eval_output(e, 0, dtype, 2, (const int64_t[]){(int64_t)p.m, (int64_t)p.n}));
    p.y = e->out[0].data;
    return octet_q8_product_run(e, &p);
}

const octet_op octet_op_qgemm = {
    .domain = "com.microsoft",
    .name = "QGemm",
    .since = 1,
    .in = {{.name = "A"},
           {.name = "a_scale", .role = OCTET_ROLE_PARAM},
           {.name = "a_zero_point", .role = OCTET_ROLE_PARAM},
           {.name = "B", .role = OCTET_ROLE_WEIGHT},
           {.name = "b_scale", .role = OCTET_ROLE_PARAM},
           {.name = "b_zero_point", .role = OCTET_ROLE_PARAM},
           {.name = "C", .role = OCTET_ROLE_BIAS, .optional = true},
           {.name = "y_scale", .role = OCTET_ROLE_PARAM, .optional = true},
           {.name = "y_zero_point", .role = OCTET_ROLE_PARAM, .optional = true}},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE, .weight_axis = octet_gemm_weight_axis},
    .infer = infer,
    .eval = eval,
    .prepare = prepare,
};
