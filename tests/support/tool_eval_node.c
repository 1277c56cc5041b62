/* tool_eval_node.c: run many small models on given inputs, in one process
 * SPDX-License-Identifier: Apache-2.0
 *
 *     tool_eval_node [--cpu LEVEL] [--threads N] [--max-bytes N] DIR
 *     tool_eval_node --list
 *
 * For i = 0, 1, ... while DIR/<i>.onnx exists: reads the inputs by name from DIR/<i>.npz, and
 * writes DIR/<i>.out.npz with the outputs by name, or DIR/<i>.err with the exit code and text of
 * the failure. DIR/<i>.types has a line per output with the type that shape inference gives it.
 * --list prints the operators that have a descriptor: domain, name, first opset.
 */
#define _POSIX_C_SOURCE 200809L /* access() */

#include "data/npz.h"
#include "octet/context.h"
#include "onnx/onnx.h"
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_OUTPUTS 64

typedef struct one_case {
    octet_context *ctx;
    octet_model *model;
    octet_plan *plan;
    octet_worker *worker;
    octet_npz in;
    int threads;
    const char *stem;
    octet_diag diag;
} one_case;

static const char *path(const one_case *c, const char *suffix, char buffer[4096])
{
    snprintf(buffer, 4096, "%s%s", c->stem, suffix);
    return buffer;
}

static void print_types(const one_case *c)
{
    const octet_graph *g = c->model->graph;
    char name[4096];
    FILE *f = fopen(path(c, ".types", name), "w");

    if (f == NULL)
        return;
    for (uint32_t i = 0; i < g->n_outputs; i++) {
        const octet_type *t = &octet_graph_value(g, g->outputs[i])->type;

        fprintf(f, "%s", octet_dtype_get(t->dtype)->name);
        for (int32_t d = 0; d < t->rank; d++)
            fprintf(f, " %lld", (long long)t->dims[d].size);
        fprintf(f, t->rank < 0 ? " unranked\n" : "\n");
    }
    fclose(f);
}

static octet_status save(one_case *c, const octet_tensor *const *outputs)
{
    const octet_graph *g = c->model->graph;
    octet_npz_entry entries[MAX_OUTPUTS];
    uint32_t n = 0;
    char name[4096];

    for (uint32_t i = 0; i < g->n_outputs && i < MAX_OUTPUTS; i++)
        if (outputs[i] != NULL)
            entries[n++] = (octet_npz_entry){octet_graph_value(g, g->outputs[i])->name, outputs[i]};
    return octet_npz_write(path(c, ".out.npz", name), entries, n, &c->diag);
}

static octet_status run(one_case *c)
{
    octet_tensor inputs[MAX_OUTPUTS];
    const octet_tensor *outputs[MAX_OUTPUTS];
    uint32_t n;
    const octet_value_id *ids = octet_plan_inputs(c->plan, &n);

    for (uint32_t i = 0; i < n && i < MAX_OUTPUTS; i++) {
        const char *name = octet_graph_value(c->model->graph, ids[i])->name;
        const struct octet_npz_array *array = octet_npz_find(&c->in, name);

        if (array == NULL)
            return octet_fail(&c->diag, OCTET_ERR_DATA, "no array '%s'", name);
        inputs[i] = array->tensor;
    }
    OCTET_TRY(octet_worker_run(c->worker, inputs, n, c->threads, outputs, &c->diag));
    return save(c, outputs);
}

static octet_status load_and_run(one_case *c)
{
    char name[4096];

    OCTET_TRY(octet_onnx_load(c->ctx, path(c, ".onnx", name), &c->model, &c->diag));
    if (c->model->graph->n_outputs > MAX_OUTPUTS)
        return octet_fail(&c->diag, OCTET_ERR_UNSUPPORTED, "too many outputs");
    octet_ops_resolve(c->model->graph);
    OCTET_TRY(octet_infer_types(c->model->graph, &c->diag));
    print_types(c);
    OCTET_TRY(octet_npz_open(path(c, ".npz", name), NULL, 0, &c->in, &c->diag));
    OCTET_TRY(octet_plan_create(c->model, &c->plan, &c->diag));
    OCTET_TRY(octet_plan_seal(c->plan, true, &c->diag));
    OCTET_TRY(octet_worker_create(c->plan, NULL, NULL, &c->worker, &c->diag));
    return run(c);
}

static void run_case(octet_context *ctx, int threads, const char *stem)
{
    one_case c = {.ctx = ctx, .threads = threads, .stem = stem};
    octet_status status = load_and_run(&c);
    char name[4096];
    FILE *f;

    if (status != OCTET_OK && (f = fopen(path(&c, ".err", name), "w")) != NULL) {
        fprintf(f, "%d %s\n", octet_status_exit_code(status), c.diag.text);
        fclose(f);
    }
    octet_worker_destroy(c.worker);
    octet_plan_destroy(c.plan);
    octet_npz_close(&c.in);
    octet_model_destroy(c.model);
}

static octet_cpu_level level_of(const char *name)
{
    for (int i = OCTET_CPU_REF; i <= OCTET_CPU_NEON; i++)
        if (strcmp(octet_cpu_level_name((octet_cpu_level)i), name) == 0)
            return (octet_cpu_level)i;
    return OCTET_CPU_AUTO;
}

static int list(void)
{
    for (size_t i = 0; i < octet_op_count(); i++) {
        const octet_op *op = octet_op_at(i);
        printf("%s %s %d\n", op->domain[0] == '\0' ? "ai.onnx" : op->domain, op->name,
               (int)op->since);
    }
    return 0;
}

int main(int argc, char **argv)
{
    octet_limits limits = {
        .max_depth = 64, .max_nodes = 1000000, .max_tensor_bytes = UINT64_C(1) << 32};
    octet_context_options options = {.threads = 1, .limits = &limits};
    octet_context *ctx;
    int at = 1;

    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list();
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        if (strcmp(argv[at], "--cpu") == 0)
            options.cpu = level_of(argv[at + 1]);
        else if (strcmp(argv[at], "--max-bytes") == 0)
            limits.max_tensor_bytes = strtoull(argv[at + 1], NULL, 10);
        else if (strcmp(argv[at], "--threads") == 0)
            options.threads = atoi(argv[at + 1]);
        else
            return 2;
    }
    if (argc - at != 1 || octet_context_create(&options, &ctx) != OCTET_OK)
        return 2;
    for (int i = 0;; i++) {
        char stem[4000], model[4096];

        snprintf(stem, sizeof stem, "%s/%d", argv[at], i);
        snprintf(model, sizeof model, "%s.onnx", stem);
        if (access(model, R_OK) != 0)
            break;
        run_case(ctx, options.threads, stem);
    }
    octet_context_destroy(ctx);
    return 0;
}
