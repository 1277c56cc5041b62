/* mse.c: the range with the least expected squared quantization error
 * SPDX-License-Identifier: Apache-2.0
 *
 * The error of a range is that of the grid which octet_qparams_from_range makes of it, every value
 * standing in the middle of its bin. Candidates shrink both ends together, rated by
 * step^2 / 12 for what is inside and the true error for what is cut off; then each end moves by
 * itself as long as the true error falls. Values equal to 0 have none.
 */
#include "calib/cells.h"

#include <math.h>

typedef struct search {
    const octet_cells *cells;
    const octet_qspec *spec;
    double end[2], error; /* the best so far */
} search;

static double step_of(const octet_qspec *spec, const double end[2])
{
    double steps = (double)(spec->qmax - spec->qmin);

    return spec->symmetric ? fmax(end[0], end[1]) / (steps / 2.0) : (end[0] + end[1]) / steps;
}

static double squares_about(double value, double count, double sum, double square)
{
    return square - 2.0 * value * sum + value * value * count;
}

static double square_of(double x)
{
    return x * x;
}

/* Of the numbers beyond the cells, rounded to the nearest of `steps` steps; 0 steps: only cut off
 * at `end`. */
static double far_error(const octet_side *s, double end, double scale, int64_t steps,
                        uint32_t skipped)
{
    double error = 0.0;

    for (uint32_t i = skipped; i < s->n_far; i++) {
        double x = s->far[i], nearest = steps > 0 ? nearbyint(x / scale) * scale : x;
        error += square_of(x - fmin(nearest, end));
    }
    return error;
}

/* As if rounding errors were spread evenly. */
static double estimate(const octet_cells *c, const octet_qspec *spec, const double end[2],
                       uint32_t skipped)
{
    double step = step_of(spec, end), error = 0.0, inside = 0.0;

    for (int sign = 0; sign < 2; sign++) {
        const octet_side *s = &c->side[sign];
        uint32_t i = octet_cells_below(c, s, end[sign]);
        inside += s->count[i];
        error += squares_about(end[sign], s->all_count - s->count[i], s->all_sum - s->sum[i],
                               s->all_square - s->square[i]);
        error += far_error(s, end[sign], 0.0, 0, skipped);
    }
    return error + inside * step * step / 12.0;
}

/* Of one sign, rounded to the nearest of `steps` steps. */
static double side_error(const octet_cells *c, const octet_side *s, double scale, int64_t steps,
                         uint32_t skipped)
{
    double error = 0.0;
    uint32_t from = 0;

    for (int64_t k = 0; k < steps && from < s->n; k++) {
        uint32_t to = octet_cells_below(c, s, ((double)k + 0.5) * scale);
        error += squares_about((double)k * scale, s->count[to] - s->count[from],
                               s->sum[to] - s->sum[from], s->square[to] - s->square[from]);
        from = to;
    }
    error += squares_about((double)steps * scale, s->all_count - s->count[from],
                           s->all_sum - s->sum[from], s->all_square - s->square[from]);
    return error + far_error(s, (double)steps * scale, scale, steps, skipped);
}

double octet_cells_error(const octet_cells *c, const octet_qspec *spec, const double end[2],
                         uint32_t skipped)
{
    octet_range range = octet_range_of(end);
    octet_qparams p = octet_qparams_from_range(range.min, range.max, spec);
    const int64_t steps[2] = {spec->qmax - p.zero_point, p.zero_point - spec->qmin};
    double error = 0.0;

    if (spec->qmax - spec->qmin > OCTET_CELLS_MOST_STEPS)
        return estimate(c, spec, end, skipped);
    for (int sign = 0; sign < 2; sign++)
        if (c->side[sign].end > 0.0)
            error += side_error(c, &c->side[sign], (double)p.scale, steps[sign], skipped);
    return error;
}

#define SHRINK 0x1.ea4afap-1     /* 2^(-1/16) */
#define SHRINK_FAR 0x1.ae89fap-1 /* 2^(-1/4) */
#define SHRINK_STEPS (16 * (OCTET_HISTOGRAM_OCTAVES + 4))

