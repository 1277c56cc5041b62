/* context.h: what an octet_context holds
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_BASE_CONTEXT_H
#define OCTET_BASE_CONTEXT_H

#include "base/diag.h"
#include "kernels.h"
#include "octet/context.h"

struct octet_context {
    octet_allocator allocator;
    octet_limits limits;
    octet_cpu_level cpu; /* never AUTO after create */
    int threads;         /* at least 1 */
    void (*log)(void *user, octet_log_level level, const char *text);
    void *log_user;
    octet_diag diag; /* of the thread that owns the context; workers have their own */
};

/* The kernels of the context's CPU level. */
const octet_kernels *octet_context_kernels(const octet_context *ctx);

void octet_log(octet_context *ctx, octet_log_level level, const char *fmt, ...) OCTET_PRINTF(3, 4);

#endif
