/* histogram.c: exact, mergeable counts on a grid that follows the largest value
 * SPDX-License-Identifier: Apache-2.0
 */
#include "calib/histogram.h"

#include <math.h>
#include <string.h>

#define PAGE OCTET_BINS_PAGE
#define PAGES OCTET_HISTOGRAM_PAGES
#define BINS OCTET_HISTOGRAM_BINS
#define CHUNK OCTET_HISTOGRAM_CHUNK
#define NONE OCTET_HISTOGRAM_NONE

/* Low digits run up to LIMIT - 1 and then as far again before they are carried. */
#define DIGIT_BITS 15
#define LIMIT ((uint32_t)1 << DIGIT_BITS)
#define MOST_VALUES ((uint64_t)UINT32_MAX << DIGIT_BITS)

/* ---- the grid */

static int octave_of(float magnitude)
{
    uint32_t bits;

    memcpy(&bits, &magnitude, sizeof bits);
    int octave = (int)(bits >> 23) - 127;
    if (magnitude == 0.0F)
        return NONE;
    return octave < OCTET_HISTOGRAM_LOWEST ? OCTET_HISTOGRAM_LOWEST : octave;
}

static int larger(const int top[2])
{
    return top[0] > top[1] ? top[0] : top[1];
}

static int smaller(const int top[2])
{
    return top[0] < top[1] ? top[0] : top[1];
}

/* 2^bottom is where the octaves begin. */
static int bottom_of(const int top[2])
{
    return larger(top) - OCTET_HISTOGRAM_OCTAVES + 1;
}

/* Pages that the signs share: those up to the top of the lesser one, and at least the first as soon
 * as there are both. */
static int shared_pages(const int top[2])
{
    int pages = smaller(top) - bottom_of(top) + 2;

    if (smaller(top) == NONE)
        return 0;
    return pages < 1 ? 1 : pages;
}

static int owner_of(const int top[2])
{
    return top[1] > top[0];
}

int octet_histogram_top(const octet_histogram *h)
{
    return larger(h->top);
}

int octet_histogram_bottom(const octet_histogram *h)
{
    return bottom_of(h->top);
}

uint32_t octet_histogram_shared_pages(const octet_histogram *h)
{
    return (uint32_t)shared_pages(h->top);
}

uint32_t octet_histogram_owner(const octet_histogram *h)
{
    return (uint32_t)owner_of(h->top);
}

double octet_histogram_page_width(const octet_histogram *h, uint32_t page)
{
    return ldexp(1.0, bottom_of(h->top) + (page > 0 ? (int)page - 1 : 0) - 12);
}

double octet_histogram_bin_end(const octet_histogram *h, uint32_t bin)
{
    uint32_t page = bin / PAGE, i = bin % PAGE + (page > 0 ? PAGE : 0);

    i = page < octet_histogram_shared_pages(h) ? (i | 1) + 1 : i + 1;
    return (double)i * octet_histogram_page_width(h, page);
}

/* ---- counters */

uint64_t octet_histogram_count(const octet_histogram *h, uint32_t bin)
{
    const uint32_t *high = h->high[bin / CHUNK];

    return h->low[bin] + (high != NULL ? (uint64_t)high[bin % CHUNK] << DIGIT_BITS : 0);
}

static octet_status get_high(octet_histogram *h, uint32_t chunk, const octet_observing *with)
{
    if (h->high[chunk] == NULL)
        h->high[chunk] = octet_mem_zalloc(with->allocator, CHUNK, sizeof **h->high);
    OCTET_TRY_ALLOC(with->diag, h->high[chunk]);
    return OCTET_OK;
}

/* Leaves the low digit below LIMIT. */
static octet_status add_count(octet_histogram *h, uint32_t bin, uint64_t count,
                              const octet_observing *with)
{
    uint64_t low = h->low[bin] + (count & (LIMIT - 1));

    count >>= DIGIT_BITS;
    count += low >> DIGIT_BITS;
    h->low[bin] = (uint16_t)(low & (LIMIT - 1));
    if (count == 0)
        return OCTET_OK;
    OCTET_TRY(get_high(h, bin / CHUNK, with));
    h->high[bin / CHUNK][bin % CHUNK] += (uint32_t)count;
    return OCTET_OK;
}

static uint64_t take_count(octet_histogram *h, uint32_t bin)
{
    uint64_t count = octet_histogram_count(h, bin);

    h->low[bin] = 0;
    if (h->high[bin / CHUNK] != NULL)
        h->high[bin / CHUNK][bin % CHUNK] = 0;
    return count;
}

static octet_status carry_chunk(octet_histogram *h, uint32_t chunk, const octet_observing *with)
{
    uint16_t *low = h->low + chunk * CHUNK;
    uint16_t all = 0;

    for (uint32_t i = 0; i < CHUNK; i++)
        all |= low[i];
    if (all < LIMIT)
        return OCTET_OK;
    OCTET_TRY(get_high(h, chunk, with));
    for (uint32_t i = 0; i < CHUNK; i++) {
        h->high[chunk][i] += (uint32_t)low[i] >> DIGIT_BITS;
        low[i] &= (uint16_t)(LIMIT - 1);
    }
    return OCTET_OK;
}

