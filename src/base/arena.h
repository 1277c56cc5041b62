/* arena.h: bump allocation, released all at once
 * SPDX-License-Identifier: Apache-2.0
 *
 * Objects are never freed singly. A build with AddressSanitizer makes one malloc per object, so
 * that overruns inside the arena are found.
 */
#ifndef OCTET_BASE_ARENA_H
#define OCTET_BASE_ARENA_H

#include "base/alloc.h"
#include "base/diag.h"

typedef struct octet_arena {
    octet_allocator allocator;
    struct octet_arena_block *blocks;
    size_t used; /* bytes handed out */
} octet_arena;

/* allocator NULL: malloc. Allocates nothing until the first request. */
void octet_arena_init(octet_arena *arena, const octet_allocator *allocator);
void octet_arena_deinit(octet_arena *arena);

/* count × size bytes, cleared, aligned for any object (16 bytes). NULL on overflow or no memory. */
void *octet_arena_alloc(octet_arena *arena, size_t count, size_t size);
void *octet_arena_alloc_aligned(octet_arena *arena,
                                size_t bytes);                  /* 64-byte aligned, not cleared */
char *octet_arena_strdup(octet_arena *arena, const char *text); /* text NULL gives NULL */
char *octet_arena_strndup(octet_arena *arena, const char *text, size_t length);
void *octet_arena_memdup(octet_arena *arena, const void *data, size_t bytes);
char *octet_arena_printf(octet_arena *arena, const char *fmt, ...) OCTET_PRINTF(2, 3);

/* Grows an arena array to hold at least `need` elements: doubles the capacity and copies. */
bool octet_arena_grow(octet_arena *arena, void **array, uint32_t *capacity, uint32_t need,
                      size_t size);

#define OCTET_ARENA_NEW(arena, type) ((type *)octet_arena_alloc((arena), 1, sizeof(type)))
#define OCTET_ARENA_ARRAY(arena, type, n) ((type *)octet_arena_alloc((arena), (n), sizeof(type)))

#endif
