/* payload.c: the payload of a TensorProto as the IR has it: dense, little-endian, in one piece
 * SPDX-License-Identifier: Apache-2.0
 */
#include "onnx/payload.h"

#include <inttypes.h>
#include <string.h>

bool octet_payload_known_type(int32_t data_type)
{
    return data_type > 0 && protobuf_c_enum_descriptor_get_value(
                                &onnx__tensor_proto__data_type__descriptor, data_type) != NULL;
}

bool octet_payload_absent(octet_dtype dtype)
{
    return octet_dtype_get(dtype)->bits == 0;
}

/* ---- typed fields */

/* One of the fields that hold numbers of a certain width on the wire. */
typedef struct typed {
    const void *data;
    size_t count;
    size_t width; /* in memory */
    const char *name;
} typed;

static typed typed_field(const Onnx__TensorProto *t, octet_dtype dtype)
{
    switch (dtype) {
    case OCTET_DTYPE_FLOAT32:
    case OCTET_DTYPE_COMPLEX64:
        return (typed){t->float_data, t->n_float_data, sizeof(float), "float_data"};
    case OCTET_DTYPE_FLOAT64:
    case OCTET_DTYPE_COMPLEX128:
        return (typed){t->double_data, t->n_double_data, sizeof(double), "double_data"};
    case OCTET_DTYPE_INT64:
        return (typed){t->int64_data, t->n_int64_data, sizeof(int64_t), "int64_data"};
    case OCTET_DTYPE_UINT32:
    case OCTET_DTYPE_UINT64:
        return (typed){t->uint64_data, t->n_uint64_data, sizeof(uint64_t), "uint64_data"};
    default:
        return (typed){t->int32_data, t->n_int32_data, sizeof(int32_t), "int32_data"};
    }
}

/* Bytes of the payload that one entry of the typed field makes: below 8 bits, entries hold a byte;
 * a complex number is two entries. */
static size_t entry_bytes(octet_dtype dtype, const typed *field)
{
    size_t bytes = octet_dtype_get(dtype)->bits / 8;

    if (bytes == 0)
        return 1;
    return bytes < field->width ? bytes : field->width;
}

/* Little-endian hosts: the low bytes of a number stand first. */
static octet_status narrow(const typed *field, size_t bytes, octet_arena *arena, octet_tensor *out,
                           octet_diag *diag)
{
    const unsigned char *from = field->data;
    unsigned char *to = octet_arena_alloc_aligned(arena, out->bytes);

    OCTET_TRY_ALLOC(diag, to);
    for (size_t i = 0; i < field->count; i++)
        memcpy(to + i * bytes, from + i * field->width, bytes);
    out->data = to;
    return OCTET_OK;
}

static octet_status read_typed(const Onnx__TensorProto *t, octet_arena *arena, octet_tensor *out,
                               octet_diag *diag)
{
    typed field = typed_field(t, out->dtype);
    size_t bytes = entry_bytes(out->dtype, &field);

    if (field.count != out->bytes / bytes)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL,
                          "%s has %zu entries, but type and shape need %zu", field.name,
                          field.count, out->bytes / bytes);
    if (bytes != field.width)
        return narrow(&field, bytes, arena, out, diag);
    out->data = (void *)(uintptr_t)field.data;
    return OCTET_OK;
}

/* ---- tensors */

static octet_status check_strings(const Onnx__TensorProto *t, const octet_tensor *out,
                                  octet_diag *diag)
{
    if (out->dtype == OCTET_DTYPE_STRING && (int64_t)t->n_string_data != octet_tensor_count(out))
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL,
                          "string_data has %zu entries, but the shape needs %" PRId64,
                          t->n_string_data, octet_tensor_count(out));
    return OCTET_OK;
}

octet_status octet_payload_read(const Onnx__TensorProto *t, octet_arena *arena, octet_tensor *out,
                                octet_diag *diag)
{
    static const unsigned char nothing[1];

    if (!octet_payload_known_type(t->data_type))
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "unknown data type %" PRId32,
                          t->data_type);
    if (t->segment != NULL)
        return octet_fail(diag, OCTET_ERR_UNSUPPORTED, "it is split into segments");
    if (t->n_dims > OCTET_MAX_RANK)
        return octet_fail(diag, OCTET_ERR_UNSUPPORTED, "rank %zu is above %d", t->n_dims,
                          OCTET_MAX_RANK);
    OCTET_TRY(
        octet_tensor_describe(out, (octet_dtype)t->data_type, (int32_t)t->n_dims, t->dims, diag));
    if (octet_payload_absent(out->dtype))
        return check_strings(t, out, diag);
    if (!t->has_raw_data || t->raw_data.len == 0)
        OCTET_TRY(read_typed(t, arena, out, diag));
    else if (t->raw_data.len != out->bytes)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL,
                          "raw_data has %zu bytes, but type and shape need %zu", t->raw_data.len,
                          out->bytes);
    else
        out->data = t->raw_data.data;
    if (out->data == NULL) /* no elements */
        out->data = (void *)(uintptr_t)nothing;
    return OCTET_OK;
}
