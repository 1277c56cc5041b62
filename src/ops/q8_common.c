/* q8_common.c: operands and results of the integer operators
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/fixed_point.h"
#include "ops/q8.h"
#include "ops/quantize_common.h"

#include <math.h>

/* ---- operands */

/* What is added to the numbers of a type so that the kernels take them. */
typedef struct kind {
    octet_dtype dtype;
    bool wide;
    int32_t move;
} kind;

static const kind activations[] = {{OCTET_DTYPE_UINT8, false, 0},
                                   {OCTET_DTYPE_INT8, false, 128},
                                   {OCTET_DTYPE_INT16, true, 0},
                                   {OCTET_DTYPE_UINT16, true, -32768}};
static const kind weights[] = {{OCTET_DTYPE_INT8, false, 0}, {OCTET_DTYPE_UINT8, false, -128}};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const kind *find(const kind *list, size_t n, octet_dtype dtype)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].dtype == dtype)
            return &list[i];
    return NULL;
}

static uint16_t flip_of(const kind *k)
{
    return k->move == 0 ? 0 : k->wide ? 0x8000 : 0x80;
}

static octet_status read_zeros(octet_eval *e, const octet_tensor *zero, int32_t move, size_t count,
                               octet_q8_operand *out)
{
    size_t n = zero != NULL ? (size_t)octet_tensor_count(zero) : 1;
    int32_t *values;

    if (n != 1 && n != count)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL,
                          "a zero point has %zu elements, which fit no axis", n);
    values = octet_eval_scratch(e, (n + 1) * sizeof(*values));
    OCTET_TRY_ALLOC(e->diag, values);
    for (size_t i = 0; i < n; i++)
        values[i] = move + (zero != NULL ? (int32_t)octet_tensor_i64_at(zero, (int64_t)i) : 0);
    out->zero = values;
    out->zero_step = n > 1;
    return OCTET_OK;
}

static octet_status read_operand(octet_eval *e, const octet_tensor *t, const octet_tensor *zero,
                                 size_t count, const kind *k, octet_q8_operand *out)
{
    if (k == NULL)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "an input has type %s",
                          octet_dtype_get(t->dtype)->name);
    if (zero != NULL && zero->dtype != t->dtype)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "a zero point has another type (%s)",
                          octet_dtype_get(zero->dtype)->name);
    out->data = t->data;
    out->wide = k->wide;
    out->flip = flip_of(k);
    return read_zeros(e, zero, k->move, count, out);
}

octet_status octet_q8_activation(octet_eval *e, const octet_tensor *t, const octet_tensor *zero,
                                 size_t count, octet_q8_operand *out)
{
    const kind *k = find(activations, COUNT(activations), t->dtype);

    return read_operand(e, t, zero, count, k, out);
}

octet_status octet_q8_weight(octet_eval *e, const octet_tensor *t, const octet_tensor *zero,
                             size_t count, octet_q8_operand *out)
{
    return read_operand(e, t, zero, count, find(weights, COUNT(weights), t->dtype), out);
}

bool octet_q8_weight_flip(octet_dtype dtype, uint16_t *flip)
{
    const kind *k = find(weights, COUNT(weights), dtype);

    *flip = k != NULL ? flip_of(k) : 0;
    return k != NULL;
}

bool octet_q8_is_wide(const octet_graph *g, const octet_node *node)
{
    const octet_value *v = octet_node_input(g, node, 0);
    const kind *k = v != NULL ? find(activations, COUNT(activations), v->type.dtype) : NULL;

    return k != NULL && k->wide;
}

bool octet_q8_pairs(const octet_eval *e, const octet_q8_operand *activation,
                    const octet_q8_operand *weight)
{
    return e->arith == OCTET_ARITH_ORT_AVX2 && !activation->wide && activation->flip == 0 &&
           weight->flip == 0;
}

octet_status octet_q8_read_scales(octet_eval *e, uint32_t index, size_t count, const float **out,
                                  size_t *n)
{
    const octet_tensor *t = octet_eval_input(e, index);

    if (t == NULL)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "input %u is missing", index);
    *n = (size_t)octet_tensor_count(t);
    if (*n != 1 && *n != count)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL,
                          "input %u has %zu scales where 1 or %zu fit", index, *n, count);
    return octet_eval_floats(e, t, out);
}

