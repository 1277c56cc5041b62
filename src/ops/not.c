/* not.c: Not, of truth values
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/op.h"

static octet_status infer(octet_infer *in)
{
    OCTET_TRY(octet_infer_same(in));
    in->out[0].dtype = OCTET_DTYPE_BOOL;
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x = e->in[0];
    const uint8_t *from = x->data;

    if (x->dtype != OCTET_DTYPE_BOOL)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "X is %s, not bool",
                          octet_dtype_get(x->dtype)->name);
    OCTET_TRY(octet_eval_output_like(e, 0, x));
    for (size_t i = 0; i < x->bytes; i++)
        ((uint8_t *)e->out[0].data)[i] = from[i] == 0;
    return OCTET_OK;
}

const octet_op octet_op_not = {
    .domain = "",
    .name = "Not",
    .since = 1,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = infer,
    .eval = eval,
};
