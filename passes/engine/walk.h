/* walk.h: what passes share when they look at a graph
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_PASSES_WALK_H
#define OCTET_PASSES_WALK_H

#include "engine/pass.h"

typedef octet_status octet_pass_visit(octet_graph *g, octet_node *n, octet_pass_ctx *ctx);

/* Visits every node of g in order and, after each, the nodes of its subgraphs. The visit may remove
 * nodes; nodes it adds are not visited. */
octet_status octet_pass_each_node(octet_graph *g, octet_pass_ctx *ctx, octet_pass_visit *visit);

typedef octet_status octet_pass_visit_graph(octet_graph *g, octet_pass_ctx *ctx);

/* Visits g and then all its subgraphs. */
octet_status octet_pass_each_graph(octet_graph *g, octet_pass_ctx *ctx,
                                   octet_pass_visit_graph *visit);

/* An operator of ai.onnx. */
bool octet_node_is(const octet_node *n, const char *op_type);
/* Input `index` of n, OCTET_NO_VALUE when it is left out or beyond the list. */
octet_value_id octet_node_input_id(const octet_node *n, uint32_t index);
/* The node that makes v, if nothing else uses v; else NULL. */
octet_node *octet_sole_producer(const octet_graph *g, const octet_value *v);
/* The one node that uses v as input *index, if that is v's only use; else NULL. */
octet_node *octet_sole_consumer(const octet_graph *g, const octet_value *v, uint32_t *index);

/* The number in a constant of one element. */
bool octet_const_scalar(const octet_graph *g, octet_value_id id, double *out);
/* The elements of an integer constant; false if it is none or has more than `capacity`. */
bool octet_const_ints(const octet_graph *g, octet_value_id id, int64_t *out, uint32_t capacity,
                      uint32_t *count);

/* Same dtype, rank and dims, all of them surely equal. */
bool octet_type_equal(const octet_type *a, const octet_type *b);
/* Rank of a tensor value, -1 when unknown. */
int32_t octet_value_rank(const octet_value *v);

/* Makes everything use `to` instead of output 0 of n and removes n. When a graph output cannot be
 * moved, n stays behind as an Identity of `to`. */
octet_status octet_pass_bypass(octet_graph *g, octet_node *n, octet_value_id to,
                               octet_pass_ctx *ctx);

/* A float constant of the given type (float types only) from doubles, each rounded once. */
octet_status octet_pass_add_constant(octet_graph *g, const char *wanted, octet_dtype dtype,
                                     int32_t rank, const int64_t *dims, const double *elements,
                                     octet_value_id *out, octet_diag *diag);

#endif
