/* npy.h: NumPy's .npy and .npz files
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_DATA_NPY_H
#define OCTET_DATA_NPY_H

#include "base/file.h"
#include "tensor/tensor.h"

/* Parses a .npy image in memory (format 1.0–3.0, C or Fortran order, little or big endian).
 * out->data points into `bytes` where the payload can be used as it is, else it is an owned copy
 * (*owned). */
octet_status octet_npy_parse(const uint8_t *bytes, size_t size, const octet_allocator *allocator,
                             octet_tensor *out, bool *owned, size_t *consumed, octet_diag *diag);
octet_status octet_npy_write(const char *path, const octet_tensor *tensor, octet_diag *diag);

typedef struct octet_npz_entry {
    const char *name;
    const octet_tensor *tensor;
} octet_npz_entry;
octet_status octet_npz_write(const char *path, const octet_npz_entry *entries, uint32_t n,
                             octet_diag *diag);

#endif
