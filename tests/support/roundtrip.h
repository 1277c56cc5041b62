/* roundtrip.h: load, save, load, save: what every file that can be loaded must survive
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_TESTS_ROUNDTRIP_H
#define OCTET_TESTS_ROUNDTRIP_H

#include "onnx/onnx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDTRIP_EXPECT(condition)                                                                \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition,                     \
                    octet_context_message(ctx));                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static inline octet_file roundtrip_save(octet_context *ctx, octet_model *model, const char *path)
{
    uint64_t bytes;
    octet_file file;

    ROUNDTRIP_EXPECT(octet_onnx_save(model, path, NULL, &bytes, &ctx->diag) == OCTET_OK);
    ROUNDTRIP_EXPECT(octet_file_map(path, &file, &ctx->diag) == OCTET_OK);
    ROUNDTRIP_EXPECT(file.size == bytes);
    return file;
}

/* Status of the first load. What was saved must load, and saving that must give the same bytes.
 * Overwrites `path`. */
static inline octet_status roundtrip(octet_context *ctx, const uint8_t *data, size_t size,
                                     const char *path)
{
    octet_model *model, *again;
    octet_file once, twice;
    octet_status status = octet_onnx_load_memory(ctx, data, size, NULL, &model, &ctx->diag);

    if (status != OCTET_OK) {
        ROUNDTRIP_EXPECT(model == NULL && octet_context_message(ctx)[0] != '\0');
        ROUNDTRIP_EXPECT(status == OCTET_ERR_MALFORMED || status == OCTET_ERR_INVALID_MODEL ||
                         status == OCTET_ERR_UNSUPPORTED);
        return status;
    }
    once = roundtrip_save(ctx, model, path);
    octet_model_destroy(model);
    ROUNDTRIP_EXPECT(octet_onnx_load(ctx, path, &again, &ctx->diag) == OCTET_OK);
    twice = roundtrip_save(ctx, again, path);
    ROUNDTRIP_EXPECT(once.size == twice.size);
    ROUNDTRIP_EXPECT(once.size == 0 || memcmp(once.data, twice.data, once.size) == 0);
    octet_model_destroy(again);
    octet_file_unmap(&once);
    octet_file_unmap(&twice);
    return OCTET_OK;
}

/* A file of this process alone in the folder for temporary files. */
static inline void roundtrip_path(char *path, size_t size, const char *name, long id)
{
    const char *folder = getenv("TMPDIR");

    snprintf(path, size, "%s/octet-%s-%ld.onnx", folder != NULL ? folder : "/tmp", name, id);
}

#endif
