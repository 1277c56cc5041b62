/* edit_replace.c: making uses of one value use another, through subgraphs
 * SPDX-License-Identifier: Apache-2.0
 *
 * A captured value has one local stand-in per subgraph and level. When the captured value changes,
 * the stand-ins follow: they are given the new outer value and its name or, where the new value has
 * a stand-in already, merged into that one.
 */
#include "graph/uses.h"

#include <assert.h>

static octet_status move_uses(octet_graph *g, octet_value_id from, octet_value_id to,
                              bool outputs_too, octet_diag *diag);

/* The stand-in of `from` in a subgraph becomes one of `to`. */
static octet_status move_local(octet_graph *sub, octet_value_id from, const char *from_name,
                               octet_value_id to, octet_diag *diag)
{
    const char *to_name = sub->parent->values[to]->name;
    octet_value_id local = octet_names_local(sub, from, from_name);
    octet_value_id other = octet_names_local(sub, to, to_name);

    if (local == OCTET_NO_VALUE)
        return OCTET_OK;
    octet_mark_graph(sub);
    if (other == OCTET_NO_VALUE) {
        sub->values[local]->outer = to;
        sub->values[local]->type = sub->parent->values[to]->type;
        OCTET_TRY(octet_names_vacate(sub, to_name, local, diag));
        return octet_names_set(sub, local, to_name, diag);
    }
    OCTET_TRY(move_uses(sub, local, other, true, diag));
    octet_names_forget(sub, local);
    return OCTET_OK;
}

static octet_status move_capture(octet_graph *g, octet_value_id from, octet_node *n, uint32_t index,
                                 octet_value_id to, octet_diag *diag)
{
    octet_subgraphs it = {0};
    octet_graph *sub;

    octet_uses_remove_capture(g, n, index);
    OCTET_TRY(octet_uses_add_capture(g, n, to, diag));
    octet_mark_node(g, n);
    while ((sub = octet_node_next_subgraph(n, &it)) != NULL)
        OCTET_TRY(move_local(sub, from, g->values[from]->name, to, diag));
    return OCTET_OK;
}

static octet_status move_output(octet_graph *g, octet_value_id from, uint32_t index,
                                octet_value_id to, octet_diag *diag)
{
    octet_use use = {.kind = OCTET_USE_OUTPUT, .node = OCTET_NO_NODE, .index = index};

    octet_uses_remove(g, from, g->output_slots[index]);
    OCTET_TRY(octet_uses_add(g, to, use, diag));
    g->outputs[index] = to;
    octet_mark_graph(g);
    return OCTET_OK;
}

octet_status octet_edit_redirect(octet_graph *g, octet_value_id from, const octet_use *use,
                                 octet_value_id to, octet_diag *diag)
{
    octet_use copy = *use; /* it may lie in the list that changes */

    assert(to < g->n_values);
    if (from == to)
        return OCTET_OK;
    switch (copy.kind) {
    case OCTET_USE_INPUT:
        assert(g->nodes[copy.node]->inputs[copy.index] == from);
        return octet_edit_set_input(g, copy.node, copy.index, to, diag);
    case OCTET_USE_CAPTURE:
        assert(g->nodes[copy.node]->captures[copy.index] == from);
        return move_capture(g, from, g->nodes[copy.node], copy.index, to, diag);
    case OCTET_USE_OUTPUT:
        break;
    }
    assert(g->outputs[copy.index] == from);
    return move_output(g, from, copy.index, to, diag);
}

/* Backwards, because each redirected use is replaced by the list's last one. */
static octet_status move_uses(octet_graph *g, octet_value_id from, octet_value_id to,
                              bool outputs_too, octet_diag *diag)
{
    octet_value *v = g->values[from];

    for (uint32_t i = v->n_uses; i-- > 0;) {
        if (v->uses[i].kind != OCTET_USE_OUTPUT || outputs_too)
            OCTET_TRY(octet_edit_redirect(g, from, &v->uses[i], to, diag));
    }
    return OCTET_OK;
}

/* The name of an output and what the file declares of it belong together. */
static void swap_declarations(octet_value *a, octet_value *b)
{
    octet_value old = *a;

    a->declared = b->declared;
    a->type_changed = b->type_changed;
    a->type_origin = b->type_origin;
    b->declared = old.declared;
    b->type_changed = old.type_changed;
    b->type_origin = old.type_origin;
    if (old.type.kind == OCTET_TYPE_UNKNOWN)
        return;
    a->type = b->type.kind == OCTET_TYPE_UNKNOWN ? old.type : b->type;
    b->type = old.type;
}

static octet_status swap_names(octet_graph *g, octet_value_id from, octet_value_id to,
                               octet_diag *diag)
{
    octet_value *a = g->values[from], *b = g->values[to];
    const char *a_name = a->name, *b_name = b->name;

    a->name = b_name;
    b->name = a_name;
    if (!octet_map_set(&g->names, b_name, from) || !octet_map_set(&g->names, a_name, to))
        return octet_fail_nomem(diag);
    swap_declarations(a, b);
    octet_mark_value(g, a);
    octet_mark_value(g, b);
    return octet_names_propagate(g, to, b_name, diag);
}

/* Whether the graph outputs that are `from` can become `to`. A value made outside the graph cannot
 * take a name; an input of the main graph cannot give its own away. */
static bool can_be_output(const octet_graph *g, const octet_value *from, const octet_value *to)
{
    bool made_inside = !to->is_input && !to->is_initializer && to->outer == OCTET_NO_VALUE;

    return made_inside && to->n_output_uses == 0 && (!from->is_input || g->parent != NULL);
}

octet_status octet_edit_replace_value(octet_graph *g, octet_value_id from, octet_value_id to,
                                      bool *output_left, octet_diag *diag)
{
    const octet_value *v = g->values[from];
    bool is_output = octet_value_is_output(v);
    bool movable = can_be_output(g, v, g->values[to]);

    if (output_left != NULL)
        *output_left = false;
    if (from == to)
        return OCTET_OK;
    OCTET_TRY(move_uses(g, from, to, movable, diag));
    if (!is_output)
        return OCTET_OK;
    if (!movable && output_left != NULL)
        *output_left = true;
    /* Outer values have their parents' names, which no output of a subgraph needs to keep. */
    return movable && v->outer == OCTET_NO_VALUE ? swap_names(g, from, to, diag) : OCTET_OK;
}