static octet_status carry(octet_histogram *h, const octet_observing *with)
{
    for (uint32_t chunk = 0; chunk < OCTET_HISTOGRAM_CHUNKS; chunk++)
        OCTET_TRY(carry_chunk(h, chunk, with));
    h->pending = 0;
    return OCTET_OK;
}

/* ---- growing */

/* A page that one sign had to itself becomes shared. */
static octet_status share_page(octet_histogram *h, uint32_t page, uint32_t sign,
                               const octet_observing *with)
{
    for (uint32_t bin = page * PAGE; bin < (page + 1) * PAGE; bin += 2) {
        if ((h->low[bin] | h->low[bin + 1]) == 0 && h->high[bin / CHUNK] == NULL)
            continue;
        uint64_t count = take_count(h, bin) + take_count(h, bin + 1);
        OCTET_TRY(add_count(h, bin + sign, count, with));
    }
    return OCTET_OK;
}

/* A page that the linear one now covers: each of its bins lies in one of those. */
static octet_status flatten_page(octet_histogram *h, uint32_t page, uint32_t shift, bool shared,
                                 const octet_observing *with)
{
    uint32_t first = page > 0 ? PAGE : 0;

    for (uint32_t i = 0; i < PAGE; i++) {
        uint32_t bin = page * PAGE + i, to = shift < 32 ? (first + i) >> shift : 0;
        if (h->low[bin] == 0 && h->high[bin / CHUNK] == NULL)
            continue;
        OCTET_TRY(add_count(h, shared ? (to & ~1U) | (i & 1) : to, take_count(h, bin), with));
    }
    return OCTET_OK;
}

static void move_page(octet_histogram *h, uint32_t from, uint32_t to)
{
    const uint32_t chunks = PAGE / CHUNK;

    memcpy(h->low + to * PAGE, h->low + from * PAGE, PAGE * sizeof *h->low);
    memset(h->low + from * PAGE, 0, PAGE * sizeof *h->low);
    for (uint32_t i = 0; i < chunks; i++) {
        uint32_t *empty = h->high[to * chunks + i];
        h->high[to * chunks + i] = h->high[from * chunks + i];
        h->high[from * chunks + i] = empty;
    }
}

static octet_status raise_bottom(octet_histogram *h, uint32_t by, bool shared,
                                 const octet_observing *with)
{
    for (uint32_t page = 0; page < PAGES && page <= by; page++)
        OCTET_TRY(flatten_page(h, page, by - (page > 0 ? page - 1 : 0), shared, with));
    for (uint32_t page = by + 1; page < PAGES; page++)
        move_page(h, page, page - by);
    return OCTET_OK;
}

/* Makes the grid that of these tops, which are no lower than before. */
static octet_status grow(octet_histogram *h, const int top[2], const octet_observing *with)
{
    int old_shared = shared_pages(h->top), by = larger(top) - larger(h->top);
    int shared = shared_pages(top);

    if (top[0] == h->top[0] && top[1] == h->top[1])
        return OCTET_OK;
    if (h->counted > 0) {
        OCTET_TRY(carry(h, with));
        for (int page = old_shared; page < PAGES && page < shared + by; page++)
            if (shared > 0)
                OCTET_TRY(share_page(h, (uint32_t)page, (uint32_t)owner_of(h->top), with));
        if (by > 0)
            OCTET_TRY(raise_bottom(h, (uint32_t)by, shared > 0, with));
    }
    memcpy(h->top, top, sizeof h->top);
    return OCTET_OK;
}

/* ---- statistics */

static octet_status prepare(octet_histogram *h, float min, float max, const octet_observing *with)
{
    int top[2] = {octave_of(max > 0.0F ? max : 0.0F), octave_of(min < 0.0F ? -min : 0.0F)};

    if (!h->seen)
        h->top[0] = h->top[1] = NONE;
    h->min = !h->seen || min < h->min ? min : h->min;
    h->max = !h->seen || max > h->max ? max : h->max;
    h->seen = true;
    if (larger(top) > NONE && h->low == NULL) {
        h->low = octet_mem_zalloc(with->allocator, BINS, sizeof *h->low);
        OCTET_TRY_ALLOC(with->diag, h->low);
    }
    for (int sign = 0; sign < 2; sign++)
        if (top[sign] < h->top[sign])
            top[sign] = h->top[sign];
    return grow(h, top, with);
}

static octet_status check_total(const octet_histogram *h, uint64_t more,
                                const octet_observing *with)
{
    if (h->counted <= MOST_VALUES && more <= MOST_VALUES - h->counted)
        return OCTET_OK;
    return octet_fail(with->diag, OCTET_ERR_UNSUPPORTED,
                      "a histogram holds no more than %llu values",
                      (unsigned long long)MOST_VALUES);
}

