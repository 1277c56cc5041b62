/* scratch.c: a worker's work space, a stack
 * SPDX-License-Identifier: Apache-2.0
 */
#include "run/scratch.h"

#include <string.h>

/* Chunks are stacked too: `before` is what was handed out when this one began. */
typedef struct octet_scratch_chunk {
    struct octet_scratch_chunk *older;
    size_t size, before;
} octet_scratch_chunk;

#define HEADER ((size_t)64)
#define SMALLEST_CHUNK ((size_t)1 << 16)

void octet_scratch_init(octet_scratch *s, const octet_allocator *allocator)
{
    memset(s, 0, sizeof *s);
    s->allocator = allocator;
}

static void drop_newest(octet_scratch *s)
{
    octet_scratch_chunk *chunk = s->newest;

    s->newest = chunk->older;
    octet_mem_free_aligned(s->allocator, chunk);
}

void octet_scratch_deinit(octet_scratch *s)
{
    while (s->newest != NULL)
        drop_newest(s);
}

/* The first chunk is as large as all together once were, so that one is enough in the long run. */
static bool add_chunk(octet_scratch *s, size_t bytes)
{
    size_t size = bytes > SMALLEST_CHUNK ? bytes : SMALLEST_CHUNK, total;
    octet_scratch_chunk *chunk;

    if (s->newest == NULL && s->peak > size)
        size = s->peak;
    if (!octet_add_size(size, HEADER, &total))
        return false;
    chunk = octet_mem_alloc_aligned(s->allocator, total);
    if (chunk == NULL)
        return false;
    *chunk = (octet_scratch_chunk){.older = s->newest, .size = size, .before = s->used};
    s->newest = chunk;
    return true;
}

void *octet_scratch_take(octet_scratch *s, size_t bytes)
{
    size_t rounded, at;

    if (!octet_add_size(bytes, 63, &rounded))
        return NULL;
    rounded &= ~(size_t)63;
    if (s->newest == NULL || s->newest->size - (s->used - s->newest->before) < rounded)
        if (!add_chunk(s, rounded))
            return NULL;
    at = s->used - s->newest->before;
    s->used += rounded;
    if (s->used > s->peak)
        s->peak = s->used;
    return (char *)s->newest + HEADER + at;
}

void octet_scratch_return_to(octet_scratch *s, size_t used)
{
    s->used = used;
    while (s->newest != NULL && s->newest->before >= used &&
           (s->newest->older != NULL || s->newest->size < s->peak))
        drop_newest(s);
}
