/* hash.c: SHA-256 (FIPS 180-4)
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/hash.h"

#include "kernels.h"

#include <string.h>

void octet_sha256_init(octet_sha256 *hash)
{
    /* Fractional parts of the square roots of the first 8 primes. */
    *hash = (octet_sha256){
        .state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
                  0x1f83d9ab, 0x5be0cd19},
    };
}

/* Fills the block that is begun; returns how many bytes it took. */
static size_t fill_block(octet_sha256 *hash, const uint8_t *data, size_t size)
{
    size_t held = hash->length % 64, n = 64 - held < size ? 64 - held : size;

    if (n > 0)
        memcpy(hash->block + held, data, n);
    hash->length += n;
    return n;
}

void octet_sha256_add(octet_sha256 *hash, const void *data, size_t size)
{
    const octet_kernels *kernels = octet_kernels_get(octet_isa_host());
    const uint8_t *p = data;

    if (hash->length % 64 != 0) {
        size_t n = fill_block(hash, p, size);
        p += n;
        size -= n;
        if (hash->length % 64 != 0)
            return;
        kernels->sha256_blocks(hash->state, 1, hash->block);
    }
    if (size >= 64)
        kernels->sha256_blocks(hash->state, size / 64, p);
    hash->length += size & ~(size_t)63;
    fill_block(hash, p + (size & ~(size_t)63), size & 63);
}

void octet_sha256_finish(octet_sha256 *hash, uint8_t out[32])
{
    static const uint8_t padding[64] = {0x80};
    uint64_t bits = hash->length * 8;
    uint8_t tail[8];

    for (int i = 0; i < 8; i++)
        tail[i] = (uint8_t)(bits >> (56 - 8 * i));
    octet_sha256_add(hash, padding, 1 + (119 - hash->length % 64) % 64);
    octet_sha256_add(hash, tail, sizeof tail);
    for (int i = 0; i < 32; i++)
        out[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

void octet_sha256_hex(const uint8_t digest[32], char out[65])
{
    static const char digits[] = "0123456789abcdef";

    for (int i = 0; i < 32; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[64] = '\0';
}
