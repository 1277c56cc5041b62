/* tan.c: Tan, the tangent of radians
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static const octet_unary table = {.libm = tan};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_tan = {
    .domain = "",
    .name = "Tan",
    .since = 7,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
