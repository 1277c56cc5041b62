/* ort_kernels.c: ONNX Runtime's elementary functions and sums
 * SPDX-License-Identifier: Apache-2.0
 *
 * Eigen's rational approximations: x p(x²) / q(x²) with fused multiply-adds from the highest power
 * down, x clamped to where the function is constant.
 */
#include "ops/ort_kernels.h"

#include <math.h>
#include <stdint.h>

typedef struct rational {
    const float *p, *q; /* highest power first */
    int n_p, n_q;
    float limit, plus;
} rational;

static const float sigmoid_p[] = {4.37031012579801e-11f, 1.15627324459942e-07f,
                                  6.08574864600143e-05f, 8.51377133304701e-03f,
                                  2.48287947061529e-01f};
static const float sigmoid_q[] = {6.10247389755681e-13f, 5.76102136993427e-09f,
                                  6.29106785017040e-06f, 1.70198817374094e-03f,
                                  1.16817656904453e-01f, 9.93151921023180e-01f};
static const float tanh_p[] = {
    -2.76076847742355e-16f, 2.00018790482477e-13f, -8.60467152213735e-11f, 5.12229709037114e-08f,
    1.48572235717979e-05f,  6.37261928875436e-04f, 4.89352455891786e-03f};
static const float tanh_q[] = {1.19825839466702e-06f, 1.18534705686654e-04f, 2.26843463243900e-03f,
                               4.89352518554385e-03f};

static const rational sigmoid = {sigmoid_p, sigmoid_q, 5, 6, 18.0f, 0.5f};
static const rational hyperbolic = {tanh_p, tanh_q, 7, 4, 9.0f, 0.0f};

static float polynomial(const float *c, int n, float x)
{
    float sum = c[0];

    for (int i = 1; i < n; i++)
        sum = fmaf(sum, x, c[i]);
    return sum;
}

/* NaN stays. */
static float evaluate(const rational *r, float x)
{
    float square;

    x = x < -r->limit ? -r->limit : x;
    x = x > r->limit ? r->limit : x;
    square = x * x;
    return polynomial(r->p, r->n_p, square) * x / polynomial(r->q, r->n_q, square) + r->plus;
}

void octet_ort_sigmoid(size_t n, const float *x, float *y)
{
    for (size_t i = 0; i < n; i++) {
        float v = evaluate(&sigmoid, x[i]);

        v = v < 0.0f ? 0.0f : v;
        y[i] = v > 1.0f ? 1.0f : v;
    }
}

void octet_ort_tanh(size_t n, const float *x, float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = evaluate(&hyperbolic, x[i]);
}

/* ---- sums, as Eigen makes them: vectors of four from the first aligned address on, in two turns;
 * what stands before and behind them is added last. Tensors begin at aligned addresses, here and
 * there, so where a row begins depends on its place in the tensor alone. */

#define LANES 4

static float sum_vectors(size_t n, const float *x)
{
    float even[LANES], odd[LANES];
    size_t pairs = n / (2 * LANES) * (2 * LANES);

    for (int l = 0; l < LANES; l++) {
        even[l] = x[l];
        odd[l] = n > LANES ? x[LANES + l] : 0.0f;
    }
    for (size_t i = 2 * LANES; i < pairs; i += 2 * LANES)
        for (int l = 0; l < LANES; l++) {
            even[l] += x[i + (size_t)l];
            odd[l] += x[i + LANES + (size_t)l];
        }
    for (int l = 0; n > LANES && l < LANES; l++)
        even[l] += odd[l];
    for (int l = 0; n > pairs && n > LANES && l < LANES; l++)
        even[l] += x[pairs + (size_t)l];
    return (even[0] + even[2]) + (even[1] + even[3]);
}

float octet_ort_sum(size_t n, const float *x)
{
    size_t past = ((uintptr_t)x / sizeof *x) % LANES, before = past == 0 ? 0 : LANES - past, count;
    float sum;

    if (n < before + LANES) {
        sum = n > 0 ? x[0] : 0.0f;
        for (size_t i = 1; i < n; i++)
            sum += x[i];
        return sum;
    }
    count = (n - before) / LANES * LANES;
    sum = sum_vectors(count, x + before);
    for (size_t i = 0; i < before; i++)
        sum += x[i];
    for (size_t i = before + count; i < n; i++)
        sum += x[i];
    return sum;
}

/* Columns are chains. */
void octet_ort_sum_rows(size_t n, size_t width, const float *x, size_t row_step, float *y)
{
    for (size_t j = 0; j < width; j++)
        y[j] = 0.0f;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < width; j++)
            y[j] += x[i * row_step + j];
}

void octet_ort_kernels(octet_kernels *k)
{
    k->sigmoid_f32 = octet_ort_sigmoid;
    k->tanh_f32 = octet_ort_tanh;
    k->sum_f32 = octet_ort_sum;
    k->sum_rows_f32 = octet_ort_sum_rows;
}
