/* narrow.c: weights of 7 bits where 8 could make sums saturate
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/narrow.h"

/* What an int8 activation is moved to as well. */
static const octet_interval any_byte = {0, UINT8_MAX};

static bool could_saturate(const octet_narrowing *n, const octet_sum_weights *w, int64_t channel)
{
    for (int64_t b = 0; b < n->r.batches; b++) {
        octet_interval pair = octet_pair_range(&n->r, w, b, channel, any_byte);

        if (pair.lo < OCTET_PAIR_MIN || pair.hi > OCTET_PAIR_MAX)
            return true;
    }
    return false;
}

static void halve(const octet_narrowing *n, int64_t scale)
{
    n->narrow[scale] = true;
    n->scales[scale] *= 2.0F;
}

int64_t octet_narrow(const octet_narrowing *n, const int8_t *weights)
{
    octet_sum_weights w = {.data = (const uint8_t *)weights, .is_signed = true};
    int64_t narrowed = 0;

    if (n->r.w == OCTET_DTYPE_UNDEFINED)
        return 0;
    for (int64_t c = 0; c < n->r.channels; c++) {
        int64_t scale = n->per_channel ? c : 0;

        if (n->narrow[scale] || !could_saturate(n, &w, c))
            continue;
        halve(n, scale);
        if (!n->per_channel)
            return n->r.batches * n->r.channels;
        narrowed++;
    }
    return narrowed;
}
