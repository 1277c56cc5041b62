/* minmax.c: MinMaxObserver: the smallest and largest value ever seen
 * SPDX-License-Identifier: Apache-2.0
 */
#include "calib/observer.h"

typedef struct minmax_state {
    float min, max;
    bool seen;
} minmax_state;

static void include(minmax_state *s, float min, float max)
{
    if (!s->seen || min < s->min)
        s->min = min;
    if (!s->seen || max > s->max)
        s->max = max;
    s->seen = true;
}

static octet_status observe(void *state, const octet_tensor *t, const octet_minmax *range,
                            const octet_kernels *k, octet_diag *diag)
{
    (void)t;
    (void)k;
    (void)diag;
    include(state, range->min, range->max);
    return OCTET_OK;
}

static void merge(void *into, const void *from)
{
    const minmax_state *s = from;
    if (s->seen)
        include(into, s->min, s->max);
}

static bool range(const void *state, const octet_qspec *spec, octet_range *out)
{
    const minmax_state *s = state;
    (void)spec;
    /* Which of -0 and 0 was met first depends on how samples are split; the sum is 0 for both. */
    *out = (octet_range){s->min + 0.0F, s->max + 0.0F};
    return s->seen;
}

const octet_observer octet_observer_minmax = {
    .name = "minmax",
    .summary = "smallest and largest value over all samples",
    .state_size = sizeof(minmax_state),
    .observe = observe,
    .merge = merge,
    .range = range,
};
