/* dropout.c: Dropout, as at inference: the identity
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

#include <string.h>

static octet_status infer(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);

    OCTET_TRY(octet_infer_same(in));
    octet_infer_set(in, 1, OCTET_DTYPE_BOOL, t == NULL ? -1 : t->rank, t == NULL ? NULL : t->dims);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *ratio = octet_eval_input(e, 1), *training = octet_eval_input(e, 2);
    double drop =
        ratio == NULL || octet_tensor_count(ratio) != 1 ? 0.5 : octet_tensor_f64_at(ratio, 0);

    OCTET_TRY(octet_eval_require(e, 1));
    if (training != NULL && octet_tensor_count(training) == 1 &&
        octet_tensor_i64_at(training, 0) != 0 && drop != 0)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "training mode is not supported");
    if (octet_eval_wants(e, 1)) {
        OCTET_TRY(octet_eval_output(e, 1, OCTET_DTYPE_BOOL, e->in[0]->rank, e->in[0]->dims));
        if (e->out[1].bytes > 0)
            memset(e->out[1].data, 1, e->out[1].bytes);
    }
    return octet_eval_output_view(e, 0, 0, e->in[0]->rank, e->in[0]->dims);
}

const octet_op octet_op_dropout = {
    .domain = "",
    .name = "Dropout",
    .since = 13,
    .in = {{.name = "data", .role = OCTET_ROLE_DATA},
           {.name = "ratio", .role = OCTET_ROLE_PARAM, .optional = true},
           {.name = "training_mode", .role = OCTET_ROLE_PARAM, .optional = true}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA},
            {.name = "mask", .role = OCTET_ROLE_PARAM, .optional = true}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
