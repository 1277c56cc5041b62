/* asin.c: Asin, the arc sine
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static const octet_unary table = {.libm = asin};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_asin = {
    .domain = "",
    .name = "Asin",
    .since = 7,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
