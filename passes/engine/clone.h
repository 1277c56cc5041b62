/* clone.h: copies of nodes and subgraphs in another graph
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_PASSES_CLONE_H
#define OCTET_PASSES_CLONE_H

#include "engine/pass.h"

/* Gives what a reference to a parameter of the function stands for; NULL: nothing, the attribute is
 * left out. */
typedef const octet_attr *octet_clone_bind(const void *user, const char *parameter);

typedef struct octet_clone {
    octet_graph *from, *to;
    octet_value_id *map; /* value of from -> value of to; OCTET_CLONE_NEW until it is needed */
    const char *prefix;  /* of the names of copies: "<prefix>/<name>" */
    const char *stamp;
    octet_clone_bind *bind; /* NULL: there are no references */
    const void *bind_user;
    uint64_t *made; /* nodes so far, over all clones of a model; refused beyond the limit */
    octet_arena *scratch;
    octet_diag *diag;
} octet_clone;

#define OCTET_CLONE_NEW (OCTET_NO_VALUE - 1)

/* Makes the map, everything OCTET_CLONE_NEW. */
octet_status octet_clone_init(octet_clone *c);
/* Copies all nodes of from, in order, with their subgraphs. */
octet_status octet_clone_nodes(octet_clone *c);
/* Copies all initializers of from. */
octet_status octet_clone_initializers(octet_clone *c);
/* The copy of a value, made when it is asked for the first time. */
octet_status octet_clone_value(octet_clone *c, octet_value_id id, octet_value_id *out);

#endif
