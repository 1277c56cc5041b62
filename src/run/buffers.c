/* buffers.c: reuse of tensor buffers within one worker
 * SPDX-License-Identifier: Apache-2.0
 */
#include "run/buffers.h"

#include <string.h>

/* The header precedes the payload and keeps its 64-byte alignment. */
typedef struct octet_buffers_block {
    struct octet_buffers_block *next;
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

static void free_block(octet_buffers *pool, octet_buffers_block *block)
{
    octet_mem_free_aligned(pool->allocator, block);
}

void octet_buffers_deinit(octet_buffers *pool)
{
    while (pool->free_blocks != NULL) {
        octet_buffers_block *next = pool->free_blocks->next;
        free_block(pool, pool->free_blocks);
        pool->free_blocks = next;
    }
    pool->idle = 0;
}

static octet_buffers_block *find_block(octet_buffers *pool, size_t bytes)
{
    octet_buffers_block **best = NULL;

    for (octet_buffers_block **at = &pool->free_blocks; *at != NULL; at = &(*at)->next) {
        size_t capacity = (*at)->capacity;
        if (capacity >= bytes && capacity / LARGEST_SHARE <= bytes &&
            (best == NULL || capacity < (*best)->capacity))
            best = at;
    }
    if (best == NULL)
        return NULL;
    octet_buffers_block *block = *best;
    *best = block->next;
    pool->idle -= block->capacity;
    return block;
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
    block->next = NULL;
    pool->live += block->capacity;
    if (pool->live > pool->peak)
        pool->peak = pool->live;
    return (char *)block + HEADER;
}

static void drop_oldest(octet_buffers *pool)
{
    octet_buffers_block **at = &pool->free_blocks;
    while ((*at)->next != NULL)
        at = &(*at)->next;
    octet_buffers_block *last = *at;
    *at = NULL;
    pool->idle -= last->capacity;
    free_block(pool, last);
}

void octet_buffers_give(octet_buffers *pool, void *data)
{
    if (data == NULL)
        return;
    octet_buffers_block *block = (octet_buffers_block *)((char *)data - HEADER);
    pool->live -= block->capacity;
    pool->idle += block->capacity;
    block->next = pool->free_blocks;
    pool->free_blocks = block;
    while (too_idle(pool) && pool->free_blocks->next != NULL)
        drop_oldest(pool);
}
