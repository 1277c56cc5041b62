/* entropy.c: the range whose grid loses the least information (Kullback-Leibler divergence)
 * SPDX-License-Identifier: Apache-2.0
 *
 * TensorRT's rule with a grid of all levels and an end on either side. P: values other than 0 by
 * cell, those beyond an end in the last cell before it. Q: the values inside, each level's spread
 * evenly over its cells that hold any. With c and m the counts of P's and Q's cells, n their total
 * and i that of Q:
 *
 *   divergence = sum of c (log c - log m) / n + log(i / n)
 *
 * which is taken apart into what is lost between levels, by cutting off, and within each. Within a
 * level of z cells chance alone would make (z - 1) / 2n of it if values were drawn from Q: so much
 * is taken off, but not below 0. Zeros are exact on every grid and take no part. Cells are those of
 * the octave that all values but one and one in 10,000 reach, so that outliers do not coarsen them.
 */
#include "calib/cells.h"

#include <math.h>

typedef struct search {
    const octet_kernels *k;
    const octet_qspec *spec;
    octet_cells cells;
    double *information[2];     /* [i]: sum of c log c over the first i cells */
    uint32_t *filled[2];        /* [i]: how many of these hold values */
    float *spread, *logarithms; /* of the levels of one grid: count by cell and its logarithm */
    double *weights, *facts;    /* of the levels: P's count and sum of c log c less chance */
    uint32_t skipped;           /* outliers that may be cut off at any cost */
    double most_error;          /* of a range that may be chosen */
    double end[2], divergence;  /* the best so far */
} search;

/* Of a count, as the kernel has it; 0 of 0. */
static double logarithm_of(const search *s, double count)
{
    float c = (float)fmax(count, 1.0), l;

    s->k->log_f32(1, &c, &l);
    return (double)l;
}

static double information_of(const search *s, double count)
{
    return count * logarithm_of(s, count);
}

static octet_status measure_side(search *s, int sign, octet_arena *arena, octet_diag *diag)
{
    const octet_side *side = &s->cells.side[sign];
    float *logs = OCTET_ARENA_ARRAY(arena, float, side->n + 1);
    double *information = OCTET_ARENA_ARRAY(arena, double, side->n + 1);
    uint32_t *filled = OCTET_ARENA_ARRAY(arena, uint32_t, side->n + 1);

    OCTET_TRY_ALLOC(diag, logs);
    OCTET_TRY_ALLOC(diag, information);
    OCTET_TRY_ALLOC(diag, filled);
    for (uint32_t i = 0; i < side->n; i++)
        logs[i] = (float)fmax(side->count[i + 1] - side->count[i], 1.0);
    s->k->log_f32(side->n, logs, logs);
    for (uint32_t i = 0; i < side->n; i++) {
        double count = side->count[i + 1] - side->count[i];
        information[i + 1] = information[i] + count * (double)logs[i];
        filled[i + 1] = filled[i] + (count > 0.0);
    }
    s->information[sign] = information;
    s->filled[sign] = filled;
    return OCTET_OK;
}

typedef struct levels {
    uint32_t n;
    double inside;  /* Q's total */
    double between; /* n times the divergence of the levels' totals, but for n log(i / n) */
    bool hopeless;  /* P holds values in a level where Q has none */
} levels;

/* Cells from..to are one level of the grid, `cut` values beyond added to the last of them. */
static void add_level(search *s, levels *l, int sign, uint32_t from, uint32_t to, double cut)
{
    const octet_side *side = &s->cells.side[sign];
    double count = side->count[to] - side->count[from];
    double filled = (double)(s->filled[sign][to] - s->filled[sign][from]);

    double information = s->information[sign][to] - s->information[sign][from];

    l->inside += count;
    if (cut > 0.0 && to > from) {
        double last = side->count[to] - side->count[to - 1];
        information += information_of(s, last + cut) - information_of(s, last);
        filled += last == 0.0;
    }
    if (count + cut == 0.0)
        return;
    l->hopeless = l->hopeless || count == 0.0;
    s->weights[l->n] = count + cut;
    s->facts[l->n] = information - (filled - 1.0) / 2.0;
    s->spread[l->n++] = (float)((count + cut) / filled);
    if (cut > 0.0)
        l->between += information_of(s, count + cut) - (count + cut) * logarithm_of(s, count);
}

