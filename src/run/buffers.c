/* buffers.c: reuse of tensor buffers within one worker
 * SPDX-License-Identifier: Apache-2.0
 */
#include "run/buffers.h"

#include <string.h>

/* The header precedes the payload and keeps its 64-byte alignment. */
typedef struct octet_buffers_block {
    struct octet_buffers_block *older, *newer;
    size_t capacity;
} octet_buffers_block;

#define HEADER ((size_t)64)

/* A block may serve requests down to a quarter of its size: less would strand memory, more would
 * make slowly growing shapes allocate anew each time. */
#define LARGEST_SHARE 4

/* Idle memory is bounded by what is alive at the peak: samples of ever different shapes do not pile
 * up blocks that fit nobody. */
static bool too_idle(const octet_buffers *pool)
{
    return pool->idle > pool->peak;
}

void octet_buffers_init(octet_buffers *pool, const octet_allocator *allocator)
{
    memset(pool, 0, sizeof *pool);
    pool->allocator = allocator;
}

static void unlink_block(octet_buffers *pool, octet_buffers_block *block)
{
    *(block->newer != NULL ? &block->newer->older : &pool->newest) = block->older;
    *(block->older != NULL ? &block->older->newer : &pool->oldest) = block->newer;
    pool->idle -= block->capacity;
}

static void free_block(octet_buffers *pool, octet_buffers_block *block)
{
    octet_mem_free_aligned(pool->allocator, block);
}

void octet_buffers_deinit(octet_buffers *pool)
{
    while (pool->newest != NULL) {
        octet_buffers_block *block = pool->newest;
        unlink_block(pool, block);
        free_block(pool, block);
    }
}

static octet_buffers_block *find_block(octet_buffers *pool, size_t bytes)
{
    octet_buffers_block *best = NULL;

    for (octet_buffers_block *at = pool->newest; at != NULL; at = at->older) {
        if (at->capacity < bytes || at->capacity / LARGEST_SHARE > bytes ||
            (best != NULL && at->capacity >= best->capacity))
            continue;
        best = at;
        if (at->capacity == bytes)
            break;
    }
    if (best != NULL)
        unlink_block(pool, best);
    return best;
}

void *octet_buffers_take(octet_buffers *pool, size_t bytes)
{
    size_t rounded;
    if (!octet_add_size(bytes, HEADER + 64, &rounded))
        return NULL;
    size_t capacity = (bytes + 63) & ~(size_t)63;
    octet_buffers_block *block = find_block(pool, capacity);
    if (block == NULL) {
        block = octet_mem_alloc_aligned(pool->allocator, HEADER + capacity);
        if (block == NULL)
            return NULL;
        block->capacity = capacity;
    }
    pool->live += block->capacity;
    if (pool->live > pool->peak)
        pool->peak = pool->live;
    return (char *)block + HEADER;
}

static void drop_oldest(octet_buffers *pool)
{
    octet_buffers_block *block = pool->oldest;
    unlink_block(pool, block);
    free_block(pool, block);
}

void octet_buffers_give(octet_buffers *pool, void *data)
{
    if (data == NULL)
        return;
    octet_buffers_block *block = (octet_buffers_block *)((char *)data - HEADER);
    pool->live -= block->capacity;
    pool->idle += block->capacity;
    block->newer = NULL;
    block->older = pool->newest;
    *(pool->newest != NULL ? &pool->newest->newer : &pool->oldest) = block;
    pool->newest = block;
    while (too_idle(pool) && pool->oldest != block)
        drop_oldest(pool);
}
