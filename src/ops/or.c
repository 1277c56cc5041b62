/* or.c: Or, of truth values
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/elementwise.h"

OCTET_BINARY_LOOP(uint8_t, uint8_t, u | v)

static const octet_binary_loop loops[OCTET_DTYPE_COUNT] = {[OCTET_DTYPE_BOOL] = loop_uint8_t};

static octet_status eval(octet_eval *e)
{
    return octet_binary_eval(e, loops, OCTET_DTYPE_BOOL);
}

const octet_op octet_op_or = {
    .domain = "",
    .name = "Or",
    .since = 7,
    .in = {{.name = "A"}, {.name = "B"}},
    .out = {{.name = "C"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = octet_infer_compare,
    .eval = eval,
};
