/* conv_image.h: the images that convolutions read: positions and padded copies
 * SPDX-License-Identifier: Apache-2.0
 *
 * All sizes and strides are in elements, axes in row-major order.
 */
#ifndef OCTET_OPS_CONV_IMAGE_H
#define OCTET_OPS_CONV_IMAGE_H

#include "ops/conv_common.h"

void octet_image_strides(int32_t rank, const int64_t *dims, int64_t *strides);

/* Next index below dims; false after the last, when it is all zeros again. */
bool octet_image_advance(int32_t rank, const int64_t *dims, int64_t *index);

/* Where output p of outputs `out` begins: the sum of its indices times steps. */
int64_t octet_image_position(int32_t rank, const int64_t *out, const int64_t *step, size_t p);

/* Copies an image x of sizes `in` into one of sizes `padded`, from index `lead` on; what falls
 * outside is left out (lead may be negative), what lies around it is not touched. */
void octet_image_copy(int32_t rank, const int64_t *in, const int64_t *lead, const int64_t *padded,
                      size_t element, const uint8_t *x, uint8_t *image);

#endif
