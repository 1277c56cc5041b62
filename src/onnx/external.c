/* external.c: payloads in files beside the model
 * SPDX-License-Identifier: Apache-2.0
 */
#include "onnx/payload.h"

#include <inttypes.h>
#include <string.h>

void octet_external_init(octet_external *external, const octet_allocator *allocator)
{
    *external = (octet_external){.allocator = *allocator};
    octet_map_init(&external->index, allocator);
}

void octet_external_deinit(octet_external *external)
{
    for (uint32_t i = 0; i < external->n_files; i++)
        octet_file_unmap(&external->files[i]);
    octet_mem_free(&external->allocator, external->files);
    octet_map_deinit(&external->index);
}

static const char *entry(const Onnx__TensorProto *t, const char *key)
{
    for (size_t i = 0; i < t->n_external_data; i++) {
        const Onnx__StringStringEntryProto *e = t->external_data[i];

        if (e->key != NULL && strcmp(e->key, key) == 0)
            return e->value != NULL ? e->value : "";
    }
    return NULL;
}

static octet_status entry_number(const Onnx__TensorProto *t, const char *key, int64_t absent,
                                 int64_t *out, octet_diag *diag)
{
    const char *text = entry(t, key);

    *out = absent;
    if (text != NULL && (!octet_parse_i64(text, out) || *out < 0))
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "the %s of its external data is '%s'", key,
                          text);
    return OCTET_OK;
}

/* `location` lives as long as the model, so the map may borrow it. */
static octet_status get_file(octet_external *x, const char *location, const octet_file **out)
{
    uint32_t index = octet_map_get(&x->index, location);

    if (index == OCTET_MAP_NONE) {
        if (x->n_files == x->capacity) {
            uint32_t capacity = x->capacity == 0 ? 4 : 2 * x->capacity;
            octet_file *grown = octet_mem_realloc(&x->allocator, x->files, capacity, sizeof *grown);

            OCTET_TRY_ALLOC(x->diag, grown);
            x->files = grown;
            x->capacity = capacity;
        }
        index = x->n_files;
        OCTET_TRY_NOTE(x->diag,
                       octet_file_map_inside(x->folder, location, &x->files[index], x->diag),
                       "external data");
        x->n_files++;
        x->bytes += x->files[index].size;
        if (!octet_map_set(&x->index, location, index))
            return octet_fail_nomem(x->diag);
    }
    *out = &x->files[index];
    return OCTET_OK;
}

/* Without a length the payload ends where type and shape say; types without payload take the rest.
 */
static octet_status default_length(const Onnx__TensorProto *t, int64_t rest, int64_t *out,
                                   octet_diag *diag)
{
    octet_tensor shape;

    *out = rest;
    if (t->n_dims > OCTET_MAX_RANK)
        return OCTET_OK; /* refused later */
    OCTET_TRY(octet_tensor_describe(&shape, (octet_dtype)t->data_type, (int32_t)t->n_dims, t->dims,
                                    diag));
    if (!octet_payload_absent(shape.dtype) && shape.bytes <= INT64_MAX)
        *out = (int64_t)shape.bytes;
    return OCTET_OK;
}

static octet_status find_slice(octet_external *x, const Onnx__TensorProto *t,
                               ProtobufCBinaryData *out)
{
    const char *location = entry(t, "location");
    const octet_file *file = NULL;
    int64_t offset, length, rest;

    if (location == NULL)
        return octet_fail(x->diag, OCTET_ERR_INVALID_MODEL, "its external data has no location");
    if (x->folder == NULL)
        return octet_fail(x->diag, OCTET_ERR_UNSUPPORTED,
                          "external data in '%s' cannot be looked up: there is no folder",
                          location);
    if (t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__STRING)
        return octet_fail(x->diag, OCTET_ERR_INVALID_MODEL, "strings cannot be external data");
    OCTET_TRY(entry_number(t, "offset", 0, &offset, x->diag));
    OCTET_TRY(get_file(x, location, &file));
    rest = (uint64_t)offset <= file->size ? (int64_t)(file->size - (uint64_t)offset) : -1;
    OCTET_TRY(default_length(t, rest, &length, x->diag));
    OCTET_TRY(entry_number(t, "length", length, &length, x->diag));
    if (rest < 0 || length > rest)
        return octet_fail(x->diag, OCTET_ERR_INVALID_MODEL,
                          "external data '%s' has %zu bytes, but %" PRId64 " from offset %" PRId64
                          " are needed",
                          location, file->size, length, offset);
    *out = (ProtobufCBinaryData){(size_t)length,
                                 length > 0 ? (uint8_t *)(uintptr_t)file->data + offset : NULL};
    return OCTET_OK;
}

octet_status octet_external_resolve(void *external, Onnx__TensorProto *t)
{
    octet_external *x = external;

    if (t->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        return OCTET_OK;
    OCTET_TRY_NOTE(x->diag, find_slice(x, t, &t->raw_data), "tensor '%s'",
                   t->name != NULL ? t->name : "");
    t->has_raw_data = 1;
    t->has_data_location = 0;
    t->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT;
    t->n_external_data = 0;
    return OCTET_OK;
}
