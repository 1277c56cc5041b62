/* save.c: a model to a file
 * SPDX-License-Identifier: Apache-2.0
 */
#include "onnx/emit.h"

#include <string.h>

#define LARGEST_MESSAGE ((uint64_t)INT32_MAX) /* protobuf's limit */
#define EXTERNAL_ABOVE (((uint64_t)1 << 31) - ((uint64_t)64 << 20))
#define FIRST_WITH_IMPORTS 3 /* IR version */

/* ---- the model message */

static const octet_metadata *find_metadata(const octet_model *model, const char *key)
{
    for (uint32_t i = 0; i < model->n_metadata; i++) {
        if (strcmp(model->metadata[i].key, key) == 0)
            return &model->metadata[i];
    }
    return NULL;
}

static octet_status emit_entry(octet_writer *w, const Onnx__StringStringEntryProto *origin,
                               const octet_metadata *m, Onnx__StringStringEntryProto **out)
{
    Onnx__StringStringEntryProto *p = OCTET_EMIT_NEW(w, Onnx__StringStringEntryProto,
                                                     ONNX__STRING_STRING_ENTRY_PROTO__INIT, origin);

    OCTET_TRY_ALLOC(w->diag, p);
    p->key = octet_emit_borrow(m->key);
    p->value = octet_emit_borrow(m->value);
    *out = p;
    return OCTET_OK;
}

/* The file's entries in their order, then the added ones; an added key replaces the file's. */
static octet_status emit_metadata(octet_writer *w, Onnx__ModelProto *p)
{
    const octet_model *model = w->model;
    Onnx__StringStringEntryProto **old = p->metadata_props, **list;
    size_t n_old = p->n_metadata_props, used = 0;

    list = octet_arena_alloc(&w->arena, n_old + model->n_metadata, sizeof *list);
    OCTET_TRY_ALLOC(w->diag, list);
    for (size_t i = 0; i < n_old; i++) {
        const octet_metadata *m = find_metadata(model, octet_text_or_empty(old[i]->key));

        list[used++] = old[i];
        if (m != NULL)
            OCTET_TRY(emit_entry(w, old[i], m, &list[used - 1]));
    }
    for (uint32_t i = 0; i < model->n_metadata; i++) {
        bool replaces = false;

        for (size_t k = 0; k < n_old && !replaces; k++)
            replaces = strcmp(octet_text_or_empty(old[k]->key), model->metadata[i].key) == 0;
        if (!replaces)
            OCTET_TRY(emit_entry(w, NULL, &model->metadata[i], &list[used++]));
    }
    p->metadata_props = list;
    p->n_metadata_props = used;
    return OCTET_OK;
}

static octet_status emit_functions(octet_writer *w, Onnx__ModelProto *p)
{
    const octet_model *model = w->model;

    p->n_functions = 0;
    p->functions = octet_arena_alloc(&w->arena, model->n_functions, sizeof *p->functions);
    OCTET_TRY_ALLOC(w->diag, p->functions);
    for (uint32_t i = 0; i < model->n_functions; i++) {
        if (!model->functions[i].removed)
            OCTET_TRY(
                octet_emit_function(w, &model->functions[i], &p->functions[p->n_functions++]));
    }
    return OCTET_OK;
}

static octet_status emit_model(octet_writer *w, Onnx__ModelProto **out)
{
    const octet_model *model = w->model;
    Onnx__ModelProto *p =
        OCTET_EMIT_NEW(w, Onnx__ModelProto, ONNX__MODEL_PROTO__INIT, model->origin);

    OCTET_TRY_ALLOC(w->diag, p);
    *out = p;
    p->has_ir_version = 1;
    p->ir_version = model->ir_version;
    octet_emit_text(&p->producer_name, model->producer_name);
    octet_emit_text(&p->producer_version, model->producer_version);
    octet_emit_text(&p->domain, model->domain);
    octet_emit_text(&p->doc_string, model->doc);
    if (p->model_version != model->model_version) {
        p->has_model_version = 1;
        p->model_version = model->model_version;
    }
    if (p->n_opset_import > 0 || model->ir_version >= FIRST_WITH_IMPORTS)
        OCTET_TRY(octet_emit_imports(w, model->opsets, model->n_opsets, &p->opset_import,
                                     &p->n_opset_import));
    OCTET_TRY(octet_emit_graph(w, model->graph, &p->graph));
    OCTET_TRY(emit_functions(w, p));
    return emit_metadata(w, p);
}

/* ---- files */

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static octet_status move_payloads(octet_writer *w, const char *path, Onnx__ModelProto **model,
                                  octet_output *data, bool *used)
{
    char *data_path = octet_arena_printf(&w->arena, "%s.data", path);

    OCTET_TRY_ALLOC(w->diag, data_path);
    if (strcmp(path, "-") == 0)
        return octet_fail(w->diag, OCTET_ERR_INVALID_ARGUMENT,
                          "a model with external data cannot be written to standard output");
    return octet_emit_external(w, data_path, last_part(data_path), model, data, used);
}

/* The data file is in place before the model that refers to it. */
static octet_status write_files(octet_writer *w, const char *path, const Onnx__ModelProto *model,
                                octet_output *data, uint64_t *bytes_out)
{
    octet_output out;
    octet_status status;

    OCTET_TRY(octet_output_open(&out, path, w->diag));
    status = octet_wire_write(&model->base, &out, w->diag);
    if (status == OCTET_OK && data != NULL)
        status = octet_output_commit(data, w->diag);
    if (status == OCTET_OK)
        status = octet_output_commit(&out, w->diag);
    if (status == OCTET_OK && bytes_out != NULL)
        *bytes_out = out.written + (data != NULL ? data->written : 0);
    octet_output_abort(&out);
    return status;
}

static octet_status save(octet_writer *w, const char *path, const octet_onnx_save_options *options,
                         octet_output *data, bool *data_used, uint64_t *bytes_out)
{
    uint64_t limit = options->external_above != 0 ? options->external_above : EXTERNAL_ABOVE;
    Onnx__ModelProto *model;
    uint64_t size;

    OCTET_TRY(emit_model(w, &model));
    size = protobuf_c_message_get_packed_size(&model->base);
    if (options->external_data || size > limit || size > LARGEST_MESSAGE) {
        OCTET_TRY(move_payloads(w, path, &model, data, data_used));
        size = protobuf_c_message_get_packed_size(&model->base);
    }
    if (size > LARGEST_MESSAGE)
        return octet_fail(w->diag, OCTET_ERR_UNSUPPORTED,
                          "the model takes more than 2 GiB even with external data");
    return write_files(w, path, model, *data_used ? data : NULL, bytes_out);
}

octet_status octet_onnx_save(octet_model *model, const char *path,
                             const octet_onnx_save_options *options, uint64_t *bytes_out,
                             octet_diag *diag)
{
    static const octet_onnx_save_options defaults = {0};
    octet_writer w = {.model = model, .diag = diag};
    octet_output data = {.fd = -1};
    bool data_used = false;
    octet_status status;

    octet_arena_init(&w.arena, &model->ctx->allocator);
    status = save(&w, path, options != NULL ? options : &defaults, &data, &data_used, bytes_out);
    if (data_used)
        octet_output_abort(&data);
    octet_arena_deinit(&w.arena);
    return status;
}
