/* dead.c: removing nodes and initializers that nothing reads
 * SPDX-License-Identifier: Apache-2.0
 *
 * Nodes are visited readers first, so that everything that could still read a node's outputs has
 * been decided; a live node's subgraphs are cleaned when it is visited, as what they stop reading
 * may be made by nodes that come later.
 */
#include "graph/uses.h"

static octet_status remove_in(octet_graph *g, uint32_t *removed, octet_diag *diag);

static bool is_dead(const octet_graph *g, const octet_node *n)
{
    for (uint32_t i = 0; i < n->n_outputs; i++) {
        const octet_value *v = octet_node_output(g, n, i);

        if (v != NULL && v->n_uses != 0)
            return false;
    }
    return true;
}

/* Forgets the stand-ins nobody reads; true when a capture may have gone with them. */
static bool forget_unread(octet_graph *sub)
{
    bool any = false;

    for (uint32_t i = 0; i < sub->n_values; i++) {
        const octet_value *v = sub->values[i];

        if (v->outer == OCTET_NO_VALUE || v->n_uses != 0)
            continue;
        octet_names_forget(sub, i);
        any = true;
    }
    return any;
}

static octet_status clean_subgraphs(octet_graph *g, octet_node *n, uint32_t *removed,
                                    octet_diag *diag)
{
    octet_subgraphs it = {0};
    octet_graph *sub;
    bool unread = false;

    while ((sub = octet_node_next_subgraph(n, &it)) != NULL) {
        OCTET_TRY(remove_in(sub, removed, diag));
        unread |= forget_unread(sub);
    }
    if (unread)
        octet_uses_release_captures(g, n);
    return OCTET_OK;
}

static void drop_initializers(octet_graph *g, uint32_t *removed)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < g->n_initializers; i++) {
        octet_value *v = g->values[g->initializers[i]];

        if (v->n_uses != 0 || v->is_input) {
            g->initializers[kept++] = v->id;
            continue;
        }
        v->is_initializer = false;
        v->constant = NULL;
        v->init_origin = NULL;
        ++*removed;
        octet_mark_graph(g);
    }
    g->n_initializers = kept;
}

/* Readers before what they read, so one walk finds everything. */
static octet_status sweep(octet_graph *g, octet_node_id *order, uint32_t *removed, octet_diag *diag)
{
    uint32_t count;

    OCTET_TRY(octet_topo_order(g, order, &count, OCTET_ERR_INVALID_MODEL, diag));
    for (uint32_t i = count; i-- > 0;) {
        octet_node *n = g->nodes[order[i]];

        if (is_dead(g, n)) {
            octet_edit_remove_node(g, n->id);
            ++*removed;
        } else {
            OCTET_TRY(clean_subgraphs(g, n, removed, diag));
        }
    }
    drop_initializers(g, removed);
    return OCTET_OK;
}

static void drop_tombstones(octet_graph *g)
{
    uint32_t kept = 0;
    octet_node *n;

    OCTET_FOR_EACH_NODE(g, n)
    {
        g->order[kept++] = n->id;
    }
    g->n_order = kept;
}

static octet_status remove_in(octet_graph *g, uint32_t *removed, octet_diag *diag)
{
    const octet_allocator *allocator = &g->model->ctx->allocator;
    octet_node_id *order = octet_mem_alloc(allocator, g->n_order, sizeof *order);
    octet_status status;

    OCTET_TRY_ALLOC(diag, order);
    status = sweep(g, order, removed, diag);
    octet_mem_free(allocator, order);
    drop_tombstones(g);
    return status;
}

octet_status octet_graph_remove_dead(octet_graph *g, uint32_t *removed, octet_diag *diag)
{
    *removed = 0;
    return remove_in(g, removed, diag);
}
