/* products.c: MatMul and the Add of a vector become Gemm, before Q and DQ are looked at
 * SPDX-License-Identifier: Apache-2.0
 *
 *     y = Add(MatMul(a, b), c)  ->  y = Gemm(a, b, c)
 *     rank 3 and more:              y = Reshape(Gemm(Reshape(a, [m, k]), b, c), …)
 *
 * What the products are quantized from then decides between QGemm and a float Gemm.
 */
#include "lower/lower.h"

#include "ops/common.h"

typedef struct product {
    octet_graph *g;
    octet_node *matmul, *add;
    const octet_type *a, *b;
    octet_value_id bias;
    bool flatten;
    int64_t m, k, n;
} product;

static const octet_type *typed(const octet_graph *g, const octet_node *n, uint32_t input)
{
    const octet_value *v = octet_node_input(g, n, input);

    return octet_value_rank(v) >= 0 ? &v->type : NULL;
}

static bool is_one(octet_dim d)
{
    return d.size == 1;
}

static bool bias_fits(const product *p, const octet_type *c)
{
    octet_dim n = p->b->dims[1];

    if (c == NULL)
        return false;
    if (c->rank == 1)
        return octet_dim_equal(c->dims[0], n);
    if (p->flatten || c->rank != 2)
        return false;
    if (is_one(c->dims[0]) && octet_dim_equal(c->dims[1], n))
        return true;
    return octet_dim_equal(c->dims[0], p->a->dims[0]) &&
           (is_one(c->dims[1]) || octet_dim_equal(c->dims[1], n));
}

static bool sizes_known(product *p)
{
    p->m = 1;
    for (int32_t i = 0; i + 1 < p->a->rank; i++) {
        if (p->a->dims[i].size < 0 || !octet_mul_i64(p->m, p->a->dims[i].size, &p->m))
            return false;
    }
    p->k = p->b->dims[0].size;
    p->n = p->b->dims[1].size;
    return p->a->rank >= 1 && p->a->dims[p->a->rank - 1].size >= 0 && p->k >= 0 && p->n >= 0;
}

static const octet_node *producer_is(const octet_graph *g, const octet_node *n, uint32_t input,
                                     const char *op)
{
    const octet_value *v = octet_node_input(g, n, input);
    const octet_node *from = v != NULL ? octet_value_producer(g, v) : NULL;

    return from != NULL && octet_node_is(from, op) ? from : NULL;
}

/* The projection behind an attention is left to another fusion. */
static bool is_attention(const product *p)
{
    const octet_node *n = producer_is(p->g, p->matmul, 0, "Reshape");

    n = n != NULL ? producer_is(p->g, n, 0, "Transpose") : NULL;
    n = n != NULL ? producer_is(p->g, n, 0, "MatMul") : NULL;
    return n != NULL && producer_is(p->g, n, 0, "Softmax") != NULL;
}

static bool find(product *p)
{
    const octet_graph *g = p->g;
    uint32_t input;

    p->add = octet_sole_consumer(g, octet_node_output(g, p->matmul, 0), &input);
    if (p->add == NULL || !octet_node_is(p->add, "Add") || input > 1)
        return false;
    p->a = typed(g, p->matmul, 0);
    p->b = typed(g, p->matmul, 1);
    if (p->a == NULL || p->b == NULL || p->b->rank != 2 || p->a->rank < 1 ||
        p->a->dtype != OCTET_DTYPE_FLOAT32)
        return false;
    p->flatten = p->a->rank != 2;
    if (p->flatten && (is_attention(p) || !sizes_known(p)))
        return false;
    p->bias = p->add->inputs[1 - input];
    return bias_fits(p, typed(g, p->add, 1 - input));
}

static octet_status add_reshape(const product *p, octet_value_id from, octet_value_id to,
                                const int64_t *dims, uint32_t rank, octet_pass_ctx *ctx)
{
    octet_value_id inputs[2] = {from};
    octet_node_id id;

    OCTET_TRY(octet_edit_add_i64(p->g, "shape", dims, rank, false, &inputs[1], ctx->diag));
    octet_node_desc desc = {
        .op_type = "Reshape", .inputs = inputs, .n_inputs = 2, .outputs = &to, .n_outputs = 1};
    return octet_edit_add_node(p->g, &desc, OCTET_LOWER_STAMP, &id, ctx->diag);
}

static octet_status add_matrix(const product *p, const char *name, int64_t rows, int64_t columns,
                               octet_value_id *out, octet_pass_ctx *ctx)
{
    octet_dim dims[2] = {{rows, NULL}, {columns, NULL}};
    octet_type type = {OCTET_TYPE_TENSOR, OCTET_DTYPE_FLOAT32, 2, dims};

    return octet_edit_add_value(p->g, name, &type, out, ctx->diag);
}

/* The MatMul becomes the Gemm; the Add goes, its output stays. */
static octet_status fuse(const product *p, octet_pass_ctx *ctx)
{
    octet_graph *g = p->g;
    octet_value_id inputs[3] = {p->matmul->inputs[0], p->matmul->inputs[1], p->bias};
    octet_value_id result = p->add->outputs[0], made = result;
    int64_t dims[OCTET_MAX_RANK];

    octet_edit_remove_node(g, p->add->id);
    if (p->flatten) {
        const int64_t flat[2] = {p->m, p->k};

        OCTET_TRY(add_matrix(p, "gemm_input", p->m, p->k, &inputs[0], ctx));
        OCTET_TRY(add_matrix(p, "gemm_output", p->m, p->n, &made, ctx));
        OCTET_TRY(add_reshape(p, p->matmul->inputs[0], inputs[0], flat, 2, ctx));
        for (int32_t i = 0; i + 1 < p->a->rank; i++)
            dims[i] = p->a->dims[i].size;
        dims[p->a->rank - 1] = p->n;
        OCTET_TRY(add_reshape(p, made, result, dims, (uint32_t)p->a->rank, ctx));
    }
    OCTET_TRY(octet_edit_set_output(g, p->matmul->id, 0, made, ctx->diag));
    OCTET_TRY(octet_edit_set_op(g, p->matmul->id, "Gemm", NULL, ctx->diag));
    ctx->changes++;
    return octet_edit_set_inputs(g, p->matmul->id, inputs, 3, ctx->diag);
}

octet_status octet_lower_products(octet_graph *g, octet_pass_ctx *ctx)
{
    octet_node *n;

    OCTET_FOR_EACH_NODE(g, n)
    {
        product p = {.g = g, .matmul = n};

        if (octet_node_is(n, "MatMul") && find(&p))
            OCTET_TRY(fuse(&p, ctx));
    }
    return OCTET_OK;
}
