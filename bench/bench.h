/* bench.h: time, and evaluations without a graph, for the benchmarks of kernels
 * SPDX-License-Identifier: Apache-2.0
 *
 * The includer defines _POSIX_C_SOURCE.
 */
#ifndef OCTET_BENCH_H
#define OCTET_BENCH_H

#include "base/context.h"
#include "ops/conv_common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* one thread: not disturbed by others */
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds of one call: the best of many rounds, short enough to fit between interruptions. */
static inline double measure(void (*body)(void *), void *arg)
{
    double best = 1e9;
    int calls = 1;

    body(arg);
    for (int round = 0; round < 100; round++) {
        double start = now(), t;

        for (int i = 0; i < calls; i++)
            body(arg);
        t = (now() - start) / calls;
        best = t < best ? t : best;
        calls = (int)(0.0008 / t) + 1;
    }
    return best;
}

/* ---- an evaluation without a graph */

#define MAX_BLOCKS 24

typedef struct bench_host {
    struct octet_eval_host host;
    void *blocks[MAX_BLOCKS];
    size_t sizes[MAX_BLOCKS];
    int used;
} bench_host;

/* Blocks are kept from call to call, as the interpreter's pool does. */
static inline void *scratch(octet_eval *e, size_t bytes)
{
    bench_host *h = (bench_host *)(void *)e->host;
    int i = h->used++;

    if (i >= MAX_BLOCKS)
        return NULL;
    if (h->sizes[i] < bytes) {
        octet_mem_free_aligned(NULL, h->blocks[i]);
        h->blocks[i] = octet_mem_alloc_aligned(NULL, bytes);
        h->sizes[i] = bytes;
    }
    return h->blocks[i];
}

static inline void free_blocks(bench_host *h)
{
    for (int i = 0; i < MAX_BLOCKS; i++)
        octet_mem_free_aligned(NULL, h->blocks[i]);
}

static octet_context context;
static octet_model model = {.ctx = &context};
static octet_graph graph = {.model = &model};
static octet_diag diag;

static inline octet_eval bench_eval(const octet_kernels *k, bench_host *h)
{
    h->host.scratch = scratch;
    return (octet_eval){.g = &graph, .k = k, .threads = 1, .diag = &diag, .host = &h->host};
}

/* ---- convolutions of known networks */

typedef struct conv_case {
    const char *name;
    int channels, m, group, size, kernel, stride, pad;
} conv_case;

static inline int conv_case_out(const conv_case *c)
{
    return (c->size + 2 * c->pad - c->kernel) / c->stride + 1;
}

static inline octet_conv_shape conv_case_shape(const conv_case *c)
{
    int out = conv_case_out(c);

    return (octet_conv_shape){.rank = 2,
                              .batch = 1,
                              .channels = c->channels,
                              .out_channels = c->m,
                              .group = c->group,
                              .kernel = {c->kernel, c->kernel},
                              .stride = {c->stride, c->stride},
                              .dilation = {1, 1},
                              .in = {c->size, c->size},
                              .out = {out, out},
                              .pad_begin = {c->pad, c->pad},
                              .pad_end = {c->pad, c->pad}};
}

#endif
