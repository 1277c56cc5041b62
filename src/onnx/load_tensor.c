/* load_tensor.c: files that hold one TensorProto
 * SPDX-License-Identifier: Apache-2.0
 */
#include "onnx/onnx.h"
#include "onnx/payload.h"

#include <string.h>

/* A tensor nests at most segment and string entries. */
static const octet_limits limits = {.max_depth = 8, .max_nodes = 1};

static octet_status copy_out(const octet_tensor *t, const char *name,
                             const octet_allocator *allocator, octet_tensor *out, char **name_out,
                             octet_diag *diag)
{
    size_t length = strlen(name) + 1;

    OCTET_TRY(octet_tensor_init(out, allocator, t->dtype, t->rank, t->dims, diag));
    if (t->bytes > 0)
        memcpy(out->data, t->data, t->bytes);
    if (name_out == NULL)
        return OCTET_OK;
    *name_out = octet_mem_alloc(allocator, length, 1);
    if (*name_out == NULL) {
        octet_tensor_deinit(out, allocator);
        return octet_fail_nomem(diag);
    }
    memcpy(*name_out, name, length);
    return OCTET_OK;
}

static octet_status read_tensor(const octet_file *file, octet_arena *arena,
                                const octet_allocator *allocator, octet_tensor *out,
                                char **name_out, octet_diag *diag)
{
    const Onnx__TensorProto *proto;
    ProtobufCMessage *message;
    octet_tensor t;

    if (file->size == 0)
        return octet_fail(diag, OCTET_ERR_MALFORMED, "it is empty");
    OCTET_TRY(octet_wire_unpack(&onnx__tensor_proto__descriptor, file->data, file->size, &limits,
                                arena, &message, diag));
    proto = (const Onnx__TensorProto *)message;
    if (proto->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        return octet_fail(diag, OCTET_ERR_UNSUPPORTED, "its data is in another file");
    OCTET_TRY(octet_payload_read(proto, arena, &t, diag));
    if (octet_payload_absent(t.dtype))
        return octet_fail(diag, OCTET_ERR_UNSUPPORTED, "its elements are not numbers");
    return copy_out(&t, proto->name != NULL ? proto->name : "", allocator, out, name_out, diag);
}

octet_status octet_onnx_load_tensor(const char *path, const octet_allocator *allocator,
                                    octet_tensor *out, char **name_out, octet_diag *diag)
{
    octet_arena arena;
    octet_file file;
    octet_status status;

    *out = (octet_tensor){0};
    if (name_out != NULL)
        *name_out = NULL;
    OCTET_TRY(octet_file_map(path, &file, diag));
    octet_arena_init(&arena, allocator);
    status = read_tensor(&file, &arena, allocator, out, name_out, diag);
    octet_arena_deinit(&arena);
    octet_file_unmap(&file);
    return octet_note(diag, status, "'%s' is not a usable tensor file", path);
}
