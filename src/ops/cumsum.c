/* cumsum.c: CumSum, CumProd
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

/* One line of n elements, `step` apart, in the order of the sum. Exclusive: element i gets what
 * comes before it. Integers go through unsigned types, where overflow wraps. */
#define LINE(name, type, wide, start, operation)                                                   \
    static void name(int64_t n, int64_t step, bool exclusive, const void *px, void *py)            \
    {                                                                                              \
        const type *x = px;                                                                        \
        type *y = py;                                                                              \
        wide total = start;                                                                        \
        for (int64_t i = 0; i < n; i++) {                                                          \
            wide next = (wide)(total operation(wide) x[i * step]);                                 \
            y[i * step] = (type)(exclusive ? total : next);                                        \
            total = next;                                                                          \
        }                                                                                          \
    }

#define LINES(suffix, type, wide)                                                                  \
    LINE(sum_##suffix, type, wide, 0, +)                                                           \
    LINE(product_##suffix, type, wide, 1, *)

LINES(f32, float, float)
LINES(f64, double, double)
LINES(i32, int32_t, uint32_t)
LINES(u32, uint32_t, uint32_t)
LINES(i64, int64_t, uint64_t)
LINES(u64, uint64_t, uint64_t)

typedef void (*line_function)(int64_t n, int64_t step, bool exclusive, const void *x, void *y);

static const struct {
    octet_dtype dtype;
    line_function sum, product;
} lines[] = {
    {OCTET_DTYPE_FLOAT32, sum_f32, product_f32}, {OCTET_DTYPE_FLOAT64, sum_f64, product_f64},
    {OCTET_DTYPE_INT32, sum_i32, product_i32},   {OCTET_DTYPE_UINT32, sum_u32, product_u32},
    {OCTET_DTYPE_INT64, sum_i64, product_i64},   {OCTET_DTYPE_UINT64, sum_u64, product_u64},
};

static octet_status find_line(octet_eval *e, bool product, line_function *out)
{
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (lines[i].dtype == e->in[0]->dtype) {
            *out = product ? lines[i].product : lines[i].sum;
            return OCTET_OK;
        }
    return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "type %s is not supported",
                      octet_dtype_get(e->in[0]->dtype)->name);
}

static octet_status eval(octet_eval *e, bool product)
{
    bool exclusive = octet_node_int(e->node, "exclusive", 0) != 0;
    bool reverse = octet_node_int(e->node, "reverse", 0) != 0;
    const octet_tensor *x;
    int64_t given, outer, inner, n;
    line_function line = NULL;
    int32_t axis = 0;
    size_t element;

    OCTET_TRY(octet_eval_require(e, 2));
    x = e->in[0];
    OCTET_TRY(octet_eval_element(e, x->dtype, &element));
    OCTET_TRY(find_line(e, product, &line));
    OCTET_TRY(octet_eval_int(e, 1, 0, &given));
    OCTET_TRY(octet_axis_check(given, x->rank, &axis, e->diag));
    OCTET_TRY(octet_eval_output_like(e, 0, x));
    n = x->dims[axis];
    outer = x->bytes == 0 ? 0 : octet_dims_product(x->dims, 0, axis);
    inner = octet_dims_product(x->dims, axis + 1, x->rank);
    for (int64_t o = 0; o < outer; o++)
        for (int64_t i = 0; i < inner; i++) {
            size_t at = (size_t)(o * n * inner + i + (reverse ? (n - 1) * inner : 0)) * element;

            line(n, reverse ? -inner : inner, exclusive, (const char *)x->data + at,
                 (char *)e->out[0].data + at);
        }
    return OCTET_OK;
}

static octet_status eval_sum(octet_eval *e)
{
    return eval(e, false);
}

static octet_status eval_product(octet_eval *e)
{
    return eval(e, true);
}

const octet_op octet_op_cumsum = {
    .domain = "",
    .name = "CumSum",
    .since = 13,
    .in = {{.name = "x", .role = OCTET_ROLE_DATA}, {.name = "axis", .role = OCTET_ROLE_SHAPE}},
    .out = {{.name = "y", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .infer = octet_infer_same,
    .eval = eval_sum,
};

const octet_op octet_op_cumprod = {
    .domain = "",
    .name = "CumProd",
    .since = 26,
    .in = {{.name = "x", .role = OCTET_ROLE_DATA}, {.name = "axis", .role = OCTET_ROLE_SHAPE}},
    .out = {{.name = "y", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .infer = octet_infer_same,
    .eval = eval_product,
};
