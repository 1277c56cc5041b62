/* name_nodes.c: a name of its own for every node
 * SPDX-License-Identifier: Apache-2.0
 *
 *     c = Conv(x, w)   [n] r = Relu(c)   [n] y = Relu(r)
 *  -> [conv_c] c = Conv(x, w)   [n] r = Relu(c)   [relu_y] y = Relu(r)
 *
 * Reports and options speak of nodes by name. A made name depends on the operator and its first
 * output alone, so it is the same however the rest of the model changes. Of several nodes with one
 * name the first keeps it; a name that is unique in its graph never changes.
 */
#include "engine/walk.h"

#include <string.h>

static bool is_first_of_its_name(const octet_graph *g, const octet_node *n)
{
    return n->name[0] != '\0' && octet_graph_find_node(g, n->name) == n->id;
}

static const char *first_output(const octet_graph *g, const octet_node *n)
{
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i] != OCTET_NO_VALUE)
            return octet_graph_value(g, n->outputs[i])->name;
    return "";
}

static char *make_name(const octet_graph *g, const octet_node *n, octet_arena *arena)
{
    char *name = octet_arena_printf(arena, "%s_%s", n->op_type, first_output(g, n));
    size_t length = name == NULL ? 0 : strlen(n->op_type);

    for (size_t i = 0; i < length; i++)
        if (name[i] >= 'A' && name[i] <= 'Z')
            name[i] = (char)(name[i] - 'A' + 'a');
    return name;
}

static octet_status visit(octet_graph *g, octet_node *n, octet_pass_ctx *ctx)
{
    if (is_first_of_its_name(g, n))
        return OCTET_OK;
    char *name = make_name(g, n, ctx->scratch);
    OCTET_TRY_ALLOC(ctx->diag, name);
    ctx->changes++;
    return octet_edit_set_node_name(g, n->id, name, ctx->diag);
}

static octet_status run(octet_model *model, octet_pass_ctx *ctx)
{
    return octet_pass_each_node(model->graph, ctx, visit);
}

const octet_pass octet_pass_name_nodes = {
    .name = "name-nodes",
    .summary = "give every node a name of its own",
    .run = run,
};
