/* is_nan.c: IsNaN
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/op.h"

#include <math.h>

static octet_status infer(octet_infer *in)
{
    OCTET_TRY(octet_infer_same(in));
    in->out[0].dtype = OCTET_DTYPE_BOOL;
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x = e->in[0];
    int64_t n = octet_tensor_count(x);
    uint8_t *y;

    if (octet_dtype_get(x->dtype)->kind != OCTET_KIND_FLOAT)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "X is %s, not a floating type",
                          octet_dtype_get(x->dtype)->name);
    OCTET_TRY(octet_eval_output(e, 0, OCTET_DTYPE_BOOL, x->rank, x->dims));
    y = e->out[0].data;
    for (int64_t i = 0; i < n; i++)
        y[i] = isnan(octet_tensor_f64_at(x, i)) != 0;
    return OCTET_OK;
}

const octet_op octet_op_is_nan = {
    .domain = "",
    .name = "IsNaN",
    .since = 13,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = infer,
    .eval = eval,
};
