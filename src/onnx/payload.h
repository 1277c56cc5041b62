/* payload.h: TensorProto to tensor, and where external data comes from
 * SPDX-License-Identifier: Apache-2.0
 *
 * Internal to src/onnx.
 */
#ifndef OCTET_ONNX_PAYLOAD_H
#define OCTET_ONNX_PAYLOAD_H

#include "base/map.h"
#include "onnx/wire.h"
#include "tensor/tensor.h"

/* Numbers of TensorProto.DataType. */
bool octet_payload_known_type(int32_t data_type);

/* Fills *out; its data is raw_data itself or a conversion in the arena. NULL data: strings and
 * element types that have no payload in the IR (octet_payload_absent). External data must be
 * resolved. */
octet_status octet_payload_read(const Onnx__TensorProto *t, octet_arena *arena, octet_tensor *out,
                                octet_diag *diag);
bool octet_payload_absent(octet_dtype dtype);

/* Files that external data was found in; each is mapped once. */
typedef struct octet_external {
    octet_allocator allocator;
    const char *folder; /* NULL: external data is refused */
    octet_map index;    /* location -> file */
    octet_file *files;
    uint32_t n_files, capacity;
    uint64_t bytes; /* of all files */
    octet_diag *diag;
} octet_external;

void octet_external_init(octet_external *external, const octet_allocator *allocator);
void octet_external_deinit(octet_external *external);
/* An octet_wire_visit: turns a reference to a file into raw_data that points into the file. */
octet_status octet_external_resolve(void *external, Onnx__TensorProto *t);

#endif
