/* activation.c: functions built from kernels that several operators use
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/activation.h"

#include <math.h>

#define BLOCK 256

/* log1p(t) = log(u) * t / (u - 1) with u = fl(1 + t): the error of u cancels. */
static void block(const octet_kernels *k, size_t n, const float *x, float *y)
{
    float t[BLOCK], u[BLOCK], log_u[BLOCK];

    for (size_t i = 0; i < n; i++)
        t[i] = -fabsf(x[i]);
    k->exp_f32(n, t, t);
    for (size_t i = 0; i < n; i++)
        u[i] = 1.0f + t[i];
    k->log_f32(n, u, log_u);
    for (size_t i = 0; i < n; i++) {
        float d = u[i] - 1.0f;
        float exact = log_u[i] * (t[i] / d), low = d == 0.0f ? t[i] : exact;
        y[i] = (x[i] < 0.0f ? 0.0f : x[i]) + low;
    }
}

void octet_softplus_f32(const octet_kernels *k, size_t n, const float *x, float *y)
{
    for (size_t i = 0; i < n; i += BLOCK)
        block(k, n - i < BLOCK ? n - i : BLOCK, x + i, y + i);
}
