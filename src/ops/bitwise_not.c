/* bitwise_not.c: BitwiseNot, every bit flipped
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

static int64_t i64(const octet_unary_args *a, int64_t x)
{
    (void)a;
    return (int64_t) ~(uint64_t)x;
}

static const octet_unary table = {.i64 = i64};

OCTET_UNARY_EVAL(table)

const octet_op octet_op_bitwise_not = {
    .domain = "",
    .name = "BitwiseNot",
    .since = 18,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = octet_infer_same,
    .eval = eval,
};
