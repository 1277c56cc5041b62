/* cmd_inspect.c: octet inspect MODEL
 * SPDX-License-Identifier: Apache-2.0
 */
#include "command.h"
#include "common.h"

#include <stdio.h>

static int inspect(octet_context *ctx, octet_model *model, bool text, bool prepared, const char *as)
{
    char *out;
    octet_status status = octet_model_prepare(ctx, model, prepared ? NULL : "none");
    /* A model that cannot be prepared can still be looked at. */
    if (status != OCTET_OK && prepared)
        return message_failure(ctx, status);
    if (as != NULL)
        status = octet_model_lower(ctx, model, as);
    if (status != OCTET_OK && as != NULL)
        return message_failure(ctx, status);
    status = text ? octet_model_text(ctx, model, &out) : octet_model_inspect_json(ctx, model, &out);
    if (status != OCTET_OK)
        return message_failure(ctx, status);
    fputs(out, stdout);
    octet_string_free(ctx, out);
    return 0;
}

static int run(int argc, char **argv)
{
    const char *path = NULL, *as = NULL;
    bool help = false, text = false, json = false, prepared = false;
    octet_context *ctx;
    octet_model *model;
    const opt options[] = {
        {OPT_POSITIONAL, 0, "model", &path, "MODEL", "ONNX model, - for standard input"},
        {OPT_FLAG, 0, "text", &text, NULL, "print the graph in ONNX text syntax"},
        {OPT_FLAG, 0, "json", &json, NULL, "print a description as JSON (the default)"},
        {OPT_FLAG, 0, "prepared", &prepared, NULL, "after the passes that precede quantization"},
        {OPT_STRING, 0, "as", &as, "PROFILE", "then with the operators a target makes (see run)"},
        {OPT_END, 0, NULL, NULL, NULL, NULL},
    };

    if (opt_parse(options, argc, argv, &help) != 0)
        return 2;
    if (help) {
        opt_usage(options, "inspect", command_inspect.summary, stdout);
        return 0;
    }
    octet_status status = octet_context_create(NULL, &ctx);
    if (status != OCTET_OK)
        return octet_status_exit_code(status);
    status = octet_model_open(ctx, path, &model);
    int code = status == OCTET_OK ? inspect(ctx, model, text && !json, prepared || as != NULL, as)
                                  : message_failure(ctx, status);
    octet_model_destroy(model);
    octet_context_destroy(ctx);
    return code;
}

const command command_inspect = {"inspect", "show what is in a model", run};
