/* tool_roundtrip.c: loads a model and saves it, for tests: tool_roundtrip [--external-data] IN OUT
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/context.h"
#include "graph/graph.h"
#include "onnx/onnx.h"

#include <stdio.h>
#include <string.h>

static octet_status roundtrip(octet_context *ctx, const char *in, const char *out,
                              const octet_onnx_save_options *options, uint64_t *bytes)
{
    octet_model *model;
    octet_status status = octet_onnx_load(ctx, in, &model, &ctx->diag);

    if (status == OCTET_OK)
        status = octet_onnx_save(model, out, options, bytes, &ctx->diag);
    octet_model_destroy(model);
    return status;
}

int main(int argc, char **argv)
{
    octet_onnx_save_options options = {0};
    octet_context *ctx;
    octet_status status;
    uint64_t bytes = 0;

    if (argc > 1 && strcmp(argv[1], "--external-data") == 0) {
        options.external_data = true;
        argc--;
        argv++;
    }
    if (argc != 3) {
        fprintf(stderr, "usage: tool_roundtrip [--external-data] IN OUT\n");
        return 2;
    }
    if (octet_context_create(NULL, &ctx) != OCTET_OK)
        return 70;
    status = roundtrip(ctx, argv[1], argv[2], &options, &bytes);
    if (status != OCTET_OK)
        fprintf(stderr, "%s: %s\n", octet_status_name(status), octet_context_message(ctx));
    else
        fprintf(strcmp(argv[2], "-") == 0 ? stderr : stdout, "%llu\n", (unsigned long long)bytes);
    octet_context_destroy(ctx);
    return octet_status_exit_code(status);
}
