/* fused.h: what an operator that fuses does to its result, a block at a time
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_FUSED_H
#define OCTET_OPS_FUSED_H

#include "ops/op.h"

/* Elements worth finishing at once: they are still in the nearest cache. */
#define OCTET_FINISH_BLOCK 4096

typedef struct octet_finish {
    const octet_kernels *k;
    octet_epilogue *worker; /* one for each worker; NULL: there is nothing to do */
    octet_minmax *ranges;
} octet_finish;

/* Reads e->fused; scratch of e. */
octet_status octet_finish_begin(octet_eval *e, octet_finish *out);
/* Activation and range of n elements of output 0 in `worker`; each element once. */
void octet_finish_block(const octet_finish *f, int worker, size_t n, float *y);
/* Tells e->fused. */
void octet_finish_end(octet_eval *e, const octet_finish *f);
/* The same for the factor of times_input, of which only the range may be wanted. */
octet_status octet_finish_begin_factor(octet_eval *e, octet_finish *out);
void octet_finish_end_factor(octet_eval *e, const octet_finish *f);
/* All three for an output that is made already, if it is float32. */
octet_status octet_finish_output(octet_eval *e);

#endif
