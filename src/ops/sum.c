/* sum.c: Sum, from the first input to the last
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/elementwise.h"

#define LOOP(T, W) OCTET_BINARY_LOOP(T, T, u + v)
OCTET_KERNEL_LOOP(add_f32)
LOOP(double, double)

static const octet_binary_loop loops[OCTET_DTYPE_COUNT] = {OCTET_FLOAT_LOOPS};

static octet_status eval(octet_eval *e)
{
    return octet_variadic_eval(e, loops);
}

const octet_op octet_op_sum = {
    .domain = "",
    .name = "Sum",
    .since = 8,
    .in = {{.name = "data_0", .variadic = true}},
    .out = {{.name = "sum"}},
    .fuses = true,
    .infer = octet_infer_broadcast,
    .eval = eval,
};
