/* model.c: opening, preparing, saving and printing models
 * SPDX-License-Identifier: Apache-2.0
 */
#include "api/api.h"

#include "engine/pass.h"
#include "graph/text.h"
#include "onnx/onnx.h"

#include <string.h>

octet_status octet_model_open(octet_context *ctx, const char *path, octet_model **out)
{
    return octet_onnx_load(ctx, path, out, &ctx->diag);
}

octet_status octet_model_open_memory(octet_context *ctx, const void *data, size_t size,
                                     octet_model **out)
{
    octet_status status = octet_onnx_load_memory(ctx, data, size, NULL, out, &ctx->diag);
    return octet_note(&ctx->diag, status, "cannot load the model");
}

octet_status octet_model_save(octet_context *ctx, octet_model *model, const char *path,
                              const octet_save_options *options, uint64_t *bytes)
{
    octet_onnx_save_options inner = {.external_data = options != NULL && options->external_data};
    octet_status status = octet_onnx_save(model, path, &inner, bytes, &ctx->diag);
    /* A failed write names the file, which may be the one of external data. */
    return status == OCTET_ERR_IO ? status
                                  : octet_note(&ctx->diag, status, "cannot write '%s'", path);
}

octet_status octet_model_prepare(octet_context *ctx, octet_model *model, const char *stop_after)
{
    octet_pipeline_options options = {.stop_after = stop_after};

    if (stop_after != NULL && strcmp(stop_after, "none") == 0) {
        octet_ops_resolve(model->graph);
        return octet_infer_types(model->graph, &ctx->diag);
    }
    if (stop_after != NULL && octet_pass_find(stop_after) == NULL)
        return octet_fail(&ctx->diag, OCTET_ERR_INVALID_ARGUMENT, "no pass is called '%s'",
                          stop_after);
    return octet_passes_run(model, &options, &ctx->diag);
}

const char *octet_pass_name(size_t index)
{
    return index < octet_pass_count() ? octet_pass_at(index)->name : NULL;
}

const char *octet_pass_summary(size_t index)
{
    return index < octet_pass_count() ? octet_pass_at(index)->summary : NULL;
}

uint64_t octet_model_file_bytes(const octet_model *model)
{
    return model->file_bytes;
}

octet_status octet_model_text(octet_context *ctx, octet_model *model, char **out)
{
    octet_text text;
    *out = NULL;
    octet_text_init(&text, &ctx->allocator);
    octet_status status = octet_text_write_model(model, 16, &text, &ctx->diag);
    if (status == OCTET_OK && text.failed)
        status = octet_fail_nomem(&ctx->diag);
    if (status == OCTET_OK)
        *out = text.data;
    else
        octet_text_deinit(&text);
    return status;
}

void octet_string_free(octet_context *ctx, char *string)
{
    octet_mem_free(&ctx->allocator, string);
}

void octet_raise_ir_version(octet_model *model)
{
    /* onnx.helper.VERSION_TABLE: first IR version that was released with an opset of ai.onnx. */
    static const int8_t ir_of_opset[] = {
        [13] = 7, [14] = 7,  [15] = 8,  [16] = 8,  [17] = 8,  [18] = 8,  [19] = 9,
        [20] = 9, [21] = 10, [22] = 10, [23] = 11, [24] = 12, [25] = 13,
    };
    const int64_t count = (int64_t)sizeof ir_of_opset;
    int64_t opset = octet_model_opset(model, "");
    int64_t least = opset < 13 ? 4 : ir_of_opset[opset < count ? opset : count - 1];
    if (model->ir_version < least)
        model->ir_version = least;
}
