/* ref/elementwise.c: arithmetic on arrays, the definition
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

void octet_relu_f32_ref(size_t n, const float *x, float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] <= OCTET_BELOW_ZERO ? 0.0f : x[i];
}

void octet_clip_f32_ref(size_t n, const float *x, float lo, float hi, float *y)
{
    for (size_t i = 0; i < n; i++) {
        float t = lo > x[i] ? lo : x[i];

        y[i] = hi < t ? hi : t;
    }
}

#define BINARY(name, op)                                                                           \
    void octet_##name##_f32_ref(size_t n, const float *x, size_t x_step, const float *y,           \
                                size_t y_step, float *z)                                           \
    {                                                                                              \
        for (size_t i = 0; i < n; i++)                                                             \
            z[i] = x[i * x_step] op y[i * y_step];                                                 \
    }

BINARY(add, +)
BINARY(sub, -)
BINARY(mul, *)
BINARY(div, /)
