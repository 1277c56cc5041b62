/* tool_operators.c: prints the operator descriptors, one a line, for the table in docs/
 * SPDX-License-Identifier: Apache-2.0
 *
 *     domain <tab> name <tab> since <tab> how its output is quantized <tab> weight: yes or no
 */
#include "ops/op.h"

#include <stdio.h>

static const char *observe_name(const octet_op *op)
{
    static const char *const names[] = {
        [OCTET_OBSERVE_OUTPUT] = "own range",
        [OCTET_OBSERVE_SHARED] = "range of its input",
        [OCTET_OBSERVE_FIXED] = "fixed range",
        [OCTET_OBSERVE_NONE] = "not quantized",
    };
    return names[op->quant.observe];
}

int main(void)
{
    for (size_t i = 0; i < octet_op_count(); i++) {
        const octet_op *op = octet_op_at(i);
        printf("%s\t%s\t%d\t%s\t%s\n", op->domain, op->name, (int)op->since, observe_name(op),
               op->quant.weight_axis != NULL ? "yes" : "no");
    }
    return 0;
}
