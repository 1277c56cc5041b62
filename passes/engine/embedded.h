/* embedded.h: files of the source tree that are built into the library
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_PASSES_EMBEDDED_H
#define OCTET_PASSES_EMBEDDED_H

#include <stddef.h>

typedef struct octet_embedded {
    const char *name; /* file name without folder and suffix: "ort-cpu" */
    const char *text; /* the bytes, and a terminator that size does not count */
    size_t size;
} octet_embedded;

/* passes/backends/?*.json, sorted by name. An entry of NULLs follows the last. */
extern const octet_embedded octet_embedded_backends[];
extern const size_t octet_embedded_backends_count;

#endif
