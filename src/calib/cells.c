/* cells.c: a histogram made ready for searches
 * SPDX-License-Identifier: Apache-2.0
 */
#include "calib/cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static octet_status make_side(octet_side *side, uint32_t n, uint32_t n_raw, octet_arena *arena,
                              octet_diag *diag)
{
    side->n = n;
    side->far = OCTET_ARENA_ARRAY(arena, double, n_raw + 1);
    OCTET_TRY_ALLOC(diag, side->far);
    side->count = OCTET_ARENA_ARRAY(arena, double, n + 1);
    side->sum = OCTET_ARENA_ARRAY(arena, double, n + 1);
    side->square = OCTET_ARENA_ARRAY(arena, double, n + 1);
    OCTET_TRY_ALLOC(diag, side->count);
    OCTET_TRY_ALLOC(diag, side->sum);
    OCTET_TRY_ALLOC(diag, side->square);
    return OCTET_OK;
}

/* A bin counts with its middle. */
static void add_bin(octet_side *side, uint32_t cell, double middle, double count)
{
    double sum = count * middle, square = sum * middle;

    side->all_count += count;
    side->all_sum += sum;
    side->all_square += square;
    if (cell >= side->n)
        return;
    side->count[cell + 1] += count;
    side->sum[cell + 1] += sum;
    side->square[cell + 1] += square;
}

static void add_page(const octet_histogram *h, octet_cells *c, uint32_t page)
{
    const uint32_t first = page > 0 ? OCTET_BINS_PAGE : 0;
    const uint32_t shared = page < octet_histogram_shared_pages(h);
    const double width = octet_histogram_page_width(h, page), cells = width / c->width;

    for (uint32_t i = 0; i < OCTET_BINS_PAGE; i++) {
        uint64_t count = octet_histogram_count(h, page * OCTET_BINS_PAGE + i);
        if (count == 0)
            continue;
        double from = (double)(first + (i & ~shared)), middle = from + (shared ? 1.0 : 0.5);
        uint32_t sign = shared ? i & 1 : octet_histogram_owner(h);
        add_bin(&c->side[sign], (uint32_t)(from * cells), middle * width, (double)count);
    }
}

static int falling(const void *x, const void *y)
{
    const double a = *(const double *)x, b = *(const double *)y;

    return (a < b) - (a > b);
}

static void add_raw(const octet_cells *c, octet_side *side, const float *raw, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        double x = (double)raw[i], cell = x / c->width;
        if (cell < (double)side->n) {
            add_bin(side, (uint32_t)cell, x, 1.0);
            continue;
        }
        side->far[side->n_far++] = x;
    }
    if (side->n_far > 1)
        qsort(side->far, side->n_far, sizeof *side->far, falling);
}

static void run_up(octet_side *side)
{

    for (uint32_t i = 0; i < side->n; i++) {
        side->count[i + 1] += side->count[i];
        side->sum[i + 1] += side->sum[i];
        side->square[i + 1] += side->square[i];
    }
}

octet_status octet_cells_make(const octet_histogram *h, int octave, int merge, octet_arena *arena,
                              octet_cells *out, octet_diag *diag)
{
    int page = octave - octet_histogram_bottom(h) + 1;
    bool shared = page < (int)octet_histogram_shared_pages(h);

    memset(out, 0, sizeof *out);
    out->width = ldexp(1.0, octave - 12 + shared + merge);
    out->side[0].end = fmax((double)h->max, 0.0);
    out->side[1].end = fmax(-(double)h->min, 0.0);
    for (int sign = 0; sign < 2; sign++) {
        uint32_t n = (shared ? OCTET_BINS_PAGE : 2 * OCTET_BINS_PAGE) >> merge;
        OCTET_TRY(make_side(&out->side[sign], h->top[sign] == OCTET_HISTOGRAM_NONE ? 0 : n,
                            h->n_raw[sign], arena, diag));
        add_raw(out, &out->side[sign], h->raw[sign], h->n_raw[sign]);
    }
    for (uint32_t p = 0; h->low != NULL && p < OCTET_HISTOGRAM_PAGES; p++)
        add_page(h, out, p);
    for (int sign = 0; sign < 2; sign++)
        run_up(&out->side[sign]);
    return OCTET_OK;
}

uint32_t octet_cells_below(const octet_cells *c, const octet_side *side, double x)
{
    double i = x / c->width + 0.5;

    return i < (double)side->n ? (uint32_t)i : side->n;
}

octet_range octet_range_of(const double end[2])
{
    return (octet_range){-(float)end[1] + 0.0F, (float)end[0]};
}
