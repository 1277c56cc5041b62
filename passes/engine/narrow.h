/* narrow.h: weights of 7 bits where 8 could make sums saturate
 * SPDX-License-Identifier: Apache-2.0
 *
 * Two products of a uint8 activation and a weight of 7 bits add up to 2 * 255 * 64 at most, which
 * fits the 16 bits of vpmaddubsw (engine/sums.h).
 */
#ifndef OCTET_PASSES_NARROW_H
#define OCTET_PASSES_NARROW_H

#include "engine/sums.h"

#define OCTET_NARROW_MIN (-64)
#define OCTET_NARROW_MAX 63

typedef struct octet_narrowing {
    octet_reduction r;
    float *scales;    /* one of each channel, or one */
    bool *narrow;     /* of the same number: narrowed already */
    bool per_channel; /* scales are along the reduction's channels */
} octet_narrowing;

/* Doubles the scale of the channels that could saturate with the quantized weights, and marks them.
 * Returns how many output channels that concerns. */
int64_t octet_narrow(const octet_narrowing *n, const int8_t *weights);

#endif
