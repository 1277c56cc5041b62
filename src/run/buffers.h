/* buffers.h: memory of one worker's tensors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A run notes when each buffer is taken and given back. As long as the next run does the same, its
 * buffers lie at places of one block, laid out from the notes so that no two that live at the same
 * time overlap; from its first difference on it takes them from the heap. Either way little more is
 * held than is alive: a block is close to the peak of live bytes, and the heap gets every buffer
 * back.
 */
#ifndef OCTET_RUN_BUFFERS_H
#define OCTET_RUN_BUFFERS_H

#include "base/alloc.h"

typedef struct octet_buffer_note {
    size_t bytes; /* header included */
    size_t place; /* in the block */
    size_t crowd; /* most bytes alive at any time of its life */
    uint32_t born, died;
} octet_buffer_note;

typedef struct octet_buffer_notes {
    octet_buffer_note *all; /* in the order of their birth */
    uint32_t count, capacity;
} octet_buffer_notes;

typedef struct octet_buffers {
    const octet_allocator *allocator;
    octet_buffer_notes now, plan;
    unsigned char *block; /* NULL: everything comes from the heap */
    size_t block_bytes;
    uint32_t in_block;      /* buffers there now */
    uint32_t clock;         /* takes and gives since the run began */
    uint32_t misses;        /* runs in a row that differed from the plan */
    bool following;         /* this run has done what the plan says */
    size_t live, peak_live; /* bytes in use */
    size_t heap, peak_held; /* bytes of heap buffers; most of those and the block together */
} octet_buffers;

void octet_buffers_init(octet_buffers *pool, const octet_allocator *allocator);
void octet_buffers_deinit(octet_buffers *pool);

/* A run begins; every buffer has been given back. */
void octet_buffers_begin(octet_buffers *pool);

void *octet_buffers_take(octet_buffers *pool, size_t bytes); /* 64-byte aligned; NULL: no memory */
void octet_buffers_share(void *data);                        /* one more give is needed */
void octet_buffers_give(octet_buffers *pool, void *data);    /* NULL is fine */

#endif
