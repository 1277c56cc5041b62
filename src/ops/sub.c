/* sub.c: Sub; integers wrap
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/elementwise.h"

#define LOOP(T, W) OCTET_BINARY_LOOP(T, T, (T)((W)u - (W)v))
OCTET_KERNEL_LOOP(sub_f32)
LOOP(double, double)
OCTET_INTEGERS(LOOP)

static const octet_binary_loop loops[OCTET_DTYPE_COUNT] = {OCTET_FLOAT_LOOPS, OCTET_INTEGER_LOOPS};

static octet_status eval(octet_eval *e)
{
    return octet_binary_eval(e, loops, OCTET_DTYPE_UNDEFINED);
}

const octet_op octet_op_sub = {
    .domain = "",
    .name = "Sub",
    .since = 13,
    .in = {{.name = "A"}, {.name = "B"}},
    .out = {{.name = "C"}},
    .fuses = true,
    .infer = octet_infer_shape_value_binary,
    .eval = eval,
};
