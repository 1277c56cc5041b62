/* text.h: graphs in ONNX text syntax (onnx/docs/Syntax.md)
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the reader accepts, onnx.parser accepts too. Labelled nodes: [name] y = Op <attr = 1> (x).
 */
#ifndef OCTET_GRAPH_TEXT_H
#define OCTET_GRAPH_TEXT_H

#include "graph/graph.h"

/* Appends the model; payloads longer than max_elements print as `…` unless max_elements is < 0. */
octet_status octet_text_write_model(const octet_model *model, int64_t max_elements, octet_text *out,
                                    octet_diag *diag);
octet_status octet_text_write_node(const octet_graph *g, const octet_node *n, octet_text *out);
/* Errors carry line and column. */
octet_status octet_text_read_model(octet_context *ctx, const char *text, size_t length,
                                   octet_model **out, octet_diag *diag);

#endif
