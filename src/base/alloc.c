/* alloc.c: checked heap allocation through a replaceable allocator
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64

bool octet_mul_size(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b)
        return false;
    *out = a * b;
    return true;
}

bool octet_add_size(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b)
        return false;
    *out = a + b;
    return true;
}

static uint64_t magnitude(int64_t x)
{
    return x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
}

bool octet_mul_i64(int64_t a, int64_t b, int64_t *out)
{
    bool negative = (a < 0) != (b < 0);
    uint64_t ma = magnitude(a), mb = magnitude(b);
    uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);

    if (mb != 0 && ma > limit / mb)
        return false;
    ma *= mb;
    if (negative && ma != 0)
        *out = -(int64_t)(ma - 1) - 1; /* INT64_MIN has no positive counterpart */
    else
        *out = (int64_t)ma;
    return true;
}

/* Every request passes here. Sizes above PTRDIFF_MAX are refused, as malloc does. */
static void *resize(const octet_allocator *allocator, void *ptr, size_t bytes)
{
    if (bytes > PTRDIFF_MAX)
        return NULL;
    if (bytes == 0)
        bytes = 1;
    if (allocator != NULL && allocator->resize != NULL)
        return allocator->resize(allocator->user, ptr, bytes);
    return realloc(ptr, bytes);
}

void *octet_mem_alloc(const octet_allocator *allocator, size_t count, size_t size)
{
    return octet_mem_realloc(allocator, NULL, count, size);
}

void *octet_mem_zalloc(const octet_allocator *allocator, size_t count, size_t size)
{
    size_t bytes;
    void *ptr;

    if (allocator == NULL || allocator->resize == NULL)
        return count == 0 || size == 0 ? calloc(1, 1) : calloc(count, size);
    if (!octet_mul_size(count, size, &bytes))
        return NULL;
    ptr = resize(allocator, NULL, bytes);
    if (ptr != NULL)
        memset(ptr, 0, bytes);
    return ptr;
}

void *octet_mem_realloc(const octet_allocator *allocator, void *ptr, size_t count, size_t size)
{
    size_t bytes;

    if (!octet_mul_size(count, size, &bytes))
        return NULL;
    return resize(allocator, ptr, bytes);
}

void octet_mem_free(const octet_allocator *allocator, void *ptr)
{
    if (ptr == NULL)
        return;
    if (allocator != NULL && allocator->resize != NULL)
        allocator->resize(allocator->user, ptr, 0);
    else
        free(ptr);
}

/* The address malloc gave lies in front of the aligned block. */
void *octet_mem_alloc_aligned(const octet_allocator *allocator, size_t bytes)
{
    size_t total;
    unsigned char *raw, *block;

    if (!octet_add_size(bytes, ALIGNMENT + sizeof raw, &total))
        return NULL;
    raw = resize(allocator, NULL, total);
    if (raw == NULL)
        return NULL;
    block = raw + sizeof raw;
    block += (ALIGNMENT - (uintptr_t)block % ALIGNMENT) % ALIGNMENT;
    memcpy(block - sizeof raw, &raw, sizeof raw);
    return block;
}

void octet_mem_free_aligned(const octet_allocator *allocator, void *ptr)
{
    void *raw;

    if (ptr == NULL)
        return;
    memcpy(&raw, (unsigned char *)ptr - sizeof raw, sizeof raw);
    octet_mem_free(allocator, raw);
}
