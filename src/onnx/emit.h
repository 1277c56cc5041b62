/* emit.h: graph to GraphProto
 * SPDX-License-Identifier: Apache-2.0
 *
 * Internal to src/onnx. Messages are made in the writer's arena. Parts that are as in the file are
 * the file's own messages, so they are never changed here: a message that differs in a field is a
 * copy of the old one with that field set, and what octet does not know comes along.
 */
#ifndef OCTET_ONNX_EMIT_H
#define OCTET_ONNX_EMIT_H

#include "onnx/build.h"

typedef struct octet_writer {
    const octet_model *model;
    octet_arena arena;
    octet_diag *diag;
} octet_writer;

octet_status octet_emit_graph(octet_writer *w, const octet_graph *g, Onnx__GraphProto **out);
octet_status octet_emit_function(octet_writer *w, const octet_function *f,
                                 Onnx__FunctionProto **out);
octet_status octet_emit_imports(octet_writer *w, const octet_opset *opsets, uint32_t n_opsets,
                                Onnx__OperatorSetIdProto ***list, size_t *n_list);
/* Sets *slot if the texts differ; absent and "" are the same. */
void octet_emit_text(char **slot, const char *text);

/* A copy of `origin`, or an empty message when it is NULL. NULL: no memory. */
#define OCTET_EMIT_NEW(w, type, init, origin)                                                      \
    octet_arena_memdup(&(w)->arena, (origin) != NULL ? (const type *)(origin) : &(const type)init, \
                       sizeof(type))

/* Messages are never written to through these pointers; protobuf-c's structs have no const. */
static inline void *octet_emit_borrow(const void *pointer)
{
    return (void *)(uintptr_t)pointer;
}

/* Moves payloads of 1 KiB and more to a file; *data is open if there was any. */
octet_status octet_emit_external(octet_writer *w, const char *path, const char *location,
                                 Onnx__ModelProto **model, octet_output *data, bool *used);

#endif