static void try_ends(search *s, const double end[2])
{
    double error = estimate(s->cells, s->spec, end, 0);

    if (!(error < s->error))
        return;
    s->error = error;
    s->end[0] = end[0];
    s->end[1] = end[1];
}

/* Quickly to where the cells end, then in small steps. */
static void shrink_both(search *s, double window)
{
    double end[2] = {s->end[0], s->end[1]}, first[2];

    s->error = INFINITY;
    for (; fmax(end[0], end[1]) > window; end[0] *= SHRINK_FAR, end[1] *= SHRINK_FAR)
        try_ends(s, end);
    for (int sign = 0; sign < 2; sign++)
        first[sign] = end[sign] = fmin(s->cells->side[sign].end, window);
    for (int i = 0; i <= SHRINK_STEPS; i++) {
        try_ends(s, end);
        end[0] = fmin(first[0], end[0] * SHRINK);
        end[1] = fmin(first[1], end[1] * SHRINK);
    }
}

/* Moves one end by a factor as long as that helps. */
static bool move_end(search *s, int sign, double factor)
{
    bool moved = false;

    for (int i = 0; i < 16; i++) {
        double end[2] = {s->end[0], s->end[1]};
        end[sign] = fmin(end[sign] * factor, s->cells->side[sign].end);
        if (end[sign] == s->end[sign])
            break;
        double error = octet_cells_error(s->cells, s->spec, end, 0);
        if (!(error < s->error))
            break;
        s->error = error;
        s->end[sign] = end[sign];
        moved = true;
    }
    return moved;
}

static void move_ends(search *s)
{
    static const double factors[] = {0x1.172b84p+0, 0x1.0b5586p+0, 0x1.059b0dp+0, 0x1.02c9a4p+0};

    s->error = octet_cells_error(s->cells, s->spec, s->end, 0);
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
        for (int sign = 0; sign < 2; sign++)
            if (s->end[sign] > 0.0 && !move_end(s, sign, 1.0 / factors[i]))
                move_end(s, sign, factors[i]);
}

/* Cells follow the range down until a step of it has enough of them. */
static octet_status narrow(const octet_histogram *h, search *s, octet_cells *cells,
                           octet_arena *arena, octet_diag *diag)
{
    int octave = octet_histogram_top(h);

    for (;;) {
        shrink_both(s, ldexp(1.0, octave + 1));
        int now = octet_histogram_octave(h, fmax(s->end[0], s->end[1]));
        if (now >= octave)
            return OCTET_OK;
        octave = now;
        OCTET_TRY(octet_cells_make(h, octave, 0, arena, cells, diag));
        for (int sign = 0; sign < 2; sign++)
            s->end[sign] = fmin(cells->side[sign].end, ldexp(1.0, octave + 1));
    }
}

static octet_status find(const octet_histogram *h, const octet_qspec *spec, octet_arena *arena,
                         octet_range *out, octet_diag *diag)
{
    octet_cells cells;

    OCTET_TRY(octet_cells_make(h, octet_histogram_top(h), 0, arena, &cells, diag));
    const double whole[2] = {cells.side[0].end, cells.side[1].end};
    search s = {.cells = &cells, .spec = spec, .end = {whole[0], whole[1]}};
    double whole_error = octet_cells_error(&cells, spec, whole, 0);
    OCTET_TRY(narrow(h, &s, &cells, arena, diag));
    move_ends(&s);
    *out = octet_range_of(s.error < whole_error ? s.end : whole);
    return OCTET_OK;
}

static octet_status choose(const void *state, const octet_qspec *spec,
                           const octet_range_options *options, const octet_observing *with,
                           octet_choice *out)
{
    const octet_histogram *h = state;
    octet_status status = OCTET_OK;
    octet_arena arena;

    (void)options;
    out->range = (octet_range){h->min, h->max};
    octet_arena_init(&arena, with->allocator);
    if (octet_histogram_total(h) > 0)
        status = find(h, spec, &arena, &out->range, with->diag);
    octet_arena_deinit(&arena);
    out->coarse = octet_histogram_coarse(h, &out->range, spec);
    return status;
}

const octet_observer octet_observer_mse = {
    .name = "mse",
    .summary = "least mean squared error of the integer grid",
    .statistics = &octet_statistics_histogram,
    .choose = choose,
};
