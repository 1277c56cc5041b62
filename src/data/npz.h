/* npz.h: the arrays of a .npz archive
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_DATA_NPZ_H
#define OCTET_DATA_NPZ_H

#include "data/npy.h"

/* One archive, unpacked into memory. Keys are member names without ".npy". */
typedef struct octet_npz {
    octet_allocator allocator;
    uint32_t n;
    struct octet_npz_array {
        char *key;
        octet_tensor tensor; /* owned */
    } * arrays;
} octet_npz;

/* max_bytes bounds each unpacked array; 0: no bound. */
octet_status octet_npz_open(const char *path, const octet_allocator *allocator, uint64_t max_bytes,
                            octet_npz *out, octet_diag *diag);
void octet_npz_close(octet_npz *npz);
/* NULL when there is no such key. */
struct octet_npz_array *octet_npz_find(const octet_npz *npz, const char *key);

#endif
