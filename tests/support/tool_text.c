/* tool_text.c: prints a model as text, for tests: tool_text MAX_ELEMENTS MODEL.onnx|TEXT.txt
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/context.h"
#include "graph/text.h"
#include "onnx/onnx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static octet_status read_text(octet_context *ctx, const char *path, octet_model **out)
{
    octet_file file;
    octet_status status = octet_file_map(path, &file, &ctx->diag);

    *out = NULL;
    if (status != OCTET_OK)
        return status;
    status = octet_text_read_model(ctx, (const char *)file.data, file.size, out, &ctx->diag);
    octet_file_unmap(&file);
    return status;
}

static octet_status convert(octet_context *ctx, const char *path, int64_t max_elements)
{
    size_t length = strlen(path);
    bool is_text = length > 4 && strcmp(path + length - 4, ".txt") == 0;
    octet_model *model = NULL;
    octet_text text;
    octet_status status;

    status =
        is_text ? read_text(ctx, path, &model) : octet_onnx_load(ctx, path, &model, &ctx->diag);
    if (status != OCTET_OK)
        return status;
    octet_text_init(&text, NULL);
    status = octet_text_write_model(model, max_elements, &text, &ctx->diag);
    if (status == OCTET_OK)
        fwrite(text.data, 1, text.length, stdout);
    octet_text_deinit(&text);
    octet_model_destroy(model);
    return status;
}

int main(int argc, char **argv)
{
    octet_context *ctx;
    octet_status status;

    if (argc != 3) {
        fprintf(stderr, "usage: tool_text MAX_ELEMENTS MODEL\n");
        return 2;
    }
    if (octet_context_create(NULL, &ctx) != OCTET_OK)
        return 70;
    status = convert(ctx, argv[2], strtoll(argv[1], NULL, 10));
    if (status != OCTET_OK)
        fprintf(stderr, "%s: %s\n", octet_status_name(status), octet_context_message(ctx));
    octet_context_destroy(ctx);
    return octet_status_exit_code(status);
}
