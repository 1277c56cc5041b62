/* activation.h: functions built from kernels that several operators use
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_ACTIVATION_H
#define OCTET_OPS_ACTIVATION_H

#include "kernels.h"

/* y = max(x, 0) + log1p(exp(-|x|)); x and y must not overlap. */
void octet_softplus_f32(const octet_kernels *k, size_t n, const float *x, float *y);

#endif
