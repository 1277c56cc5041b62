/* wire.h: protobuf messages read without copying tensor payloads, and streamed out again
 * SPDX-License-Identifier: Apache-2.0
 *
 * Internal to src/onnx. The walkers here know the messages by the descriptors that protoc-c made.
 */
#ifndef OCTET_ONNX_WIRE_H
#define OCTET_ONNX_WIRE_H

#include "base/arena.h"
#include "base/file.h"
#include "onnx.pb-c.h"

/* Reads `size` bytes as a message of `type`. Everything is allocated from the arena, but a payload
 * (raw_data, float_data, double_data of a TensorProto) of 64 bytes or more points into `data`,
 * which must live as long; it may be unaligned. Depth and node count are held against the limits;
 * MALFORMED messages give the byte offset and the path of the field. */
octet_status octet_wire_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *data,
                               size_t size, const octet_limits *limits, octet_arena *arena,
                               ProtobufCMessage **out, octet_diag *diag);

/* Calls visit for every TensorProto below `root`; it may change the tensor. */
typedef octet_status (*octet_wire_visit)(void *user, Onnx__TensorProto *tensor);
octet_status octet_wire_each_tensor(ProtobufCMessage *root, octet_wire_visit visit, void *user);

/* replace(user, tensor, &substitute) may leave the substitute NULL: keep. Parts of sparse tensors
 * are not offered. *out is `root` itself if nothing was substituted; else only the messages above a
 * substitute are copied (to the arena). */
typedef octet_status (*octet_wire_replace)(void *user, const Onnx__TensorProto *tensor,
                                           Onnx__TensorProto **substitute);
octet_status octet_wire_replace_tensors(ProtobufCMessage *root, octet_wire_replace replace,
                                        void *user, octet_arena *arena, ProtobufCMessage **out,
                                        octet_diag *diag);

/* Streams the message; nothing of the size of a payload is buffered. */
octet_status octet_wire_write(const ProtobufCMessage *message, octet_output *out, octet_diag *diag);

#endif
