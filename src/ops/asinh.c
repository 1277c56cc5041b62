/* asinh.c: Asinh, the inverse hyperbolic sine
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static const octet_unary table = {.libm = asinh};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_asinh = {
    .domain = "",
    .name = "Asinh",
    .since = 9,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
