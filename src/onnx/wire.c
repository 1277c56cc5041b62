/* wire.c: scan of untrusted protobuf bytes, and unpacking around the payloads
 * SPDX-License-Identifier: Apache-2.0
 *
 * protobuf-c copies every bytes field and has no depth limit. So the bytes are walked here first:
 * everything protobuf-c relies on is checked, and a copy without the large payloads, the skeleton,
 * is made. Each TensorProto of the skeleton ends with one unknown field that numbers it; after
 * unpacking, that field is taken off again and the payload pointers are set to the original bytes.
 *
 * Lengths in the skeleton are varints padded to five bytes, so that they can be filled in when the
 * message that they belong to has ended.
 */
#include "onnx/wire.h"

#include <stdio.h>
#include <string.h>

#define ELIDE_FROM 64         /* bytes; below, the copy costs less than the pointer */
#define MARK_FIELD 536870911u /* the highest field number there is */
#define MARK_SIZE 9           /* tag of five bytes, value of four */
#define LENGTH_SIZE 5
#define PATH_TEXT 400

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_LENGTH = 2, WIRE_32 = 5 };

typedef struct slice {
    const uint8_t *data;
    size_t size;
} slice;

/* What was left out of one TensorProto. */
typedef struct payload {
    slice raw, floats, doubles;
} payload;

typedef struct scanner {
    const uint8_t *data;
    const octet_limits *limits;
    octet_arena *arena;
    octet_diag *diag;
    uint8_t *skeleton;
    size_t used, capacity;
    payload *payloads;
    uint32_t n_payloads, payloads_capacity;
    uint64_t nodes;
} scanner;

/* A message that is being read. */
typedef struct frame {
    const struct frame *up;
    const ProtobufCMessageDescriptor *type;
    const uint8_t *begin, *at, *end;
    const ProtobufCFieldDescriptor *field; /* the one being read; NULL: none or unknown */
    uint32_t depth;
    uint64_t seen; /* singular submessages, by field index; the highest bit for a oneof */
} frame;

/* One field as it stands on the wire. */
typedef struct record {
    uint32_t number;
    int wire;
    const uint8_t *begin; /* tag */
    const uint8_t *value; /* behind tag and length */
    size_t size;          /* of the value */
} record;

/* ---- reading */

static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *out)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out = value;
            return true;
        }
    }
    return false;
}

/* NULL, or what is wrong. Moves *at behind the field. */
static const char *read_record(const uint8_t **at, const uint8_t *end, record *out)
{
    uint64_t tag, length = 0;

    out->begin = *at;
    if (!read_varint(at, end, &tag))
        return "truncated field tag";
    out->number = (uint32_t)(tag >> 3);
    out->wire = (int)(tag & 7);
    if (tag > UINT32_MAX || out->number == 0 || *at - out->begin > 5)
        return "impossible field number";
    out->value = *at;
    switch (out->wire) {
    case WIRE_VARINT:
        if (!read_varint(at, end, &tag))
            return "truncated or overlong number";
        break;
    case WIRE_LENGTH:
        if (!read_varint(at, end, &length))
            return "truncated length";
        out->value = *at;
        break;
    case WIRE_32:
    case WIRE_64:
        length = out->wire == WIRE_32 ? 4 : 8;
        break;
    default:
        return "unknown wire type";
    }
    if (length > (uint64_t)(end - *at))
        return "length beyond the end of the enclosing message";
    *at += length;
    out->size = (size_t)(*at - out->value);
    return NULL;
}

static uint32_t count_records(const uint8_t *at, const uint8_t *end, uint32_t number)
{
    record r;
    uint32_t n = 0;

    while (at < end && read_record(&at, end, &r) == NULL)
        n += r.number == number;
    return n;
}

/* ---- messages */

