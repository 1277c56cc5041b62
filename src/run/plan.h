/* plan.h: inside of a plan, shared by plan.c and interp.c
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_RUN_PLAN_H
#define OCTET_RUN_PLAN_H

#include "run/run.h"

/* A node that applies the activation or the product behind it: `output` is that one's. `inner`,
 * between the two, is never stored. */
typedef struct octet_fusion {
    octet_fused how;
    octet_value_id inner, output;
} octet_fusion;

typedef struct octet_graph_plan {
    octet_graph *g;
    uint32_t n_values;    /* of g when the plan was made: tables end there */
    octet_node_id *order; /* nodes to run */
    uint32_t n_order;
    uint32_t *uses;                /* by value: reads by those nodes and wanted graph outputs */
    const octet_tensor **constant; /* by value: aligned initializer or NULL */
    bool *deferred;             /* by value: the constant has no elements, its readers packed it */
    bool *watched;              /* by value */
    bool *range_only;           /* by value: nobody looks at its elements */
    const void **state;         /* by node: what prepare() made */
    const octet_fusion **fused; /* by node: the activation it applies, or NULL */
    bool any_watched;           /* here or in a subgraph below */
} octet_graph_plan;

struct octet_plan {
    octet_model *model;
    octet_arena arena;
    octet_arena *packing; /* what prepare() makes, by thread */
    int n_packing;
    const octet_kernels *kernels;
    octet_kernels changed_kernels; /* what `kernels` points to where the profile has its own */
    octet_graph_plan **graphs;     /* main graph first */
    uint32_t n_graphs, graphs_capacity;
    octet_graph_plan **by_number; /* by the graph's number, NULL: not part of the model any more */
    uint32_t n_numbers;
    octet_value_id *inputs;
    uint32_t n_inputs;
    bool outputs_wanted;
    octet_arith arith;
};

const octet_graph_plan *octet_plan_find(const octet_plan *plan, const octet_graph *g);

/* constants.c: fills gp->constant; a deferred one gets its elements while a node is prepared, which
 * several threads may do with arenas of their own. Afterwards those that a node did not pack are
 * kept after all. */
octet_status octet_plan_resolve_constants(octet_plan *plan, octet_graph_plan *gp, octet_diag *diag);
octet_status octet_plan_prepare_node(const octet_plan *plan, octet_graph_plan *gp,
                                     const octet_node *node, octet_arena *arena, octet_diag *diag);
octet_status octet_plan_keep_unpacked(octet_graph_plan *gp, const octet_node *node,
                                      octet_diag *diag);

/* The constant inputs of a node as its descriptor's functions want them. */
void octet_plan_constants(const octet_plan *plan, const octet_graph_plan *gp,
                          const octet_node *node, const octet_tensor *constant[OCTET_MAX_PORTS]);

/* fuse.c: takes activations out of the order that the nodes before them can apply. */
octet_status octet_plan_fuse(octet_plan *plan, octet_graph_plan *gp, octet_diag *diag);

/* UNSUPPORTED: no descriptor for this node's operator at the model's opset. */
octet_status octet_report_unknown_op(const octet_graph *g, const octet_node *node,
                                     octet_diag *diag);

#endif
