/* scratch.h: a worker's work space, a stack
 * SPDX-License-Identifier: Apache-2.0
 *
 * Evaluations nest (a Loop runs its body): each remembers where it began and goes back there at its
 * end. What is kept between evaluations is as large as the largest of them was.
 */
#ifndef OCTET_RUN_SCRATCH_H
#define OCTET_RUN_SCRATCH_H

#include "base/alloc.h"

typedef struct octet_scratch {
    const octet_allocator *allocator;
    struct octet_scratch_chunk *newest;
    size_t used, peak; /* bytes handed out now, and their maximum */
} octet_scratch;

void octet_scratch_init(octet_scratch *s, const octet_allocator *allocator);
void octet_scratch_deinit(octet_scratch *s);
void *octet_scratch_take(octet_scratch *s, size_t bytes); /* 64-byte aligned; NULL: no memory */

/* Everything taken since `used` was this is free again. */
void octet_scratch_return_to(octet_scratch *s, size_t used);

#endif
