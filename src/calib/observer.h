/* observer.h: what watches a tensor during calibration
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each worker feeds a state of its own; afterwards the states are merged. A mergeable observer
 * gives the same result for every split of the samples; one that depends on their order by
 * definition (moving averages, torch's histogram) sets `ordered`, is fed in sample order by one
 * worker and has no merge.
 */
#ifndef OCTET_CALIB_OBSERVER_H
#define OCTET_CALIB_OBSERVER_H

#include "calib/qparams.h"
#include "kernels.h"

typedef struct octet_range {
    float min, max;
} octet_range;

typedef struct octet_observer {
    const char *name;    /* as in --method */
    const char *summary; /* one line for help */
    size_t state_size;   /* cleared memory is the empty state */
    bool ordered;
    /* t is float32 and not empty, range that of its elements. All of them are finite. */
    octet_status (*observe)(void *state, const octet_tensor *t, const octet_minmax *range,
                            const octet_kernels *k, octet_diag *diag);
    void (*merge)(void *into, const void *from); /* NULL when ordered */
    /* false: nothing was observed. */
    bool (*range)(const void *state, const octet_qspec *spec, octet_range *out);
    void (*deinit)(void *state); /* NULL: the state owns nothing */
} octet_observer;

extern const octet_observer octet_observer_minmax;

/* By name, NULL if there is none; and the list, for help. */
const octet_observer *octet_observer_find(const char *name);
const octet_observer *const *octet_observer_list(size_t *count);

#endif
