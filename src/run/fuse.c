/* fuse.c: activations and products that the node before them applies
 * SPDX-License-Identifier: Apache-2.0
 *
 *     c = Conv(x, w)        c never exists:
 *     y = Relu(c)           y = Conv(x, w) with Relu
 *
 *     s = Sigmoid(x)        s never exists, but its range may be watched:
 *     y = Mul(x, s)         y = Sigmoid(x) times x
 *
 * Only where the value between is read once and nobody watches its elements. The bits are the same:
 * the operator does to each element what the graph says before it stores it.
 */
#include "run/plan.h"

#include <string.h>

static bool is_float32(const octet_graph *g, octet_value_id v)
{
    return octet_graph_value(g, v)->type.dtype == OCTET_DTYPE_FLOAT32;
}

/* The one output of a node that can do what follows it, OCTET_NO_VALUE: it cannot. */
static octet_value_id fusible_output(const octet_graph_plan *gp, const octet_node *node)
{
    octet_value_id v = node->n_outputs > 0 ? node->outputs[0] : OCTET_NO_VALUE;

    if (node->op == NULL || !node->op->fuses || v == OCTET_NO_VALUE || gp->uses[v] != 1 ||
        !is_float32(gp->g, v))
        return OCTET_NO_VALUE;
    if (gp->watched[v] && !(node->op->gates && gp->range_only[v]))
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

/* Whether a product multiplies what the node `maker` makes of its input by that input. */
static bool find_gate(const octet_graph_plan *gp, const octet_node *product,
                      const octet_node_id *maker, octet_fusion *out)
{
    if (product->op == NULL || strcmp(product->op->name, "Mul") != 0 ||
        product->op->domain[0] != '\0' || product->n_inputs != 2 || product->n_outputs != 1 ||
        product->outputs[0] == OCTET_NO_VALUE)
        return false;
    for (uint32_t i = 0; i < 2; i++) {
        octet_value_id inner = product->inputs[i], other = product->inputs[1 - i];
        const octet_node *node = inner != OCTET_NO_VALUE && maker[inner] != OCTET_NO_NODE
                                     ? octet_graph_node(gp->g, maker[inner])
                                     : NULL;
        if (node == NULL || !node->op->gates || node->inputs[0] != other)
            continue;
        *out = (octet_fusion){
            .how = {.times_input = true}, .inner = inner, .output = product->outputs[0]};
        return true;
    }
    return false;
}

/* What the node does if the one before it does it in its place. */
static bool find_fusion(const octet_plan *plan, const octet_graph_plan *gp, const octet_node *node,
                        const octet_node_id *maker, octet_fusion *out)
{
    octet_value_id in = node->n_inputs > 0 ? node->inputs[0] : OCTET_NO_VALUE;

    if (find_gate(gp, node, maker, out))
        return true;
    out->inner = in;
    return in != OCTET_NO_VALUE && maker[in] != OCTET_NO_NODE && !gp->watched[in] &&
           find_activation(plan, gp, node, out);
}

octet_status octet_plan_fuse(octet_plan *plan, octet_graph_plan *gp, octet_diag *diag)
{
    /* By value: the node in whose place in the order what follows it would go. */
    octet_node_id *maker = OCTET_ARENA_ARRAY(&plan->arena, octet_node_id, gp->n_values);
    uint32_t kept = 0;

    OCTET_TRY_ALLOC(diag, maker);
    for (uint32_t v = 0; v < gp->n_values; v++)
        maker[v] = OCTET_NO_NODE;
    for (uint32_t i = 0; i < gp->n_order; i++) {
        const octet_node *node = octet_graph_node(gp->g, gp->order[i]);
        octet_fusion found = {.inner = OCTET_NO_VALUE};
        octet_value_id v;

        if (find_fusion(plan, gp, node, maker, &found)) {
            octet_fusion *fusion = OCTET_ARENA_NEW(&plan->arena, octet_fusion);
            const octet_node *before = octet_graph_node(gp->g, maker[found.inner]);
            OCTET_TRY_ALLOC(diag, fusion);
            *fusion = found;
            gp->fused[before->id] = fusion;
            if (found.how.times_input)
                gp->uses[before->inputs[0]]--; /* one read for both */
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
