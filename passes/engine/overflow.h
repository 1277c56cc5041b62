/* overflow.h: which output channels of integer products can overflow
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_PASSES_OVERFLOW_H
#define OCTET_PASSES_OVERFLOW_H

#include "engine/sums.h"

/* One output channel of one node, or all of them where the weights are not constant. */
typedef struct octet_channel_sums {
    const octet_graph *g;
    const octet_node *node;
    octet_value_id weight;
    int64_t channel;     /* counted through all matrices of the weight; -1: all */
    octet_interval pair; /* {0, 0} where the node's kernel adds no pairs in 16 bits */
    octet_interval sum;
    int64_t longest; /* products to a sum that surely fit 32 bits; -1: the sum's length is known */
} octet_channel_sums;

typedef octet_status octet_overflow_told(void *user, const octet_channel_sums *sums);

/* Tells of every output channel of every integer product of a lowered model (engine/lower.h), in
 * graph order, subgraphs included. */
octet_status octet_overflow_visit(octet_model *model, octet_overflow_told *told, void *user,
                                  octet_diag *diag);

#endif
