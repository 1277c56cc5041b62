/* npy_view.h: a .npy image in memory, read piece by piece
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_DATA_NPY_VIEW_H
#define OCTET_DATA_NPY_VIEW_H

#include "tensor/tensor.h"

typedef struct octet_npy_view {
    octet_tensor type;      /* dtype and shape of the whole array; data stays NULL */
    const uint8_t *payload; /* borrowed */
    size_t header_bytes;
    bool fortran, swapped;
} octet_npy_view;

/* Bytes from the start of the file to the payload, read from the first OCTET_NPY_PREAMBLE bytes. */
#define OCTET_NPY_PREAMBLE 12
octet_status octet_npy_header_bytes(const uint8_t *bytes, size_t size, size_t *out,
                                    octet_diag *diag);

/* Reads the header alone; payload stays NULL. */
octet_status octet_npy_read_header(const uint8_t *bytes, size_t size, octet_npy_view *out,
                                   octet_diag *diag);
/* Reads the header and checks that the payload is there. */
octet_status octet_npy_view_open(const uint8_t *bytes, size_t size, octet_npy_view *out,
                                 octet_diag *diag);

/* A tensor of one index along `axis`, or of the whole array where axis is -1. With keep_axis the
 * axis stays with length 1. It points into the payload where that is contiguous, aligned and
 * little-endian; else it is an owned copy in row-major order. */
octet_status octet_npy_take(const octet_npy_view *view, int32_t axis, int64_t index, bool keep_axis,
                            const octet_allocator *allocator, octet_tensor *out, bool *owned,
                            octet_diag *diag);

/* Appends the header of a .npy file (format 1.0, row-major) that holds the tensor. */
octet_status octet_npy_format_header(const octet_tensor *tensor, octet_text *out, octet_diag *diag);

#endif
