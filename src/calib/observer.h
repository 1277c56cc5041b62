/* observer.h: what watches a tensor during calibration
 * SPDX-License-Identifier: Apache-2.0
 *
 * Statistics are what is remembered of a tensor's values; an observer is a way to choose a range
 * from them, so that several observers may read the same statistics. Mergeable statistics depend on
 * the values alone, not on their order or on how samples were split; those that depend on the order
 * by definition (moving averages, torch's histogram) set `ordered`, are fed in sample order and
 * have no merge.
 */
#ifndef OCTET_CALIB_OBSERVER_H
#define OCTET_CALIB_OBSERVER_H

#include "base/arena.h"
#include "calib/qparams.h"
#include "kernels.h"

typedef struct octet_range {
    float min, max;
} octet_range;

/* What statistics and observers work with. */
typedef struct octet_observing {
    const octet_kernels *k;
    const octet_allocator *allocator;
    octet_diag *diag;
} octet_observing;

typedef struct octet_statistics {
    const char *name;
    size_t state_size; /* cleared memory is the empty state */
    bool ordered;
    bool range_only; /* observe() does not look at elements: t may have none */
    /* t is float32 and not empty, range that of its elements. All of them are finite. */
    octet_status (*observe)(void *state, const octet_tensor *t, const octet_minmax *range,
                            const octet_observing *with);
    /* NULL when ordered. */
    octet_status (*merge)(void *into, const void *from, const octet_observing *with);
    /* The smallest and largest value; false: nothing was observed. */
    bool (*extent)(const void *state, octet_range *out);
    void (*deinit)(void *state, const octet_allocator *allocator); /* NULL: owns nothing */
} octet_statistics;

extern const octet_statistics octet_statistics_minmax;
extern const octet_statistics octet_statistics_histogram; /* calib/histogram.h */

/* What an observer may be told; zero is the default. */
typedef struct octet_range_options {
    double percentile; /* share of the values to keep, in percent */
} octet_range_options;

#define OCTET_DEFAULT_PERCENTILE 99.999

typedef struct octet_choice {
    octet_range range;
    bool coarse; /* the statistics resolve less than OCTET_BINS_PER_STEP of one step of the range */
} octet_choice;

#define OCTET_BINS_PER_STEP 16

typedef struct octet_observer {
    const char *name;    /* as in --method */
    const char *summary; /* one line for help */
    const octet_statistics *statistics;
    /* The state is not empty. */
    octet_status (*choose)(const void *state, const octet_qspec *spec,
                           const octet_range_options *options, const octet_observing *with,
                           octet_choice *out);
} octet_observer;

extern const octet_observer octet_observer_minmax, octet_observer_percentile,
    octet_observer_entropy, octet_observer_mse;

/* By name, NULL if there is none; and the list, for help. */
const octet_observer *octet_observer_find(const char *name);
const octet_observer *const *octet_observer_list(size_t *count);

#endif
