/* saturate.h: how much of a tensor's range its readers can tell apart
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_PASSES_SATURATE_H
#define OCTET_PASSES_SATURATE_H

#include "graph/graph.h"

typedef enum octet_saturation_kind {
    OCTET_SATURATION_NONE,
    OCTET_SATURATION_EXACT, /* readers give the same result beyond [lo, hi] as at its ends */
    OCTET_SATURATION_SILU,  /* x * sigmoid(x): tends to 0 for negative x, slowly enough to matter */
    OCTET_SATURATION_SIGMOID, /* sigmoid(x) alone: tends to 0 and 1 */
} octet_saturation_kind;

typedef struct octet_saturation {
    octet_saturation_kind kind;
    float lo, hi;           /* EXACT */
    octet_value_id product; /* SILU: the output of the Mul */
} octet_saturation;

/* Looks at all readers of a value. A value that is a graph output, or that any other operator
 * reads, does not saturate. */
octet_saturation octet_saturation_of(const octet_graph *g, octet_value_id value);

/* Smallest m > 1.3 with m * sigmoid(-m) <= tolerance: below -m, x * sigmoid(x) is within tolerance
 * of zero. */
float octet_silu_floor(float tolerance);

#endif
