/* pool.h: reuse of tensor buffers within one worker
 * SPDX-License-Identifier: Apache-2.0
 *
 * Blocks are kept after release and handed out again to requests of about their size, so that a run
 * with the shapes of the run before makes no system call and touches no new page.
 */
#ifndef OCTET_RUN_POOL_H
#define OCTET_RUN_POOL_H

#include "base/alloc.h"

typedef struct octet_pool {
    const octet_allocator *allocator;
    struct octet_pool_block *free_blocks; /* most recently released first */
    size_t live, peak;                    /* bytes handed out now, and their maximum */
    size_t idle;                          /* bytes in free blocks */
} octet_pool;

void octet_pool_init(octet_pool *pool, const octet_allocator *allocator);
void octet_pool_deinit(octet_pool *pool);
void *octet_pool_take(octet_pool *pool, size_t bytes); /* 64-byte aligned; NULL: no memory */
void octet_pool_give(octet_pool *pool, void *data);    /* NULL is fine */

#endif
