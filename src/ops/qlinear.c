/* qlinear.c: ONNX Runtime's operators on quantized tensors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/qlinear.h"

#define MAX_INPUTS 64

/* ---- scales and zero points */

typedef struct params {
    float scale;
    int32_t zero_point;
    octet_dtype dtype; /* of the zero point; UNDEFINED when it is absent */
} params;

static octet_status read_params(octet_eval *e, uint32_t index, params *out)
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

static octet_status dequantize(octet_eval *e, uint32_t index, octet_tensor *out)
{
    const octet_tensor *x = octet_eval_input(e, index);
    size_t n;
    params p;

    if (x == NULL)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "input %u is missing", index);
    n = (size_t)octet_tensor_count(x);
    OCTET_TRY(read_params(e, index + 1, &p));
    OCTET_TRY(octet_tensor_describe(out, OCTET_DTYPE_FLOAT32, x->rank, x->dims, e->diag));
    out->data = octet_eval_scratch(e, out->bytes);
    OCTET_TRY_ALLOC(e->diag, out->data);
    if (x->dtype == OCTET_DTYPE_UINT8)
        e->k->dequantize_u8_f32(n, x->data, p.scale, p.zero_point, out->data);
    else if (x->dtype == OCTET_DTYPE_INT8)
        e->k->dequantize_s8_f32(n, x->data, p.scale, p.zero_point, out->data);
    else
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "element type %s is not supported",
                          octet_dtype_get(x->dtype)->name);
    return OCTET_OK;
}

static octet_status quantize(octet_eval *e, const octet_tensor *y, const params *p,
                             octet_dtype dtype)
{
    size_t n = (size_t)octet_tensor_count(y);

    OCTET_TRY(octet_eval_output(e, 0, dtype, y->rank, y->dims));
    if (dtype == OCTET_DTYPE_UINT8)
        e->k->quantize_f32_u8(n, y->data, p->scale, p->zero_point, e->out[0].data);
    else
        e->k->quantize_f32_s8(n, y->data, p->scale, p->zero_point, e->out[0].data);
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

static uint32_t triples_of(const octet_qlinear *q, uint32_t n_in)
{
    if (q->triples != 0 || n_in < q->first)
        return q->triples;
    return (n_in - q->first) / 3;
}

octet_status octet_qlinear_eval(octet_eval *e, const octet_qlinear *q)
{
    uint32_t n = triples_of(q, e->n_in);
    octet_tensor real[MAX_INPUTS], y = {0};
    const octet_tensor *in[MAX_INPUTS];
    inner host = {.host = {.output = inner_output, .scratch = inner_scratch}, .outer = e};
    octet_eval f = *e;
    params p;

    if (n == 0 || n > MAX_INPUTS)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "%u tensors are not supported", n);
    for (uint32_t i = 0; i < n; i++) {
        OCTET_TRY(dequantize(e, q->first + 3 * i, &real[i]));
        in[i] = &real[i];
    }
    OCTET_TRY(read_params(e, q->out, &p));
    if (!(p.scale > 0.0f) || (p.dtype != OCTET_DTYPE_UINT8 && p.dtype != OCTET_DTYPE_INT8 &&
                              p.dtype != OCTET_DTYPE_UNDEFINED))
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "the output's scale or zero point");
    f.in = in;
    f.n_in = n;
    f.out = &y;
    f.n_out = 1;
    f.state = NULL;
    f.host = &host.host;
    OCTET_TRY(q->op->eval(&f));
    return quantize(e, &y, &p, p.dtype != OCTET_DTYPE_UNDEFINED ? p.dtype : e->in[q->first]->dtype);
}

octet_status octet_qlinear_infer(octet_infer *in, const octet_qlinear *q)
{
    uint32_t n = triples_of(q, in->n_in);
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
