/* uses.h: what the files of the editor share: bookkeeping of uses, names and marks
 * SPDX-License-Identifier: Apache-2.0
 *
 * A use is stored in its value's list and remembers there who uses; the user remembers in a slot
 * where in that list it stands. So both are found from each other in constant time, however many
 * uses a value has.
 */
#ifndef OCTET_GRAPH_USES_H
#define OCTET_GRAPH_USES_H

#include "graph/edit.h"

/* Grows an arena array kept in a typed pointer. */
#define OCTET_GROW(diag, g, array, capacity, need)                                                 \
    do {                                                                                           \
        void *grown_ = (void *)(array);                                                            \
        if (!octet_arena_grow(&(g)->model->arena, &grown_, &(capacity), (need), sizeof *(array)))  \
            return octet_fail_nomem(diag);                                                         \
        (array) = grown_;                                                                          \
    } while (0)

#define OCTET_LABEL 256 /* of a node, in messages */

octet_status octet_uses_add(octet_graph *g, octet_value_id value, octet_use use, octet_diag *diag);
void octet_uses_remove(octet_graph *g, octet_value_id value, uint32_t slot);
/* Where the user remembers the position of its use. */
uint32_t *octet_uses_slot(octet_graph *g, const octet_use *use);

/* Adds `value` to the captures of a node unless it is there already. */
octet_status octet_uses_add_capture(octet_graph *g, octet_node *n, octet_value_id value,
                                    octet_diag *diag);
void octet_uses_remove_capture(octet_graph *g, octet_node *n, uint32_t index);
/* Drops the captures of a node that none of its subgraphs has a stand-in for. */
void octet_uses_release_captures(octet_graph *g, octet_node *n);
bool octet_uses_captures(const octet_graph *g, const octet_node *n, octet_value_id value);

/* `wanted`, or with _1, _2 … appended if any graph of the model has it. Lives in the arena. */
octet_status octet_names_unique(octet_model *model, octet_map *names, const char *wanted,
                                const char **out, octet_diag *diag);
/* Renames the value that has `name` in g, if any and if it is not `except`. */
octet_status octet_names_vacate(octet_graph *g, const char *name, octet_value_id except,
                                octet_diag *diag);
/* Gives the name to value and to the outer values that stand for it; it must be free in g. */
octet_status octet_names_set(octet_graph *g, octet_value_id value, const char *name,
                             octet_diag *diag);
/* The local value of g that stands for a value of the parent, or NO_VALUE. */
octet_value_id octet_names_local(const octet_graph *g, octet_value_id outer, const char *name);
/* Gives the outer values in the subgraphs of all capturing nodes the present name of `value`; they
 * have `old` still. */
octet_status octet_names_propagate(octet_graph *g, octet_value_id value, const char *old,
                                   octet_diag *diag);

/* An outer value that stands for nothing any more: free its name. */
void octet_names_forget(octet_graph *g, octet_value_id local);

/* Notes that a node (g itself: its owners) differs from the file. */
void octet_mark_node(octet_graph *g, octet_node *n);
void octet_mark_graph(octet_graph *g);
void octet_mark_value(octet_graph *g, const octet_value *v); /* who reads and who makes it */

/* Live nodes, producers first, as near to the present order as can be; `order` holds g->n_order. */
octet_status octet_topo_order(const octet_graph *g, octet_node_id *order, uint32_t *count,
                              octet_status code, octet_diag *diag);

#endif
