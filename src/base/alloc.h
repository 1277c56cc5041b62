/* alloc.h: checked heap allocation through a replaceable allocator
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_BASE_ALLOC_H
#define OCTET_BASE_ALLOC_H

#include "octet/context.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* false when the product or sum does not fit size_t / int64_t. */
bool octet_mul_size(size_t a, size_t b, size_t *out);
bool octet_add_size(size_t a, size_t b, size_t *out);
bool octet_mul_i64(int64_t a, int64_t b, int64_t *out);

/* allocator NULL means malloc/realloc/free. All return NULL on failure or overflow; a size of 0
 * gives a valid pointer. octet_mem_alloc does not clear, octet_mem_zalloc does. */
void *octet_mem_alloc(const octet_allocator *allocator, size_t count, size_t size);
void *octet_mem_zalloc(const octet_allocator *allocator, size_t count, size_t size);
void *octet_mem_realloc(const octet_allocator *allocator, void *ptr, size_t count, size_t size);
void octet_mem_free(const octet_allocator *allocator, void *ptr);

/* 64-byte aligned blocks for tensor payloads; freed with octet_mem_free_aligned only. */
void *octet_mem_alloc_aligned(const octet_allocator *allocator, size_t bytes);
void octet_mem_free_aligned(const octet_allocator *allocator, void *ptr);

#endif
