/* fixed_point.h: scaling of integers by an integer multiplier and a shift
 * SPDX-License-Identifier: Apache-2.0
 *
 * The arithmetic of gemmlowp, TFLite and CMSIS-NN: a real factor is a multiplier in [2^30, 2^31)
 * and a power of two.
 */
#ifndef OCTET_OPS_FIXED_POINT_H
#define OCTET_OPS_FIXED_POINT_H

#include <stdint.h>

typedef struct octet_fixed {
    int32_t multiplier;
    int shift; /* to the left; negative: to the right */
} octet_fixed;

/* Any number: what is too small for any result, negative or NaN is zero, 2^30 and more the largest
 * factor. */
octet_fixed octet_fixed_from(double real);

/* Half of the doubled product's upper word, rounded, halves upwards; (-2^31)^2 saturates. */
int32_t octet_fixed_multiply_high(int32_t a, int32_t b);
/* x / 2^n, halves away from zero; 0 <= n <= 31. */
int32_t octet_fixed_divide_by_power(int32_t x, int n);
/* x times the factor, rounded twice: multiplication, then division by the power. What the left
 * shift pushes out saturates. */
int32_t octet_fixed_apply(int32_t x, octet_fixed f);

#endif
