/* arg_common.h: ArgMax and ArgMin
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_ARG_COMMON_H
#define OCTET_OPS_ARG_COMMON_H

#include "ops/common.h"

octet_status octet_arg_eval(octet_eval *e, bool max);
octet_status octet_arg_infer(octet_infer *in);

#endif
