/* quantize_linear.c: QuantizeLinear, per tensor, per axis and blocked, to integers and small floats
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/quantize_common.h"

#include <math.h>

static octet_dtype attribute_type(const octet_node *node, const char *name, octet_dtype fallback)
{
    int64_t v = octet_node_int(node, name, 0);

    if (v == 0)
        return fallback;
    return v > 0 && v < OCTET_DTYPE_COUNT ? (octet_dtype)v : OCTET_DTYPE_UNDEFINED;
}

static octet_status infer(octet_infer *in)
{
    const octet_type *x = octet_infer_shape(in, 0);
    octet_dtype dtype = octet_infer_has(in, 2)
                            ? octet_infer_dtype(in, 2)
                            : attribute_type(in->node, "output_dtype", OCTET_DTYPE_UINT8);

    octet_infer_set(in, 0, dtype, x != NULL ? x->rank : -1, x != NULL ? x->dims : NULL);
    return OCTET_OK;
}

/* ---- float8 without saturation: what does not fit becomes Inf or NaN */

typedef struct overflow_rule {
    octet_dtype dtype;
    float limit; /* |x| above this overflows, or from it on when `from` is set */
    bool from;
    bool is_signed; /* the special value keeps the sign */
    uint8_t bits;
} overflow_rule;

static const overflow_rule overflow_rules[] = {
    /* Halfway between the largest number and the next power step; the tie goes to the even one. */
    {OCTET_DTYPE_FLOAT8E4M3FN, 464.0f, false, true, 0x7f},
    {OCTET_DTYPE_FLOAT8E4M3FNUZ, 248.0f, true, false, 0x80},
    {OCTET_DTYPE_FLOAT8E5M2, 61440.0f, true, true, 0x7c},
    {OCTET_DTYPE_FLOAT8E5M2FNUZ, 61440.0f, true, false, 0x80},
};

static void mark_overflow(octet_dtype dtype, int64_t count, const float *v, uint8_t *y)
{
    for (size_t r = 0; r < sizeof(overflow_rules) / sizeof(overflow_rules[0]); r++) {
        const overflow_rule *rule = &overflow_rules[r];

        if (rule->dtype != dtype)
            continue;
        for (int64_t i = 0; i < count; i++) {
            float a = fabsf(v[i]);

            if (a > rule->limit || (rule->from && a == rule->limit))
                y[i] = rule->bits | (rule->is_signed && signbit(v[i]) ? 0x80 : 0);
        }
    }
}

/* ---- evaluation */

typedef struct quantizer {
    octet_eval *e;
    octet_dtype to, precision;
    const float *x, *scale, *zero;
    int64_t count;
    octet_quant_layout layout;
} quantizer;

static void quantize_bytes(quantizer *q)
{
    uint8_t *y = q->e->out[0].data;
    octet_quant_run run;

    while (octet_quant_next_run(&q->layout, &run)) {
        int32_t zero = q->zero != NULL ? (int32_t)q->zero[run.scale] : 0;

        octet_quantize_bytes(q->e, (size_t)run.length, q->x + run.start, q->scale[run.scale], zero,
                             q->to, y + run.start);
    }
}

static float round_to(octet_dtype precision, float v)
{
    if (precision == OCTET_DTYPE_FLOAT16)
        return octet_f16_to_f32(octet_f32_to_f16(v));
    if (precision == OCTET_DTYPE_BFLOAT16)
        return octet_bf16_to_f32(octet_f32_to_bf16(v));
    return v;
}

static float to_integer(const quantizer *q, float v, float zero, const octet_dtype_traits *t)
{
    float lo = (float)t->min - zero, hi = (float)t->max - zero;

    v = v > lo ? v : lo;
    v = v < hi ? v : hi;
    return (q->e->arith == OCTET_ARITH_ONNX2C ? roundf(v) : rintf(v)) + zero;
}

/* Any type: numbers of the target as floats first, which hold them exactly. */
static octet_status quantize_any(quantizer *q)
{
    octet_tensor *y = &q->e->out[0];
    const octet_dtype_traits *t = octet_dtype_get(q->to);
    float *v = octet_eval_scratch(q->e, (size_t)q->count * sizeof(float));
    octet_quant_run run;

    OCTET_TRY_ALLOC(q->e->diag, v);
    while (octet_quant_next_run(&q->layout, &run)) {
        float zero = q->zero != NULL ? q->zero[run.scale] : 0.0f;

        for (int64_t i = run.start; i < run.start + run.length; i++) {
            v[i] = round_to(q->precision, q->x[i] / q->scale[run.scale]);
            v[i] = t->kind == OCTET_KIND_FLOAT ? v[i] + zero : to_integer(q, v[i], zero, t);
        }
    }
    if (!octet_convert(q->to, y->data, OCTET_DTYPE_FLOAT32, v, 0, q->count))
        return octet_fail(q->e->diag, OCTET_ERR_UNSUPPORTED, "type %s is not supported", t->name);
    if (octet_node_int(q->e->node, "saturate", 1) == 0)
        mark_overflow(q->to, q->count, v, y->data);
    return OCTET_OK;
}

static octet_status check_target(octet_eval *e, octet_dtype to)
{
    const octet_dtype_traits *t = octet_dtype_get(to);
    bool integer =
        (t->kind == OCTET_KIND_SIGNED || t->kind == OCTET_KIND_UNSIGNED) && t->bits <= 16;
    bool small_float =
        t->kind == OCTET_KIND_FLOAT && t->bits > 0 && t->bits <= 8 && to != OCTET_DTYPE_FLOAT8E8M0;

    if (!integer && !small_float)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "cannot quantize to type %s", t->name);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x = octet_eval_input(e, 0), *scale = octet_eval_input(e, 1);
    const octet_tensor *zero = octet_eval_input(e, 2);
    octet_dtype declared = attribute_type(e->node, "output_dtype", OCTET_DTYPE_UINT8);
    quantizer q = {.e = e};

    OCTET_TRY(octet_eval_require(e, 2));
    q.to = zero != NULL ? zero->dtype : declared;
    if (zero != NULL && octet_node_int(e->node, "output_dtype", 0) != 0 && declared != q.to)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL,
                          "output_dtype and the zero point's type differ");
    OCTET_TRY(check_target(e, q.to));
    OCTET_TRY(octet_quant_layout_init(e, x, scale, zero, &q.layout));
    q.precision = attribute_type(e->node, "precision", scale->dtype);
    q.count = octet_tensor_count(x);
    OCTET_TRY(octet_eval_floats(e, x, &q.x));
    OCTET_TRY(octet_eval_floats(e, scale, &q.scale));
    OCTET_TRY(octet_eval_floats(e, zero, &q.zero));
    OCTET_TRY(octet_eval_output(e, 0, q.to, x->rank, x->dims));
    if ((q.to == OCTET_DTYPE_UINT8 || q.to == OCTET_DTYPE_INT8) &&
        q.precision != OCTET_DTYPE_FLOAT16 && q.precision != OCTET_DTYPE_BFLOAT16)
        quantize_bytes(&q);
    else
        OCTET_TRY(quantize_any(&q));
    return OCTET_OK;
}

const octet_op octet_op_quantize_linear = {
    .domain = "",
    .name = "QuantizeLinear",
    .since = 13,
    .in = {{.name = "x"},
           {.name = "y_scale", .role = OCTET_ROLE_PARAM},
           {.name = "y_zero_point", .role = OCTET_ROLE_PARAM, .optional = true}},
    .out = {{.name = "y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
