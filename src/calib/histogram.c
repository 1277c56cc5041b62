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

/* Pages that the signs share: those up to the lower top, and at least the first as soon as there
 * are both. */
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

int octet_histogram_octave(const octet_histogram *h, double magnitude)
{
    int octave, top = larger(h->top), bottom = bottom_of(h->top);

    if (!(magnitude > 0.0))
        return bottom;
    (void)frexp(magnitude, &octave);
    octave -= 1;
    return octave > top ? top : octave < bottom ? bottom : octave;
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

static octet_bins bins_of(const int top[2])
{
    int bottom = bottom_of(top);

    return (octet_bins){
        .base = (bottom + 127 - 1) * PAGE,
        .scale = ldexpf(1.0F, 12 - bottom),
        .split = shared_pages(top) * PAGE,
        .end = BINS,
        .negative = owner_of(top),
    };
}

/* ---- counters */

uint64_t octet_histogram_total(const octet_histogram *h)
{
    return h->counted + h->n_raw[0] + h->n_raw[1];
}

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
    for (uint32_t chunk = 0; h->low != NULL && chunk < OCTET_HISTOGRAM_CHUNKS; chunk++)
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

/* Values kept as they are that now have a bin. */
static octet_status settle_raw(octet_histogram *h, const octet_observing *with)
{
    const octet_bins bins = bins_of(h->top);

    for (int sign = 0; sign < 2; sign++) {
        uint32_t kept = 0, n = h->n_raw[sign];
        for (uint32_t i = 0; i < n; i++) {
            float rest, x = sign ? -h->raw[sign][i] : h->raw[sign][i];
            size_t left;
            h->counted += with->k->histogram_f32(1, &x, &bins, h->low, &rest, &left);
            if (left > 0)
                h->raw[sign][kept++] = h->raw[sign][i];
        }
        h->n_raw[sign] = kept;
        h->pending += n - kept;
    }
    return carry(h, with);
}

/* A top below the grid's octaves counts as one in the first page, wherever it was. */
static void level_tops(int top[2])
{
    for (int sign = 0; sign < 2; sign++)
        if (top[sign] != NONE && top[sign] < bottom_of(top) - 1)
            top[sign] = bottom_of(top) - 1;
}

/* Makes the grid that of these tops, which are no lower than before. */
static octet_status grow(octet_histogram *h, const int wanted[2], const octet_observing *with)
{
    int top[2] = {wanted[0], wanted[1]};

    level_tops(top);
    int old_shared = shared_pages(h->top), shared = shared_pages(top);
    int by = larger(top) - larger(h->top);
    if (top[0] == h->top[0] && top[1] == h->top[1])
        return OCTET_OK;
    if (h->low == NULL) {
        h->low = octet_mem_zalloc(with->allocator, BINS, sizeof *h->low);
        OCTET_TRY_ALLOC(with->diag, h->low);
    }
    OCTET_TRY(carry(h, with));
    if (h->counted > 0) {
        for (int page = old_shared; shared > 0 && page < PAGES && page < shared + by; page++)
            OCTET_TRY(share_page(h, (uint32_t)page, (uint32_t)owner_of(h->top), with));
        if (by > 0)
            OCTET_TRY(raise_bottom(h, (uint32_t)by, shared > 0, with));
    }
    memcpy(h->top, top, sizeof h->top);
    return settle_raw(h, with);
}

/* ---- statistics */

static void include(octet_histogram *h, float min, float max)
{
    if (!h->seen)
        h->top[0] = h->top[1] = NONE;
    h->min = !h->seen || min < h->min ? min : h->min;
    h->max = !h->seen || max > h->max ? max : h->max;
    h->seen = true;
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

/* With as many values as are kept, the least of them says where the sign's top is. */
static octet_status keep_raw(octet_histogram *h, float x, const octet_observing *with)
{
    const int sign = x < 0.0F;
    int top[2] = {h->top[0], h->top[1]};
    float least = INFINITY;

    h->raw[sign][h->n_raw[sign]++] = fabsf(x);
    if (h->n_raw[sign] < OCTET_HISTOGRAM_RAW)
        return OCTET_OK;
    for (uint32_t i = 0; i < OCTET_HISTOGRAM_RAW; i++)
        least = fminf(least, h->raw[sign][i]);
    top[sign] = octave_of(least);
    return grow(h, top, with);
}

/* The octave that many values of a sign reach, kept ones and new ones together. */
static int reached_octave(const octet_histogram *h, int sign, const float *x, size_t n)
{
    uint32_t by_octave[128 - OCTET_HISTOGRAM_LOWEST] = {0}, reached = 0;

    for (uint32_t i = 0; i < h->n_raw[sign]; i++)
        by_octave[octave_of(h->raw[sign][i]) - OCTET_HISTOGRAM_LOWEST]++;
    for (size_t i = 0; i < n; i++)
        if ((x[i] < 0.0F) == sign)
            by_octave[octave_of(fabsf(x[i])) - OCTET_HISTOGRAM_LOWEST]++;
    for (int i = 128 - OCTET_HISTOGRAM_LOWEST; i-- > 0;) {
        reached += by_octave[i];
        if (reached >= OCTET_HISTOGRAM_RAW)
            return i + OCTET_HISTOGRAM_LOWEST;
    }
    return NONE;
}

/* Ahead of many values: growing once is cheaper than octave by octave. */
static octet_status make_way(octet_histogram *h, const float *x, size_t n,
                             const octet_observing *with)
{
    int top[2];

    for (int sign = 0; sign < 2; sign++) {
        top[sign] = reached_octave(h, sign, x, n);
        if (top[sign] < h->top[sign])
            top[sign] = h->top[sign];
    }
    return grow(h, top, with);
}

/* Values other than 0 that had no bin; some may have one by now. */
static octet_status place_raw(octet_histogram *h, const float *x, size_t n,
                              const octet_observing *with)
{
    if (n >= OCTET_HISTOGRAM_RAW / 2)
        OCTET_TRY(make_way(h, x, n, with));
    for (size_t i = 0; i < n; i++) {
        size_t left = 1, counted = 0;
        float rest;
        if (h->low != NULL) {
            const octet_bins bins = bins_of(h->top);
            counted = with->k->histogram_f32(1, x + i, &bins, h->low, &rest, &left);
        }
        h->counted += counted;
        h->pending += (uint32_t)counted;
        if (left > 0)
            OCTET_TRY(keep_raw(h, x[i], with));
    }
    return OCTET_OK;
}

#define STRETCH 2048

static size_t nonzero_of(const float *x, size_t n, float *rest)
{
    size_t left = 0;

    for (size_t i = 0; i < n; i++)
        if (x[i] != 0.0F)
            rest[left++] = x[i];
    return left;
}

static octet_status count_stretch(octet_histogram *h, const float *x, size_t n,
                                  const octet_observing *with)
{
    float rest[STRETCH];
    size_t counted = 0, left;

    if (h->pending + n > LIMIT)
        OCTET_TRY(carry(h, with));
    if (h->low != NULL) {
        const octet_bins bins = bins_of(h->top);
        counted = with->k->histogram_f32(n, x, &bins, h->low, rest, &left);
    } else {
        left = nonzero_of(x, n, rest);
    }
    h->counted += counted;
    h->pending += (uint32_t)counted;
    h->zeros += n - counted - left;
    return place_raw(h, rest, left, with);
}

static octet_status observe(void *state, const octet_tensor *t, const octet_minmax *range,
                            const octet_observing *with)
{
    octet_histogram *h = state;
    const float *x = t->data;
    size_t n = (size_t)octet_tensor_count(t);

    include(h, range->min + 0.0F, range->max + 0.0F);
    OCTET_TRY(check_total(h, n, with));
    for (size_t i = 0; i < n; i += STRETCH)
        OCTET_TRY(count_stretch(h, x + i, n - i < STRETCH ? n - i : STRETCH, with));
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
    into->counted += from->counted;
    return OCTET_OK;
}

static octet_status add_raw(octet_histogram *into, const octet_histogram *from, int sign,
                            const octet_observing *with)
{
    float x[OCTET_HISTOGRAM_RAW];

    for (uint32_t i = 0; i < from->n_raw[sign]; i++)
        x[i] = sign ? -from->raw[sign][i] : from->raw[sign][i];
    OCTET_TRY(carry(into, with));
    return place_raw(into, x, from->n_raw[sign], with);
}

static octet_status merge(void *into, const void *from, const octet_observing *with)
{
    octet_histogram *h = into, other;
    const octet_histogram *source = from;
    int top[2];

    if (!source->seen)
        return OCTET_OK;
    OCTET_TRY(check_total(h, octet_histogram_total(source), with));
    include(h, source->min, source->max);
    for (int sign = 0; sign < 2; sign++)
        top[sign] = h->top[sign] > source->top[sign] ? h->top[sign] : source->top[sign];
    octet_status status = copy(&other, source, with);
    if (status == OCTET_OK)
        status = grow(h, top, with);
    if (status == OCTET_OK)
        status = grow(&other, top, with);
    if (status == OCTET_OK && other.counted > 0)
        status = add_bins(h, &other, with);
    for (int sign = 0; sign < 2 && status == OCTET_OK; sign++)
        status = add_raw(h, &other, sign, with);
    deinit(&other, with->allocator);
    h->zeros += source->zeros;
    return status;
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
    const double ends[2] = {(double)fmaxf(range->max, 0.0F), (double)fmaxf(-range->min, 0.0F)};
    double widest = 0.0;

    for (int sign = 0; sign < 2 && h->low != NULL; sign++) {
        int octave = octet_histogram_octave(h, ends[sign]);
        bool shared = shared_pages(h->top) > octave - bottom_of(h->top) + 1;
        if (ends[sign] > 0.0)
            widest = fmax(widest, ldexp(1.0, octave - 12 + shared));
    }
    return spec->qmax - spec->qmin < 256 && widest * OCTET_BINS_PER_STEP > (double)params.scale;
}
