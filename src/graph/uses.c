/* uses.c: bookkeeping of uses, names and marks beneath the editor
 * SPDX-License-Identifier: Apache-2.0
 */
#include "graph/uses.h"

#include <assert.h>

/* ---- uses */

uint32_t *octet_uses_slot(octet_graph *g, const octet_use *use)
{
    switch (use->kind) {
    case OCTET_USE_INPUT:
        return &g->nodes[use->node]->input_slots[use->index];
    case OCTET_USE_CAPTURE:
        return &g->nodes[use->node]->capture_slots[use->index];
    case OCTET_USE_OUTPUT:
        break;
    }
    return &g->output_slots[use->index];
}

octet_status octet_uses_add(octet_graph *g, octet_value_id value, octet_use use, octet_diag *diag)
{
    octet_value *v = g->values[value];

    OCTET_GROW(diag, g, v->uses, v->uses_capacity, v->n_uses + 1);
    *octet_uses_slot(g, &use) = v->n_uses;
    v->uses[v->n_uses++] = use;
    v->n_output_uses += use.kind == OCTET_USE_OUTPUT;
    return OCTET_OK;
}

void octet_uses_remove(octet_graph *g, octet_value_id value, uint32_t slot)
{
    octet_value *v = g->values[value];

    assert(slot < v->n_uses);
    v->n_output_uses -= v->uses[slot].kind == OCTET_USE_OUTPUT;
    v->uses[slot] = v->uses[--v->n_uses];
    if (slot < v->n_uses)
        *octet_uses_slot(g, &v->uses[slot]) = slot;
}

/* Searches the shorter of the two lists that could hold the answer. */
bool octet_uses_captures(const octet_graph *g, const octet_node *n, octet_value_id value)
{
    const octet_value *v = g->values[value];

    if (n->n_captures <= v->n_uses) {
        for (uint32_t i = 0; i < n->n_captures; i++) {
            if (n->captures[i] == value)
                return true;
        }
        return false;
    }
    for (uint32_t i = 0; i < v->n_uses; i++) {
        if (v->uses[i].kind == OCTET_USE_CAPTURE && v->uses[i].node == n->id)
            return true;
    }
    return false;
}

octet_status octet_uses_add_capture(octet_graph *g, octet_node *n, octet_value_id value,
                                    octet_diag *diag)
{
    uint32_t capacity = n->captures_capacity, slots_capacity = n->captures_capacity;
    octet_use use = {.kind = OCTET_USE_CAPTURE, .node = n->id, .index = n->n_captures};

    if (octet_uses_captures(g, n, value))
        return OCTET_OK;
    OCTET_GROW(diag, g, n->captures, capacity, n->n_captures + 1);
    OCTET_GROW(diag, g, n->capture_slots, slots_capacity, n->n_captures + 1);
    n->captures_capacity = capacity;
    OCTET_TRY(octet_uses_add(g, value, use, diag));
    n->captures[n->n_captures++] = value;
    return OCTET_OK;
}

void octet_uses_remove_capture(octet_graph *g, octet_node *n, uint32_t index)
{
    uint32_t last = n->n_captures - 1;

    octet_uses_remove(g, n->captures[index], n->capture_slots[index]);
    if (index != last) {
        n->captures[index] = n->captures[last];
        n->capture_slots[index] = n->capture_slots[last];
        g->values[n->captures[index]]->uses[n->capture_slots[index]].index = index;
    }
    n->n_captures = last;
}

void octet_uses_release_captures(octet_graph *g, octet_node *n)
{
    for (uint32_t i = n->n_captures; i-- > 0;) {
        const char *name = g->values[n->captures[i]]->name;
        octet_subgraphs it = {0};
        octet_graph *sub;
        bool read = false;

        while (!read && (sub = octet_node_next_subgraph(n, &it)) != NULL)
            read = octet_names_local(sub, n->captures[i], name) != OCTET_NO_VALUE;
        if (!read)
            octet_uses_remove_capture(g, n, i);
    }
}

/* ---- names */

