/* emit_external.c: payloads to a file beside the model
 * SPDX-License-Identifier: Apache-2.0
 *
 * Payloads follow each other in the order of the messages. Offsets of large ones are multiples of a
 * page, so that readers can map them.
 */
#include "onnx/emit.h"

#include <inttypes.h>
#include <string.h>

#define MOVE_FROM 1024 /* bytes */
#define PAGE 4096
#define LINE 64

typedef struct mover {
    octet_writer *w;
    const char *path, *location;
    octet_output *data;
    bool *used;
} mover;

static octet_status pad(const mover *m, size_t bytes)
{
    static const uint8_t zeros[PAGE];
    uint64_t alignment = bytes >= PAGE ? PAGE : LINE;
    uint64_t past = m->data->written % alignment;

    if (past == 0)
        return OCTET_OK;
    return octet_output_write(m->data, zeros, (size_t)(alignment - past), m->w->diag);
}

static octet_status append_payload(const mover *m, const void *bytes, size_t size, uint64_t *offset)
{
    if (!*m->used) {
        OCTET_TRY(octet_output_open(m->data, m->path, m->w->diag));
        *m->used = true;
    }
    OCTET_TRY(pad(m, size));
    *offset = m->data->written;
    return octet_output_write(m->data, bytes, size, m->w->diag);
}

static octet_status add_entry(const mover *m, Onnx__TensorProto *t, const char *key,
                              const char *value)
{
    Onnx__StringStringEntryProto *e = OCTET_EMIT_NEW(m->w, Onnx__StringStringEntryProto,
                                                     ONNX__STRING_STRING_ENTRY_PROTO__INIT, NULL);

    OCTET_TRY_ALLOC(m->w->diag, e);
    OCTET_TRY_ALLOC(m->w->diag, value);
    e->key = octet_emit_borrow(key);
    e->value = octet_emit_borrow(value);
    t->external_data[t->n_external_data++] = e;
    return OCTET_OK;
}

static octet_status refer(const mover *m, const Onnx__TensorProto *t, uint64_t offset, size_t size,
                          Onnx__TensorProto **out)
{
    octet_arena *arena = &m->w->arena;
    Onnx__TensorProto *p = OCTET_EMIT_NEW(m->w, Onnx__TensorProto, ONNX__TENSOR_PROTO__INIT, t);

    OCTET_TRY_ALLOC(m->w->diag, p);
    p->has_raw_data = 0;
    p->raw_data = (ProtobufCBinaryData){0, NULL};
    p->n_float_data = p->n_double_data = p->n_int32_data = p->n_int64_data = p->n_uint64_data = 0;
    p->has_data_location = 1;
    p->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    p->n_external_data = 0;
    p->external_data = octet_arena_alloc(arena, 3, sizeof *p->external_data);
    OCTET_TRY_ALLOC(m->w->diag, p->external_data);
    OCTET_TRY(add_entry(m, p, "location", m->location));
    OCTET_TRY(add_entry(m, p, "offset", octet_arena_printf(arena, "%" PRIu64, offset)));
    OCTET_TRY(add_entry(m, p, "length", octet_arena_printf(arena, "%zu", size)));
    *out = p;
    return OCTET_OK;
}

static octet_status move_payload(const mover *m, const Onnx__TensorProto *t, octet_arena *scratch,
                                 Onnx__TensorProto **out)
{
    octet_tensor tensor;
    uint64_t offset;

    OCTET_TRY(octet_payload_read(t, scratch, &tensor, m->w->diag));
    if (octet_payload_absent(tensor.dtype) || tensor.bytes < MOVE_FROM)
        return OCTET_OK;
    OCTET_TRY(append_payload(m, tensor.data, tensor.bytes, &offset));
    return refer(m, t, offset, tensor.bytes, out);
}

/* An octet_wire_replace. Tensors that the loader did not look into (training graphs) may be
 * anything: they stay as they are. */
static octet_status replace(void *user, const Onnx__TensorProto *t, Onnx__TensorProto **out)
{
    const mover *m = user;
    octet_arena scratch;
    octet_status status;

    octet_arena_init(&scratch, &m->w->arena.allocator);
    status = move_payload(m, t, &scratch, out);
    octet_arena_deinit(&scratch);
    if (status == OCTET_ERR_INVALID_MODEL || status == OCTET_ERR_UNSUPPORTED)
        return OCTET_OK;
    return status;
}

octet_status octet_emit_external(octet_writer *w, const char *path, const char *location,
                                 Onnx__ModelProto **model, octet_output *data, bool *used)
{
    mover m = {w, path, location, data, used};
    ProtobufCMessage *out;

    OCTET_TRY(octet_wire_replace_tensors(&(*model)->base, replace, &m, &w->arena, &out, w->diag));
    *model = (Onnx__ModelProto *)out;
    return OCTET_OK;
}
