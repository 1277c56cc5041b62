/* dequantize_linear.c: DequantizeLinear, per tensor, per axis and blocked
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/quantize_common.h"

static octet_dtype output_type(const octet_node *node, octet_dtype scale)
{
    int64_t v = octet_node_int(node, "output_dtype", 0);

    if (v != 0)
        return v > 0 && v < OCTET_DTYPE_COUNT ? (octet_dtype)v : OCTET_DTYPE_UNDEFINED;
    return scale == OCTET_DTYPE_FLOAT8E8M0 ? OCTET_DTYPE_FLOAT32 : scale;
}

static octet_status infer(octet_infer *in)
{
    const octet_type *x = octet_infer_shape(in, 0);

    octet_infer_set(in, 0, output_type(in->node, octet_infer_dtype(in, 1)),
                    x != NULL ? x->rank : -1, x != NULL ? x->dims : NULL);
    return OCTET_OK;
}

typedef struct dequantizer {
    octet_eval *e;
    const octet_tensor *x;
    const float *scale, *zero;
    octet_quant_layout layout;
} dequantizer;

static void dequantize_bytes(dequantizer *d, float *y)
{
    const octet_kernels *k = d->e->k;
    octet_quant_run run;

    while (octet_quant_next_run(&d->layout, &run)) {
        int32_t zero = d->zero != NULL ? (int32_t)d->zero[run.scale] : 0;
        float scale = d->scale[run.scale];
        size_t n = (size_t)run.length;

        if (d->x->dtype == OCTET_DTYPE_UINT8)
            k->dequantize_u8_f32(n, (const uint8_t *)d->x->data + run.start, scale, zero,
                                 y + run.start);
        else
            k->dequantize_s8_f32(n, (const int8_t *)d->x->data + run.start, scale, zero,
                                 y + run.start);
    }
}

/* A scale for each element of the last axis: the conversion first, then differences and products.
 */
static void dequantize_rows(dequantizer *d, float *y)
{
    const octet_kernels *k = d->e->k;
    size_t n = (size_t)d->layout.size;

    for (int64_t o = 0; o < d->layout.outer; o++, y += n) {
        if (d->x->dtype == OCTET_DTYPE_UINT8)
            k->dequantize_u8_f32(n, (const uint8_t *)d->x->data + (size_t)o * n, 1.0f, 0, y);
        else
            k->dequantize_s8_f32(n, (const int8_t *)d->x->data + (size_t)o * n, 1.0f, 0, y);
        if (d->zero != NULL)
            k->sub_f32(n, y, 1, d->zero, 1, y);
        k->mul_f32(n, y, 1, d->scale, 1, y);
    }
}

static octet_status dequantize_any(dequantizer *d, float *y)
{
    octet_quant_run run;
    const float *x;

    OCTET_TRY(octet_eval_floats(d->e, d->x, &x));
    while (octet_quant_next_run(&d->layout, &run)) {
        float zero = d->zero != NULL ? d->zero[run.scale] : 0.0f;

        for (int64_t i = run.start; i < run.start + run.length; i++)
            y[i] = (x[i] - zero) * d->scale[run.scale];
    }
    return OCTET_OK;
}

/* The product is made in float32; float16 and bfloat16 outputs are rounded from it. */
static octet_status eval(octet_eval *e)
{
    const octet_tensor *x = octet_eval_input(e, 0), *scale = octet_eval_input(e, 1);
    const octet_tensor *zero = octet_eval_input(e, 2);
    dequantizer d = {.e = e, .x = x};
    octet_dtype to;
    float *y;

    OCTET_TRY(octet_eval_require(e, 2));
    to = output_type(e->node, scale->dtype);
    if (to != OCTET_DTYPE_FLOAT32 && to != OCTET_DTYPE_FLOAT16 && to != OCTET_DTYPE_BFLOAT16)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "cannot dequantize to type %s",
                          octet_dtype_get(to)->name);
    if (zero != NULL && zero->dtype != x->dtype)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "x has type %s but the zero point %s",
                          octet_dtype_get(x->dtype)->name, octet_dtype_get(zero->dtype)->name);
    OCTET_TRY(octet_quant_layout_init(e, x, scale, zero, &d.layout));
    OCTET_TRY(octet_eval_floats(e, scale, &d.scale));
    OCTET_TRY(octet_eval_floats(e, zero, &d.zero));
    OCTET_TRY(octet_eval_output(e, 0, to, x->rank, x->dims));
    y = e->out[0].data;
    if (to != OCTET_DTYPE_FLOAT32) {
        y = octet_eval_scratch(e, (size_t)octet_tensor_count(x) * sizeof(float));
        OCTET_TRY_ALLOC(e->diag, y);
    }
    if (x->dtype != OCTET_DTYPE_UINT8 && x->dtype != OCTET_DTYPE_INT8)
        OCTET_TRY(dequantize_any(&d, y));
    else if (!d.layout.per_tensor && d.layout.block == 0 && d.layout.inner == 1)
        dequantize_rows(&d, y);
    else
        dequantize_bytes(&d, y);
    if (to != OCTET_DTYPE_FLOAT32)
        octet_convert(to, e->out[0].data, OCTET_DTYPE_FLOAT32, y, 0, octet_tensor_count(x));
    return OCTET_OK;
}

const octet_op octet_op_dequantize_linear = {
    .domain = "",
    .name = "DequantizeLinear",
    .since = 13,
    .in = {{.name = "x"},
           {.name = "x_scale", .role = OCTET_ROLE_PARAM},
           {.name = "x_zero_point", .role = OCTET_ROLE_PARAM, .optional = true}},
    .out = {{.name = "y"}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