/* "graph.node[3].attribute[0].t", from the outermost message inwards. */
static size_t print_path(const frame *f, char *text, size_t size, size_t used)
{
    int n;

    if (f->up != NULL)
        used = print_path(f->up, text, size, used);
    if (f->field == NULL || used >= size)
        return used;
    if (f->field->label == PROTOBUF_C_LABEL_REPEATED)
        n = snprintf(text + used, size - used, "%s%s[%u]", used > 0 ? "." : "", f->field->name,
                     (unsigned)count_records(f->begin, f->at, f->field->id));
    else
        n = snprintf(text + used, size - used, "%s%s", used > 0 ? "." : "", f->field->name);
    return n < 0 ? used : used + (size_t)n;
}

static octet_status refuse(const scanner *s, const frame *f, octet_status code, const char *what)
{
    char path[PATH_TEXT] = "";

    print_path(f, path, sizeof path, 0);
    return octet_fail(s->diag, code, "%s at byte %llu%s%s%s", what,
                      (unsigned long long)(f->at - s->data), path[0] != '\0' ? " (in " : "", path,
                      path[0] != '\0' ? ")" : "");
}

static octet_status malformed(const scanner *s, const frame *f, const char *what)
{
    return refuse(s, f, OCTET_ERR_MALFORMED, what);
}

/* ---- the skeleton */

static octet_status emit(scanner *s, const void *bytes, size_t size)
{
    if (size > s->capacity - s->used) {
        size_t need = s->used + size;
        size_t capacity = s->capacity < 2048 ? 4096 : 2 * s->capacity;
        uint8_t *grown;

        if (capacity < need)
            capacity = need;
        grown = octet_mem_realloc(&s->arena->allocator, s->skeleton, capacity, 1);
        OCTET_TRY_ALLOC(s->diag, grown);
        s->skeleton = grown;
        s->capacity = capacity;
    }
    memcpy(s->skeleton + s->used, bytes, size);
    s->used += size;
    return OCTET_OK;
}

static void put_padded(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < LENGTH_SIZE; i++, value >>= 7)
        to[i] = (uint8_t)((value & 0x7f) | (i + 1 < LENGTH_SIZE ? 0x80 : 0));
}

static octet_status emit_mark(scanner *s, uint32_t index)
{
    uint8_t bytes[MARK_SIZE];

    put_padded(bytes, MARK_FIELD << 3 | WIRE_32);
    for (int i = 0; i < 4; i++)
        bytes[LENGTH_SIZE + i] = (uint8_t)(index >> 8 * i);
    return emit(s, bytes, sizeof bytes);
}

static octet_status add_payload(scanner *s, uint32_t *index)
{
    if (s->n_payloads == s->payloads_capacity) {
        uint32_t capacity = s->payloads_capacity == 0 ? 64 : 2 * s->payloads_capacity;
        payload *grown;

        if (s->n_payloads > UINT32_MAX / 4)
            return octet_fail_nomem(s->diag);
        grown = octet_mem_realloc(&s->arena->allocator, s->payloads, capacity, sizeof *grown);
        OCTET_TRY_ALLOC(s->diag, grown);
        s->payloads = grown;
        s->payloads_capacity = capacity;
    }
    *index = s->n_payloads++;
    memset(&s->payloads[*index], 0, sizeof *s->payloads);
    return OCTET_OK;
}

/* ---- the scan */

static int wire_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return WIRE_32;
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return WIRE_64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_LENGTH;
    default:
        return WIRE_VARINT;
    }
}

static const char *check_packed(const record *r, int wire)
{
    const uint8_t *at = r->value, *end = r->value + r->size;
    uint64_t value;

    if (wire == WIRE_32 || wire == WIRE_64)
        return r->size % (wire == WIRE_32 ? 4 : 8) == 0 ? NULL : "packed numbers of broken length";
    while (at < end) {
        if (!read_varint(&at, end, &value))
            return "truncated or overlong packed number";
    }
    return NULL;
}

