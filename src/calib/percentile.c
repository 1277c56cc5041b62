/* percentile.c: ranges that leave out a share of the values at both ends
 * SPDX-License-Identifier: Apache-2.0
 *
 * Of n values k = floor(n (100 - P) / 200) may lie beyond each end, of symmetric ranges
 * floor(n (100 - P) / 100) beyond both together: onnxruntime's rule. The end is the far border of
 * the bin that holds the value with rank k + 1, but not beyond the outermost value.
 */
#include "calib/histogram.h"

#include <math.h>
#include <stdlib.h>

static double allowed(const octet_histogram *h, double percentile, bool symmetric)
{
    double n = (double)octet_histogram_total(h) + (double)h->zeros;

    return floor(n * (100.0 - percentile) / (symmetric ? 100.0 : 200.0));
}

typedef struct walk { /* from the outermost value inwards */
    const octet_histogram *h;
    float raw[2 * OCTET_HISTOGRAM_RAW]; /* falling */
    uint32_t n_raw, next;
    double beyond, most;
} walk;

static int falling(const void *x, const void *y)
{
    const float a = *(const float *)x, b = *(const float *)y;

    return (a < b) - (a > b);
}

/* signs: a bit for each sign that counts. */
static void begin(walk *w, uint32_t signs)
{
    for (uint32_t sign = 0; sign < 2; sign++)
        for (uint32_t i = 0; (signs >> sign & 1) != 0 && i < w->h->n_raw[sign]; i++)
            w->raw[w->n_raw++] = w->h->raw[sign][i];
    qsort(w->raw, w->n_raw, sizeof *w->raw, falling);
}

/* Passes the values kept as they are down to `from`; true: the end is among them. */
static bool pass_raw(walk *w, double from)
{
    for (; w->next < w->n_raw && (double)w->raw[w->next] >= from; w->next++) {
        w->beyond += 1.0;
        if (w->beyond > w->most)
            return true;
    }
    return false;
}

static double end_of(const octet_histogram *h, uint32_t signs, double most)
{
    const uint32_t shared = octet_histogram_shared_pages(h) * OCTET_BINS_PAGE;
    walk w = {.h = h, .most = most};

    begin(&w, signs);
    for (uint32_t bin = h->low != NULL ? OCTET_HISTOGRAM_BINS : 0; bin-- > 0;) {
        uint32_t sign = bin < shared ? bin & 1 : octet_histogram_owner(h);
        uint64_t count = octet_histogram_count(h, bin);
        if ((signs >> sign & 1) == 0 || count == 0)
            continue;
        if (pass_raw(&w, octet_histogram_bin_end(h, bin)))
            return (double)w.raw[w.next];
        w.beyond += (double)count;
        if (w.beyond > most)
            return octet_histogram_bin_end(h, bin);
    }
    return pass_raw(&w, 0.0) ? (double)w.raw[w.next] : 0.0;
}

static octet_status choose(const void *state, const octet_qspec *spec,
                           const octet_range_options *options, const octet_observing *with,
                           octet_choice *out)
{
    const octet_histogram *h = state;
    double percentile = options->percentile > 0.0 ? options->percentile : OCTET_DEFAULT_PERCENTILE;
    double most = allowed(h, percentile, spec->symmetric);
    double end[2];

    (void)with;
    for (uint32_t sign = 0; sign < 2; sign++)
        end[sign] = end_of(h, spec->symmetric ? 3 : 1U << sign, most);
    out->range.min = (float)fmax(-end[1], (double)h->min);
    out->range.max = (float)fmin(end[0], (double)h->max);
    out->coarse = octet_histogram_coarse(h, &out->range, spec);
    return OCTET_OK;
}

const octet_observer octet_observer_percentile = {
    .name = "percentile",
    .summary = "leaves out the outermost values: keeps 99.999 % unless told",
    .statistics = &octet_statistics_histogram,
    .choose = choose,
};
