/* cells.h: a histogram made ready for searches
 * SPDX-License-Identifier: Apache-2.0
 *
 * Equal cells of |x| below 2^(octave + 1), as wide as the bins of that octave, with sums run up
 * from 0: what lies between two borders costs two look-ups.
 */
#ifndef OCTET_CALIB_CELLS_H
#define OCTET_CALIB_CELLS_H

#include "calib/histogram.h"

typedef struct octet_side { /* numbers of one sign, by magnitude */
    double end;             /* the largest */
    uint32_t n;             /* cells */
    /* [i]: of the first i cells: how many values, their sum and sum of squares */
    double *count, *sum, *square;
    double all_count, all_sum, all_square; /* the same of all that were counted in bins or cells */
    /* Those beyond the cells that the histogram keeps as they are. */
    double *far; /* falling */
    uint32_t n_far;
} octet_side;

typedef struct octet_cells {
    double width;
    octet_side side[2]; /* positive, negative */
} octet_cells;

/* bottom <= octave <= top of the histogram; 2^merge bins make a cell. */
octet_status octet_cells_make(const octet_histogram *h, int octave, int merge, octet_arena *arena,
                              octet_cells *out, octet_diag *diag);

/* How many cells have their middle below x. */
uint32_t octet_cells_below(const octet_cells *c, const octet_side *side, double x);

/* The range that ends at these magnitudes. */
octet_range octet_range_of(const double end[2]);

/* Sum of squared errors of the grid that octet_qparams_from_range makes of the range with these
 * ends, no higher than the cells reach unless these are the top's. The outermost `skipped` values
 * of each sign that the histogram keeps as they are do not count. */
double octet_cells_error(const octet_cells *c, const octet_qspec *spec, const double end[2],
                         uint32_t skipped);

/* More steps than that are narrower than bins: searching them is of no use. */
#define OCTET_CELLS_MOST_STEPS 1024

#endif