static const char *check_value(const ProtobufCFieldDescriptor *field, const record *r)
{
    int wire = wire_of(field->type);

    if (field->type == PROTOBUF_C_TYPE_STRING && r->wire == wire)
        return memchr(r->value, 0, r->size) == NULL ? NULL : "a string contains a zero byte";
    if (r->wire == wire)
        return NULL;
    if (r->wire == WIRE_LENGTH && field->label == PROTOBUF_C_LABEL_REPEATED)
        return check_packed(r, wire);
    return "wrong wire type";
}

static bool is_tensor(const frame *f)
{
    return f->type == &onnx__tensor_proto__descriptor;
}

/* Where the payload of a field of a TensorProto is kept, NULL: it stays in the skeleton. A typed
 * field in several pieces has no single place in the file. */
static slice *elidable(const frame *f, payload *p, const record *r)
{
    if (!is_tensor(f) || r->wire != WIRE_LENGTH || f->field == NULL)
        return NULL;
    if (f->field->type == PROTOBUF_C_TYPE_BYTES && strcmp(f->field->name, "raw_data") == 0)
        return &p->raw;
    if (f->field->type != PROTOBUF_C_TYPE_FLOAT && f->field->type != PROTOBUF_C_TYPE_DOUBLE)
        return NULL;
    if (r->size < ELIDE_FROM || count_records(f->begin, f->end, r->number) != 1)
        return NULL;
    return f->field->type == PROTOBUF_C_TYPE_FLOAT ? &p->floats : &p->doubles;
}

/* protobuf says that a submessage given twice is merged. No writer does that, and protobuf-c loses
 * unknown fields when it merges, so it is refused. */
static octet_status check_single(const scanner *s, frame *f)
{
    uint64_t bit;

    if (f->field->label == PROTOBUF_C_LABEL_REPEATED)
        return OCTET_OK;
    bit =
        f->field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF ? 63 : (uint64_t)(f->field - f->type->fields);
    bit = (uint64_t)1 << bit;
    if (f->seen & bit)
        return refuse(s, f, OCTET_ERR_UNSUPPORTED, "a message that may stand once is given twice");
    f->seen |= bit;
    return OCTET_OK;
}

static size_t tag_size(const record *r)
{
    size_t size = 1;

    while (r->begin[size - 1] >= 0x80)
        size++;
    return size;
}

static octet_status scan_message(scanner *s, frame *f);

static octet_status scan_child(scanner *s, frame *f, const record *r)
{
    frame child = {.up = f,
                   .type = f->field->descriptor,
                   .begin = r->value,
                   .at = r->value,
                   .end = r->value + r->size,
                   .depth = f->depth + 1};
    size_t length_at, start;

    OCTET_TRY(check_single(s, f));
    if (child.depth > s->limits->max_depth)
        return malformed(s, f, "messages are nested too deep");
    if (child.type == &onnx__node_proto__descriptor && ++s->nodes > s->limits->max_nodes)
        return refuse(s, f, OCTET_ERR_UNSUPPORTED, "more nodes than the limit allows");
    OCTET_TRY(emit(s, r->begin, tag_size(r)));
    length_at = s->used;
    OCTET_TRY(emit(s, (const uint8_t[LENGTH_SIZE]){0}, LENGTH_SIZE));
    start = s->used;
    OCTET_TRY(scan_message(s, &child));
    if (s->used - start > INT32_MAX)
        return refuse(s, f, OCTET_ERR_UNSUPPORTED, "a message of more than 2 GiB besides payloads");
    put_padded(s->skeleton + length_at, (uint32_t)(s->used - start));
    return OCTET_OK;
}

