/* load.c: a file to a model: mapping, wire scan, external data, imports; build.c makes the graphs
 * SPDX-License-Identifier: Apache-2.0
 */
#include "onnx/build.h"

#include <inttypes.h>
#include <string.h>

#define OLDEST_WITH_IMPORTS 3 /* IR version that made opset_import obligatory */

const char *octet_text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

const char *octet_domain(const char *domain)
{
    return domain == NULL || strcmp(domain, "ai.onnx") == 0 ? "" : domain;
}

/* ---- the model's own fields */

static octet_status add_import(octet_model *model, const Onnx__OperatorSetIdProto *import,
                               octet_diag *diag)
{
    const char *domain = octet_domain(import->domain);
    int64_t known = octet_model_opset(model, domain);

    if (import->version < 1)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL,
                          "opset_import of domain '%s' has version %" PRId64, domain,
                          import->version);
    if (known != 0 && known != import->version)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL,
                          "domain '%s' is imported twice, as version %" PRId64 " and %" PRId64,
                          domain, known, import->version);
    return octet_edit_set_opset(model, domain, import->version, diag);
}

static octet_status read_imports(octet_model *model, const Onnx__ModelProto *proto,
                                 octet_diag *diag)
{
    for (size_t i = 0; i < proto->n_opset_import; i++)
        OCTET_TRY(add_import(model, proto->opset_import[i], diag));
    if (model->n_opsets > 0)
        return OCTET_OK;
    if (model->ir_version >= OLDEST_WITH_IMPORTS)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "it has no opset_import");
    return octet_edit_set_opset(model, "", 1, diag);
}

static octet_status read_model(octet_model *model, const Onnx__ModelProto *proto, octet_diag *diag)
{
    if (proto->graph == NULL)
        return octet_fail(diag, OCTET_ERR_MALFORMED, "it has no graph");
    if (proto->ir_version < 1)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "its ir_version is %" PRId64,
                          proto->ir_version);
    model->ir_version = proto->ir_version;
    model->producer_name = octet_text_or_empty(proto->producer_name);
    model->producer_version = octet_text_or_empty(proto->producer_version);
    model->domain = octet_text_or_empty(proto->domain);
    model->doc = octet_text_or_empty(proto->doc_string);
    model->model_version = proto->model_version;
    OCTET_TRY(read_imports(model, proto, diag));
    return octet_build_graphs(model, proto, diag);
}

/* ---- the source */

static void destroy_source(octet_model *model)
{
    octet_source *source = model->loaded;

    octet_external_deinit(&source->external);
    octet_file_unmap(&source->file);
    octet_arena_deinit(&source->arena);
    octet_mem_free(&model->ctx->allocator, source);
}

static bool is_within(const octet_file *file, const void *data)
{
    uintptr_t at = (uintptr_t)data, start = (uintptr_t)file->data;

    return at >= start && at - start < file->size;
}

static void forget_payload(octet_model *model, const void *data, size_t bytes)
{
    const octet_source *source = model->loaded;

    if (is_within(&source->file, data))
        octet_file_forget(&source->file, data, bytes);
    for (uint32_t i = 0; i < source->external.n_files; i++)
        if (is_within(&source->external.files[i], data))
            octet_file_forget(&source->external.files[i], data, bytes);
}

static octet_status create(octet_context *ctx, octet_model **out, octet_diag *diag)
{
    octet_source *source;

    OCTET_TRY_ALLOC(diag, source = octet_mem_zalloc(&ctx->allocator, 1, sizeof *source));
    if (octet_model_create_empty(ctx, out) != OCTET_OK) {
        octet_mem_free(&ctx->allocator, source);
        *out = NULL;
        return octet_fail_nomem(diag);
    }
    octet_arena_init(&source->arena, &ctx->allocator);
    octet_external_init(&source->external, &ctx->allocator);
    source->external.diag = diag;
    (*out)->loaded = source;
    (*out)->origin_destroy = destroy_source;
    (*out)->forget = forget_payload;
    (*out)->loading = true;
    return OCTET_OK;
}

static octet_status check_size(const octet_model *model, uint64_t size, octet_diag *diag)
{
    uint64_t limit = model->ctx->limits.max_model_bytes;

    if (limit != 0 && size > limit)
        return octet_fail(diag, OCTET_ERR_UNSUPPORTED,
                          "the model has %" PRIu64 " bytes, the limit is %" PRIu64, size, limit);
    return OCTET_OK;
}

static octet_status fill(octet_model *model, const uint8_t *data, size_t size, octet_diag *diag)
{
    octet_source *source = model->loaded;
    ProtobufCMessage *message;

    if (size == 0)
        return octet_fail(diag, OCTET_ERR_MALFORMED, "it is empty");
    OCTET_TRY(check_size(model, size, diag));
    OCTET_TRY(octet_wire_unpack(&onnx__model_proto__descriptor, data, size, &model->ctx->limits,
                                &source->arena, &message, diag));
    OCTET_TRY(octet_wire_each_tensor(message, octet_external_resolve, &source->external));
    model->origin = message;
    model->file_bytes = size + source->external.bytes;
    OCTET_TRY(check_size(model, model->file_bytes, diag));
    OCTET_TRY(read_model(model, (const Onnx__ModelProto *)message, diag));
    OCTET_TRY(octet_graph_verify(model->graph, OCTET_ERR_INVALID_MODEL, diag));
    model->loading = false;
    return OCTET_OK;
}

static char *folder_of(octet_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return octet_arena_strdup(arena, ".");
    return octet_arena_strndup(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

static octet_status fill_from_file(octet_model *model, const char *path, octet_diag *diag)
{
    octet_source *source = model->loaded;
    bool is_stdin = strcmp(path, "-") == 0;
    const char *label = is_stdin ? "standard input" : path;
    octet_status status;

    OCTET_TRY(octet_file_map(path, &source->file, diag));
    if (!is_stdin) {
        source->external.folder = folder_of(&source->arena, path);
        OCTET_TRY_ALLOC(diag, source->external.folder);
    }
    status = fill(model, source->file.data, source->file.size, diag);
    if (status == OCTET_ERR_MALFORMED)
        return octet_note(diag, status, "'%s' is not an ONNX model", label);
    return octet_note(diag, status, "cannot load '%s'", label);
}

static octet_status finish(octet_model *model, octet_status status, octet_model **out)
{
    if (status != OCTET_OK) {
        octet_model_destroy(model);
        model = NULL;
    }
    *out = model;
    return status;
}

octet_status octet_onnx_load(octet_context *ctx, const char *path, octet_model **out,
                             octet_diag *diag)
{
    octet_model *model;

    *out = NULL;
    OCTET_TRY(create(ctx, &model, diag));
    return finish(model, fill_from_file(model, path, diag), out);
}

octet_status octet_onnx_load_memory(octet_context *ctx, const uint8_t *data, size_t size,
                                    const char *folder, octet_model **out, octet_diag *diag)
{
    octet_model *model;
    octet_source *source;

    *out = NULL;
    OCTET_TRY(create(ctx, &model, diag));
    source = model->loaded;
    source->external.folder = folder != NULL ? octet_arena_strdup(&source->arena, folder) : NULL;
    if (folder != NULL && source->external.folder == NULL)
        return finish(model, octet_fail_nomem(diag), out);
    return finish(model, fill(model, data, size, diag), out);
}
