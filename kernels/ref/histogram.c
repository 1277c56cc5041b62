/* ref/histogram.c: counting numbers in bins of a fixed grid, the definition
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#include <string.h>

/* -1: in none. */
static int32_t bin_of(float x, const octet_bins *bins)
{
    uint32_t bits;
    int32_t i;

    memcpy(&bits, &x, sizeof bits);
    i = (int32_t)((bits & 0x7fffffff) >> OCTET_BINS_SHIFT) - bins->base;
    if (i < OCTET_BINS_PAGE)
        i = (int32_t)(fabsf(x) * bins->scale);
    if (i < bins->split)
        return (int32_t)(((uint32_t)i & ~1u) | bits >> 31);
    return i < bins->end && (int)(bits >> 31) == bins->negative ? i : -1;
}

size_t octet_histogram_f32_ref(size_t n, const float *x, const octet_bins *bins, uint16_t *counts,
                               float *rest, size_t *n_rest)
{
    size_t counted = 0, left = 0;

    for (size_t i = 0; i < n; i++) {
        int32_t bin = bin_of(x[i], bins);

        if (x[i] == 0.0f)
            continue;
        if (bin < 0) {
            rest[left++] = x[i];
            continue;
        }
        counts[bin]++;
        counted++;
    }
    *n_rest = left;
    return counted;
}
