/* pool_common.h: sliding windows of MaxPool, AveragePool and LpPool
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_POOL_COMMON_H
#define OCTET_OPS_POOL_COMMON_H

#include "ops/conv_common.h"

/* Indices of a row of outputs: at[i] is that of the element taken; x[i * step] of a tap has index
 * first + i * step. */
typedef struct octet_pool_index {
    int64_t *at, first, step;
} octet_pool_index;

typedef struct octet_pool {
    octet_conv_shape s;
    size_t element;
    void (*init)(size_t n, void *y); /* a row before its first tap */
    /* One tap of the window for n outputs of a row: y[i] takes up x[i * step]. index NULL: not
     * wanted. */
    void (*tap)(const struct octet_pool *p, size_t n, const void *x, size_t step, void *y,
                const octet_pool_index *index);
    /* A row after its last tap; rows: taps counted on all axes but the last. NULL: nothing to do.
     */
    void (*finish)(const struct octet_pool *p, size_t n, void *y, int64_t rows);
    const float *columns; /* taps counted on the last axis, per output; NULL: nobody asks */
    bool count_pad;       /* padding counts as taps */
    int64_t p;            /* LpPool: which norm */
    int64_t index_step[OCTET_MAX_SPATIAL]; /* of the input's spatial axes in Indices */
} octet_pool;

/* Reads attributes and X, and makes output 0 of X's type. */
octet_status octet_pool_init(octet_eval *e, octet_pool *p);
/* Fills columns. */
octet_status octet_pool_count(octet_eval *e, octet_pool *p);
/* Taps of output o on an axis that lie in the image (or its padding, when that counts). */
int64_t octet_pool_axis_count(const octet_pool *p, int32_t axis, int64_t o);
octet_status octet_pool_run(octet_eval *e, const octet_pool *p, int64_t *index);
/* The same for float32 over one or two axes without Indices, by kernels, e->fused too. *done is
 * false where that does not fit. */
octet_status octet_pool_rows(octet_eval *e, const octet_pool *p, bool max, bool *done);

/* MaxPool of bytes over one or two axes without Indices. */
octet_status octet_pool_max_bytes(octet_eval *e, const octet_pool *p, bool *done);

octet_status octet_pool_infer(octet_infer *in);

#endif
