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
                            const octet_observing *with)
{
    (void)t;
    (void)with;
    include(state, range->min, range->max);
    return OCTET_OK;
}

static octet_status merge(void *into, const void *from, const octet_observing *with)
{
    const minmax_state *s = from;
    (void)with;
    if (s->seen)
        include(into, s->min, s->max);
    return OCTET_OK;
}

static bool extent(const void *state, octet_range *out)
{
    const minmax_state *s = state;
    /* Which of -0 and 0 was met first depends on how samples are split; the sum is 0 for both. */
    *out = (octet_range){s->min + 0.0F, s->max + 0.0F};
    return s->seen;
}

const octet_statistics octet_statistics_minmax = {
    .name = "minmax",
    .state_size = sizeof(minmax_state),
    .range_only = true,
    .observe = observe,
    .merge = merge,
    .extent = extent,
};

static octet_status choose(const void *state, const octet_qspec *spec,
                           const octet_range_options *options, const octet_observing *with,
                           octet_choice *out)
{
    (void)spec;
    (void)options;
    (void)with;
    extent(state, &out->range);
    out->coarse = false;
    return OCTET_OK;
}

const octet_observer octet_observer_minmax = {
    .name = "minmax",
    .summary = "smallest and largest value over all samples",
    .statistics = &octet_statistics_minmax,
    .choose = choose,
};
