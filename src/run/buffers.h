/* buffers.h: reuse of tensor buffers within one worker
 * SPDX-License-Identifier: Apache-2.0
 *
 * Blocks are kept after release and handed out again to requests of about their size, so that a run
 * with the shapes of the run before makes no system call and touches no new page.
 */
#ifndef OCTET_RUN_BUFFERS_H
#define OCTET_RUN_BUFFERS_H

#include "base/alloc.h"

typedef struct octet_buffers {
    const octet_allocator *allocator;
    struct octet_buffers_block *newest, *oldest; /* free blocks by the time of their release */
    size_t live, peak;                           /* bytes handed out now, and their maximum */
    size_t idle;                                 /* bytes in free blocks */
} octet_buffers;

void octet_buffers_init(octet_buffers *pool, const octet_allocator *allocator);
void octet_buffers_deinit(octet_buffers *pool);
void *octet_buffers_take(octet_buffers *pool, size_t bytes); /* 64-byte aligned; NULL: no memory */
void octet_buffers_give(octet_buffers *pool, void *data);    /* NULL is fine */

#endif
