/* edit.h: the only functions that change a graph
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each keeps uses, captures, names and lists consistent. Strings and arrays are copied into the
 * model's arena; payloads of tensors (also in attributes) are borrowed and must outlive the model
 * or lie in its arena. New nodes are appended to the order; octet_graph_sort() puts them in place.
 * `stamp` is the name of the pass (or NULL in the loader). Every change marks the node and, in a
 * subgraph, its owners as changed, unless model->loading. After a failure the graph is only good
 * for octet_model_destroy().
 */
#ifndef OCTET_GRAPH_EDIT_H
#define OCTET_GRAPH_EDIT_H

#include "graph/graph.h"

/* A new value. The wanted name is made unique by appending _1, _2 …; NULL means "v". */
octet_status octet_edit_add_value(octet_graph *g, const char *wanted, const octet_type *type,
                                  octet_value_id *out, octet_diag *diag);
/* The same but fails (INVALID_MODEL, "duplicate value name") instead of renaming: for readers. */
octet_status octet_edit_add_named_value(octet_graph *g, const char *name, octet_value_id *out,
                                        octet_diag *diag);
/* A new initializer. tensor NULL: a string or sparse one that only has an origin. */
octet_status octet_edit_add_initializer(octet_graph *g, const char *wanted,
                                        const octet_tensor *tensor, octet_value_id *out,
                                        octet_diag *diag);
/* An existing value becomes one; if it is one already, its payload is replaced. */
octet_status octet_edit_make_initializer(octet_graph *g, octet_value_id value,
                                         const octet_tensor *tensor, octet_diag *diag);
/* In a subgraph: the local value that stands for parent value `outer`; registers the capture with
 * the owner node (and with nothing further: callers climb the chain). Reuses an existing one. A
 * local value that shadows the name is renamed. While the owner node does not exist yet, the
 * capture is registered when add_node or set_attr takes the graph. */
octet_status octet_edit_capture(octet_graph *g, octet_value_id outer, octet_value_id *out,
                                octet_diag *diag);
/* The value that a name means in g: its own or, captured level by level, one of a graph around it.
 * NO_VALUE if there is none. */
octet_status octet_edit_resolve(octet_graph *g, const char *name, octet_value_id *out,
                                octet_diag *diag);
octet_status octet_edit_add_graph_input(octet_graph *g, octet_value_id value, octet_diag *diag);
octet_status octet_edit_add_graph_output(octet_graph *g, octet_value_id value, octet_diag *diag);
void octet_edit_remove_graph_input(octet_graph *g, uint32_t index);

typedef struct octet_node_desc {
    const char *name;    /* wanted; made unique if taken. NULL: the op type in lower case */
    const char *op_type; /* required */
    const char *domain;  /* NULL: "" */
    const octet_value_id *inputs;
    uint32_t n_inputs;
    const octet_value_id *outputs; /* each must have no producer yet */
    uint32_t n_outputs;
    const octet_attr *attrs; /* copied deeply except graphs, which are taken */
    uint32_t n_attrs;
    const char *doc;
    bool keep_name; /* the loader: take the name as it is, duplicates and "" included */
} octet_node_desc;

octet_status octet_edit_add_node(octet_graph *g, const octet_node_desc *desc, const char *stamp,
                                 octet_node_id *out, octet_diag *diag);
/* Drops the node and its uses; its outputs lose their producer. Values left without producer and
 * uses are invisible to the writer. */
void octet_edit_remove_node(octet_graph *g, octet_node_id node);
octet_status octet_edit_set_input(octet_graph *g, octet_node_id node, uint32_t index,
                                  octet_value_id value, octet_diag *diag); /* may extend the list */
/* The new output must have no producer. */
octet_status octet_edit_set_output(octet_graph *g, octet_node_id node, uint32_t index,
                                   octet_value_id value, octet_diag *diag);
