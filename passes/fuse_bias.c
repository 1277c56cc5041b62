/* fuse_bias.c: give the bias of a MatMul or Gemm the shape a bias has
 * SPDX-License-Identifier: Apache-2.0
 *
 *     m = MatMul(x, w)   y = Add(m, b)     b: [1, N]   ->   b: [N]
 *
 * The sum is the same as long as m has at least the rank of b, and runtimes take only a vector as
 * the bias of a quantized product. Likewise a Gemm's C that broadcasts to all rows: [1, N] or a
 * single number become [N]. (A constant added to a Conv is folded by fold-batchnorm.)
 */
#include "engine/linear.h"
#include "engine/walk.h"

static bool is_row(const octet_tensor *t)
{
    for (int32_t i = 0; i + 1 < t->rank; i++)
        if (t->dims[i] != 1)
            return false;
    return t->rank > 1;
}

static octet_status flatten(octet_graph *g, octet_node *add, uint32_t index, const octet_tensor *t,
                            octet_pass_ctx *ctx)
{
    octet_value *bias = octet_node_input(g, add, index);
    octet_tensor row = *t;
    octet_value_id id;

    row.rank = 1;
    row.dims[0] = t->dims[t->rank - 1];
    ctx->changes++;
    if (octet_value_single_use(bias) && bias->is_initializer)
        return octet_edit_make_initializer(g, bias->id, &row, ctx->diag);
    OCTET_TRY(octet_edit_add_initializer(g, bias->name, &row, &id, ctx->diag));
    return octet_edit_set_input(g, add->id, index, id, ctx->diag);
}

/* C is written out with one element for each channel. */
static octet_status visit_gemm(octet_graph *g, octet_node *n, octet_pass_ctx *ctx)
{
    const octet_value *bias = octet_node_input(g, n, 2);
    octet_linear l;
    octet_value_id id;

    if (bias == NULL || !octet_linear_init(&l, g, n))
        return OCTET_OK;
    double *elements = OCTET_ARENA_ARRAY(ctx->scratch, double, (size_t)l.channels);
    OCTET_TRY_ALLOC(ctx->diag, elements);
    if (octet_linear_vector(&l, bias->id, elements) ||
        !octet_linear_operand(&l, bias->id, elements))
        return OCTET_OK;
    ctx->changes++;
    OCTET_TRY(octet_pass_add_constant(g, bias->name, l.payload->dtype, 1, &l.channels, elements,
                                      &id, ctx->diag));
    return octet_edit_set_input(g, n->id, 2, id, ctx->diag);
}

static octet_status visit(octet_graph *g, octet_node *n, octet_pass_ctx *ctx)
{
    if (octet_node_is(n, "Gemm"))
        return visit_gemm(g, n, ctx);
    if (!octet_node_is(n, "Add") || n->n_inputs != 2)
        return OCTET_OK;
    for (uint32_t i = 0; i < 2; i++) {
        const octet_value *product = octet_node_input(g, n, 1 - i);
        const octet_tensor *t =
            n->inputs[i] == OCTET_NO_VALUE ? NULL : octet_value_constant(g, n->inputs[i]);
        const octet_node *matmul = product == NULL ? NULL : octet_value_producer(g, product);

        if (t != NULL && matmul != NULL && octet_node_is(matmul, "MatMul") && is_row(t) &&
            octet_value_rank(product) >= t->rank)
            return flatten(g, n, i, t, ctx);
    }
    return OCTET_OK;
}

static octet_status run(octet_model *model, octet_pass_ctx *ctx)
{
    return octet_pass_each_node(model->graph, ctx, visit);
}

const octet_pass octet_pass_fuse_bias = {
    .name = "fuse-bias",
    .summary = "make the bias of a MatMul or Gemm a vector",
    .run = run,
};
