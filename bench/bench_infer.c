/* bench_infer.c: time of one inference, and where it goes
 * SPDX-License-Identifier: Apache-2.0
 *
 * Usage: bench_infer MODEL [--data PATH] [--threads N] [--cpu LEVEL] [--seconds S] [--runs N]
 *                    [--as PROFILE] [--write FILE.npz] [--cpu-time] [--profile]
 * The model is prepared as `octet run` does, with the arithmetic of the profile; the input is the
 * first sample, noise without --data;
 * --write keeps it. The same worker runs it again and again; --cpu-time counts the processor's time
 * instead of what passes, for one thread on a busy machine. The profile is that of runs of their
 * own: the least time of each node, so that interruptions do not count.
 */
#define _POSIX_C_SOURCE 200809L
#include "api/api.h"
#include "data/npy.h"
#include "engine/lower.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct args {
    const char *model, *data, *cpu, *as, *write;
    double seconds;
    long threads, runs;
    bool profile;
} args;

/* One node of any graph of the model; seconds of the least run, and of the run going on. */
typedef struct entry {
    const octet_graph *g;
    const octet_node *node;
    double least, now;
} entry;

typedef struct bench {
    args a;
    octet_context *ctx;
    octet_model *model;
    octet_data *data;
    octet_plan *plan;
    octet_worker *worker;
    octet_sample sample;
    double last; /* when the node before had finished */
    entry *entries;
    size_t n_entries, capacity;
} bench;

static clockid_t clock_used = CLOCK_MONOTONIC;

