/* acosh.c: Acosh, the inverse hyperbolic cosine
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static const octet_unary table = {.libm = acosh};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_acosh = {
    .domain = "",
    .name = "Acosh",
    .since = 9,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
