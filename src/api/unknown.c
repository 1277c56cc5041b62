/* unknown.c: operators that octet does not know, and what lies behind them
 * SPDX-License-Identifier: Apache-2.0
 */
#include "api/api.h"

#include "run/plan.h"

/* The unknown operator that the node depends on, itself included; NULL: there is none. */
static const octet_node *unknown_source(const octet_node *node, const octet_node *const *behind)
{
    if (node->op == NULL)
        return node;
    for (uint32_t i = 0; i < node->n_inputs; i++)
        if (node->inputs[i] != OCTET_NO_VALUE && behind[node->inputs[i]] != NULL)
            return behind[node->inputs[i]];
    for (uint32_t i = 0; i < node->n_captures; i++)
        if (behind[node->captures[i]] != NULL)
            return behind[node->captures[i]];
    return NULL;
}

static octet_status check_nodes(const octet_graph *g, const octet_node **behind, octet_diag *diag)
{
    for (uint32_t i = 0; i < g->n_order; i++) {
        const octet_node *node = octet_graph_node(g, g->order[i]);
        const octet_node *source = node->removed ? NULL : unknown_source(node, behind);
        if (source == NULL)
            continue;
        if (source != node && octet_report_is_heavy(node))
            return octet_report_unknown_op(g, source, diag);
        for (uint32_t k = 0; k < node->n_outputs; k++)
            if (node->outputs[k] != OCTET_NO_VALUE)
                behind[node->outputs[k]] = source;
    }
    return OCTET_OK;
}

octet_status octet_check_known(const octet_graph *g, octet_diag *diag)
{
    const octet_allocator *allocator = &g->model->ctx->allocator;
    const octet_node **behind =
        octet_mem_zalloc(allocator, (size_t)g->n_values + 1, sizeof *behind);
    OCTET_TRY_ALLOC(diag, behind);
    octet_status status = check_nodes(g, behind, diag);
    octet_mem_free(allocator, behind);
    return status;
}
