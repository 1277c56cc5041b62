/* guarded.h: chance, guarded buffers and comparisons for the checks of kernels
 * SPDX-License-Identifier: Apache-2.0
 *
 * Inputs end at a page that cannot be read, outputs lie between canaries and end at such a page
 * too. The includer defines _DEFAULT_SOURCE.
 */
#ifndef OCTET_TESTS_GUARDED_H
#define OCTET_TESTS_GUARDED_H

#include "kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t seed = 20240613, state;
static const char *current; /* kernel and level being checked */
static int failures;

static inline uint32_t random_u32(void)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 32);
}

static inline size_t random_below(size_t n)
{
    return n ? random_u32() % n : 0;
}

/* ---- guarded buffers */

#define BUFFERS 32
static struct {
    uint8_t *map;
    size_t mapped;
} buffers[BUFFERS];
static int n_buffers;

/* `bytes` whose end is the end of what may be touched; a multiple of 4 keeps floats aligned. */
static inline void *guarded(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (bytes + 64 + page - 1) / page * page;
    uint8_t *map =
        mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (map == MAP_FAILED || n_buffers == BUFFERS || mprotect(map + size, page, PROT_NONE) != 0) {
        fprintf(stderr, "cannot make a guarded buffer\n");
        exit(1);
    }
    buffers[n_buffers].map = map;
    buffers[n_buffers++].mapped = size + page;
    memset(map, 0xcd, size);
    return map + size - bytes;
}

static inline void release_all(void)
{
    while (n_buffers > 0) {
        n_buffers--;
        munmap(buffers[n_buffers].map, buffers[n_buffers].mapped);
    }
}

static inline int canary_whole(const void *p)
{
    const uint8_t *before = (const uint8_t *)p - 64;

    for (int i = 0; i < 64; i++)
        if (before[i] != 0xcd)
            return 0;
    return 1;
}

/* ---- values */

enum { UNIFORM, TINY, WIDE, EXTREME, KINDS };

static inline float random_float(int kind)
{
    static const float special[] = {0.0f,      -0.0f,     1.0f,       -1.0f,   INFINITY, -INFINITY,
                                    NAN,       0x1p-149f, -0x1p-149f, 88.7f,   -88.7f,   -103.9f,
                                    0x1p-126f, 3.4e38f,   -3.4e38f,   0x1p15f, 1e10f,    0.5f};
    float u = (float)(random_u32() >> 8) * 0x1p-23f - 1.0f;
    uint32_t bits = random_u32();
    float any;

    if (kind == UNIFORM)
        return u;
    if (kind == TINY)
        return u * 0x1p-120f;
    if (kind == EXTREME && random_below(3) == 0)
        return special[random_below(sizeof(special) / sizeof(special[0]))];
    if (kind == EXTREME) {
        memcpy(&any, &bits, sizeof(any));
        return any;
    }
    return u * 100.0f;
}

static inline float *random_floats(size_t n, int kind)
{
    float *x = guarded(n * sizeof(*x));

    for (size_t i = 0; i < n; i++)
        x[i] = random_float(kind);
    return x;
}

static inline void report(const char *what, size_t n, size_t detail)
{
    if (failures++ < 20)
        fprintf(stderr, "%s: %s (n %zu, detail %zu, seed %llu)\n", current, what, n, detail,
                (unsigned long long)seed);
}

static inline void same_floats(const float *want, const float *got, size_t n, size_t detail)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(&want[i], &got[i], sizeof(float)) != 0 && !(isnan(want[i]) && isnan(got[i]))) {
            fprintf(stderr, "element %zu: %a instead of %a\n", i, (double)got[i], (double)want[i]);
            report("differs", n, detail);
            return;
        }
    if (!canary_whole(got))
        report("writes before the output", n, detail);
}

static inline void same_bytes(const void *want, const void *got, size_t n, size_t detail)
{
    if (memcmp(want, got, n) != 0)
        report("differs", n, detail);
    if (!canary_whole(got))
        report("writes before the output", n, detail);
}

/* Sizes around the widths of vectors and tiles, then some by chance. */
static inline size_t size_at(int round)
{
    static const size_t edges[] = {0,  1,  2,  3,  7,  8,  9,  15, 16, 17,  23,  24,  25,
                                   31, 32, 33, 47, 48, 63, 64, 65, 95, 127, 128, 129, 255};
    int n = (int)(sizeof(edges) / sizeof(edges[0]));

    return round < n ? edges[round] : random_below(600);
}
#define ROUNDS 60

static const char *const level_names[] = {"ref", "avx2", "avx512", "neon"};

#endif
