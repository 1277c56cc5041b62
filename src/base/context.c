/* context.c: what a caller sets once: memory, threads, CPU level, limits, log
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/context.h"

#include "base/alloc.h"
#include "base/parallel.h"
#include "kernels.h"
#include "octet/version.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#define MAX_THREADS 1024
#define LOG_TEXT 2048

static const octet_limits default_limits = {
    .max_model_bytes = 0,
    .max_depth = 64,
    .max_nodes = 10000000,
    .max_tensor_bytes = (uint64_t)16 << 30,
};

static const struct {
    const char *name;
    octet_isa isa;
} levels[] = {
    [OCTET_CPU_AUTO] = {"auto", OCTET_ISA_REF},  [OCTET_CPU_REF] = {"ref", OCTET_ISA_REF},
    [OCTET_CPU_AVX2] = {"avx2", OCTET_ISA_AVX2}, [OCTET_CPU_AVX512] = {"avx512", OCTET_ISA_AVX512},
    [OCTET_CPU_NEON] = {"neon", OCTET_ISA_NEON},
};

#define LEVEL_COUNT (sizeof levels / sizeof levels[0])

/* Why the last octet_context_create() of a thread failed: there is no context to ask. */
static _Thread_local octet_diag create_diag;

static octet_cpu_level host_level(void)
{
    octet_isa host = octet_isa_host();

    for (size_t i = OCTET_CPU_REF; i < LEVEL_COUNT; i++) {
        if (levels[i].isa == host)
            return (octet_cpu_level)i;
    }
    return OCTET_CPU_REF;
}

/* AVX-512 includes AVX2; NEON is another machine. */
static bool host_has(octet_cpu_level level, octet_cpu_level host)
{
    if (level == OCTET_CPU_REF || level == host)
        return true;
    return level == OCTET_CPU_AVX2 && host == OCTET_CPU_AVX512;
}

static octet_isa isa_of(octet_cpu_level level)
{
    return level == OCTET_CPU_AUTO ? octet_isa_host() : levels[level].isa;
}

const octet_kernels *octet_context_kernels(const octet_context *ctx)
{
    return octet_kernels_get(isa_of(ctx->cpu));
}

static octet_status pick_level(octet_cpu_level wanted, octet_cpu_level *out, octet_diag *diag)
{
    octet_cpu_level host = host_level();

    if ((size_t)wanted >= LEVEL_COUNT)
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT, "unknown CPU level %d", (int)wanted);
    if (wanted == OCTET_CPU_AUTO)
        wanted = host;
    if (!host_has(wanted, host))
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT,
                          "CPU level '%s' is not available: this machine has '%s'",
                          octet_cpu_level_name(wanted), octet_cpu_level_name(host));
    *out = wanted;
    return OCTET_OK;
}

static octet_status pick_threads(int wanted, int *out, octet_diag *diag)
{
    if (wanted < 0 || wanted > MAX_THREADS)
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT,
                          "the number of threads is %d, not between 0 and %d", wanted, MAX_THREADS);
    if (wanted == 0)
        wanted = octet_cpu_count();
    *out = wanted > MAX_THREADS ? MAX_THREADS : wanted;
    return OCTET_OK;
}

octet_status octet_context_create(const octet_context_options *options, octet_context **out)
{
    static const octet_context_options defaults = {0};
    octet_context draft = {0}, *ctx;

    *out = NULL;
    if (options == NULL)
        options = &defaults;
    if (options->allocator != NULL)
        draft.allocator = *options->allocator;
    draft.limits = options->limits != NULL ? *options->limits : default_limits;
    draft.log = options->log;
    draft.log_user = options->log_user;
    OCTET_TRY(pick_level(options->cpu, &draft.cpu, &create_diag));
    OCTET_TRY(pick_threads(options->threads, &draft.threads, &create_diag));
    ctx = octet_mem_alloc(&draft.allocator, 1, sizeof *ctx);
    OCTET_TRY_ALLOC(&create_diag, ctx);
    *ctx = draft;
    *out = ctx;
    return OCTET_OK;
}

void octet_context_destroy(octet_context *ctx)
{
    octet_allocator allocator;

    if (ctx == NULL)
        return;
    allocator = ctx->allocator;
    octet_mem_free(&allocator, ctx);
}

const char *octet_context_message(const octet_context *ctx)
{
    return ctx != NULL ? ctx->diag.text : create_diag.text;
}

octet_cpu_level octet_context_cpu(const octet_context *ctx)
{
    return ctx->cpu;
}

int octet_context_threads(const octet_context *ctx)
{
    return ctx->threads;
}

const char *octet_cpu_level_name(octet_cpu_level level)
{
    return (size_t)level < LEVEL_COUNT ? levels[level].name : "unknown";
}

const char *octet_version(void)
{
    return OCTET_VERSION_STRING;
}

void octet_log(octet_context *ctx, octet_log_level level, const char *fmt, ...)
{
    char text[LOG_TEXT];
    va_list args;

    if (ctx == NULL || ctx->log == NULL)
        return;
    va_start(args, fmt);
    if (vsnprintf(text, sizeof text, fmt, args) >= 0)
        ctx->log(ctx->log_user, level, text);
    va_end(args);
}
