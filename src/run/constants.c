/* constants.c: what nodes get to see of initializers
 * SPDX-License-Identifier: Apache-2.0
 *
 * Files hold weights at any address. Most operators need them aligned, which takes a copy; those
 * that only move bytes do not, and those that pack their weights need them while they do that
 * alone. Such weights are never in memory as a whole: each is read, packed, and its part of the
 * file forgotten.
 */
#include "run/plan.h"

/* Not worth the trouble below. */
#define SMALL ((size_t)1 << 14)

typedef uint32_t (*port_mask)(const octet_op *op);

static uint32_t packed_ports(const octet_op *op)
{
    return op->packs;
}

static uint32_t unaligned_ports(const octet_op *op)
{
    return op->unaligned;
}

static bool every_reader(const octet_graph *g, octet_value_id v, port_mask mask)
{
    const octet_value *value = octet_graph_value(g, v);

    for (uint32_t i = 0; i < value->n_uses; i++) {
        const octet_use *use = &value->uses[i];
        const octet_op *op =
            use->kind == OCTET_USE_INPUT ? octet_graph_node(g, use->node)->op : NULL;
        if (op == NULL || use->index >= 32 || (mask(op) >> use->index & 1) == 0)
            return false;
    }
    return true;
}

/* A tensor with a shape and without elements. */
static octet_status defer(octet_plan *plan, octet_graph_plan *gp, octet_value_id v,
                          octet_diag *diag)
{
    octet_tensor *shape =
        octet_arena_memdup(&plan->arena, octet_graph_value(gp->g, v)->constant, sizeof *shape);

    OCTET_TRY_ALLOC(diag, shape);
    shape->data = NULL;
    gp->constant[v] = shape;
    gp->deferred[v] = true;
    return OCTET_OK;
}

octet_status octet_plan_resolve_constants(octet_plan *plan, octet_graph_plan *gp, octet_diag *diag)
{
    for (uint32_t v = 0; v < gp->n_values; v++) {
        const octet_value *value = octet_graph_value(gp->g, v);
        const octet_tensor *t = value->constant;

        if (gp->uses[v] == 0 || !value->is_initializer || t == NULL)
            continue;
        if (t->bytes >= SMALL && every_reader(gp->g, v, packed_ports))
            OCTET_TRY(defer(plan, gp, v, diag));
        else if (t->bytes >= SMALL && t->data != NULL && every_reader(gp->g, v, unaligned_ports))
            gp->constant[v] = t;
        else
            OCTET_TRY(octet_value_constant_aligned(gp->g, v, &gp->constant[v], diag));
    }
    return OCTET_OK;
}

/* The initializer a node reads, captured ones included. */
static const octet_tensor *constant_input(const octet_plan *plan, const octet_graph_plan *gp,
                                          octet_value_id v)
{
    while (gp != NULL && octet_graph_value(gp->g, v)->outer != OCTET_NO_VALUE) {
        v = octet_graph_value(gp->g, v)->outer;
        gp = octet_plan_find(plan, gp->g->parent);
    }
    return gp != NULL ? gp->constant[v] : NULL;
}

void octet_plan_constants(const octet_plan *plan, const octet_graph_plan *gp,
                          const octet_node *node, const octet_tensor *constant[OCTET_MAX_PORTS])
{
    for (uint32_t i = 0; i < OCTET_MAX_PORTS; i++)
        constant[i] = i < node->n_inputs && node->inputs[i] != OCTET_NO_VALUE
                          ? constant_input(plan, gp, node->inputs[i])
                          : NULL;
}

static bool is_deferred(const octet_graph_plan *gp, const octet_node *node, uint32_t input)
{
    return input < node->n_inputs && node->inputs[input] != OCTET_NO_VALUE &&
           gp->deferred[node->inputs[input]];
}

octet_status octet_plan_prepare_node(const octet_plan *plan, octet_graph_plan *gp,
                                     const octet_node *node, octet_arena *arena, octet_diag *diag)
{
    const octet_tensor *constant[OCTET_MAX_PORTS];
    octet_constant_view views[OCTET_MAX_PORTS] = {0};
    octet_status status = OCTET_OK;

    octet_plan_constants(plan, gp, node, constant);
    for (uint32_t i = 0; status == OCTET_OK && i < OCTET_MAX_PORTS; i++)
        if (is_deferred(gp, node, i)) {
            status = octet_constant_open(gp->g, node->inputs[i], &views[i], diag);
            constant[i] = &views[i].tensor;
        }
    if (status == OCTET_OK)
        status = node->op->prepare(gp->g, node, constant, plan->kernels, arena,
                                   &gp->state[node->id], diag);
    for (uint32_t i = 0; i < OCTET_MAX_PORTS; i++)
        if (is_deferred(gp, node, i))
            octet_constant_close(gp->g, node->inputs[i], &views[i]);
    return status;
}

octet_status octet_plan_keep_unpacked(octet_graph_plan *gp, const octet_node *node,
                                      octet_diag *diag)
{
    for (uint32_t i = 0; gp->state[node->id] == NULL && i < OCTET_MAX_PORTS; i++) {
        octet_value_id v = i < node->n_inputs ? node->inputs[i] : OCTET_NO_VALUE;
        if (!is_deferred(gp, node, i))
            continue;
        gp->deferred[v] = false;
        OCTET_TRY(octet_value_constant_aligned(gp->g, v, &gp->constant[v], diag));
    }
    return OCTET_OK;
}
