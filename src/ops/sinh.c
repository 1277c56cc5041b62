/* sinh.c: Sinh, the hyperbolic sine
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static const octet_unary table = {.libm = sinh};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_sinh = {
    .domain = "",
    .name = "Sinh",
    .since = 9,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
