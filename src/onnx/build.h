/* build.h: what the files of the loader and the writer share
 * SPDX-License-Identifier: Apache-2.0
 *
 * Internal to src/onnx.
 */
#ifndef OCTET_ONNX_BUILD_H
#define OCTET_ONNX_BUILD_H

#include "graph/edit.h"
#include "onnx/onnx.h"
#include "onnx/payload.h"

/* octet_model.loaded: everything that origins and payloads point into. */
typedef struct octet_source {
    octet_file file;
    octet_arena arena;
    octet_external external;
} octet_source;

/* octet_graph.origin of a graph that was read. */
typedef struct octet_graph_origin {
    const Onnx__GraphProto *graph; /* NULL: a function body */
    uint32_t n_nodes;              /* in the file */
    bool reordered;                /* the file's order was not topological */
} octet_graph_origin;

/* The graphs of a model whose opsets and ir_version are set. */
octet_status octet_build_graphs(octet_model *model, const Onnx__ModelProto *proto,
                                octet_diag *diag);

/* "" for NULL; domain "ai.onnx" is "". */
const char *octet_text_or_empty(const char *text);
const char *octet_domain(const char *domain);

#endif
