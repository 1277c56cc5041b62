/* ort_kernels.c: ONNX Runtime's sums and elementary functions
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/ort_kernels.h"

#include <stdint.h>

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
    k->sigmoid_f32 = k->eigen_sigmoid_f32;
    k->tanh_f32 = k->eigen_tanh_f32;
    k->sum_f32 = octet_ort_sum;
    k->sum_rows_f32 = octet_ort_sum_rows;
}
