/* backend.h: descriptions of what runs a quantized model
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_BACKEND_H
#define OCTET_BACKEND_H

#include "octet/context.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Built-in descriptions: NULL past the end. The text is JSON (docs/backend-format.md). */
OCTET_API const char *octet_backend_name(size_t index);
OCTET_API const char *octet_backend_text(size_t index);

/* Reads and checks a built-in backend or a file; the message names key and place. On success
 * *summary (may be NULL) is a text the caller frees with octet_string_free(). */
OCTET_API octet_status octet_backend_check(octet_context *ctx, const char *name, char **summary);

#ifdef __cplusplus
}
#endif
#endif
