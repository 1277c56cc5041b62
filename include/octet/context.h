/* context.h: allocator, log, CPU level, limits for untrusted input, last error
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_CONTEXT_H
#define OCTET_CONTEXT_H

#include "octet/status.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* resize(user, ptr, size): as realloc; size 0 frees and returns NULL. Must be thread-safe. */
typedef struct octet_allocator {
    void *(*resize)(void *user, void *ptr, size_t size);
    void *user;
} octet_allocator;

/* Kernel variants to use. Results are the same bits at every level. */
typedef enum octet_cpu_level {
    OCTET_CPU_AUTO = 0, /* the best the machine has */
    OCTET_CPU_REF,      /* scalar reference */
    OCTET_CPU_AVX2,     /* AVX2 + FMA */
    OCTET_CPU_AVX512,   /* AVX-512 F/BW/DQ/VL */
    OCTET_CPU_NEON,
} octet_cpu_level;

/* Limits for input that is not trusted. */
typedef struct octet_limits {
    uint64_t max_model_bytes;  /* 0: no limit */
    uint32_t max_depth;        /* nesting of protobuf messages and subgraphs */
    uint32_t max_nodes;        /* over all graphs of a model */
    uint64_t max_tensor_bytes; /* of one tensor the interpreter makes */
} octet_limits;

typedef struct octet_context octet_context;

typedef enum octet_log_level {
    OCTET_LOG_ERROR,
    OCTET_LOG_WARN,
    OCTET_LOG_INFO,
    OCTET_LOG_DEBUG
} octet_log_level;

/* A context is used by one thread at a time. options may be NULL. The caller owns *out and ends it
 * with octet_context_destroy() after everything that was made with it. */
typedef struct octet_context_options {
    const octet_allocator *allocator; /* NULL: malloc; copied */
    int threads;                      /* 0: all cores */
    octet_cpu_level cpu;
    const octet_limits *limits; /* NULL: defaults; copied */
    void (*log)(void *user, octet_log_level level, const char *text);
    void *log_user;
} octet_context_options;

OCTET_API octet_status octet_context_create(const octet_context_options *options,
                                            octet_context **out);
OCTET_API void octet_context_destroy(octet_context *ctx);

/* Text of the last failure of a function that was given ctx; "" when there was none. Valid until
 * the next call with ctx. ctx NULL: why octet_context_create() last failed in this thread. */
OCTET_API const char *octet_context_message(const octet_context *ctx);

/* The level that AUTO resolves to, and its name ("ref", "avx2", "avx512", "neon"). */
OCTET_API octet_cpu_level octet_context_cpu(const octet_context *ctx);
OCTET_API const char *octet_cpu_level_name(octet_cpu_level level);
OCTET_API int octet_context_threads(const octet_context *ctx);

#ifdef __cplusplus
}
#endif
#endif
