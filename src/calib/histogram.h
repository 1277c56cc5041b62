/* histogram.h: mergeable counts of a tensor's values
 * SPDX-License-Identifier: Apache-2.0
 *
 * The values of each sign with the largest magnitudes, fewer than OCTET_HISTOGRAM_RAW, are kept as
 * they are; the others are counted on a grid. `top` of a sign is the highest octave such that
 * OCTET_HISTOGRAM_RAW values of the sign lie in it or above: neither one outlier nor a hundred move
 * it. The grid ends with the higher top: three octaves of 4096 bins each, and a page of 4096 equal
 * bins below them, as wide as those of the lowest octave. Octaves up to the lower top are shared:
 * 2048 bins for each sign. What lies beyond its sign's bins is kept as it is.
 *
 * When a top rises, bins are added up in pairs, and values kept so far come into bins. All borders
 * are multiples of powers of two, so that this commutes with counting: the state depends on the
 * values alone, not on their order or on how they were split.
 */
#ifndef OCTET_CALIB_HISTOGRAM_H
#define OCTET_CALIB_HISTOGRAM_H

#include "calib/observer.h"

#define OCTET_HISTOGRAM_OCTAVES 3
#define OCTET_HISTOGRAM_PAGES (OCTET_HISTOGRAM_OCTAVES + 1)
#define OCTET_HISTOGRAM_BINS (OCTET_HISTOGRAM_PAGES * OCTET_BINS_PAGE)
#define OCTET_HISTOGRAM_RAW 256
/* Below 2^-100 octaves are not told apart: no scale is that small. */
#define OCTET_HISTOGRAM_LOWEST (-100)
#define OCTET_HISTOGRAM_NONE (OCTET_HISTOGRAM_LOWEST - OCTET_HISTOGRAM_OCTAVES - 1)

/* Counts are low + 2^15 high; high digits are kept where there are any. */
#define OCTET_HISTOGRAM_CHUNK 512
#define OCTET_HISTOGRAM_CHUNKS (OCTET_HISTOGRAM_BINS / OCTET_HISTOGRAM_CHUNK)

typedef struct octet_histogram {
    uint16_t *low;                          /* by bin; NULL: there is no grid yet */
    uint32_t *high[OCTET_HISTOGRAM_CHUNKS]; /* of a chunk of bins; NULL: all 0 */
    uint64_t zeros, counted;                /* values that are 0; values in bins */
    uint32_t pending;                       /* counted since the digits were last carried */
    float min, max;
    bool seen;
    int top[2]; /* positive, negative; NONE: too few values */
    uint32_t n_raw[2];
    float raw[2][OCTET_HISTOGRAM_RAW]; /* magnitudes, in any order */
} octet_histogram;

uint64_t octet_histogram_count(const octet_histogram *h, uint32_t bin);
uint64_t octet_histogram_total(const octet_histogram *h); /* of values other than 0 */
/* Octave that the grid ends with, and the lowest that has a page of its own. */
int octet_histogram_top(const octet_histogram *h);
int octet_histogram_bottom(const octet_histogram *h);
/* Pages below this one are shared by the signs; whose the others are (1: negative). */
uint32_t octet_histogram_shared_pages(const octet_histogram *h);
uint32_t octet_histogram_owner(const octet_histogram *h);
/* Width of a page's bins where they are not shared: bin i of page 0 begins at i widths, of the
 * others at PAGE + i. */
double octet_histogram_page_width(const octet_histogram *h, uint32_t page);
/* Where a bin's values end: |x| is below it. */
double octet_histogram_bin_end(const octet_histogram *h, uint32_t bin);
/* Octave of a magnitude, held between bottom and top. */
int octet_histogram_octave(const octet_histogram *h, double magnitude);

/* Whether a step of the range [min, max] holds fewer than OCTET_BINS_PER_STEP bins somewhere. */
bool octet_histogram_coarse(const octet_histogram *h, const octet_range *range,
                            const octet_qspec *spec);

#endif
