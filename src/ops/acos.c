/* acos.c: Acos, the arc cosine
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static const octet_unary table = {.libm = acos};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_acos = {
    .domain = "",
    .name = "Acos",
    .since = 7,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