/* Shortens the output list by the outputs that are left out at its end. */
void octet_edit_trim_outputs(octet_graph *g, octet_node_id node);
octet_status octet_edit_set_inputs(octet_graph *g, octet_node_id node, const octet_value_id *inputs,
                                   uint32_t n, octet_diag *diag);
octet_status octet_edit_set_op(octet_graph *g, octet_node_id node, const char *op_type,
                               const char *domain, octet_diag *diag);
octet_status octet_edit_set_node_name(octet_graph *g, octet_node_id node, const char *name,
                                      octet_diag *diag);
octet_status octet_edit_set_attr(octet_graph *g, octet_node_id node, const octet_attr *attr,
                                 octet_diag *diag); /* adds or replaces by name */
octet_status octet_edit_set_int(octet_graph *g, octet_node_id node, const char *name, int64_t value,
                                octet_diag *diag);
octet_status octet_edit_set_ints(octet_graph *g, octet_node_id node, const char *name,
                                 const int64_t *values, uint32_t n, octet_diag *diag);
octet_status octet_edit_set_float(octet_graph *g, octet_node_id node, const char *name, float value,
                                  octet_diag *diag);
octet_status octet_edit_set_string(octet_graph *g, octet_node_id node, const char *name,
                                   const char *value, octet_diag *diag);
/* A copy in the model's arena, as set_attr keeps it. */
octet_status octet_edit_copy_attr(octet_model *model, const octet_attr *from, octet_attr *to,
                                  octet_diag *diag);
void octet_edit_remove_attr(octet_graph *g, octet_node_id node, const char *name);
/* Makes every use of `from` (node inputs, captures) use `to`. A graph output keeps its name: when
 * `from` is a graph output and `to` is neither graph input, initializer, outer nor itself a graph
 * output, and `from` is no input of the main graph, the two names are swapped and the output list
 * points at `to`; otherwise the output use stays, *output_left (may be NULL) is set, and the caller
 * keeps the producer (as Identity). */
octet_status octet_edit_replace_value(octet_graph *g, octet_value_id from, octet_value_id to,
                                      bool *output_left, octet_diag *diag);
/* Redirects one use. */
octet_status octet_edit_redirect(octet_graph *g, octet_value_id from, const octet_use *use,
                                 octet_value_id to, octet_diag *diag);
octet_status octet_edit_set_type(octet_graph *g, octet_value_id value, const octet_type *type,
                                 octet_diag *diag); /* copies dims */
octet_status octet_edit_set_opset(octet_model *model, const char *domain, int64_t version,
                                  octet_diag *diag); /* adds or changes an import */
octet_status octet_edit_set_metadata(octet_model *model, const char *key, const char *value,
                                     octet_diag *diag);
/* A scalar or 1-D constant as a new initializer. */
octet_status octet_edit_add_i64(octet_graph *g, const char *wanted, const int64_t *values,
                                uint32_t n, bool scalar, octet_value_id *out, octet_diag *diag);
octet_status octet_edit_add_f32(octet_graph *g, const char *wanted, const float *values, uint32_t n,
                                bool scalar, octet_value_id *out, octet_diag *diag);

/* ---- order, checks, clean-up */

/* Stable topological order of live nodes (a node stays as early as it was where it can); subgraphs
 * included. A cycle is INVALID_MODEL naming a node on it. Linear time. */
octet_status octet_graph_sort(octet_graph *g, octet_diag *diag);
/* Every invariant of graph.h, subgraphs included; the message says which one broke and where.
 * Called after every pass (INTERNAL) and after loading (INVALID_MODEL, given as `code`). Linear
 * time. */
octet_status octet_graph_verify(const octet_graph *g, octet_status code, octet_diag *diag);
/* Removes nodes none of whose outputs are used (no op of ONNX has side effects) and initializers
 * without uses; recursively, subgraphs included. Sets *removed to their number. Linear time. */
octet_status octet_graph_remove_dead(octet_graph *g, uint32_t *removed, octet_diag *diag);

#endif
