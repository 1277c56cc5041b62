/* cosh.c: Cosh, the hyperbolic cosine
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static const octet_unary table = {.libm = cosh};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_cosh = {
    .domain = "",
    .name = "Cosh",
    .since = 9,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
