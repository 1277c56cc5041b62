/* dynamic_quantize_linear.c: DynamicQuantizeLinear, uint8 with the range of the input itself
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/quantize_common.h"

static octet_status infer(octet_infer *in)
{
    const octet_type *x = octet_infer_shape(in, 0);

    octet_infer_set(in, 0, OCTET_DTYPE_UINT8, x != NULL ? x->rank : -1, x != NULL ? x->dims : NULL);
    octet_infer_set(in, 1, OCTET_DTYPE_FLOAT32, 0, NULL);
    octet_infer_set(in, 2, OCTET_DTYPE_UINT8, 0, NULL);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x = octet_eval_input(e, 0);
    int32_t zero;
    float scale;

    OCTET_TRY(octet_eval_require(e, 1));
    if (x->dtype != OCTET_DTYPE_FLOAT32)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "x has type %s",
                          octet_dtype_get(x->dtype)->name);
    OCTET_TRY(octet_quant_dynamic(e, x, &scale, &zero));
    OCTET_TRY(octet_eval_output(e, 0, OCTET_DTYPE_UINT8, x->rank, x->dims));
    OCTET_TRY(octet_eval_output(e, 1, OCTET_DTYPE_FLOAT32, 0, NULL));
    OCTET_TRY(octet_eval_output(e, 2, OCTET_DTYPE_UINT8, 0, NULL));
    e->k->quantize_f32_u8((size_t)octet_tensor_count(x), x->data, scale, zero, e->out[0].data);
    *(float *)e->out[1].data = scale;
    *(uint8_t *)e->out[2].data = (uint8_t)zero;
    return OCTET_OK;
}

const octet_op octet_op_dynamic_quantize_linear = {
    .domain = "",
    .name = "DynamicQuantizeLinear",
    .since = 13,
    .in = {{.name = "x"}},
    .out = {{.name = "y"}, {.name = "y_scale"}, {.name = "y_zero_point"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = infer,
    .eval = eval,
};