static void add_side(search *s, levels *l, int sign, double scale, int64_t steps, double end)
{
    const octet_side *side = &s->cells.side[sign];
    uint32_t from = 0, last = octet_cells_below(&s->cells, side, end + s->cells.width / 2);

    for (int64_t k = 0; k < steps && from < last; k++) {
        uint32_t to = octet_cells_below(&s->cells, side, ((double)k + 0.5) * scale);
        if (to >= last)
            break;
        add_level(s, l, sign, from, to, 0.0);
        from = to;
    }
    add_level(s, l, sign, from, last, side->all_count - side->count[last] + (double)side->n_far);
}

static double divergence(search *s, const double end[2])
{
    octet_range range = octet_range_of(end);
    octet_qparams p = octet_qparams_from_range(range.min, range.max, s->spec);
    const int64_t steps[2] = {s->spec->qmax - p.zero_point, p.zero_point - s->spec->qmin};
    double all = 0.0, within = 0.0;
    levels l = {0};

    for (int sign = 0; sign < 2; sign++) {
        if (s->cells.side[sign].n == 0)
            continue;
        add_side(s, &l, sign, (double)p.scale, steps[sign], end[sign]);
        all += s->cells.side[sign].all_count + (double)s->cells.side[sign].n_far;
    }
    if (l.hopeless || l.inside == 0.0)
        return INFINITY;
    s->spread[l.n] = (float)(all / l.inside);
    s->k->log_f32(l.n + 1, s->spread, s->logarithms);
    for (uint32_t i = 0; i < l.n; i++)
        within += fmax(s->facts[i] - s->weights[i] * (double)s->logarithms[i], 0.0);
    return (within + l.between) / all - (double)s->logarithms[l.n];
}

static bool try_ends(search *s, const double end[2])
{
    if (octet_cells_error(&s->cells, s->spec, end, s->skipped) > s->most_error)
        return false;
    double d = divergence(s, end);
    if (!(d < s->divergence))
        return false;
    s->divergence = d;
    s->end[0] = end[0];
    s->end[1] = end[1];
    return true;
}

#define SHRINK 0x1.d5818ep-1 /* 2^(-1/8) */
#define SHRINK_STEPS 32

static void shrink_both(search *s)
{
    double end[2] = {s->end[0], s->end[1]};

    for (int i = 0; i <= SHRINK_STEPS; i++) {
        try_ends(s, end);
        end[0] *= SHRINK;
        end[1] *= SHRINK;
    }
}

static bool move_end(search *s, int sign, double factor, double most)
{
    int moves = 0;

    for (; moves < 8; moves++) {
        double end[2] = {s->end[0], s->end[1]};
        end[sign] = fmin(end[sign] * factor, most);
        if (end[sign] == s->end[sign] || !try_ends(s, end))
            break;
    }
    return moves > 0;
}

static void move_ends(search *s, const double reach[2])
{
    static const double factors[] = {0x1.0b5586p+0, 0x1.059b0dp+0}; /* 2^(1/16), 2^(1/32) */

    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
        for (int sign = 0; sign < 2; sign++)
            if (s->end[sign] > 0.0 && !move_end(s, sign, 1.0 / factors[i], reach[sign]))
                move_end(s, sign, factors[i], reach[sign]);
}

