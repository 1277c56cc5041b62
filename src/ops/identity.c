/* identity.c: Identity
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

static octet_status eval(octet_eval *e)
{
    OCTET_TRY(octet_eval_require(e, 1));
    return octet_eval_output_view(e, 0, 0, e->in[0]->rank, e->in[0]->dims);
}

const octet_op octet_op_identity = {
    .domain = "",
    .name = "Identity",
    .since = 13,
    .in = {{.name = "input", .role = OCTET_ROLE_DATA}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = octet_infer_same_value,
    .eval = eval,
};
