/* check.h: cmocka with the headers it wants, and allocators that fail on purpose
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_TESTS_CHECK_H
#define OCTET_TESTS_CHECK_H

#include "octet/context.h"

/* cmocka.h needs these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Fails the request number `fail_at` (from 1; 0: none) and, unless `once`, all that follow; counts
 * what is alive. */
typedef struct failing_heap {
    size_t fail_at, requests, alive;
    bool once;
} failing_heap;

static inline void *failing_resize(void *user, void *ptr, size_t size)
{
    failing_heap *heap = (failing_heap *)user;
    void *larger;

    if (size == 0) {
        heap->alive -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    heap->requests++;
    if (heap->fail_at != 0 &&
        (heap->once ? heap->requests == heap->fail_at : heap->requests >= heap->fail_at))
        return NULL;
    larger = realloc(ptr, size);
    heap->alive += ptr == NULL && larger != NULL;
    return larger;
}

static inline octet_allocator failing_allocator(failing_heap *heap)
{
    octet_allocator allocator = {failing_resize, heap};

    return allocator;
}

#endif
