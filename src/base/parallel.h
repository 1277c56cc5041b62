/* parallel.h: the only place that knows about threads
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_BASE_PARALLEL_H
#define OCTET_BASE_PARALLEL_H

#include "base/diag.h"

#include <stdatomic.h>
#include <stddef.h>

/* Calls body(arg, index, worker) for 0 <= index < count; worker < threads. Indices are handed out
 * in increasing order. Floating-point mode (round to nearest even, no flush to zero) is set in
 * every worker and restored afterwards. A call from inside a body runs in that worker alone. */
void octet_parallel_for(size_t count, int threads,
                        void (*body)(void *arg, size_t index, int worker), void *arg);

/* The same with bodies that can fail: status and message are those of the lowest index that does.
 */
octet_status octet_parallel_try(size_t count, int threads,
                                octet_status (*body)(void *arg, size_t index, int worker,
                                                     octet_diag *diag),
                                void *arg, octet_diag *diag);

int octet_cpu_count(void);

/* For short work on something that workers share. Cleared memory is an open lock. */
typedef struct octet_lock {
    atomic_int taken;
} octet_lock;

void octet_lock_take(octet_lock *lock);
void octet_lock_give(octet_lock *lock);

#endif
