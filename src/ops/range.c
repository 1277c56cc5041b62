/* range.c: Range
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

#include <math.h>

/* max(ceil((limit - start) / delta), 0) without overflow; false for a delta of 0. */
static bool count_i64(int64_t start, int64_t limit, int64_t delta, int64_t *out)
{
    uint64_t distance, step;

    *out = 0;
    if (delta == 0)
        return false;
    if (delta > 0 ? limit <= start : limit >= start)
        return true;
    distance = delta > 0 ? (uint64_t)limit - (uint64_t)start : (uint64_t)start - (uint64_t)limit;
    step = delta > 0 ? (uint64_t)delta : 0 - (uint64_t)delta;
    *out = (int64_t)((distance - 1) / step > INT64_MAX - 1 ? INT64_MAX : (distance - 1) / step + 1);
    return true;
}

static bool count_f64(double start, double limit, double delta, int64_t *out)
{
    double n = ceil((limit - start) / delta);

    *out = 0;
    if (delta == 0 || !isfinite(n) || n > 1e15)
        return false;
    *out = n > 0 ? (int64_t)n : 0;
    return true;
}

/* ---- inference */

static octet_status infer_elements(octet_infer *in, int64_t start, int64_t delta, int64_t n)
{
    octet_sym *out;

    if (n > OCTET_MAX_SYMS || start > INT32_MAX || start < INT32_MIN || delta > INT32_MAX ||
        delta < INT32_MIN)
        return OCTET_OK;
    out = OCTET_ARENA_ARRAY(in->arena, octet_sym, (size_t)n + 1);
    OCTET_TRY_ALLOC(in->diag, out);
    for (int64_t i = 0; i < n; i++)
        out[i] = octet_sym_known(start + i * delta);
    octet_infer_set_value(in, 0, out, (uint32_t)n);
    return OCTET_OK;
}

/* 0, size, 1 gives a vector of that size, also when the size is a symbol. */
static octet_dim symbolic_length(const octet_infer *in)
{
    uint32_t n;
    const octet_sym *limit = octet_infer_value(in, 1, &n);
    int64_t start, delta;

    if (limit == NULL || n != 1 || octet_sym_is_number(limit[0]) ||
        !octet_infer_int(in, 0, 1, &start) || !octet_infer_int(in, 2, 0, &delta))
        return octet_dim_unknown();
    return start == 0 && delta == 1 ? octet_dim_from_sym(limit[0]) : octet_dim_unknown();
}

static octet_status infer(octet_infer *in)
{
    octet_dim *dims = octet_infer_new_dims(in, 1);
    int64_t start, limit, delta, n;

    OCTET_TRY_ALLOC(in->diag, dims);
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), 1, dims);
    dims[0] = symbolic_length(in);
    if (in->n_in < 3 || !octet_infer_int(in, 0, 0, &start) || !octet_infer_int(in, 1, 0, &limit) ||
        !octet_infer_int(in, 2, 0, &delta) || !count_i64(start, limit, delta, &n))
        return OCTET_OK;
    dims[0] = octet_dim_known(n);
    return infer_elements(in, start, delta, n);
}

/* ---- evaluation */

#define FILL(name, type, wide)                                                                     \
    static void name(void *out, int64_t n, const void *start, const void *delta)                   \
    {                                                                                              \
        wide from = (wide) * (const type *)start, step = (wide) * (const type *)delta;             \
        for (int64_t i = 0; i < n; i++)                                                            \
            ((type *)out)[i] = (type)(from + (wide)i * step);                                      \
    }

FILL(fill_f32, float, float)
FILL(fill_f64, double, double)
FILL(fill_i16, int16_t, uint64_t)
FILL(fill_i32, int32_t, uint64_t)
FILL(fill_i64, int64_t, uint64_t)

static const struct {
    octet_dtype dtype;
    void (*fill)(void *out, int64_t n, const void *start, const void *delta);
} fills[] = {{OCTET_DTYPE_FLOAT32, fill_f32},
             {OCTET_DTYPE_FLOAT64, fill_f64},
             {OCTET_DTYPE_INT16, fill_i16},
             {OCTET_DTYPE_INT32, fill_i32},
             {OCTET_DTYPE_INT64, fill_i64}};

static octet_status count_of(octet_eval *e, int64_t *n)
{
    const octet_tensor *const *x = e->in;
    bool ok;

    for (uint32_t i = 0; i < 3; i++)
        if (octet_tensor_count(x[i]) != 1 || x[i]->dtype != x[0]->dtype)
            return octet_fail(e->diag, OCTET_ERR_DATA,
                              "start, limit and delta must be numbers of "
                              "one type");
    ok = octet_dtype_get(x[0]->dtype)->kind == OCTET_KIND_FLOAT
             ? count_f64(octet_tensor_f64_at(x[0], 0), octet_tensor_f64_at(x[1], 0),
                         octet_tensor_f64_at(x[2], 0), n)
             : count_i64(octet_tensor_i64_at(x[0], 0), octet_tensor_i64_at(x[1], 0),
                         octet_tensor_i64_at(x[2], 0), n);
    return ok ? OCTET_OK : octet_fail(e->diag, OCTET_ERR_DATA, "the range has no end");
}

static octet_status eval(octet_eval *e)
{
    int64_t n = 0;

    OCTET_TRY(octet_eval_require(e, 3));
    OCTET_TRY(count_of(e, &n));
    for (size_t i = 0; i < sizeof fills / sizeof fills[0]; i++)
        if (fills[i].dtype == e->in[0]->dtype) {
            OCTET_TRY(octet_eval_output(e, 0, fills[i].dtype, 1, &n));
            fills[i].fill(e->out[0].data, n, e->in[0]->data, e->in[2]->data);
            return OCTET_OK;
        }
    return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "type %s is not supported",
                      octet_dtype_get(e->in[0]->dtype)->name);
}

const octet_op octet_op_range = {
    .domain = "",
    .name = "Range",
    .since = 13,
    .in = {{.name = "start", .role = OCTET_ROLE_SHAPE},
           {.name = "limit", .role = OCTET_ROLE_SHAPE},
           {.name = "delta", .role = OCTET_ROLE_SHAPE}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .infer = infer,
    .eval = eval,
};
