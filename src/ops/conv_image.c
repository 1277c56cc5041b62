/* conv_image.c: the images that convolutions read: positions and padded copies
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/conv_image.h"

#include <string.h>

void octet_image_strides(int32_t rank, const int64_t *dims, int64_t *strides)
{
    int64_t stride = 1;

    for (int32_t i = rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= dims[i];
    }
}

bool octet_image_advance(int32_t rank, const int64_t *dims, int64_t *index)
{
    for (int32_t i = rank - 1; i >= 0; i--) {
        if (++index[i] < dims[i])
            return true;
        index[i] = 0;
    }
    return false;
}

int64_t octet_image_position(int32_t rank, const int64_t *out, const int64_t *step, size_t p)
{
    int64_t at = 0;

    for (int32_t i = rank - 1; i >= 0; i--) {
        at += (int64_t)(p % (size_t)out[i]) * step[i];
        p /= (size_t)out[i];
    }
    return at;
}

/* A short row: a call of memcpy() would cost as much as it copies. */
static void copy_row(uint8_t *to, const uint8_t *from, size_t n)
{
    size_t i = 0;

    if (n < 16 || n > 64) {
        memcpy(to, from, n);
        return;
    }
    for (; i + 16 < n; i += 16)
        memcpy(to + i, from + i, 16);
    memcpy(to + n - 16, from + n - 16, 16);
}

void octet_image_copy(int32_t rank, const int64_t *in, const int64_t *lead, const int64_t *padded,
                      size_t element, const uint8_t *x, uint8_t *image)
{
    int64_t from[OCTET_MAX_SPATIAL], count[OCTET_MAX_SPATIAL], index[OCTET_MAX_SPATIAL] = {0};
    int64_t in_strides[OCTET_MAX_SPATIAL], strides[OCTET_MAX_SPATIAL];
    int32_t last = rank - 1;

    for (int32_t i = 0; i < rank; i++) {
        int64_t end = lead[i] + in[i] < padded[i] ? lead[i] + in[i] : padded[i];

        from[i] = lead[i] > 0 ? lead[i] : 0;
        count[i] = end - from[i];
        if (count[i] <= 0)
            return;
    }
    octet_image_strides(rank, in, in_strides);
    octet_image_strides(rank, padded, strides);
    do {
        int64_t src = from[last] - lead[last], dst = from[last];

        for (int32_t i = 0; i < last; i++) {
            src += (from[i] + index[i] - lead[i]) * in_strides[i];
            dst += (from[i] + index[i]) * strides[i];
        }
        copy_row(image + (size_t)dst * element, x + (size_t)src * element,
                 (size_t)count[last] * element);
    } while (octet_image_advance(last, count, index));
}
