/* run.h: the reference interpreter
 * SPDX-License-Identifier: Apache-2.0
 *
 * A plan is made once per model (order, last uses, packed weights) and is read-only afterwards;
 * each thread runs samples with a worker of its own. Every tensor is freed at its last use.
 */
#ifndef OCTET_RUN_RUN_H
#define OCTET_RUN_RUN_H

#include "ops/op.h"

typedef struct octet_plan octet_plan;
typedef struct octet_worker octet_worker;

/* Life of a plan: create, say what is wanted (watch), seal, then make workers. The model must not
 * change while the plan lives. */
octet_status octet_plan_create(octet_model *model, octet_plan **out, octet_diag *diag);
void octet_plan_destroy(octet_plan *plan);

/* Called on the worker's thread for each watched value right after it exists: graph inputs, node
 * outputs, values of subgraphs (each time their body runs). t is valid during the call; range is
 * that of all its elements where it came for free, else NULL. Of a value that is watched for its
 * range alone t may have no data; then range is given. */
typedef octet_status (*octet_tap)(void *user, const octet_graph *g, octet_value_id value,
                                  const octet_tensor *t, const octet_minmax *range,
                                  octet_diag *diag);

void octet_plan_watch(octet_plan *plan, const octet_graph *g, octet_value_id value);
void octet_plan_watch_range(octet_plan *plan, const octet_graph *g, octet_value_id value);
void octet_plan_watch_all(octet_plan *plan); /* every value of every graph */

/* How quantized operators compute; before sealing. ONNX unless said. */
void octet_plan_set_arith(octet_plan *plan, octet_arith arith);

/* Chooses the nodes to run: those that graph outputs (when `outputs`) or watched values depend on;
 * the rest is never evaluated. UNSUPPORTED naming node, type, domain and version when one of them
 * in the main graph has no descriptor; in a subgraph that is reported when its turn comes. Packs
 * constant weights. */
octet_status octet_plan_seal(octet_plan *plan, bool outputs, octet_diag *diag);

/* The kernels of the context's CPU level. */
const octet_kernels *octet_plan_kernels(const octet_plan *plan);

octet_status octet_worker_create(const octet_plan *plan, octet_tap tap, void *user,
                                 octet_worker **out, octet_diag *diag);
void octet_worker_destroy(octet_worker *worker);

/* inputs: one per octet_plan_inputs() value, checked against the declared types and shapes (DATA
 * error naming the input). outputs (may be NULL): array for the graph's outputs in order, borrowed
 * until the worker's next run, and no longer than the inputs, whose storage they may share; an
 * entry is NULL when it was not computed or is not a tensor. threads: how many this one sample may
 * use. */
octet_status octet_worker_run(octet_worker *worker, const octet_tensor *inputs, uint32_t n_inputs,
                              int threads, const octet_tensor **outputs, octet_diag *diag);
/* Called after each node that was run, main graph and subgraphs: for benchmarks. NULL: nobody. */
typedef void (*octet_trace)(void *user, const octet_graph *g, const octet_node *node);
void octet_worker_trace(octet_worker *worker, octet_trace trace, void *user);

/* Peaks, in bytes. */
typedef struct octet_memory {
    size_t live;    /* tensors in flight */
    size_t held;    /* what was held for them */
    size_t scratch; /* work space of the most demanding node */
    size_t packed;  /* weights in the order kernels want, and tables, of the plan */
} octet_memory;

octet_memory octet_worker_memory(const octet_worker *worker); /* without `packed` */
size_t octet_plan_packed_bytes(const octet_plan *plan);

/* The graph inputs a caller must give: value ids in order. */
const octet_value_id *octet_plan_inputs(const octet_plan *plan, uint32_t *count);

/* Checks a tensor against the declared type of a graph input. */
octet_status octet_check_input(const octet_graph *g, octet_value_id input, const octet_tensor *t,
                               octet_diag *diag);

/* Evaluates one node on given inputs (constant folding, tests). out[] are initialised tensors owned
 * by the caller (octet_tensor_deinit with the model's allocator); an output that was not made has
 * dtype UNDEFINED. On failure nothing is left to free. */
octet_status octet_eval_node(const octet_graph *g, const octet_node *node,
                             const octet_tensor *const *in, uint32_t n_in, octet_tensor *out,
                             uint32_t n_out, octet_diag *diag);

#endif
