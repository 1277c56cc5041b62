/* global_common.h: GlobalAveragePool, GlobalMaxPool, GlobalLpPool: X is [N, C, ...], Y is [N, C, 1,
 * ...] SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_GLOBAL_COMMON_H
#define OCTET_OPS_GLOBAL_COMMON_H

#include "ops/reduce_common.h"

octet_status octet_global_eval(octet_eval *e, const octet_reduce *r);
octet_status octet_global_infer(octet_infer *in);

#endif
