/* atanh.c: Atanh, the inverse hyperbolic tangent
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static const octet_unary table = {.libm = atanh};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_atanh = {
    .domain = "",
    .name = "Atanh",
    .since = 9,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
