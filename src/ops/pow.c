/* pow.c: Pow; the result has the type of the base
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/elementwise.h"

#include <math.h>

/* pow(u, 0.5) and sqrt(u) differ at minus infinity alone. */
static double power(double u, double v)
{
    return v == 2.0 ? u * u : v == 0.5 ? sqrt(u) : pow(u, v);
}

/* Wraps as repeated multiplication does. */
static int64_t power_int(int64_t base, int64_t exponent)
{
    uint64_t r = 1, b = (uint64_t)base;

    if (exponent < 0)
        return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
    for (; exponent > 0; exponent /= 2, b *= b)
        if (exponent % 2 != 0)
            r *= b;
    return (int64_t)r;
}

/* The exponents that models use need no logarithm. */
static void loop_float(const octet_kernels *k, size_t n, const void *a, size_t sa, const void *b,
                       size_t sb, void *y)
{
    const float *x = a, *exponent = b;
    float *z = y;

    if (sb == 0 && exponent[0] == 2.0f)
        k->mul_f32(n, x, sa, x, sa, z);
    else if (sb == 0 && exponent[0] == 0.5f)
        for (size_t i = 0; i < n; i++)
            z[i] = sqrtf(x[i * sa]);
    else
        k->pow_f32(n, x, sa, exponent, sb, z);
}

static int64_t to_i64(double x)
{
    return x >= -0x1p63 && x < 0x1p63 ? (int64_t)x : 0;
}

/* Base and exponent are brought to one type; an integer base with a fraction goes through double.
 */
OCTET_BINARY_LOOP_NAMED(real_f32, double, float, (float)power(u, v))
OCTET_BINARY_LOOP_NAMED(real_f64, double, double, power(u, v))
OCTET_BINARY_LOOP_NAMED(real_i32, double, int32_t, (int32_t)to_i64(power(u, v)))
OCTET_BINARY_LOOP_NAMED(real_i64, double, int64_t, to_i64(power(u, v)))
OCTET_BINARY_LOOP_NAMED(int_i32, int64_t, int32_t, (int32_t)power_int(u, v))
OCTET_BINARY_LOOP_NAMED(int_i64, int64_t, int64_t, power_int(u, v))

static const octet_binary_loop real_loops[OCTET_DTYPE_COUNT] = {
    [OCTET_DTYPE_FLOAT32] = real_f32,
    [OCTET_DTYPE_FLOAT64] = real_f64,
    [OCTET_DTYPE_INT32] = real_i32,
    [OCTET_DTYPE_INT64] = real_i64,
};
static const octet_binary_loop int_loops[OCTET_DTYPE_COUNT] = {
    [OCTET_DTYPE_INT32] = int_i32,
    [OCTET_DTYPE_INT64] = int_i64,
};

static octet_status convert(octet_eval *e, octet_dtype dtype, const octet_tensor *from,
                            octet_tensor *to)
{
    if (from->dtype == dtype) {
        *to = *from;
        return OCTET_OK;
    }
    OCTET_TRY(octet_tensor_describe(to, dtype, from->rank, from->dims, e->diag));
    to->data = octet_eval_scratch(e, to->bytes);
    OCTET_TRY_ALLOC(e->diag, to->data);
    if (!octet_convert(dtype, to->data, from->dtype, from->data, 0, octet_tensor_count(from)))
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "element type %s is not supported",
                          octet_dtype_get(from->dtype)->name);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    octet_dtype base, exponent, wide = OCTET_DTYPE_FLOAT64;
    const octet_binary_loop *loops = real_loops;
    octet_tensor x, y;

    OCTET_TRY(octet_eval_require(e, 2));
    base = e->in[0]->dtype;
    exponent = e->in[1]->dtype;
    if (octet_dtype_get(base)->kind != OCTET_KIND_FLOAT &&
        octet_dtype_get(exponent)->kind != OCTET_KIND_FLOAT) {
        wide = OCTET_DTYPE_INT64;
        loops = int_loops;
    }
    if ((unsigned)base >= OCTET_DTYPE_COUNT || loops[base] == NULL)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "element type %s is not supported",
                          octet_dtype_get(base)->name);
    if (base == OCTET_DTYPE_FLOAT32 && exponent == OCTET_DTYPE_FLOAT32)
        return octet_binary_eval_on(e, loop_float, e->in[0], e->in[1], base);
    OCTET_TRY(convert(e, wide, e->in[0], &x));
    OCTET_TRY(convert(e, wide, e->in[1], &y));
    return octet_binary_eval_on(e, loops[base], &x, &y, base);
}

const octet_op octet_op_pow = {
    .domain = "",
    .name = "Pow",
    .since = 13,
    .in = {{.name = "X"}, {.name = "Y", .role = OCTET_ROLE_PARAM}},
    .out = {{.name = "Z"}},
    .infer = octet_infer_broadcast,
    .eval = eval,
};
