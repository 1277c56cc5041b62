/* softmax_common.h: Softmax and LogSoftmax along one axis
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_SOFTMAX_COMMON_H
#define OCTET_OPS_SOFTMAX_COMMON_H

#include "ops/common.h"

/* y = exp(x - max) / sum, or x - max - log(sum) */
octet_status octet_softmax_eval(octet_eval *e, bool logarithm);

/* The dims of a tensor seen from one axis: [outer, axis, inner]. Reads attribute `axis` (default
 * -1). */
typedef struct octet_axis_view {
    size_t outer, axis, inner;
} octet_axis_view;

octet_status octet_axis_view_of(octet_eval *e, const octet_tensor *x, octet_axis_view *out);

#endif
