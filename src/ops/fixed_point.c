/* fixed_point.c: scaling of integers by an integer multiplier and a shift
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/fixed_point.h"

#include <math.h>

octet_fixed octet_fixed_from(double real)
{
    const octet_fixed most = {INT32_MAX, 30};
    int64_t multiplier;
    int exponent;

    if (!(real >= 0x1p-32))
        return (octet_fixed){0, 0};
    if (real >= 0x1p30)
        return most;
    multiplier = (int64_t)round(frexp(real, &exponent) * 2147483648.0);
    if (multiplier == INT64_C(1) << 31) {
        multiplier /= 2;
        exponent++;
    }
    return exponent > 30 ? most : (octet_fixed){(int32_t)multiplier, exponent};
}

int32_t octet_fixed_multiply_high(int32_t a, int32_t b)
{
    int64_t product = (int64_t)a * b;
    int64_t nudge = product >= 0 ? INT64_C(1) << 30 : 1 - (INT64_C(1) << 30);

    if (a == INT32_MIN && b == INT32_MIN)
        return INT32_MAX;
    return (int32_t)((product + nudge) / (INT64_C(1) << 31));
}

int32_t octet_fixed_divide_by_power(int32_t x, int n)
{
    int64_t half = n > 0 ? INT64_C(1) << (n - 1) : 0, magnitude = x < 0 ? -(int64_t)x : x;

    magnitude = (magnitude + half) >> n;
    return (int32_t)(x < 0 ? -magnitude : magnitude);
}

int32_t octet_fixed_apply(int32_t x, octet_fixed f)
{
    int64_t shifted = f.shift > 0 ? (int64_t)x * (INT64_C(1) << f.shift) : x;

    if (shifted > INT32_MAX)
        shifted = INT32_MAX;
    if (shifted < INT32_MIN)
        shifted = INT32_MIN;
    return octet_fixed_divide_by_power(octet_fixed_multiply_high((int32_t)shifted, f.multiplier),
                                       f.shift < 0 ? -f.shift : 0);
}
