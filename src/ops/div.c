/* div.c: Div; integers truncate towards zero, division by zero is an error
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/elementwise.h"

/* The quotient of the smallest number and -1 wraps. */
static int64_t quotient(int64_t a, int64_t b)
{
    return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

#define DIVIDE(T, W) OCTET_BINARY_LOOP(T, T, (T)(u / v))
#define DIVIDE_SIGNED(T, W) OCTET_BINARY_LOOP(T, T, (T)quotient(u, v))
OCTET_KERNEL_LOOP(div_f32)
DIVIDE(double, double)
OCTET_UNSIGNED(DIVIDE)
OCTET_SIGNED(DIVIDE_SIGNED)

static const octet_binary_loop loops[OCTET_DTYPE_COUNT] = {OCTET_FLOAT_LOOPS, OCTET_INTEGER_LOOPS};

static octet_status eval(octet_eval *e)
{
    OCTET_TRY(octet_check_divisor(e));
    return octet_binary_eval(e, loops, OCTET_DTYPE_UNDEFINED);
}

const octet_op octet_op_div = {
    .domain = "",
    .name = "Div",
    .since = 13,
    .in = {{.name = "A"}, {.name = "B"}},
    .out = {{.name = "C"}},
    .fuses = true,
    .infer = octet_infer_shape_value_binary,
    .eval = eval,
};
