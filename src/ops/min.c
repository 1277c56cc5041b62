/* min.c: Min; NaN wins
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/elementwise.h"

#define REAL(T, W) OCTET_BINARY_LOOP(T, T, u < v || u != u ? u : v)
#define INTEGER(T, W) OCTET_BINARY_LOOP(T, T, u < v ? u : v)
OCTET_FLOATS(REAL)
OCTET_INTEGERS(INTEGER)

static const octet_binary_loop loops[OCTET_DTYPE_COUNT] = {OCTET_FLOAT_LOOPS, OCTET_INTEGER_LOOPS};

static octet_status eval(octet_eval *e)
{
    return octet_variadic_eval(e, loops);
}

const octet_op octet_op_min = {
    .domain = "",
    .name = "Min",
    .since = 13,
    .in = {{.name = "data_0", .variadic = true}},
    .out = {{.name = "min"}},
    .fuses = true,
    .infer = octet_infer_shape_value_binary,
    .eval = eval,
};
