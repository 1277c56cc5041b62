/* arena.c: bump allocation, released all at once
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#    define ONE_BLOCK_EACH 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer)
#        define ONE_BLOCK_EACH 1
#    endif
#endif
#if !defined(ONE_BLOCK_EACH)
#    define ONE_BLOCK_EACH 0
#endif

#define FIRST_BLOCK ((size_t)4096)
#define LARGEST_BLOCK ((size_t)1 << 20)
#define ALIGN_OBJECT 16
#define ALIGN_PAYLOAD 64

/* Newest first; only the newest is bumped. A block is sized for its request or for twice the bytes
 * of the one before, so that a model of any size makes few of them. */
struct octet_arena_block {
    _Alignas(ALIGN_OBJECT) struct octet_arena_block *next;
    size_t size, used; /* bytes behind the header */
};

void octet_arena_init(octet_arena *arena, const octet_allocator *allocator)
{
    *arena = (octet_arena){0};
    if (allocator != NULL)
        arena->allocator = *allocator;
}

void octet_arena_deinit(octet_arena *arena)
{
    struct octet_arena_block *block = arena->blocks, *next;

    for (; block != NULL; block = next) {
        next = block->next;
        octet_mem_free(&arena->allocator, block);
    }
    arena->blocks = NULL;
    arena->used = 0;
}

static size_t padding(const unsigned char *at, size_t alignment)
{
    return (alignment - (uintptr_t)at % alignment) % alignment;
}

static size_t block_size(const octet_arena *arena, size_t need)
{
    size_t size = FIRST_BLOCK;

    if (ONE_BLOCK_EACH)
        return need;
    if (arena->blocks != NULL) {
        size = arena->blocks->size < LARGEST_BLOCK / 2 ? arena->blocks->size * 2 : LARGEST_BLOCK;
        if (size < FIRST_BLOCK)
            size = FIRST_BLOCK;
    }
    return size < need ? need : size;
}

static struct octet_arena_block *add_block(octet_arena *arena, size_t need)
{
    size_t size = block_size(arena, need), total;
    struct octet_arena_block *block;

    if (!octet_add_size(size, sizeof *block, &total))
        return NULL;
    block = octet_mem_alloc(&arena->allocator, 1, total);
    if (block == NULL)
        return NULL;
    block->size = size;
    block->used = 0;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

static void *bump(octet_arena *arena, size_t bytes, size_t alignment)
{
    struct octet_arena_block *block = arena->blocks;
    unsigned char *at = NULL;
    size_t pad = 0, need;

    if (block != NULL && !ONE_BLOCK_EACH) {
        at = (unsigned char *)(block + 1) + block->used;
        pad = padding(at, alignment);
    }
    if (at == NULL || block->size - block->used < pad || block->size - block->used - pad < bytes) {
        /* AddressSanitizer's malloc aligns objects: without slack it sees an overrun by one byte.
         */
        size_t slack = ONE_BLOCK_EACH && alignment <= ALIGN_OBJECT ? 0 : alignment;

        if (!octet_add_size(bytes, slack, &need) || (block = add_block(arena, need)) == NULL)
            return NULL;
        at = (unsigned char *)(block + 1);
        pad = padding(at, alignment);
    }
    block->used += pad + bytes;
    arena->used += bytes;
    return at + pad;
}

void *octet_arena_alloc(octet_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    void *ptr;

    if (!octet_mul_size(count, size, &bytes))
        return NULL;
    ptr = bump(arena, bytes, ALIGN_OBJECT);
    if (ptr != NULL)
        memset(ptr, 0, bytes);
    return ptr;
}

void *octet_arena_alloc_aligned(octet_arena *arena, size_t bytes)
{
    return bump(arena, bytes, ALIGN_PAYLOAD);
}

char *octet_arena_strdup(octet_arena *arena, const char *text)
{
    return text == NULL ? NULL : octet_arena_strndup(arena, text, strlen(text));
}

char *octet_arena_strndup(octet_arena *arena, const char *text, size_t length)
{
    char *copy;

    if (length == SIZE_MAX)
        return NULL;
    copy = bump(arena, length + 1, 1);
    if (copy == NULL)
        return NULL;
    if (length > 0)
        memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

void *octet_arena_memdup(octet_arena *arena, const void *data, size_t bytes)
{
    void *copy = bump(arena, bytes, ALIGN_OBJECT);

    if (copy != NULL && bytes > 0)
        memcpy(copy, data, bytes);
    return copy;
}

char *octet_arena_printf(octet_arena *arena, const char *fmt, ...)
{
    va_list args, again;
    int length;
    char *text = NULL;

    va_start(args, fmt);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, fmt, args);
    if (length >= 0)
        text = bump(arena, (size_t)length + 1, 1);
    if (text != NULL)
        vsnprintf(text, (size_t)length + 1, fmt, again);
    va_end(again);
    va_end(args);
    return text;
}

bool octet_arena_grow(octet_arena *arena, void **array, uint32_t *capacity, uint32_t need,
                      size_t size)
{
    uint64_t wanted = *capacity < 4 ? 4 : *capacity;
    void *larger;

    if (need <= *capacity)
        return true;
    while (wanted < need)
        wanted *= 2;
    if (wanted > UINT32_MAX)
        wanted = UINT32_MAX;
    larger = octet_arena_alloc(arena, (size_t)wanted, size);
    if (larger == NULL)
        return false;
    if (*capacity > 0)
        memcpy(larger, *array, *capacity * size);
    *array = larger;
    *capacity = (uint32_t)wanted;
    return true;
}
