/* cmd_run.c: octet run MODEL --data DIR -o DIR
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L
#include "command.h"
#include "common.h"
#include "score.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct run_args {
    const char *model, *out, *labels, *as;
    opt_list taps;
    data_args data;
    context_args context;
    bool quiet, json;
} run_args;

typedef struct run_state {
    const run_args *args;
    octet_context *ctx;
    progress bar; /* octet_model_run() hands one pointer to sink and progress */
    score labels;
    int64_t done;
    int failed; /* exit code of a failed write */
} run_state;

static int take_outputs(void *user, int64_t index, const char *name,
                        const octet_output_view *outputs, size_t n)
{
    run_state *s = user;
    char path[4096];
    (void)name;
    s->done = index + 1;
    if (s->args->labels != NULL && n > 0)
        score_add(&s->labels, index, &outputs[0]);
    if (s->args->out == NULL)
        return 0;
    snprintf(path, sizeof path, "%s/%04lld.npz", s->args->out, (long long)index);
    octet_status status = octet_write_npz(s->ctx, path, outputs, n);
    if (status != OCTET_OK)
        s->failed = message_failure(s->ctx, status);
    return status == OCTET_OK ? 0 : -1;
}

static void show_progress(void *user, int64_t done, int64_t total)
{
    run_state *s = user;
    progress_update(&s->bar, done, total);
}

static int make_folder(const char *path)
{
    if (path == NULL || mkdir(path, 0777) == 0 || errno == EEXIST)
        return 0;
    message_usage("cannot make folder '%s': %s", path, strerror(errno));
    return octet_status_exit_code(OCTET_ERR_IO);
}

static int run_samples(run_state *s, octet_model *model, octet_data *data)
{
    const run_args *a = s->args;
    double started = message_clock();

    progress_begin(&s->bar, "running", a->quiet || a->json);
    octet_run_options options = {.as = a->as, .taps = a->taps.values, .n_taps = a->taps.count};
    octet_status status =
        octet_model_run(s->ctx, model, data, &options, take_outputs, show_progress, s);
    progress_end(&s->bar);
    if (status != OCTET_OK)
        return s->failed != 0 ? s->failed : message_failure(s->ctx, status);
    if (a->labels != NULL)
        return score_print(&s->labels, a->json);
    if (!a->quiet && !a->json)
        printf("%lld samples in %.2f s\n", (long long)s->done, message_clock() - started);
    return 0;
}

static int run_model(run_state *s)
{
    const run_args *a = s->args;
    octet_model *model = NULL;
    octet_data *data = NULL;

    octet_status status = octet_model_open(s->ctx, a->model, &model);
    int code = 0;
    if (status == OCTET_OK)
        code = data_args_open(&a->data, s->ctx, model, &data);
    if (status == OCTET_OK && code == 0)
        status = octet_model_prepare(s->ctx, model, NULL);
    if (status != OCTET_OK)
        code = message_failure(s->ctx, status);
    if (code == 0)
        code = make_folder(a->out);
    if (code == 0 && a->labels != NULL)
        code = score_open(&s->labels, a->labels);
    if (code == 0)
        code = run_samples(s, model, data);
    score_close(&s->labels);
    octet_data_close(data);
    octet_model_destroy(model);
    return code;
}

static int run(int argc, char **argv)
{
    run_args a = {0};
    bool help = false;
    const opt options[] = {
        {OPT_POSITIONAL, 0, "model", &a.model, "MODEL", "float or quantized ONNX model"},
        {OPT_STRING, 'o', "output", &a.out, "DIR",
         "write 0000.npz, 0001.npz … keyed by output name"},
        {OPT_STRING, 0, "labels", &a.labels, "FILE",
         "one class number a line: print how many samples the first output gets right"},
        {OPT_STRING, 0, "as", &a.as, "PROFILE",
         "compute as a target does: onnx, ort-vnni, ort-avx2, onnx2c or fixed-point"},
        {OPT_LIST, 0, "tap", &a.taps, "NAME",
         "also write this value; \"quantized\": every tensor of 8-bit integers"},
        DATA_OPTIONS(a.data),
        {OPT_FLAG, 0, "json", &a.json, NULL, "results as JSON"},
        {OPT_FLAG, 'q', "quiet", &a.quiet, NULL, "no progress, no timing"},
        CONTEXT_OPTIONS(a.context),
        {OPT_END, 0, NULL, NULL, NULL, NULL},
    };
    run_state s = {.args = &a};

    if (opt_parse(options, argc, argv, &help) != 0)
        return 2;
    if (help) {
        opt_usage(options, "run", command_run.summary, stdout);
        return 0;
    }
    int code = context_args_create(&a.context, &s.ctx);
    if (code != 0)
        return code;
    code = run_model(&s);
    octet_context_destroy(s.ctx);
    return code;
}

const command command_run = {"run", "run a model on samples in the reference interpreter", run};
