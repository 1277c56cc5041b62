/* quantize_common.c: scales of QuantizeLinear and DequantizeLinear, integer operands of the others
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/quantize_common.h"

#include <math.h>
#include <string.h>

static bool same_shape(const octet_tensor *a, const octet_tensor *b)
{
    return a->rank == b->rank && memcmp(a->dims, b->dims, (size_t)a->rank * sizeof(*a->dims)) == 0;
}

/* A scale of x's rank, ceil(size / block) long on the axis and like x elsewhere. */
static octet_status check_blocks(octet_eval *e, const octet_tensor *x, const octet_tensor *scale,
                                 int32_t axis, int64_t block)
{
    bool fits = scale->rank == x->rank;

    for (int32_t i = 0; fits && i < x->rank; i++) {
        int64_t blocks = i == axis && x->dims[i] > 0 ? (x->dims[i] - 1) / block + 1 : x->dims[i];

        fits = scale->dims[i] == blocks;
    }
    if (!fits)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL,
                          "the scale's shape does not fit blocks of %lld on axis %d",
                          (long long)block, axis);
    return OCTET_OK;
}

octet_status octet_quant_layout_init(octet_eval *e, const octet_tensor *x,
                                     const octet_tensor *scale, const octet_tensor *zero_point,
                                     octet_quant_layout *out)
{
    int64_t block = octet_node_int(e->node, "block_size", 0);
    int32_t axis;

    *out = (octet_quant_layout){.outer = 1, .size = 1, .inner = octet_tensor_count(x)};
    if (zero_point != NULL && !same_shape(scale, zero_point) &&
        (octet_tensor_count(scale) != 1 || octet_tensor_count(zero_point) != 1))
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "scale and zero point differ in shape");
    if (block < 0)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "block_size is %lld", (long long)block);
    out->per_tensor = octet_tensor_count(scale) == 1 && scale->rank <= 1;
    if (out->per_tensor)
        return OCTET_OK;
    OCTET_TRY(octet_axis_check(octet_node_int(e->node, "axis", 1), x->rank, &axis, e->diag));
    out->outer = octet_dims_product(x->dims, 0, axis);
    out->size = x->dims[axis];
    out->inner = octet_dims_product(x->dims, axis + 1, x->rank);
    out->block = block;
    if (block > 0)
        return check_blocks(e, x, scale, axis, block);
    if (scale->rank != 1 || scale->dims[0] != out->size)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL,
                          "the scale has %lld elements in %d dims but axis %d of x has %lld",
                          (long long)octet_tensor_count(scale), scale->rank, axis,
                          (long long)out->size);
    return OCTET_OK;
}

bool octet_quant_next_run(octet_quant_layout *layout, octet_quant_run *out)
{
    octet_quant_layout *l = layout;
    int64_t at = l->next, i, a, o;

    if (at >= l->outer * l->size * l->inner)
        return false;
    i = at % l->inner;
    a = at / l->inner % l->size;
    o = at / l->inner / l->size;
    *out = (octet_quant_run){.start = at, .length = 1};
    if (l->per_tensor || l->block == 0) {
        out->length = l->inner;
        out->scale = l->per_tensor ? 0 : a;
    } else {
        int64_t blocks = (l->size - 1) / l->block + 1, left = l->size - a;

        out->scale = (o * blocks + a / l->block) * l->inner + i;
        if (l->inner == 1)
            out->length = left < l->block ? left : l->block;
    }
    l->next += out->length;
    return true;
}

octet_status octet_eval_floats(octet_eval *e, const octet_tensor *t, const float **out)
{
    int64_t count = t != NULL ? octet_tensor_count(t) : 0;
    size_t bytes;
    float *copy;

    *out = t != NULL ? t->data : NULL;
    if (t == NULL || t->dtype == OCTET_DTYPE_FLOAT32)
        return OCTET_OK;
    copy =
        octet_dtype_bytes(OCTET_DTYPE_FLOAT32, count, &bytes) ? octet_eval_scratch(e, bytes) : NULL;
    OCTET_TRY_ALLOC(e->diag, copy);
    if (!octet_convert(OCTET_DTYPE_FLOAT32, copy, t->dtype, t->data, 0, count))
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "type %s is not supported",
                          octet_dtype_get(t->dtype)->name);
    *out = copy;
    return OCTET_OK;
}

octet_status octet_quant_dynamic(octet_eval *e, const octet_tensor *x, float *scale,
                                 int32_t *zero_point)
{
    size_t n = (size_t)octet_tensor_count(x);
    float min = 0.0f, max = 0.0f, zero;

    if (n > 0 && !e->k->minmax_f32(n, x->data, &min, &max))
        return octet_fail(e->diag, OCTET_ERR_DATA, "the input contains NaN or infinity");
    min = min < 0.0f ? min : 0.0f;
    max = max > 0.0f ? max : 0.0f;
    *scale = (max == min ? 1.0f : max - min) / 255.0f;
    zero = -min / *scale; /* of denormal numbers: 0 / 0 */
    zero = zero > 0.0f ? zero : 0.0f;
    *zero_point = (int32_t)rintf(zero > 255.0f ? 255.0f : zero);
    return OCTET_OK;
}

/* ---- integer operators */

octet_status octet_eval_scale(octet_eval *e, uint32_t index, float *out)
{
    const octet_tensor *t = octet_eval_input(e, index);
    const float *values;

    if (t == NULL || octet_tensor_count(t) != 1)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "input %u is not one number", index);
    OCTET_TRY(octet_eval_floats(e, t, &values));
    *out = values[0];
    return OCTET_OK;
}

/* ---- floats to bytes */

/* onnx2c: roundf, which takes halves away from zero, then zero point and saturation. */
static void quantize_away(size_t n, const float *x, float scale, int32_t zero_point, octet_dtype to,
                          uint8_t *y)
{
    float lo = (float)octet_dtype_get(to)->min, hi = (float)octet_dtype_get(to)->max;

    for (size_t i = 0; i < n; i++) {
        float v = roundf(x[i] / scale) + (float)zero_point;

        v = v > lo ? v : lo;
        y[i] = (uint8_t)(int32_t)(v < hi ? v : hi);
    }
}

void octet_quantize_bytes(const octet_eval *e, size_t n, const float *x, float scale,
                          int32_t zero_point, octet_dtype to, void *y)
{
    if (e->arith == OCTET_ARITH_ONNX2C)
        quantize_away(n, x, scale, zero_point, to, y);
    else if (to == OCTET_DTYPE_UINT8)
        e->k->quantize_f32_u8(n, x, scale, zero_point, y);
    else
        e->k->quantize_f32_s8(n, x, scale, zero_point, y);
}
