/* model.h: ONNX models
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_MODEL_H
#define OCTET_MODEL_H

#include "octet/context.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct octet_model octet_model;

/*
 * octet_model_open() reads an ONNX file and checks that it can be represented.
 *
 * The file is mapped and must not be modified until the model is destroyed. External data is looked
 * up relative to the file and may not leave its folder. Operators this library does not know are
 * kept and written back unchanged. path "-" reads standard input.
 *
 * On success *out is owned by the caller, who releases it with octet_model_destroy() before the
 * context. On failure *out is NULL and octet_context_message() says why, naming the node, tensor or
 * byte when there is one.
 *
 * A model is used by one thread at a time.
 */
OCTET_API octet_status octet_model_open(octet_context *ctx, const char *path, octet_model **out);

/* From memory that the caller keeps until the model is destroyed. No external data. */
OCTET_API octet_status octet_model_open_memory(octet_context *ctx, const void *data, size_t size,
                                               octet_model **out);
OCTET_API void octet_model_destroy(octet_model *model);

typedef struct octet_save_options {
    bool external_data; /* weights of 1 KiB and more to "<file>.data"; always above 2 GB */
} octet_save_options;

/* Writes the model to path ("-": standard output), whole or not at all. options may be NULL. *bytes
 * (may be NULL) is the size of everything written. Equal models give equal bytes. */
OCTET_API octet_status octet_model_save(octet_context *ctx, octet_model *model, const char *path,
                                        const octet_save_options *options, uint64_t *bytes);

/* Brings a model to the form the interpreter runs: operator set 13 or later, constants folded, dead
 * nodes removed, names complete. octet_quantize() does it by itself and, besides, widens 16-bit
 * floats. stop_after names the last pass
 * to run (NULL: all; "none": only types are inferred). */
OCTET_API octet_status octet_model_prepare(octet_context *ctx, octet_model *model,
                                           const char *stop_after);

/* The passes, for help: NULL past the end. */
OCTET_API const char *octet_pass_name(size_t index);
OCTET_API const char *octet_pass_summary(size_t index);

/* Text in ONNX syntax, or JSON, describing the model; the caller frees it with octet_string_free().
 */
OCTET_API octet_status octet_model_text(octet_context *ctx, octet_model *model, char **out);
OCTET_API octet_status octet_model_inspect_json(octet_context *ctx, octet_model *model, char **out);
OCTET_API void octet_string_free(octet_context *ctx, char *string);

/* Bytes of the file and its external data, as opened. */
OCTET_API uint64_t octet_model_file_bytes(const octet_model *model);

#ifdef __cplusplus
}
#endif
#endif