octet_status octet_q8_read_bias(octet_eval *e, uint32_t index, size_t count, const float **out)
{
    const octet_tensor *t = octet_eval_input(e, index);

    if (t != NULL && (t->dtype != OCTET_DTYPE_FLOAT32 || (size_t)octet_tensor_count(t) != count))
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "the bias is not %zu floats", count);
    *out = t != NULL ? t->data : NULL;
    return OCTET_OK;
}

/* ---- results */

void octet_q8_finish_s32(const octet_eval *e, octet_q8_finish *out)
{
    *out = (octet_q8_finish){.run = e->k->requantize_s32, .element = sizeof(int32_t)};
}

static void set_steps(const octet_q8_scales *s, octet_requant *r)
{
    r->scale_row = s->count > 1 && !s->by_column;
    r->scale_col = s->count > 1 && s->by_column;
}

/* alpha * x * w of each scale, left to right in float, then divided unless by 1. */
static octet_status multiply(octet_eval *e, const octet_q8_scales *s, float divisor,
                             octet_requant *r)
{
    float *scale = octet_eval_scratch(e, (s->count + 1) * sizeof(*scale));

    OCTET_TRY_ALLOC(e->diag, scale);
    for (size_t i = 0; i < s->count; i++)
        scale[i] = s->alpha * s->x * s->w[i] / divisor;
    r->scale = scale;
    set_steps(s, r);
    return OCTET_OK;
}

octet_status octet_q8_finish_f32(octet_eval *e, const octet_q8_scales *s, const float *bias,
                                 octet_q8_finish *out)
{
    *out = (octet_q8_finish){
        .run = e->k->requantize_f32, .element = sizeof(float), .r = {.bias = bias}};
    return multiply(e, s, 1.0f, &out->r);
}

static octet_status multiply_fixed(octet_eval *e, const octet_q8_scales *s, float y_scale,
                                   octet_requant *r)
{
    int32_t *numbers = octet_eval_scratch(e, (2 * s->count + 1) * sizeof(*numbers));

    OCTET_TRY_ALLOC(e->diag, numbers);
    for (size_t i = 0; i < s->count; i++) {
        double scale = (double)s->alpha * (double)s->x * (double)s->w[i] / (double)y_scale;
        octet_fixed f;

        if (!isfinite(scale))
            return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "the ratio of scales is not finite");
        f = octet_fixed_from(scale);
        numbers[i] = f.multiplier;
        numbers[s->count + i] = f.shift;
    }
    r->multiplier = numbers;
    r->shift = numbers + s->count;
    set_steps(s, r);
    return OCTET_OK;
}

octet_status octet_q8_finish_q8(octet_eval *e, const octet_q8_scales *s, float y_scale,
                                const octet_tensor *y_zero, octet_q8_finish *out)
{
    const octet_dtype_traits *t = octet_dtype_get(y_zero->dtype);
    const kind *k = find(activations, COUNT(activations), y_zero->dtype);

    if (k == NULL || octet_tensor_count(y_zero) != 1)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED,
                          "y_zero_point is not one number of 8 or 16 bits");
    *out =
        (octet_q8_finish){.run = k->wide ? e->k->requantize_nearest_16 : e->k->requantize_nearest,
                          .element = octet_q8_size(k->wide),
                          .r = {.zero_point = (int32_t)octet_tensor_i64_at(y_zero, 0),
                                .lo = (int32_t)t->min,
                                .hi = (int32_t)t->max}};
    if (e->arith == OCTET_ARITH_FIXED_POINT) {
        out->run = k->wide ? e->k->requantize_fixed_16 : e->k->requantize_fixed;
        return multiply_fixed(e, s, y_scale, &out->r);
    }
    if (e->arith == OCTET_ARITH_ONNX2C) {
        out->run = k->wide ? e->k->requantize_away_16 : e->k->requantize_away;
        out->r.divisor = y_scale;
        return multiply(e, s, 1.0f, &out->r);
    }
    return multiply(e, s, y_scale, &out->r);
}
