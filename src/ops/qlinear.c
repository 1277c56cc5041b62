/* qlinear.c: ONNX Runtime's operators on quantized tensors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/qlinear.h"

#include "ops/quantize_common.h"

#include <math.h>

#define MAX_INPUTS 64

/* ---- scales and zero points */

octet_status octet_qlinear_params_read(octet_eval *e, uint32_t index, octet_qlinear_params *out)
{
    const octet_tensor *scale = octet_eval_input(e, index), *zero = octet_eval_input(e, index + 1);

    if (scale == NULL || scale->dtype != OCTET_DTYPE_FLOAT32 || octet_tensor_count(scale) != 1)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "input %u is not one float scale", index);
    if (zero != NULL && octet_tensor_count(zero) != 1)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "input %u is not one zero point",
                          index + 1);
    out->scale = *(const float *)scale->data;
    out->zero_point = zero == NULL ? 0 : (int32_t)octet_tensor_i64_at(zero, 0);
    out->dtype = zero == NULL ? OCTET_DTYPE_UNDEFINED : zero->dtype;
    return OCTET_OK;
}

octet_status octet_qlinear_params_out(octet_eval *e, uint32_t index, const octet_tensor *like,
                                      octet_qlinear_params *out)
{
    OCTET_TRY(octet_qlinear_params_read(e, index, out));
    if (out->dtype == OCTET_DTYPE_UNDEFINED)
        out->dtype = like->dtype;
    if (!(out->scale > 0.0f) || (out->dtype != OCTET_DTYPE_UINT8 && out->dtype != OCTET_DTYPE_INT8))
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "the output's scale or zero point");
    return OCTET_OK;
}

octet_status octet_qlinear_input(octet_eval *e, uint32_t index, const octet_tensor **x,
                                 octet_qlinear_params *p)
{
    *x = octet_eval_input(e, index);
    if (*x == NULL)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "input %u is missing", index);
    if ((*x)->dtype != OCTET_DTYPE_UINT8 && (*x)->dtype != OCTET_DTYPE_INT8)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "element type %s is not supported",
                          octet_dtype_get((*x)->dtype)->name);
    OCTET_TRY(octet_qlinear_params_read(e, index + 1, p));
    if (p->dtype != OCTET_DTYPE_UNDEFINED && p->dtype != (*x)->dtype)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL,
                          "input %u has type %s but its zero point %s", index,
                          octet_dtype_get((*x)->dtype)->name, octet_dtype_get(p->dtype)->name);
    return OCTET_OK;
}

octet_qrange octet_qrange_of(octet_dtype dtype)
{
    if (dtype == OCTET_DTYPE_INT8)
        return (octet_qrange){-128, 127, true};
    return (octet_qrange){0, 255, false};
}

static octet_status dequantize(octet_eval *e, uint32_t index, octet_tensor *out)
{
    const octet_tensor *x;
    octet_qlinear_params p;
    size_t n;

    OCTET_TRY(octet_qlinear_input(e, index, &x, &p));
    n = (size_t)octet_tensor_count(x);
    OCTET_TRY(octet_tensor_describe(out, OCTET_DTYPE_FLOAT32, x->rank, x->dims, e->diag));
    out->data = octet_eval_scratch(e, out->bytes);
    OCTET_TRY_ALLOC(e->diag, out->data);
    if (x->dtype == OCTET_DTYPE_UINT8)
        e->k->dequantize_u8_f32(n, x->data, p.scale, p.zero_point, out->data);
    else
        e->k->dequantize_s8_f32(n, x->data, p.scale, p.zero_point, out->data);
    return OCTET_OK;
}

/* The zero point joins before the rounding: in ONNX Runtime's average pooling, and in onnx2c, which
 * takes halves away from zero. */
static void quantize_sum(size_t n, const float *y, const octet_qlinear_params *p, bool away,
                         uint8_t *out)
{
    octet_qrange range = octet_qrange_of(p->dtype);

    for (size_t i = 0; i < n; i++) {
        float v = y[i] / p->scale + (float)p->zero_point;

        out[i] = octet_qround(range, away ? roundf(v) : v);
    }
}

static octet_status quantize(octet_eval *e, const octet_tensor *y, const octet_qlinear_params *p,
                             const octet_qlinear *q)
{
    size_t n = (size_t)octet_tensor_count(y);

    OCTET_TRY(octet_eval_output(e, 0, p->dtype, y->rank, y->dims));
    if (e->arith == OCTET_ARITH_ONNX2C || (q->zero_point_first && octet_arith_is_ort(e->arith)))
        quantize_sum(n, y->data, p, e->arith == OCTET_ARITH_ONNX2C, e->out[0].data);
    else
        octet_quantize_bytes(e, n, y->data, p->scale, p->zero_point, p->dtype, e->out[0].data);
    return OCTET_OK;
}

/* ---- the float operator inside: its output stays in scratch */

typedef struct inner {
    struct octet_eval_host host; /* first: octet_eval.host points here */
    octet_eval *outer;
} inner;

static void *inner_scratch(octet_eval *e, size_t bytes)
{
    return octet_eval_scratch(((const inner *)e->host)->outer, bytes);
}

static octet_status inner_output(octet_eval *e, uint32_t index, const octet_tensor *description)
{
    e->out[index] = *description;
    e->out[index].data = inner_scratch(e, description->bytes);
    OCTET_TRY_ALLOC(e->diag, e->out[index].data);
    return OCTET_OK;
}

uint32_t octet_qlinear_triples(const octet_qlinear *q, uint32_t n_in)
{
    if (q->triples != 0 || n_in < q->first)
        return q->triples;
    return (n_in - q->first) / 3;
}

octet_status octet_qlinear_eval(octet_eval *e, const octet_qlinear *q)
{
    uint32_t n = octet_qlinear_triples(q, e->n_in);
    octet_tensor real[MAX_INPUTS], y = {0};
    const octet_tensor *in[MAX_INPUTS];
    inner host = {.host = {.output = inner_output, .scratch = inner_scratch}, .outer = e};
    octet_eval f = *e;
    octet_qlinear_params p;

    if (n == 0 || n > MAX_INPUTS)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "%u tensors are not supported", n);
    for (uint32_t i = 0; i < n; i++) {
        OCTET_TRY(dequantize(e, q->first + 3 * i, &real[i]));
        in[i] = &real[i];
    }
    OCTET_TRY(octet_qlinear_params_out(e, q->out, e->in[q->first], &p));
    f.in = in;
    f.n_in = n;
    f.out = &y;
    f.n_out = 1;
    f.state = NULL;
    f.host = &host.host;
    OCTET_TRY(q->op->eval(&f));
    return quantize(e, &y, &p, q);
}

octet_status octet_qlinear_infer(octet_infer *in, const octet_qlinear *q)
{
    uint32_t n = octet_qlinear_triples(q, in->n_in);
    const octet_type *types[MAX_INPUTS];
    const octet_tensor *constant[MAX_INPUTS] = {NULL};
    const octet_sym *values[MAX_INPUTS] = {NULL};
    uint32_t counts[MAX_INPUTS] = {0};
    octet_infer f = *in;

    if (n == 0 || n > MAX_INPUTS)
        return OCTET_OK;
    for (uint32_t i = 0; i < n; i++)
        types[i] = q->first + 3 * i < in->n_in ? in->in[q->first + 3 * i] : NULL;
    f.in = types;
    f.n_in = n;
    f.constant = constant;
    f.shape_value = values;
    f.shape_count = counts;
    return q->op->infer(&f);
}
