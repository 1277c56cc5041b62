/* inline_if.c: replace an If whose condition is constant by the branch it takes
 * SPDX-License-Identifier: Apache-2.0
 *
 *     [f] y = If (c) <then_branch = g () => (t) { t = Relu(x) }, …>   with c = true
 *  -> [f/…] f/t = Relu(x)   [f] y = Identity(f/t)
 *
 * Exporters leave such nodes around shape questions that folding has answered. The other branch can
 * never run. The If becomes an Identity of each result, which drop-identity then removes; one with
 * several results stays as that many of them. What has come into the graph is folded like the rest.
 */
#include "engine/clone.h"
#include "engine/walk.h"

#include <string.h>

#define STAMP "inline-if"

static octet_graph *taken_branch(const octet_graph *g, const octet_node *n)
{
    const octet_attr *attr;
    double condition;

    if (!octet_node_is(n, "If") || n->n_inputs != 1 ||
        !octet_const_scalar(g, n->inputs[0], &condition))
        return NULL;
    attr = octet_node_attr(n, condition != 0 ? "then_branch" : "else_branch");
    if (attr == NULL || attr->graphs == NULL || attr->graphs[0]->n_outputs != n->n_outputs)
        return NULL;
    return attr->graphs[0];
}

/* What the branch reads from around it is here under its own id. */
static void bind_outer(octet_clone *c)
{
    for (uint32_t i = 0; i < c->from->n_values; i++)
        if (c->from->values[i]->outer != OCTET_NO_VALUE)
            c->map[i] = c->from->values[i]->outer;
}

static octet_status add_identity(octet_graph *g, const char *name, octet_value_id from,
                                 octet_value_id to, octet_diag *diag)
{
    octet_node_desc desc = {.name = name,
                            .op_type = "Identity",
                            .inputs = &from,
                            .n_inputs = 1,
                            .outputs = &to,
                            .n_outputs = 1};

    return octet_edit_add_node(g, &desc, STAMP, NULL, diag);
}

static octet_status inline_branch(octet_graph *g, octet_node *n, octet_pass_ctx *ctx)
{
    octet_graph *branch = taken_branch(g, n);
    uint64_t made = 0;
    octet_clone c = {.from = branch,
                     .to = g,
                     .prefix = n->name[0] != '\0' ? n->name : n->op_type,
                     .stamp = STAMP,
                     .made = &made,
                     .scratch = ctx->scratch,
                     .diag = ctx->diag};
    octet_value_id *out;

    if (branch == NULL)
        return OCTET_OK;
    out = octet_arena_memdup(ctx->scratch, n->outputs, (size_t)n->n_outputs * sizeof *out);
    OCTET_TRY_ALLOC(ctx->diag, out);
    OCTET_TRY(octet_clone_init(&c));
    bind_outer(&c);
    OCTET_TRY(octet_clone_initializers(&c));
    OCTET_TRY(octet_clone_nodes(&c));
    octet_edit_remove_node(g, n->id);
    for (uint32_t i = 0; i < branch->n_outputs; i++) {
        octet_value_id result;

        OCTET_TRY(octet_clone_value(&c, branch->outputs[i], &result));
        if (out[i] != OCTET_NO_VALUE)
            OCTET_TRY(add_identity(g, c.prefix, result, out[i], ctx->diag));
    }
    ctx->changes++;
    return OCTET_OK;
}

/* Each turn inlines at least one level, and there are at most max_depth of them. */
static octet_status run(octet_model *model, octet_pass_ctx *ctx)
{
    uint32_t before;

    do {
        before = ctx->changes;
        OCTET_TRY(octet_pass_each_node(model->graph, ctx, inline_branch));
        if (ctx->changes == before)
            return OCTET_OK;
        OCTET_TRY(octet_graph_sort(model->graph, ctx->diag));
        octet_ops_resolve(model->graph);
        OCTET_TRY(octet_pass_find("fold-constants")->run(model, ctx));
    } while (ctx->changes > before);
    return OCTET_OK;
}

const octet_pass octet_pass_inline_if = {
    .name = "inline-if",
    .summary = "replace an If whose condition is constant by the branch it takes",
    .run = run,
};
