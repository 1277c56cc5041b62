/* remove_dead.c: remove what nothing needs
 * SPDX-License-Identifier: Apache-2.0
 *
 *     y = Relu(x)   z = Exp(x)   with output y alone   ->   y = Relu(x)
 *
 * Nodes none of whose outputs are used, initializers without uses, and imports of domains of which
 * no operator is left. No operator of ONNX has side effects.
 */
#include "engine/walk.h"

#include <string.h>

typedef struct domains {
    octet_map index; /* domain -> position in the imports */
    bool *used;
} domains;

static void mark(octet_graph *g, const domains *d)
{
    octet_node *n;

    OCTET_FOR_EACH_NODE(g, n)
    {
        octet_subgraphs it = {0};
        octet_graph *sub;
        uint32_t at = octet_map_get(&d->index, n->domain);

        if (at != OCTET_MAP_NONE)
            d->used[at] = true;
        while ((sub = octet_node_next_subgraph(n, &it)) != NULL)
            mark(sub, d);
    }
}

/* ai.onnx stays: quantizing needs it. */
static void drop_unused(octet_model *model, const domains *d, octet_pass_ctx *ctx)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < model->n_opsets; i++)
        if (d->used[i] || model->opsets[i].domain[0] == '\0')
            model->opsets[kept++] = model->opsets[i];
    ctx->changes += model->n_opsets - kept;
    model->n_opsets = kept;
}

static octet_status drop_imports(octet_model *model, octet_pass_ctx *ctx)
{
    domains d = {.used = OCTET_ARENA_ARRAY(ctx->scratch, bool, model->n_opsets + 1)};
    bool complete = true;

    OCTET_TRY_ALLOC(ctx->diag, d.used);
    octet_map_init(&d.index, &model->ctx->allocator);
    for (uint32_t i = 0; complete && i < model->n_opsets; i++)
        complete = octet_map_set(&d.index, model->opsets[i].domain, i);
    if (complete) {
        mark(model->graph, &d);
        drop_unused(model, &d, ctx);
    }
    octet_map_deinit(&d.index);
    return complete ? OCTET_OK : octet_fail_nomem(ctx->diag);
}

static octet_status run(octet_model *model, octet_pass_ctx *ctx)
{
    OCTET_TRY(octet_graph_remove_dead(model->graph, &ctx->changes, ctx->diag));
    return drop_imports(model, ctx);
}

const octet_pass octet_pass_remove_dead = {
    .name = "remove-dead",
    .summary = "remove unused nodes, initializers and opset imports",
    .run = run,
};
