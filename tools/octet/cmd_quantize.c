/* cmd_quantize.c: octet quantize MODEL --data DIR -o OUT
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L
#include "command.h"
#include "common.h"
#include "report.h"

#include <stdio.h>
#include <string.h>

typedef struct quantize_args {
    const char *model, *out, *backend, *method, *io_dtype;
    data_args data;
    context_args context;
    opt_list explain;
    opt_numbers percentile;
    bool force, json, quiet, verbose, external_data, avoid_saturation;
} quantize_args;

typedef struct quantize_job {
    const quantize_args *args;
    octet_context *ctx;
    octet_model *model;
    octet_data *data;
    octet_report *report;
    uint64_t bytes_before, bytes_after;
    double started;
} quantize_job;

static int quantize(quantize_job *j)
{
    const quantize_args *a = j->args;
    progress bar;
    octet_quantize_options options = {
        .backend = a->backend,
        .method = a->method,
        .percentile = a->percentile.count > 0 ? a->percentile.values[0] : 0.0,
        .io_dtype = a->io_dtype,
        .avoid_saturation = a->avoid_saturation,
        .explain = a->explain.values,
        .n_explain = a->explain.count,
        .progress = progress_update,
        .user = &bar,
    };
    octet_save_options save = {.external_data = a->external_data};

    octet_status status = octet_model_open(j->ctx, a->model, &j->model);
    if (status != OCTET_OK)
        return message_failure(j->ctx, status);
    j->bytes_before = octet_model_file_bytes(j->model);
    int code = data_args_open(&a->data, j->ctx, j->model, &j->data);
    if (code != 0)
        return code;
    progress_begin(&bar, "calibrating", a->quiet || a->json);
    status = octet_quantize(j->ctx, j->model, j->data, &options, &j->report);
    progress_end(&bar);
    if (status == OCTET_OK)
        status = octet_model_save(j->ctx, j->model, a->out, &save, &j->bytes_after);
    return status == OCTET_OK ? 0 : message_failure(j->ctx, status);
}

static int tell(const quantize_job *j)
{
    const quantize_args *a = j->args;
    report_facts facts = {
        .model = a->model,
        .out = a->out,
        .bytes_before = j->bytes_before,
        .bytes_after = j->bytes_after,
        .seconds = message_clock() - j->started,
        .peak_bytes = report_peak_bytes(),
        .noise = a->data.random > 0,
        .verbose = a->verbose,
        .avoid_saturation = a->avoid_saturation,
    };
    /* Results go to standard output unless the model itself does. */
    FILE *out = strcmp(a->out, "-") == 0 ? stderr : stdout;

    for (size_t i = 0; i < j->report->n_warnings; i++)
        message_warning("%s", j->report->warnings[i]);
    if (a->json)
        return report_print_json(j->report, &facts, out);
    if (!a->quiet)
        report_print_text(j->report, &facts, out);
    return 0;
}

static int run(int argc, char **argv)
{
    quantize_args a = {0};
    bool help = false;
    const opt options[] = {
        {OPT_POSITIONAL, 0, "model", &a.model, "MODEL", "float ONNX model, - for standard input"},
        {OPT_STRING, 'o', "output", &a.out, "OUT",
         "where the int8 model goes, - for standard output"},
        DATA_OPTIONS(a.data),
        {OPT_STRING, 'b', "backend", &a.backend, "NAME",
         "what will run it: built-in name or JSON file"},
        {OPT_STRING, 'm', "method", &a.method, "NAME", "how ranges are chosen (default: minmax)"},
        {OPT_NUMBERS, 0, "percentile", &a.percentile, "P",
         "method percentile: keep P percent of the values (default: 99.999)"},
        {OPT_STRING, 0, "io-dtype", &a.io_dtype, "NAME",
         "float (default) or quantized: type of inputs and outputs"},
        {OPT_FLAG, 0, "avoid-saturation", &a.avoid_saturation, NULL,
         "7 bits for weights whose products could saturate without VNNI (see overflow)"},
        {OPT_FLAG, 0, "external-data", &a.external_data, NULL,
         "weights to a file beside the model"},
        {OPT_LIST, 0, "explain", &a.explain, "NODE", "tell why a node did or did not match"},
        {OPT_FLAG, 'f', "force", &a.force, NULL, "overwrite OUT"},
        {OPT_FLAG, 0, "json", &a.json, NULL, "the report as JSON on standard output"},
        {OPT_FLAG, 'q', "quiet", &a.quiet, NULL, "no summary, no progress"},
        {OPT_FLAG, 'v', "verbose", &a.verbose, NULL, "every reason and every tensor"},
        CONTEXT_OPTIONS(a.context),
        {OPT_END, 0, NULL, NULL, NULL, NULL},
    };

    if (opt_parse(options, argc, argv, &help) != 0)
        return 2;
    if (help) {
        opt_usage(options, "quantize", command_quantize.summary, stdout);
        return 0;
    }
    if (a.out == NULL)
        return message_usage("no output is given: -o OUT names it");
    if (a.percentile.count > 1)
        return message_usage("option '--percentile' takes one number");
    int code = output_check(a.out, a.force);
    quantize_job j = {.args = &a, .started = message_clock()};
    if (code == 0)
        code = context_args_create(&a.context, &j.ctx);
    if (code != 0)
        return code;
    code = quantize(&j);
    if (code == 0)
        code = tell(&j);
    octet_report_free(j.report);
    octet_data_close(j.data);
    octet_model_destroy(j.model);
    octet_context_destroy(j.ctx);
    return code;
}

const command command_quantize = {"quantize",
                                  "make an int8 QDQ model from a float model and samples", run};
