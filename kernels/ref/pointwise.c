/* ref/pointwise.c: activations, and what follows a loop while its results are hot, the definition
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#include <math.h>

void octet_prelu_f32_ref(size_t n, const float *x, size_t x_step, const float *slope,
                         size_t slope_step, float *y)
{
    for (size_t i = 0; i < n; i++) {
        float v = x[i * x_step];

        y[i] = v < 0.0f ? v * slope[i * slope_step] : v;
    }
}

void octet_elu_f32_ref(size_t n, const float *x, float alpha, float *y)
{
    for (size_t i = 0; i < n; i++) {
        float t;

        octet_exp_f32_ref(1, &x[i], &t);
        y[i] = x[i] < 0.0f ? alpha * (t - 1.0f) : x[i];
    }
}

void octet_hard_sigmoid_f32_ref(size_t n, const float *x, float alpha, float beta, float *y)
{
    for (size_t i = 0; i < n; i++) {
        float t = alpha * x[i] + beta;

        t = t <= OCTET_BELOW_ZERO ? 0.0f : t;
        y[i] = t > 1.0f ? 1.0f : t;
    }
}

void octet_affine_f32_ref(size_t n, const float *x, float scale, float bias, float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * scale + bias;
}

float octet_max_f32_ref(size_t n, const float *x)
{
    float max = x[0] + 0.0f; /* -0 becomes +0 */

    for (size_t i = 1; i < n; i++)
        max = x[i] > max || x[i] != x[i] ? x[i] + 0.0f : max;
    return max;
}

void octet_finish_f32_ref(size_t n, const octet_epilogue *e, float *y)
{
    octet_minmax *r = e->range;

    if (e->act == OCTET_ACT_RELU)
        octet_relu_f32_ref(n, y, y);
    else if (e->act == OCTET_ACT_CLIP)
        octet_clip_f32_ref(n, y, e->lo, e->hi, y);
    for (size_t i = 0; r != NULL && i < n; i++) {
        float v = y[i] + 0.0f; /* -0 becomes +0 */

        r->not_finite |= !isfinite(v);
        r->min = v < r->min ? v : r->min;
        r->max = v > r->max ? v : r->max;
    }
}
