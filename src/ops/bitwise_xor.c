/* bitwise_xor.c: BitwiseXor
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/elementwise.h"

#define LOOP(T, W) OCTET_BINARY_LOOP(T, T, (T)((W)u ^ (W)v))
OCTET_INTEGERS(LOOP)

static const octet_binary_loop loops[OCTET_DTYPE_COUNT] = {OCTET_INTEGER_LOOPS};

static octet_status eval(octet_eval *e)
{
    return octet_binary_eval(e, loops, OCTET_DTYPE_UNDEFINED);
}

const octet_op octet_op_bitwise_xor = {
    .domain = "",
    .name = "BitwiseXor",
    .since = 18,
    .in = {{.name = "A"}, {.name = "B"}},
    .out = {{.name = "C"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = octet_infer_broadcast,
    .eval = eval,
};
