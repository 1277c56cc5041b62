/* fuse.c: activations that the node before them applies
 * SPDX-License-Identifier: Apache-2.0
 *
 *     c = Conv(x, w)        c never exists:
 *     y = Relu(c)           y = Conv(x, w) with Relu
 *
 * Only where c is read by the activation alone and nobody watches it. The bits are the same: the
 * operator applies the activation to each element before it stores it.
 */
#include "run/plan.h"

static bool is_float32(const octet_graph *g, octet_value_id v)
{
    return octet_graph_value(g, v)->type.dtype == OCTET_DTYPE_FLOAT32;
}

/* The one output of a node that can apply an activation, OCTET_NO_VALUE: it cannot. */
static octet_value_id fusible_output(const octet_graph_plan *gp, const octet_node *node)
{
    octet_value_id v = node->n_outputs > 0 ? node->outputs[0] : OCTET_NO_VALUE;

    if (node->op == NULL || !node->op->fuses || v == OCTET_NO_VALUE || gp->watched[v] ||
        gp->uses[v] != 1 || !is_float32(gp->g, v))
        return OCTET_NO_VALUE;
    for (uint32_t i = 1; i < node->n_outputs; i++)
        if (node->outputs[i] != OCTET_NO_VALUE && gp->uses[node->outputs[i]] > 0)
            return OCTET_NO_VALUE;
    return v;
}

static bool find_activation(const octet_plan *plan, const octet_graph_plan *gp,
                            const octet_node *node, octet_fusion *out)
{
    const octet_tensor *constant[OCTET_MAX_PORTS];

    if (node->op == NULL || node->op->as_activation == NULL || node->n_outputs != 1 ||
        node->outputs[0] == OCTET_NO_VALUE || !is_float32(gp->g, node->outputs[0]))
        return false;
    octet_plan_constants(plan, gp, node, constant);
    out->output = node->outputs[0];
    return node->op->as_activation(node, constant, &out->how);
}

octet_status octet_plan_fuse(octet_plan *plan, octet_graph_plan *gp, octet_diag *diag)
{
    /* By value: the node in whose place in the order an activation would go. */
    octet_node_id *maker = OCTET_ARENA_ARRAY(&plan->arena, octet_node_id, gp->n_values);
    uint32_t kept = 0;

    OCTET_TRY_ALLOC(diag, maker);
    for (uint32_t v = 0; v < gp->n_values; v++)
        maker[v] = OCTET_NO_NODE;
    for (uint32_t i = 0; i < gp->n_order; i++) {
        const octet_node *node = octet_graph_node(gp->g, gp->order[i]);
        octet_value_id in = node->n_inputs > 0 ? node->inputs[0] : OCTET_NO_VALUE, v;
        octet_fusion found = {0};

        if (in != OCTET_NO_VALUE && maker[in] != OCTET_NO_NODE &&
            find_activation(plan, gp, node, &found)) {
            octet_fusion *fusion = OCTET_ARENA_NEW(&plan->arena, octet_fusion);
            OCTET_TRY_ALLOC(diag, fusion);
            *fusion = found;
            gp->fused[maker[in]] = fusion;
            continue;
        }
        v = fusible_output(gp, node);
        if (v != OCTET_NO_VALUE)
            maker[v] = node->id;
        gp->order[kept++] = node->id;
    }
    gp->n_order = kept;
    return OCTET_OK;
}