/* The octave that all but a few values lie below the end of. */
static int reached_octave(const octet_histogram *h)
{
    double beyond = (double)(h->n_raw[0] + h->n_raw[1]);
    double most = 1.0 + floor((double)h->counted * 1e-4);
    uint32_t page = OCTET_HISTOGRAM_PAGES;

    while (beyond <= most && page-- > 1)
        for (uint32_t i = 0; i < OCTET_BINS_PAGE; i++)
            beyond += (double)octet_histogram_count(h, page * OCTET_BINS_PAGE + i);
    page = page == OCTET_HISTOGRAM_PAGES ? page - 1 : page > 0 ? page : 1;
    return octet_histogram_bottom(h) + (int)page - 1;
}

static octet_status make_room(search *s, octet_arena *arena, octet_diag *diag)
{
    size_t n = (size_t)(s->spec->qmax - s->spec->qmin) + 4;

    s->spread = OCTET_ARENA_ARRAY(arena, float, n);
    s->logarithms = OCTET_ARENA_ARRAY(arena, float, n);
    s->weights = OCTET_ARENA_ARRAY(arena, double, n);
    s->facts = OCTET_ARENA_ARRAY(arena, double, n);
    OCTET_TRY_ALLOC(diag, s->spread);
    OCTET_TRY_ALLOC(diag, s->logarithms);
    OCTET_TRY_ALLOC(diag, s->weights);
    OCTET_TRY_ALLOC(diag, s->facts);
    return OCTET_OK;
}

/* Of the range that leaves out nothing but what may be at any cost. */
static octet_status measure_whole(const octet_histogram *h, search *s, double whole[2],
                                  octet_arena *arena, octet_diag *diag)
{
    octet_cells cells;

    OCTET_TRY(octet_cells_make(h, octet_histogram_top(h), 0, arena, &cells, diag));
    for (int sign = 0; sign < 2; sign++) {
        const octet_side *side = &cells.side[sign];
        whole[sign] = side->end;
        if (side->n_far > 0)
            whole[sign] =
                side->n_far > s->skipped ? side->far[s->skipped] : (double)side->n * cells.width;
    }
    s->most_error = octet_cells_error(&cells, s->spec, whole, s->skipped);
    return OCTET_OK;
}

static octet_status find(const octet_histogram *h, search *s, octet_arena *arena, octet_range *out,
                         octet_diag *diag)
{
    int octave = reached_octave(h);
    double whole[2], reach[2];

    OCTET_TRY(octet_cells_make(h, octave, 0, arena, &s->cells, diag));
    OCTET_TRY(make_room(s, arena, diag));
    for (int sign = 0; sign < 2; sign++) {
        s->end[sign] = reach[sign] = fmin(s->cells.side[sign].end, ldexp(1.0, octave + 1));
        if (s->cells.side[sign].n > 0)
            OCTET_TRY(measure_side(s, sign, arena, diag));
    }
    s->skipped = (uint32_t)fmin(1.0 + (double)octet_histogram_total(h) * 1e-5, OCTET_HISTOGRAM_RAW);
    OCTET_TRY(measure_whole(h, s, whole, arena, diag));
    s->divergence = INFINITY;
    shrink_both(s);
    if (s->divergence < INFINITY)
        move_ends(s, reach);
    *out = octet_range_of(s->divergence < INFINITY ? s->end : whole);
    return OCTET_OK;
}

static octet_status choose(const void *state, const octet_qspec *spec,
                           const octet_range_options *options, const octet_observing *with,
                           octet_choice *out)
{
    const octet_histogram *h = state;
    search s = {.k = with->k, .spec = spec};
    octet_status status = OCTET_OK;
    octet_arena arena;

    (void)options;
    out->range = (octet_range){h->min, h->max};
    octet_arena_init(&arena, with->allocator);
    if (h->low != NULL && spec->qmax - spec->qmin <= OCTET_CELLS_MOST_STEPS)
        status = find(h, &s, &arena, &out->range, with->diag);
    octet_arena_deinit(&arena);
    out->coarse = octet_histogram_coarse(h, &out->range, spec);
    return status;
}

const octet_observer octet_observer_entropy = {
    .name = "entropy",
    .summary = "least Kullback-Leibler divergence of the quantized values",
    .statistics = &octet_statistics_histogram,
    .choose = choose,
};