static double now(void)
{
    struct timespec t;

    clock_gettime(clock_used, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void check(const bench *b, octet_status status)
{
    if (status == OCTET_OK)
        return;
    fprintf(stderr, "bench_infer: %s\n", octet_context_message(b->ctx));
    exit(1);
}

static void *need(void *p)
{
    if (p == NULL) {
        fprintf(stderr, "bench_infer: out of memory\n");
        exit(1);
    }
    return p;
}

/* ---- arguments */

static void usage(void)
{
    fprintf(stderr, "usage: bench_infer MODEL [--data PATH] [--threads N] [--cpu LEVEL] "
                    "[--seconds S] [--runs N] [--as PROFILE] [--write FILE.npz] [--cpu-time] "
                    "[--profile]\n");
    exit(2);
}

static void parse(int argc, char **argv, args *a)
{
    for (int i = 1; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;

        if (argv[i][0] != '-' && a->model == NULL)
            a->model = argv[i];
        else if (strcmp(argv[i], "--profile") == 0)
            a->profile = true;
        else if (strcmp(argv[i], "--cpu-time") == 0)
            clock_used = CLOCK_PROCESS_CPUTIME_ID;
        else if (next == NULL)
            usage();
        else if (strcmp(argv[i], "--data") == 0)
            a->data = argv[++i];
        else if (strcmp(argv[i], "--as") == 0)
            a->as = argv[++i];
        else if (strcmp(argv[i], "--write") == 0)
            a->write = argv[++i];
        else if (strcmp(argv[i], "--cpu") == 0)
            a->cpu = argv[++i];
        else if (strcmp(argv[i], "--threads") == 0)
            a->threads = strtol(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--runs") == 0)
            a->runs = strtol(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seconds") == 0)
            a->seconds = strtod(argv[++i], NULL);
        else
            usage();
    }
    if (a->model == NULL || a->threads < 1)
        usage();
}

static octet_cpu_level level_of(const char *name)
{
    for (int i = OCTET_CPU_REF; name != NULL && i <= OCTET_CPU_NEON; i++)
        if (strcmp(name, octet_cpu_level_name((octet_cpu_level)i)) == 0)
            return (octet_cpu_level)i;
    return OCTET_CPU_AUTO;
}

/* ---- set up */

static void open_all(bench *b)
{
    octet_context_options options = {.threads = (int)b->a.threads, .cpu = level_of(b->a.cpu)};
    const octet_profile *as;
    octet_diag *diag;
    bool end = false;

    if (octet_context_create(&options, &b->ctx) != OCTET_OK) {
        fprintf(stderr, "bench_infer: %s\n", octet_context_message(NULL));
        exit(1);
    }
    diag = &b->ctx->diag;
    check(b, octet_model_open(b->ctx, b->a.model, &b->model));
    check(b, b->a.data != NULL ? octet_data_open(b->ctx, b->model, b->a.data, NULL, &b->data)
                               : octet_data_random(b->ctx, b->model, 1, &b->data));
    check(b, octet_model_prepare(b->ctx, b->model, NULL));
    check(b, octet_profile_find(b->a.as, &as, diag));
    check(b, octet_lower(b->model, as->rules, NULL, NULL, diag));
    check(b, octet_plan_create(b->model, &b->plan, diag));
    octet_plan_set_arith(b->plan, as->arith);
    check(b, octet_plan_seal(b->plan, true, diag));
    check(b, octet_worker_create(b->plan, NULL, NULL, &b->worker, diag));
    check(b, octet_samples_get(b->data->samples, 0, &b->sample, &end, diag));
}

static void write_sample(bench *b)
{
    octet_npz_entry *entries = need(calloc(b->sample.n + 1, sizeof *entries));

    for (uint32_t i = 0; i < b->sample.n; i++)
        entries[i] = (octet_npz_entry){b->data->inputs[i].name, &b->sample.tensors[i]};
    check(b, octet_npz_write(b->a.write, entries, b->sample.n, &b->ctx->diag));
    free(entries);
}

static void close_all(bench *b)
{
    octet_sample_release(b->data->samples, &b->sample);
    octet_worker_destroy(b->worker);
    octet_plan_destroy(b->plan);
    octet_data_close(b->data);
    octet_model_destroy(b->model);
    octet_context_destroy(b->ctx);
    free(b->entries);
}

/* ---- time */

static double run_once(bench *b)
{
    double start = b->last = now();

    check(b, octet_worker_run(b->worker, b->sample.tensors, b->sample.n, (int)b->a.threads, NULL,
                              &b->ctx->diag));
    return now() - start;
}

static bool go_on(const bench *b, double start, size_t done)
{
    return b->a.runs > 0 ? done < (size_t)b->a.runs : done < 3 || now() - start < b->a.seconds;
}

static int compare_seconds(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void measure(bench *b)
{
    double *t = NULL, start;
    size_t n = 0, capacity = 0;

    run_once(b);
    run_once(b);
    start = now();
    for (; go_on(b, start, n); n++) {
        if (n == capacity)
            t = need(realloc(t, (capacity = 2 * capacity + 64) * sizeof *t));
        t[n] = run_once(b);
    }
    qsort(t, n, sizeof *t, compare_seconds);
    printf("min %.4f ms, median %.4f ms, %zu runs, %ld threads, %s, tensors %.2f MB\n", 1e3 * t[0],
           1e3 * t[n / 2], n, b->a.threads, octet_cpu_level_name(octet_context_cpu(b->ctx)),
           (double)octet_worker_memory(b->worker).held / 1e6);
    free(t);
}

/* ---- profile */

/* Nodes come in the same order in each run, but for branches: the search begins at the last hit. */
static entry *find_entry(bench *b, const octet_graph *g, const octet_node *node)
{
    static size_t hint;

    for (size_t i = 0; i < b->n_entries; i++) {
        size_t at = (hint + i) % b->n_entries;

        if (b->entries[at].node != node)
            continue;
        hint = at + 1;
        return &b->entries[at];
    }
    if (b->n_entries == b->capacity)
        b->entries =
            need(realloc(b->entries, (b->capacity = 2 * b->capacity + 64) * sizeof(entry)));
    b->entries[b->n_entries] = (entry){.g = g, .node = node, .least = 1e9};
    return &b->entries[b->n_entries++];
}

static void trace(void *user, const octet_graph *g, const octet_node *node)
{
    bench *b = user;
    double at = now();

    find_entry(b, g, node)->now += at - b->last;
    b->last = now();
}

static int compare_entries(const void *a, const void *b)
{
    const entry *x = a, *y = b;

    return (x->least < y->least) - (x->least > y->least);
}

static void print_types(const bench *b, double total)
{
    size_t n = 0;
    entry *types = need(calloc(b->n_entries + 1, sizeof *types));

    for (size_t i = 0; i < b->n_entries; i++) {
        size_t t = 0;

        while (t < n && strcmp(types[t].node->op_type, b->entries[i].node->op_type) != 0)
            t++;
        if (t == n)
            types[n++].node = b->entries[i].node;
        types[t].least += b->entries[i].least;
        types[t].now++; /* how many */
    }
    qsort(types, n, sizeof *types, compare_entries);
    printf("\n%10s %7s %6s  %s\n", "ms", "share", "nodes", "operator");
    for (size_t t = 0; t < n; t++)
        printf("%10.4f %6.1f%% %6.0f  %s\n", 1e3 * types[t].least, 100 * types[t].least / total,
               types[t].now, types[t].node->op_type);
    free(types);
}

static void print_nodes(const bench *b, double total)
{
    printf("\n%10s %7s  %-20s %-24s %s\n", "ms", "share", "operator", "output", "node");
    for (size_t i = 0; i < b->n_entries; i++) {
        const entry *e = &b->entries[i];
        const octet_value *v = octet_node_output(e->g, e->node, 0);
        char dims[128] = "";
        size_t at = 0;

        for (int32_t d = 0; v != NULL && d < v->type.rank && at + 24 < sizeof dims; d++) {
            long long size = (long long)v->type.dims[d].size;
            at += (size_t)snprintf(dims + at, sizeof dims - at, size < 0 ? "%s?" : "%s%lld",
                                   d > 0 ? "x" : "", size);
        }
        printf("%10.4f %6.1f%%  %-20s %-24s %s\n", 1e3 * e->least, 100 * e->least / total,
               e->node->op_type, dims, e->node->name);
    }
}

static void profile(bench *b)
{
    double start = now(), total = 0;
    size_t n = 0;

    octet_worker_trace(b->worker, trace, b);
    for (; go_on(b, start, n); n++) {
        for (size_t i = 0; i < b->n_entries; i++)
            b->entries[i].now = 0;
        run_once(b);
        for (size_t i = 0; i < b->n_entries; i++)
            if (b->entries[i].now < b->entries[i].least)
                b->entries[i].least = b->entries[i].now;
    }
    qsort(b->entries, b->n_entries, sizeof *b->entries, compare_entries);
    for (size_t i = 0; i < b->n_entries; i++)
        total += b->entries[i].least;
    print_types(b, total);
    print_nodes(b, total);
}

int main(int argc, char **argv)
{
    bench b = {.a = {.threads = 1, .seconds = 1}};

    parse(argc, argv, &b.a);
    open_all(&b);
    if (b.a.write != NULL)
        write_sample(&b);
    measure(&b);
    if (b.a.profile)
        profile(&b);
    close_all(&b);
    return 0;
}
