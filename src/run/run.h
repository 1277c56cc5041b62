/* run.h: the reference interpreter
 * SPDX-License-Identifier: Apache-2.0
 *
 * A plan is made once per model (order, last uses, packed weights) and is read-only afterwards; each
 * thread runs samples with a worker of its own. Every tensor is freed at its last use.
 */
#ifndef OCTET_RUN_RUN_H
#define OCTET_RUN_RUN_H

#include "ops/op.h"

typedef struct octet_plan octet_plan;
typedef struct octet_worker octet_worker;

/* Fails with UNSUPPORTED naming node, type, domain and version when a node of the main graph has no
 * descriptor; in a subgraph that is reported when it would be run. The model must not change while
 * the plan lives. */
octet_status octet_plan_create(octet_model *model, octet_plan **out, octet_diag *diag);
void octet_plan_destroy(octet_plan *plan);

/* Called on the worker's thread for each value that was asked for, right after it exists: graph inputs,
 * node outputs, values of subgraphs (each time their body runs). t is valid during the call. */
typedef octet_status (*octet_tap)(void *user, const octet_graph *g, octet_value_id value,
                                  const octet_tensor *t, octet_diag *diag);

/* Values to tap: marks per graph; NULL marks: none. */
octet_status octet_plan_watch(octet_plan *plan, const octet_graph *g, octet_value_id value);
void octet_plan_watch_all(octet_plan *plan);

octet_status octet_worker_create(const octet_plan *plan, octet_tap tap, void *user,
                                 octet_worker **out, octet_diag *diag);
void octet_worker_destroy(octet_worker *worker);

/* inputs: one per graph input that is not an initializer, in graph order; checked against declared
 * types and shapes (DATA error naming the input). outputs: borrowed until the next run, in graph output
 * order. threads: how many this one sample may use. */
octet_status octet_worker_run(octet_worker *worker, const octet_tensor *inputs, uint32_t n_inputs,
                              int threads, const octet_tensor **outputs, octet_diag *diag);
size_t octet_worker_peak_bytes(const octet_worker *worker); /* of live tensors and scratch */

/* The graph inputs a caller must give: value ids in order. */
const octet_value_id *octet_plan_inputs(const octet_plan *plan, uint32_t *count);

/* Checks one input tensor against the graph's declaration; symbols bound in `bindings` must agree. */
octet_status octet_check_input(const octet_graph *g, octet_value_id input, const octet_tensor *t,
                               octet_diag *diag);

/* Evaluates one node on given inputs with heap outputs (constant folding, tests). Outputs are
 * initialised tensors owned by the caller (octet_tensor_deinit with the model's allocator). */
octet_status octet_eval_node(const octet_graph *g, const octet_node *node,
                             const octet_tensor *const *in, uint32_t n_in, octet_tensor *out,
                             uint32_t n_out, octet_diag *diag);

#endif
