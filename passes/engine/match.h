/* match.h: finds a pattern's nodes in a graph; never changes anything
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_PASSES_MATCH_H
#define OCTET_PASSES_MATCH_H

#include "engine/backend.h"
#include "ops/op.h"

typedef struct octet_match {
    const octet_pattern *pattern;
    octet_node_id node[OCTET_MAX_ELEMENTS]; /* by element; NO_NODE: optional and absent */
    octet_node_id last;                     /* node whose output 0 is the unit's output */
} octet_match;

/* Why an attempt failed; text is empty on success. */
typedef struct octet_match_failure {
    const char *element; /* name of the element, NULL: none was tried */
    char text[200];
} octet_match_failure;

/* Tries `pattern` with its first element at `root`. claimed (by node id, may be NULL) marks nodes
 * that belong to another unit. */
bool octet_match_pattern(const octet_graph *g, const octet_pattern *pattern, octet_node_id root,
                         const bool *claimed, octet_match *out, octet_match_failure *failure);

/* Index of an input port by name in the node's descriptor, -1 if it has none of that name. */
int octet_port_index(const octet_op *op, const char *name);

/* Constant bounds of a Clip with bounds[0] <= 0 < bounds[1] (infinite where absent); false:
 * anything else. */
bool octet_clip_bounds(const octet_graph *g, const octet_node *node, float bounds[2]);

#endif
