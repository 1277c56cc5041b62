/* less_or_equal.c: LessOrEqual
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/elementwise.h"

#define LOOP(T, W) OCTET_BINARY_LOOP(T, uint8_t, u <= v)
OCTET_FLOATS(LOOP)
OCTET_INTEGERS(LOOP)

static const octet_binary_loop loops[OCTET_DTYPE_COUNT] = {OCTET_FLOAT_LOOPS, OCTET_INTEGER_LOOPS};

static octet_status eval(octet_eval *e)
{
    return octet_binary_eval(e, loops, OCTET_DTYPE_BOOL);
}

const octet_op octet_op_less_or_equal = {
    .domain = "",
    .name = "LessOrEqual",
    .since = 12,
    .in = {{.name = "A"}, {.name = "B"}},
    .out = {{.name = "C"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = octet_infer_compare,
    .eval = eval,
};
