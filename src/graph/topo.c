/* topo.c: stable topological order
 * SPDX-License-Identifier: Apache-2.0
 *
 * A depth-first walk from each node in the present order that emits what a node reads before the
 * node: an order that was right stays as it was. The stack is explicit, as chains are long.
 */
#include "graph/uses.h"

#include <string.h>

enum { NEW, OPEN, DONE };

typedef struct frame {
    octet_node_id node;
    uint32_t next; /* inputs first, then captures */
} frame;

typedef struct walk {
    const octet_graph *g;
    uint8_t *state;
    frame *stack;
    uint32_t depth;
} walk;

static void open_node(walk *w, octet_node_id node)
{
    w->state[node] = OPEN;
    w->stack[w->depth++] = (frame){.node = node};
}

/* The node that makes what `n` reads at position `at`, or NO_NODE. */
static octet_node_id producer_at(const octet_graph *g, const octet_node *n, uint32_t at)
{
    octet_value_id v = at < n->n_inputs ? n->inputs[at] : n->captures[at - n->n_inputs];

    return v == OCTET_NO_VALUE ? OCTET_NO_NODE : g->values[v]->producer;
}

/* The next producer that is not emitted yet, or NO_NODE. */
static octet_node_id next_pending(walk *w, frame *top)
{
    const octet_node *n = w->g->nodes[top->node];

    while (top->next < n->n_inputs + n->n_captures) {
        octet_node_id producer = producer_at(w->g, n, top->next++);

        if (producer != OCTET_NO_NODE && w->state[producer] != DONE)
            return producer;
    }
    return OCTET_NO_NODE;
}

static octet_status emit_from(walk *w, octet_node_id root, octet_node_id *order, uint32_t *count,
                              octet_status code, octet_diag *diag)
{
    char label[OCTET_LABEL];

    open_node(w, root);
    while (w->depth > 0) {
        frame *top = &w->stack[w->depth - 1];
        octet_node_id producer = next_pending(w, top);

        if (producer == OCTET_NO_NODE) {
            w->state[top->node] = DONE;
            order[(*count)++] = top->node;
            w->depth--;
        } else if (w->state[producer] == OPEN) {
            return octet_fail(diag, code, "graph '%s' has a cycle through %s", w->g->name,
                              octet_node_label(w->g, w->g->nodes[producer], label, sizeof label));
        } else {
            open_node(w, producer);
        }
    }
    return OCTET_OK;
}

static octet_status emit_all(walk *w, octet_node_id *order, uint32_t *count, octet_status code,
                             octet_diag *diag)
{
    octet_node *n;

    *count = 0;
    OCTET_FOR_EACH_NODE(w->g, n)
    {
        if (w->state[n->id] == NEW)
            OCTET_TRY(emit_from(w, n->id, order, count, code, diag));
    }
    return OCTET_OK;
}

octet_status octet_topo_order(const octet_graph *g, octet_node_id *order, uint32_t *count,
                              octet_status code, octet_diag *diag)
{
    const octet_allocator *allocator = &g->model->ctx->allocator;
    walk w = {.g = g};
    octet_status status = OCTET_ERR_NOMEM;

    w.state = octet_mem_zalloc(allocator, g->n_nodes, 1);
    w.stack = octet_mem_alloc(allocator, g->n_nodes, sizeof *w.stack);
    if (w.state != NULL && w.stack != NULL)
        status = emit_all(&w, order, count, code, diag);
    else
        octet_fail_nomem(diag);
    octet_mem_free(allocator, w.state);
    octet_mem_free(allocator, w.stack);
    return status;
}

octet_status octet_graph_sort(octet_graph *g, octet_diag *diag)
{
    const octet_allocator *allocator = &g->model->ctx->allocator;
    octet_node_id *order = octet_mem_alloc(allocator, g->n_order, sizeof *order);
    octet_status status;
    uint32_t count = 0;
    octet_node *n;

    OCTET_TRY_ALLOC(diag, order);
    status = octet_topo_order(g, order, &count, OCTET_ERR_INVALID_MODEL, diag);
    if (status == OCTET_OK && count != 0)
        memcpy(g->order, order, count * sizeof *order);
    octet_mem_free(allocator, order);
    OCTET_TRY(status);
    g->n_order = count;
    OCTET_FOR_EACH_NODE(g, n)
    {
        octet_subgraphs it = {0};
        octet_graph *sub;

        while ((sub = octet_node_next_subgraph(n, &it)) != NULL)
            OCTET_TRY(octet_graph_sort(sub, diag));
    }
    return OCTET_OK;
}