octet_status octet_names_unique(octet_model *model, octet_map *names, const char *wanted,
                                const char **out, octet_diag *diag)
{
    uint32_t suffix = octet_map_get(names, wanted);
    const char *name = wanted;

    if (suffix == OCTET_MAP_NONE) {
        name = octet_arena_strdup(&model->arena, wanted);
        OCTET_TRY_ALLOC(diag, name);
    } else {
        do {
            name = octet_arena_printf(&model->arena, "%s_%u", wanted, (unsigned)suffix++);
            OCTET_TRY_ALLOC(diag, name);
        } while (octet_map_get(names, name) != OCTET_MAP_NONE);
        if (!octet_map_set(names, wanted, suffix))
            return octet_fail_nomem(diag);
    }
    if (!octet_map_set(names, name, 1))
        return octet_fail_nomem(diag);
    *out = name;
    return OCTET_OK;
}

octet_status octet_names_vacate(octet_graph *g, const char *name, octet_value_id except,
                                octet_diag *diag)
{
    octet_value_id id = octet_map_get(&g->names, name);
    const char *unique;

    if (id == OCTET_NO_VALUE || id == except)
        return OCTET_OK;
    OCTET_TRY(octet_names_unique(g->model, &g->model->value_names, name, &unique, diag));
    return octet_names_set(g, id, unique, diag);
}

octet_value_id octet_names_local(const octet_graph *g, octet_value_id outer, const char *name)
{
    octet_value_id id = octet_map_get(&g->names, name);

    return id != OCTET_NO_VALUE && g->values[id]->outer == outer ? id : OCTET_NO_VALUE;
}

static octet_status propagate_to(octet_graph *sub, octet_value_id outer, const char *old,
                                 const char *name, octet_diag *diag)
{
    octet_value_id local = octet_names_local(sub, outer, old);

    if (local == OCTET_NO_VALUE)
        return OCTET_OK;
    OCTET_TRY(octet_names_vacate(sub, name, local, diag));
    return octet_names_set(sub, local, name, diag);
}

octet_status octet_names_propagate(octet_graph *g, octet_value_id value, const char *old,
                                   octet_diag *diag)
{
    const octet_value *v = g->values[value];

    for (uint32_t i = 0; i < v->n_uses; i++) {
        octet_subgraphs it = {0};
        octet_graph *sub;

        if (v->uses[i].kind != OCTET_USE_CAPTURE)
            continue;
        while ((sub = octet_node_next_subgraph(g->nodes[v->uses[i].node], &it)) != NULL)
            OCTET_TRY(propagate_to(sub, value, old, v->name, diag));
    }
    return OCTET_OK;
}

octet_status octet_names_set(octet_graph *g, octet_value_id value, const char *name,
                             octet_diag *diag)
{
    octet_value *v = g->values[value];
    const char *old = v->name;

    if (octet_map_get(&g->names, old) == value)
        octet_map_remove(&g->names, old);
    if (!octet_map_set(&g->names, name, value))
        return octet_fail_nomem(diag);
    v->name = name;
    octet_mark_value(g, v);
    return octet_names_propagate(g, value, old, diag);
}

void octet_names_forget(octet_graph *g, octet_value_id local)
{
    octet_value *v = g->values[local];

    if (octet_map_get(&g->names, v->name) == local)
        octet_map_remove(&g->names, v->name);
    v->outer = OCTET_NO_VALUE;
}

/* ---- marks */

void octet_mark_graph(octet_graph *g)
{
    if (g->parent != NULL && g->owner < g->parent->n_nodes)
        octet_mark_node(g->parent, g->parent->nodes[g->owner]);
}

/* A marked node's owners are marked already, so each is visited once. */
void octet_mark_node(octet_graph *g, octet_node *n)
{
    if (g->model->loading || n->changed)
        return;
    n->changed = true;
    octet_mark_graph(g);
}

void octet_mark_value(octet_graph *g, const octet_value *v)
{
    octet_mark_graph(g);
    if (v->producer != OCTET_NO_NODE)
        octet_mark_node(g, g->nodes[v->producer]);
    for (uint32_t i = 0; i < v->n_uses; i++) {
        if (v->uses[i].node != OCTET_NO_NODE)
            octet_mark_node(g, g->nodes[v->uses[i].node]);
    }
}
