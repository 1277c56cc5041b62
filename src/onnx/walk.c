/* walk.c: visiting, replacing and writing the tensors of a message tree by its descriptors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Pointers in generated structs have the type of their message; memcpy reads them all the same way.
 */
#include "onnx/wire.h"

#include <string.h>

/* The submessages of one field: `list` holds `count` pointers. */
typedef struct children {
    const unsigned char *list;
    size_t count;
} children;

static const unsigned char *member(const ProtobufCMessage *m, unsigned offset)
{
    return (const unsigned char *)m + offset;
}

static children get_children(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
    children c = {member(m, f->offset), 1};
    uint32_t which;

    if (f->type != PROTOBUF_C_TYPE_MESSAGE)
        return (children){NULL, 0};
    if (f->label == PROTOBUF_C_LABEL_REPEATED) {
        memcpy(&c.list, member(m, f->offset), sizeof c.list);
        memcpy(&c.count, member(m, f->quantifier_offset), sizeof c.count);
    } else if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        memcpy(&which, member(m, f->quantifier_offset), sizeof which);
        c.count = which == f->id;
    }
    return c;
}

static ProtobufCMessage *get_child(const children *c, size_t index)
{
    ProtobufCMessage *child;

    memcpy(&child, c->list + index * sizeof child, sizeof child);
    return child;
}

octet_status octet_wire_each_tensor(ProtobufCMessage *root, octet_wire_visit visit, void *user)
{
    if (root->descriptor == &onnx__tensor_proto__descriptor)
        return visit(user, (Onnx__TensorProto *)root);
    for (unsigned i = 0; i < root->descriptor->n_fields; i++) {
        children c = get_children(root, &root->descriptor->fields[i]);

        for (size_t k = 0; k < c.count; k++) {
            ProtobufCMessage *child = get_child(&c, k);

            if (child != NULL)
                OCTET_TRY(octet_wire_each_tensor(child, visit, user));
        }
    }
    return OCTET_OK;
}

/* ---- replacing */

typedef struct replacer {
    octet_wire_replace replace;
    void *user;
    octet_arena *arena;
    octet_diag *diag;
} replacer;

static octet_status rebuild(const replacer *r, ProtobufCMessage *in, ProtobufCMessage **out);

/* *copy is made when the first child differs; *list likewise, for a repeated field. */
static octet_status rebuild_field(const replacer *r, const ProtobufCMessage *in,
                                  const ProtobufCFieldDescriptor *f, ProtobufCMessage **copy)
{
    children c = get_children(in, f);
    unsigned char *list = NULL;

    for (size_t i = 0; i < c.count; i++) {
        ProtobufCMessage *old = get_child(&c, i), *new = old;

        if (old != NULL)
            OCTET_TRY(rebuild(r, old, &new));
        if (new == old)
            continue;
        if (*copy == NULL)
            *copy = octet_arena_memdup(r->arena, in, in->descriptor->sizeof_message);
        OCTET_TRY_ALLOC(r->diag, *copy);
        if (list == NULL && f->label == PROTOBUF_C_LABEL_REPEATED) {
            list = octet_arena_memdup(r->arena, c.list, c.count * sizeof old);
            OCTET_TRY_ALLOC(r->diag, list);
            memcpy((unsigned char *)*copy + f->offset, &list, sizeof list);
        } else if (list == NULL) {
            list = (unsigned char *)*copy + f->offset;
        }
        memcpy(list + i * sizeof new, &new, sizeof new);
    }
    return OCTET_OK;
}

static octet_status rebuild(const replacer *r, ProtobufCMessage *in, ProtobufCMessage **out)
{
    ProtobufCMessage *copy = NULL;

    if (in->descriptor == &onnx__tensor_proto__descriptor) {
        Onnx__TensorProto *substitute = NULL;

        OCTET_TRY(r->replace(r->user, (const Onnx__TensorProto *)in, &substitute));
        *out = substitute != NULL ? &substitute->base : in;
        return OCTET_OK;
    }
    if (in->descriptor == &onnx__sparse_tensor_proto__descriptor) {
        *out = in;
        return OCTET_OK;
    }
    for (unsigned i = 0; i < in->descriptor->n_fields; i++)
        OCTET_TRY(rebuild_field(r, in, &in->descriptor->fields[i], &copy));
    *out = copy != NULL ? copy : in;
    return OCTET_OK;
}

octet_status octet_wire_replace_tensors(ProtobufCMessage *root, octet_wire_replace replace,
                                        void *user, octet_arena *arena, ProtobufCMessage **out,
                                        octet_diag *diag)
{
    replacer r = {replace, user, arena, diag};

    return rebuild(&r, root, out);
}

/* ---- writing */

typedef struct stream {
    ProtobufCBuffer base;
    octet_output *out;
    octet_diag *diag;
    octet_status status; /* first failure; protobuf-c cannot be told to stop */
} stream;

static void append(ProtobufCBuffer *buffer, size_t size, const uint8_t *data)
{
    stream *s = (stream *)buffer;

    if (s->status == OCTET_OK)
        s->status = octet_output_write(s->out, data, size, s->diag);
}

octet_status octet_wire_write(const ProtobufCMessage *message, octet_output *out, octet_diag *diag)
{
    stream s = {{append}, out, diag, OCTET_OK};

    protobuf_c_message_pack_to_buffer(message, &s.base);
    return s.status;
}