static octet_bins bins_of(const octet_histogram *h)
{
    int bottom = bottom_of(h->top);

    return (octet_bins){
        .base = (bottom + 127 - 1) * PAGE,
        .scale = ldexpf(1.0F, 12 - bottom),
        .split = shared_pages(h->top) * PAGE,
    };
}

static octet_status observe(void *state, const octet_tensor *t, const octet_minmax *range,
                            const octet_observing *with)
{
    octet_histogram *h = state;
    const float *x = t->data;
    size_t n = (size_t)octet_tensor_count(t);

    OCTET_TRY(prepare(h, range->min + 0.0F, range->max + 0.0F, with));
    OCTET_TRY(check_total(h, n, with));
    if (h->low == NULL) {
        h->zeros += n;
        return OCTET_OK;
    }
    const octet_bins bins = bins_of(h);
    while (n > 0) {
        if (h->pending > LIMIT / 2 && h->pending + n > LIMIT)
            OCTET_TRY(carry(h, with));
        size_t some = n < LIMIT - h->pending ? n : LIMIT - h->pending;
        size_t counted = with->k->histogram_f32(some, x, &bins, h->low);
        h->counted += counted;
        h->zeros += some - counted;
        h->pending += (uint32_t)counted;
        x += some;
        n -= some;
    }
    return OCTET_OK;
}

static void deinit(void *state, const octet_allocator *allocator)
{
    octet_histogram *h = state;

    for (uint32_t chunk = 0; chunk < OCTET_HISTOGRAM_CHUNKS; chunk++)
        octet_mem_free(allocator, h->high[chunk]);
    octet_mem_free(allocator, h->low);
}

static octet_status copy(octet_histogram *to, const octet_histogram *from,
                         const octet_observing *with)
{
    *to = *from;
    to->low = NULL;
    memset(to->high, 0, sizeof to->high);
    if (from->low == NULL)
        return OCTET_OK;
    to->low = octet_mem_zalloc(with->allocator, BINS, sizeof *to->low);
    OCTET_TRY_ALLOC(with->diag, to->low);
    for (uint32_t bin = 0; bin < BINS; bin++) {
        uint64_t count = octet_histogram_count(from, bin);
        if (count > 0)
            OCTET_TRY(add_count(to, bin, count, with));
    }
    to->pending = 0;
    return OCTET_OK;
}

/* Both on the same grid. */
static octet_status add_bins(octet_histogram *into, const octet_histogram *from,
                             const octet_observing *with)
{
    OCTET_TRY(carry(into, with));
    for (uint32_t bin = 0; bin < BINS; bin++) {
        uint64_t count = octet_histogram_count(from, bin);
        if (count > 0)
            OCTET_TRY(add_count(into, bin, count, with));
    }
    return OCTET_OK;
}

static octet_status merge(void *into, const void *from, const octet_observing *with)
{
    octet_histogram *h = into, other;
    const octet_histogram *source = from;

    if (!source->seen)
        return OCTET_OK;
    OCTET_TRY(check_total(h, source->counted, with));
    OCTET_TRY(prepare(h, source->min, source->max, with));
    octet_status status = copy(&other, source, with);
    if (status == OCTET_OK && source->counted > 0)
        status = grow(&other, h->top, with);
    if (status == OCTET_OK && source->counted > 0)
        status = add_bins(h, &other, with);
    deinit(&other, with->allocator);
    OCTET_TRY(status);
    h->counted += source->counted;
    h->zeros += source->zeros;
    return OCTET_OK;
}

static bool extent(const void *state, octet_range *out)
{
    const octet_histogram *h = state;

    *out = (octet_range){h->min, h->max};
    return h->seen;
}

const octet_statistics octet_statistics_histogram = {
    .name = "histogram",
    .state_size = sizeof(octet_histogram),
    .observe = observe,
    .merge = merge,
    .extent = extent,
    .deinit = deinit,
};

/* ---- what observers ask */

bool octet_histogram_coarse(const octet_histogram *h, const octet_range *range,
                            const octet_qspec *spec)
{
    octet_qparams params = octet_qparams_from_range(range->min, range->max, spec);
    double widest = 0;
    const float ends[2] = {fmaxf(range->max, 0.0F), fmaxf(-range->min, 0.0F)};

    for (int sign = 0; sign < 2 && h->low != NULL; sign++) {
        int octave = octave_of(ends[sign]), bottom = bottom_of(h->top);
        if (octave == NONE)
            continue;
        bool shared = shared_pages(h->top) > (octave < bottom ? 0 : octave - bottom + 1);
        widest = fmax(widest, ldexp(1.0, (octave < bottom ? bottom : octave) - 12 + shared));
    }
    return widest * OCTET_BINS_PER_STEP > (double)params.scale;
}
