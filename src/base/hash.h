/* hash.h: SHA-256, for provenance of models and calibration data
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_BASE_HASH_H
#define OCTET_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct octet_sha256 {
    uint32_t state[8];
    uint64_t length;
    uint8_t block[64];
} octet_sha256;

void octet_sha256_init(octet_sha256 *hash);
void octet_sha256_add(octet_sha256 *hash, const void *data, size_t size);
void octet_sha256_finish(octet_sha256 *hash, uint8_t out[32]);
void octet_sha256_hex(const uint8_t digest[32], char out[65]);

#endif
