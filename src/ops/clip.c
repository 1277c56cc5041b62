/* clip.c: Clip to [min, max]; max wins where they cross, NaN stays NaN
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/elementwise.h"
#include "ops/fused.h"

#include <float.h>

typedef void (*loop)(const octet_kernels *k, size_t n, const void *x, const octet_tensor *min,
                     const octet_tensor *max, void *y);

#define CLIP(T, lowest, highest)                                                                   \
    static void clip_##T(const octet_kernels *k, size_t n, const void *px,                         \
                         const octet_tensor *min, const octet_tensor *max, void *py)               \
    {                                                                                              \
        const T *x = px;                                                                           \
        T *restrict y = py;                                                                        \
        const T lo = min == NULL ? (lowest) : *(const T *)min->data;                               \
        const T hi = max == NULL ? (highest) : *(const T *)max->data;                              \
                                                                                                   \
        (void)k;                                                                                   \
        for (size_t i = 0; i < n; i++) {                                                           \
            const T v = x[i] < lo ? lo : x[i];                                                     \
            y[i] = v > hi ? hi : v;                                                                \
        }                                                                                          \
    }

static void clip_float(const octet_kernels *k, size_t n, const void *x, const octet_tensor *min,
                       const octet_tensor *max, void *y)
{
    const float lo = min == NULL ? -FLT_MAX : *(const float *)min->data;
    const float hi = max == NULL ? FLT_MAX : *(const float *)max->data;

    k->clip_f32(n, x, lo, hi, y);
}

CLIP(double, -DBL_MAX, DBL_MAX)
CLIP(int8_t, INT8_MIN, INT8_MAX)
CLIP(int16_t, INT16_MIN, INT16_MAX)
CLIP(int32_t, INT32_MIN, INT32_MAX)
CLIP(int64_t, INT64_MIN, INT64_MAX)
CLIP(uint8_t, 0, UINT8_MAX)
CLIP(uint16_t, 0, UINT16_MAX)
CLIP(uint32_t, 0, UINT32_MAX)
CLIP(uint64_t, 0, UINT64_MAX)

static const loop loops[OCTET_DTYPE_COUNT] = {
    [OCTET_DTYPE_FLOAT32] = clip_float,   [OCTET_DTYPE_FLOAT64] = clip_double,
    [OCTET_DTYPE_INT8] = clip_int8_t,     [OCTET_DTYPE_INT16] = clip_int16_t,
    [OCTET_DTYPE_INT32] = clip_int32_t,   [OCTET_DTYPE_INT64] = clip_int64_t,
    [OCTET_DTYPE_UINT8] = clip_uint8_t,   [OCTET_DTYPE_UINT16] = clip_uint16_t,
    [OCTET_DTYPE_UINT32] = clip_uint32_t, [OCTET_DTYPE_UINT64] = clip_uint64_t,
};

static octet_status check_bound(octet_eval *e, const octet_tensor *bound, const char *name)
{
    if (bound == NULL)
        return OCTET_OK;
    if (octet_tensor_count(bound) != 1)
        return octet_fail(e->diag, OCTET_ERR_DATA, "%s has %lld elements instead of one", name,
                          (long long)octet_tensor_count(bound));
    if (bound->dtype != e->in[0]->dtype)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "%s is %s, but the input is %s", name,
                          octet_dtype_get(bound->dtype)->name,
                          octet_dtype_get(e->in[0]->dtype)->name);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x, *min = octet_eval_input(e, 1), *max = octet_eval_input(e, 2);

    OCTET_TRY(octet_eval_require(e, 1));
    x = e->in[0];
    OCTET_TRY(check_bound(e, min, "min"));
    OCTET_TRY(check_bound(e, max, "max"));
    if ((unsigned)x->dtype >= OCTET_DTYPE_COUNT || loops[x->dtype] == NULL)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "element type %s is not supported",
                          octet_dtype_get(x->dtype)->name);
    OCTET_TRY(octet_eval_output_like(e, 0, x));
    loops[x->dtype](e->k, (size_t)octet_tensor_count(x), x->data, min, max, e->out[0].data);
    return octet_finish_output(e);
}

/* An input that is absent, or a constant float; the bound it gives, or `otherwise`. */
static bool constant_bound(const octet_node *node, const octet_tensor *const *constant,
                           uint32_t index, float otherwise, float *out)
{
    const octet_tensor *t = constant[index];

    *out = otherwise;
    if (node->n_inputs <= index || node->inputs[index] == OCTET_NO_VALUE)
        return true;
    if (t == NULL || t->dtype != OCTET_DTYPE_FLOAT32 || octet_tensor_count(t) != 1)
        return false;
    *out = *(const float *)t->data;
    return true;
}

static bool as_activation(const octet_node *node, const octet_tensor *const *constant,
                          octet_fused *out)
{
    out->act = OCTET_ACT_CLIP;
    return constant_bound(node, constant, 1, -FLT_MAX, &out->lo) &&
           constant_bound(node, constant, 2, FLT_MAX, &out->hi);
}

const octet_op octet_op_clip = {
    .domain = "",
    .name = "Clip",
    .since = 13,
    .in = {{.name = "input"},
           {.name = "min", .role = OCTET_ROLE_PARAM, .optional = true},
           {.name = "max", .role = OCTET_ROLE_PARAM, .optional = true}},
    .out = {{.name = "output"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
    .as_activation = as_activation,
};
