/* ref/math.c: elementary functions of float, the definition
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static inline int32_t bits_of(float x)
{
    int32_t i;

    memcpy(&i, &x, sizeof(i));
    return i;
}

static inline float float_of(int32_t i)
{
    float x;

    memcpy(&x, &i, sizeof(x));
    return x;
}

#define F float
#define I int32_t
#define FN static inline
#define C(x) (x)
#define CI(x) ((int32_t)(x))
#define FMA(a, b, c) fmaf((a), (b), (c))
#define SEL(mask, a, b) ((mask) ? (a) : (b))
#define LT(a, b) (-(int32_t)((a) < (b)))
#define NE(a, b) (-(int32_t)((a) != (b)))
#define BITS(x) bits_of(x)
#define FLOAT(i) float_of(i)
#define SHL(i, n) ((int32_t)((uint32_t)(i) << (n)))
/* Without relying on how the compiler shifts negative numbers. */
#define SHR(i, n) ((i) < 0 ? ~(~(i) >> (n)) : (i) >> (n))
#define ADDI(a, b) ((int32_t)((uint32_t)(a) + (uint32_t)(b)))
#define SUBI(a, b) ((int32_t)((uint32_t)(a) - (uint32_t)(b)))
#define TO_F(i) ((float)(i))
#define SMALLER(a, b) ((a) < (b) ? (a) : (b))
#define LARGER(a, b) ((a) > (b) ? (a) : (b))
#define WHERE_LT(a, b, x, y) ((a) < (b) ? (x) : (y))
#define WHERE_NAN(a, x, y) ((a) != (a) ? (x) : (y))
#define SCALE(p, n) scale_in_steps((p), (n))

/* Two factors: exact until the last, also where the result is denormal or overflows. n may be NaN.
 */
static inline float scale_in_steps(float p, float n)
{
    int32_t i = SUBI(bits_of(n + 0x1.8p23f), bits_of(0x1.8p23f)), half = SHR(i, 1);

    p = p * float_of(SHL(ADDI(half, 127), 23));
    return p * float_of(SHL(ADDI(SUBI(i, half), 127), 23));
}

#include "math.inc"

/* r and quadrant with |x| = quadrant pi/2 + r for |x| > 1: |x| = m 2^e with an integer m; bits of
 * 2/pi worth 4 or more after the product only add whole turns, the 96 bits below them decide. */
static double reduce_large(int32_t bits, int32_t *quadrant)
{
    static const uint32_t two_over_pi[8] = {0,          0xa2f9836e, 0x4e441529, 0xfc2757d1,
                                            0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab};
    uint32_t m = ((uint32_t)bits & 0x7fffff) | 0x800000;
    uint32_t from = (((uint32_t)bits >> 23) & 0xff) - 150 - 2 + 32;
    uint32_t word = from / 32, shift = from % 32;
    uint32_t w[3];
    uint64_t low, high;
    int64_t fraction;

    for (uint32_t i = 0; i < 3; i++) {
        uint64_t pair = (uint64_t)two_over_pi[word + i] << 32 | two_over_pi[word + i + 1];

        w[i] = (uint32_t)(pair << shift >> 32);
    }
    low = (uint64_t)m * w[2];
    high = (uint64_t)m * w[1] + (low >> 32);
    high += ((uint64_t)m * w[0]) << 32;
    *quadrant = (int32_t)((high + (UINT64_C(1) << 61)) >> 62);
    fraction = (int64_t)(high << 2) / 4;
    return (double)fraction * 0x1.921fb54442d18p-62;
}

static float sin_cos(float x, int32_t quadrant)
{
    int32_t bits = bits_of(x), q;
    double r;
    float high, low;

    if (fabsf(x) <= TRIG_LIMIT)
        return sin_cos_1(x, quadrant);
    if (!isfinite(x))
        return NAN_F;
    r = reduce_large(bits, &q);
    if (bits < 0) {
        r = -r;
        q = -q;
    }
    high = (float)r;
    low = (float)(r - (double)high);
    return sin_quadrant(high, low, quadrant + q);
}

static float sin_1(float x)
{
    return sin_cos(x, 0);
}

static float cos_1(float x)
{
    return sin_cos(x, 1);
}

#define MAP(name)                                                                                  \
    void octet_##name##_f32_ref(size_t n, const float *x, float *y)                                \
    {                                                                                              \
        for (size_t i = 0; i < n; i++)                                                             \
            y[i] = name##_1(x[i]);                                                                 \
    }

MAP(exp)
MAP(log)
MAP(tanh)
MAP(sigmoid)
MAP(eigen_tanh)
MAP(eigen_sigmoid)
MAP(erf)
MAP(sin)
MAP(cos)

/* ---- pow, through double */

/* log2 of a finite number above 0: atanh series in (m - 1) / (m + 1), m in [sqrt 1/2, sqrt 2). */
static double log2_double(float x)
{
    int e;
    double m = (double)frexpf(x, &e), t, s, p = 1.0 / 21;

    if (m < 0x1.6a09e667f3bcdp-1) {
        m += m;
        e--;
    }
    t = (m - 1) / (m + 1);
    s = t * t;
    for (int i = 19; i >= 1; i -= 2)
        p = p * s + 1.0 / i;
    return (double)e + p * t * 0x1.71547652b82fep+1;
}

/* 2^z for |z| < 1000: the exponential series for the fraction, then the exponent. */
static double exp2_double(double z)
{
    double n = rint(z), r = (z - n) * 0x1.62e42fefa39efp-1, p = 1;

    for (int i = 13; i >= 1; i--)
        p = p * r / i + 1;
    return ldexp(p, (int)n);
}

static float pow_1(float x, float y)
{
    bool odd_y = fabsf(y) < 0x1p24f && rintf(y) == y && fmodf(y, 2.0f) != 0;
    double z, result;

    if (x == 1 || y == 0)
        return 1;
    if (x != x || y != y)
        return NAN_F;
    if (isinf(y)) {
        float a = fabsf(x);

        return a == 1 ? 1 : (a > 1) == (y > 0) ? INFINITY : 0;
    }
    if (x == 0 || isinf(x)) {
        float a = (x == 0) == (y < 0) ? INFINITY : 0;

        return odd_y ? copysignf(a, x) : a;
    }
    if (x < 0 && rintf(y) != y)
        return NAN_F;
    z = (double)y * log2_double(fabsf(x));
    z = z > 999 ? 999 : z < -999 ? -999 : z;
    result = exp2_double(z);
    return (float)(x < 0 && odd_y ? -result : result);
}

void octet_pow_f32_ref(size_t n, const float *x, size_t x_step, const float *y, size_t y_step,
                       float *z)
{
    for (size_t i = 0; i < n; i++)
        z[i] = pow_1(x[i * x_step], y[i * y_step]);
}
