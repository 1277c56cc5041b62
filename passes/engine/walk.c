/* walk.c: what passes share when they look at a graph
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/walk.h"

#include "ops/common.h"

#include <string.h>

octet_status octet_pass_each_node(octet_graph *g, octet_pass_ctx *ctx, octet_pass_visit *visit)
{
    octet_node *n;

    OCTET_FOR_EACH_NODE(g, n)
    {
        octet_subgraphs it = {0};
        octet_graph *sub;

        OCTET_TRY(visit(g, n, ctx));
        while (!n->removed && (sub = octet_node_next_subgraph(n, &it)) != NULL)
            OCTET_TRY(octet_pass_each_node(sub, ctx, visit));
    }
    return OCTET_OK;
}

octet_status octet_pass_each_graph(octet_graph *g, octet_pass_ctx *ctx,
                                   octet_pass_visit_graph *visit)
{
    octet_node *n;

    OCTET_TRY(visit(g, ctx));
    OCTET_FOR_EACH_NODE(g, n)
    {
        octet_subgraphs it = {0};
        octet_graph *sub;

        while ((sub = octet_node_next_subgraph(n, &it)) != NULL)
            OCTET_TRY(octet_pass_each_graph(sub, ctx, visit));
    }
    return OCTET_OK;
}

bool octet_node_is(const octet_node *n, const char *op_type)
{
    return n->domain[0] == '\0' && strcmp(n->op_type, op_type) == 0;
}

octet_value_id octet_node_input_id(const octet_node *n, uint32_t index)
{
    return index < n->n_inputs ? n->inputs[index] : OCTET_NO_VALUE;
}

octet_node *octet_sole_producer(const octet_graph *g, const octet_value *v)
{
    return v != NULL && octet_value_single_use(v) ? octet_value_producer(g, v) : NULL;
}

octet_node *octet_sole_consumer(const octet_graph *g, const octet_value *v, uint32_t *index)
{
    if (v == NULL || !octet_value_single_use(v) || v->uses[0].kind != OCTET_USE_INPUT)
        return NULL;
    *index = v->uses[0].index;
    return octet_graph_node(g, v->uses[0].node);
}

bool octet_const_scalar(const octet_graph *g, octet_value_id id, double *out)
{
    const octet_tensor *t = id == OCTET_NO_VALUE ? NULL : octet_value_constant(g, id);

    if (t == NULL || octet_tensor_count(t) != 1 ||
        octet_dtype_get(t->dtype)->kind == OCTET_KIND_OTHER)
        return false;
    *out = octet_tensor_f64_at(t, 0);
    return true;
}

static bool is_integer(octet_dtype dtype)
{
    octet_dtype_kind kind = octet_dtype_get(dtype)->kind;

    return kind == OCTET_KIND_SIGNED || kind == OCTET_KIND_UNSIGNED;
}

bool octet_const_ints(const octet_graph *g, octet_value_id id, int64_t *out, uint32_t capacity,
                      uint32_t *count)
{
    const octet_tensor *t = id == OCTET_NO_VALUE ? NULL : octet_value_constant(g, id);

    if (t == NULL || !is_integer(t->dtype) || octet_tensor_count(t) > (int64_t)capacity)
        return false;
    *count = (uint32_t)octet_tensor_count(t);
    for (uint32_t i = 0; i < *count; i++)
        out[i] = octet_tensor_i64_at(t, i);
    return true;
}

bool octet_type_equal(const octet_type *a, const octet_type *b)
{
    if (a->kind != OCTET_TYPE_TENSOR || b->kind != OCTET_TYPE_TENSOR || a->rank != b->rank ||
        a->rank < 0 || a->dtype != b->dtype || a->dtype == OCTET_DTYPE_UNDEFINED)
        return false;
    for (int32_t i = 0; i < a->rank; i++)
        if (!octet_dim_equal(a->dims[i], b->dims[i]))
            return false;
    return true;
}

int32_t octet_value_rank(const octet_value *v)
{
    return v != NULL && v->type.kind == OCTET_TYPE_TENSOR ? v->type.rank : -1;
}

/* n becomes Identity(to). */
static octet_status keep_as_identity(octet_graph *g, octet_node *n, octet_value_id to,
                                     octet_diag *diag)
{
    if (octet_node_is(n, "Identity"))
        return OCTET_OK;
    while (n->n_attrs > 0)
        octet_edit_remove_attr(g, n->id, n->attrs[n->n_attrs - 1].name);
    OCTET_TRY(octet_edit_set_inputs(g, n->id, &to, 1, diag));
    return octet_edit_set_op(g, n->id, "Identity", NULL, diag);
}

octet_status octet_pass_bypass(octet_graph *g, octet_node *n, octet_value_id to,
                               octet_pass_ctx *ctx)
{
    bool left = false;
    uint32_t before = octet_node_output(g, n, 0)->n_uses;

    OCTET_TRY(octet_edit_replace_value(g, n->outputs[0], to, &left, ctx->diag));
    if (left) {
        ctx->changes +=
            octet_node_output(g, n, 0)->n_uses != before || !octet_node_is(n, "Identity");
        return keep_as_identity(g, n, to, ctx->diag);
    }
    octet_edit_remove_node(g, n->id);
    ctx->changes++;
    return OCTET_OK;
}

octet_status octet_pass_add_constant(octet_graph *g, const char *wanted, octet_dtype dtype,
                                     int32_t rank, const int64_t *dims, const double *elements,
                                     octet_value_id *out, octet_diag *diag)
{
    octet_tensor t;

    OCTET_TRY(octet_tensor_describe(&t, dtype, rank, dims, diag));
    t.data = octet_arena_alloc_aligned(&g->model->arena, t.bytes);
    OCTET_TRY_ALLOC(diag, t.data);
    if (!octet_convert(dtype, t.data, OCTET_DTYPE_FLOAT64, elements, 0, octet_tensor_count(&t)))
        return octet_fail(diag, OCTET_ERR_UNSUPPORTED, "no constants of type %s can be made",
                          octet_dtype_get(dtype)->name);
    return octet_edit_add_initializer(g, wanted, &t, out, diag);
}
