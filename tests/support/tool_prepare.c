/* tool_prepare.c: load a model, run the preparation passes, save it
 * SPDX-License-Identifier: Apache-2.0
 *
 *     tool_prepare [--min-opset N] [--stop-after PASS] IN OUT
 *
 * For tests that compare the prepared float model with the original. Exits as octet does.
 */
#include "engine/pass.h"
#include "octet/context.h"
#include "onnx/onnx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_log(void *user, octet_log_level level, const char *text)
{
    (void)user;
    (void)level;
    fprintf(stderr, "%s\n", text);
}

static octet_status prepare(octet_context *ctx, const char *in, const char *out,
                            const octet_pipeline_options *options, octet_diag *diag)
{
    octet_model *model = NULL;
    const octet_onnx_save_options save = {0};
    octet_status status = octet_onnx_load(ctx, in, &model, diag);

    if (status == OCTET_OK)
        status = octet_passes_run(model, options, diag);
    if (status == OCTET_OK)
        status = octet_onnx_save(model, out, &save, NULL, diag);
    octet_model_destroy(model);
    return status;
}

int main(int argc, char **argv)
{
    octet_pipeline_options options = {0};
    octet_context_options context = {.log = print_log};
    octet_context *ctx;
    octet_diag diag = {0};
    int at = 1;

    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        if (strcmp(argv[at], "--min-opset") == 0)
            options.min_opset = atoi(argv[at + 1]);
        else if (strcmp(argv[at], "--stop-after") == 0)
            options.stop_after = argv[at + 1];
        else
            return 2;
    }
    if (argc - at != 2 || octet_context_create(&context, &ctx) != OCTET_OK)
        return 2;
    octet_status status = prepare(ctx, argv[at], argv[at + 1], &options, &diag);
    if (status != OCTET_OK)
        fprintf(stderr, "%s: %s\n", octet_status_name(status), diag.text);
    octet_context_destroy(ctx);
    return octet_status_exit_code(status);
}
