/* qlinear_table.c: functions of one byte as tables of 256
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/qlinear_table.h"

#include "ops/quantize_common.h"

#include <string.h>

enum { X, Y_SCALE = 3 };

octet_status octet_qtable_fill(octet_eval *e, octet_dtype x_type, const octet_qlinear_params *x,
                               const octet_qlinear_params *y, octet_qtable_function *function,
                               uint8_t table[256])
{
    octet_qrange range = octet_qrange_of(x_type);
    float real[256], result[256];

    for (int i = 0; i < 256; i++)
        real[i] = (float)(octet_qbyte(range, (uint8_t)i) - x->zero_point) * x->scale;
    if (function != NULL)
        OCTET_TRY(function(e, real, result));
    octet_quantize_bytes(e, 256, function != NULL ? result : real, y->scale, y->zero_point,
                         y->dtype, table);
    return OCTET_OK;
}

octet_status octet_qtable_eval(octet_eval *e, octet_qtable_function *function)
{
    const octet_tensor *x;
    octet_qlinear_params px, py;
    uint8_t table[256];

    OCTET_TRY(octet_qlinear_input(e, X, &x, &px));
    OCTET_TRY(octet_qlinear_params_out(e, Y_SCALE, x, &py));
    OCTET_TRY(octet_qtable_fill(e, x->dtype, &px, &py, function, table));
    OCTET_TRY(octet_eval_output(e, 0, py.dtype, x->rank, x->dims));
    e->k->lookup_u8((size_t)octet_tensor_count(x), x->data, table, e->out[0].data);
    return OCTET_OK;
}

octet_status octet_qtable_convert(octet_eval *e, uint32_t index, const octet_qlinear_params *y,
                                  octet_tensor *out)
{
    const octet_tensor *x;
    octet_qlinear_params p;
    uint8_t table[256];

    OCTET_TRY(octet_qlinear_input(e, index, &x, &p));
    *out = *x;
    if (x->dtype == y->dtype && p.scale == y->scale && p.zero_point == y->zero_point)
        return OCTET_OK;
    OCTET_TRY(octet_qtable_fill(e, x->dtype, &p, y, NULL, table));
    out->dtype = y->dtype;
    out->data = octet_eval_scratch(e, x->bytes + 1);
    OCTET_TRY_ALLOC(e->diag, out->data);
    e->k->lookup_u8(x->bytes, x->data, table, out->data);
    return OCTET_OK;
}

/* ---- a float operator inside */

static octet_status take_output(octet_eval *e, uint32_t index, const octet_tensor *description)
{
    void *data = e->out[index].data;

    if (description->bytes != 256 * sizeof(float))
        return octet_fail(e->diag, OCTET_ERR_INTERNAL, "a function of one number gives more");
    e->out[index] = *description;
    e->out[index].data = data;
    return OCTET_OK;
}

static void *no_scratch(octet_eval *e, size_t bytes)
{
    (void)e;
    (void)bytes;
    return NULL;
}

octet_status octet_qtable_operator(octet_eval *e, const octet_op *op, const float *x, float *y)
{
    struct octet_eval_host host = {.output = take_output, .scratch = no_scratch};
    octet_tensor in = {.dtype = OCTET_DTYPE_FLOAT32, .rank = 1, .dims = {256}}, out = {.data = y};
    const octet_tensor *inputs[1] = {&in};
    octet_eval f = *e;
    float copy[256];

    memcpy(copy, x, sizeof copy);
    in.data = copy;
    in.bytes = sizeof copy;
    f.in = inputs;
    f.n_in = 1;
    f.out = &out;
    f.n_out = 1;
    f.state = NULL;
    f.host = &host;
    f.fused = NULL;
    return op->eval(&f);
}
