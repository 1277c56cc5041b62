/* onnx.h: ONNX files to graph IR and back
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_ONNX_ONNX_H
#define OCTET_ONNX_ONNX_H

#include "graph/graph.h"

/* Reads a model. The file stays mapped and must not change while the model lives. Weight payloads
 * are slices of the mapping. Scans the wire format first (depth, sizes, wire types) so that a
 * hostile file is refused before protobuf-c sees it. External data is looked up relative to the
 * file and may not leave its folder (after resolving symbolic links). Nodes in any order are
 * accepted and sorted. Ends with octet_graph_verify. Messages name the file, so callers need not.
 * path "-": standard input, without external data. */
octet_status octet_onnx_load(octet_context *ctx, const char *path, octet_model **out,
                             octet_diag *diag);
/* The same from memory (borrowed until the model is destroyed); folder may be NULL: no external
 * data. */
octet_status octet_onnx_load_memory(octet_context *ctx, const uint8_t *data, size_t size,
                                    const char *folder, octet_model **out, octet_diag *diag);

typedef struct octet_onnx_save_options {
    bool external_data;      /* payloads of 1 KiB and more go to "<path>.data" beside it */
    uint64_t external_above; /* default 0 means 2 GiB - 64 MiB: automatic external data */
} octet_onnx_save_options;

/* Writes path ("-": standard output) whole or not at all. Untouched parts are written from their
 * origin, so load followed by save gives an equal ModelProto. Deterministic. *bytes_out (may be
 * NULL): size of everything written. */
octet_status octet_onnx_save(octet_model *model, const char *path,
                             const octet_onnx_save_options *options, uint64_t *bytes_out,
                             octet_diag *diag);

/* A TensorProto file (test_data_set_N/input_M.pb). The caller ends *out with octet_tensor_deinit
 * and *name_out (name_out may be NULL) with octet_mem_free, both with the same allocator. */
octet_status octet_onnx_load_tensor(const char *path, const octet_allocator *allocator,
                                    octet_tensor *out, char **name_out, octet_diag *diag);

#endif
