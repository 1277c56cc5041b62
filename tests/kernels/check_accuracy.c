/* check_accuracy.c: the reference functions against the C library's doubles
 * SPDX-License-Identifier: Apache-2.0
 *
 * Usage: check_accuracy [all | step]. Takes every 997th float, or every so many as `step` says, or
 * with `all` every float (half an hour), and fails above the bounds that docs/numerics.md states.
 * Exact cases are compared exactly.
 */
#include "kernels.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const octet_kernels *k;
static int failures;

static float from_bits(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

/* Size of one unit in the last place of the float nearest to y. */
static double ulp_of(double y)
{
    int e;

    frexp(y, &e);
    return ldexp(1.0, (e < -125 ? -125 : e) - 24);
}

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

typedef struct function {
    const char *name;
    void (*const *kernel)(size_t n, const float *x, float *y);
    double (*exact)(double x);
    double bound; /* ULP */
} function;

/* Error in ULP; infinite when exactly one is NaN or a finite result should be infinite. */
static double error_of(float got, double want)
{
    float rounded = (float)want;

    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got) ? 0 : INFINITY;
    if (isinf(rounded) || isinf(got))
        return got == rounded || fabs(want) >= (double)0x1.fffffep127f ? 0 : INFINITY;
    return fabs((double)got - want) / ulp_of(want);
}

static void check_function(const function *f, uint64_t step)
{
    double worst = 0;
    float worst_x = 0;

    for (uint64_t bits = 0; bits < UINT64_C(1) << 32; bits += step) {
        float x = from_bits((uint32_t)bits), y;
        double error;

        (*f->kernel)(1, &x, &y);
        error = error_of(y, f->exact((double)x));
        if (error > worst) {
            worst = error;
            worst_x = x;
        }
    }
    printf("%-8s %.3f ULP at %a\n", f->name, worst, (double)worst_x);
    fflush(stdout); /* `all` takes half an hour */
    if (!(worst <= f->bound)) {
        fprintf(stderr, "%s: above its bound of %.2f ULP\n", f->name, f->bound);
        failures++;
    }
}

static void check_pow(uint64_t samples)
{
    uint64_t state = 88172645463325252u;
    double worst = 0;
    float worst_x = 0, worst_y = 0;

    for (uint64_t i = 0; i < samples; i++) {
        float x, y, z;
        double error;

        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        x = i % 2 ? from_bits((uint32_t)state)
                  : from_bits(((uint32_t)state & 0x3ffffff) | 0x3e000000);
        y = i % 3 ? (float)((int32_t)(state >> 32) >> 8) * 0x1p-18f
                  : from_bits((uint32_t)(state >> 32));
        if (i % 5 == 0)
            y = rintf(y);
        k->pow_f32(1, &x, 1, &y, 1, &z);
        error = error_of(z, pow((double)x, (double)y));
        if (error > worst) {
            worst = error;
            worst_x = x;
            worst_y = y;
        }
    }
    printf("%-8s %.3f ULP at %a, %a\n", "pow", worst, (double)worst_x, (double)worst_y);
    failures += !(worst <= 0.51);
}

/* Results that must be these very bits. */
static void check_exact(const char *name, void (*kernel)(size_t, const float *, float *), float x,
                        float want)
{
    float y;

    kernel(1, &x, &y);
    if (memcmp(&y, &want, sizeof(y)) != 0 && !(isnan(y) && isnan(want))) {
        fprintf(stderr, "%s(%a) is %a instead of %a\n", name, (double)x, (double)y, (double)want);
        failures++;
    }
}

static void check_special(void)
{
    check_exact("exp", k->exp_f32, 0.0f, 1.0f);
    check_exact("exp", k->exp_f32, -0.0f, 1.0f);
    check_exact("exp", k->exp_f32, -INFINITY, 0.0f);
    check_exact("exp", k->exp_f32, INFINITY, INFINITY);
    check_exact("exp", k->exp_f32, 89.0f, INFINITY);
    check_exact("log", k->log_f32, 1.0f, 0.0f);
    check_exact("log", k->log_f32, -0.0f, -INFINITY);
    check_exact("log", k->log_f32, INFINITY, INFINITY);
    check_exact("log", k->log_f32, -1.0f, NAN);
    check_exact("tanh", k->tanh_f32, -0.0f, -0.0f);
    check_exact("tanh", k->tanh_f32, 0x1p-140f, 0x1p-140f);
    check_exact("tanh", k->tanh_f32, -INFINITY, -1.0f);
    check_exact("sigmoid", k->sigmoid_f32, 0.0f, 0.5f);
    check_exact("sigmoid", k->sigmoid_f32, -INFINITY, 0.0f);
    check_exact("sigmoid", k->sigmoid_f32, INFINITY, 1.0f);
    check_exact("erf", k->erf_f32, -0.0f, -0.0f);
    check_exact("erf", k->erf_f32, INFINITY, 1.0f);
    check_exact("sin", k->sin_f32, -0.0f, -0.0f);
    check_exact("sin", k->sin_f32, INFINITY, NAN);
    check_exact("cos", k->cos_f32, 0.0f, 1.0f);
    check_exact("exp", k->exp_f32, NAN, NAN);
}

int main(int argc, char **argv)
{
    uint64_t step = argc < 2 ? 997 : strcmp(argv[1], "all") == 0 ? 1 : strtoull(argv[1], NULL, 10);

    if (step == 0) {
        fprintf(stderr, "usage: check_accuracy [all | step]\n");
        return 2;
    }

    k = octet_kernels_get(OCTET_ISA_REF);
    {
        const function functions[] = {
            {"exp", &k->exp_f32, exp, 0.91},    {"log", &k->log_f32, log, 0.80},
            {"tanh", &k->tanh_f32, tanh, 1.03}, {"sigmoid", &k->sigmoid_f32, sigmoid, 1.97},
            {"erf", &k->erf_f32, erf, 1.02},    {"sin", &k->sin_f32, sin, 1.20},
            {"cos", &k->cos_f32, cos, 1.20},
        };

        for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
            check_function(&functions[i], step);
    }
    check_pow(step == 1 ? 100000000 : 1000000000 / step);
    check_special();
    return failures != 0;
}