static octet_status scan_field(scanner *s, frame *f, const record *r, uint32_t tensor)
{
    const char *wrong;
    slice *place;

    f->field = protobuf_c_message_descriptor_get_field(f->type, r->number);
    if (f->field == NULL)
        return emit(s, r->begin, (size_t)(r->value - r->begin) + r->size);
    wrong = check_value(f->field, r);
    if (wrong != NULL)
        return malformed(s, f, wrong);
    if (f->field->type == PROTOBUF_C_TYPE_MESSAGE)
        return scan_child(s, f, r);
    place = is_tensor(f) ? elidable(f, &s->payloads[tensor], r) : NULL;
    if (place != NULL && r->size >= ELIDE_FROM) {
        *place = (slice){r->value, r->size};
        return OCTET_OK;
    }
    if (place != NULL) /* the last one counts, here a short one */
        *place = (slice){0};
    return emit(s, r->begin, (size_t)(r->value - r->begin) + r->size);
}

static octet_status scan_message(scanner *s, frame *f)
{
    uint32_t tensor = 0;

    if (is_tensor(f))
        OCTET_TRY(add_payload(s, &tensor));
    while (f->at < f->end) {
        const uint8_t *next = f->at;
        record r;
        const char *wrong = read_record(&next, f->end, &r);

        f->field = NULL;
        if (wrong != NULL)
            return malformed(s, f, wrong);
        OCTET_TRY(scan_field(s, f, &r, tensor));
        f->at = next;
    }
    return is_tensor(f) ? emit_mark(s, tensor) : OCTET_OK;
}

/* ---- unpacking */

static void *unpack_alloc(void *user, size_t size)
{
    return octet_arena_alloc(user, size, 1);
}

static void unpack_free(void *user, void *ptr)
{
    (void)user;
    (void)ptr;
}

/* Takes the mark off and lets the payload fields point at the file. The cast through void: payloads
 * are read with memcpy only, here and in protobuf-c, so alignment does not matter. */
static octet_status place_payload(void *user, Onnx__TensorProto *t)
{
    scanner *s = user;
    const ProtobufCMessageUnknownField *mark = &t->base.unknown_fields[--t->base.n_unknown_fields];
    uint32_t index = 0;
    const payload *p;

    for (int i = 0; i < 4; i++)
        index |= (uint32_t)mark->data[i] << 8 * i;
    p = &s->payloads[index];
    if (p->raw.data != NULL) {
        t->has_raw_data = 1;
        t->raw_data = (ProtobufCBinaryData){p->raw.size, (uint8_t *)(uintptr_t)p->raw.data};
    }
    if (p->floats.data != NULL) {
        t->n_float_data = p->floats.size / sizeof(float);
        t->float_data = (void *)(uintptr_t)p->floats.data;
    }
    if (p->doubles.data != NULL) {
        t->n_double_data = p->doubles.size / sizeof(double);
        t->double_data = (void *)(uintptr_t)p->doubles.data;
    }
    return OCTET_OK;
}

static octet_status unpack(scanner *s, const ProtobufCMessageDescriptor *type,
                           ProtobufCMessage **out)
{
    ProtobufCAllocator allocator = {unpack_alloc, unpack_free, s->arena};
    static const uint8_t nothing[1];

    *out = protobuf_c_message_unpack(type, &allocator, s->used,
                                     s->skeleton != NULL ? s->skeleton : nothing);
    /* The scan has checked what protobuf-c checks, so what is left is memory. */
    OCTET_TRY_ALLOC(s->diag, *out);
    return octet_wire_each_tensor(*out, place_payload, s);
}

octet_status octet_wire_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *data,
                               size_t size, const octet_limits *limits, octet_arena *arena,
                               ProtobufCMessage **out, octet_diag *diag)
{
    scanner s = {.data = data, .limits = limits, .arena = arena, .diag = diag};
    frame top = {.type = type, .begin = data, .at = data, .end = data + size, .depth = 1};
    octet_status status = scan_message(&s, &top);

    *out = NULL;
    if (status == OCTET_OK)
        status = unpack(&s, type, out);
    octet_mem_free(&arena->allocator, s.skeleton);
    octet_mem_free(&arena->allocator, s.payloads);
    return status;
}
