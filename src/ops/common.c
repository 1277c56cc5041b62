/* common.c: helpers shared by operator descriptors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- dimensions and symbolic elements */

octet_dim octet_dim_known(int64_t size)
{
    return (octet_dim){.size = size < 0 ? -1 : size, .symbol = NULL};
}

octet_dim octet_dim_unknown(void)
{
    return (octet_dim){.size = -1, .symbol = NULL};
}

bool octet_dim_equal(octet_dim a, octet_dim b)
{
    if (a.size >= 0 || b.size >= 0)
        return a.size == b.size;
    return a.symbol != NULL && b.symbol != NULL && strcmp(a.symbol, b.symbol) == 0;
}

octet_dim octet_dim_product(const octet_dim *dims, int32_t n)
{
    int64_t number = 1;
    octet_dim open = octet_dim_known(1);

    for (int32_t i = 0; i < n; i++) {
        if (dims[i].size == 0)
            return octet_dim_known(0);
        if (dims[i].size > 0) {
            if (!octet_mul_i64(number, dims[i].size, &number))
                return octet_dim_unknown();
        } else {
            open = open.size >= 0 ? dims[i] : octet_dim_unknown();
        }
    }
    if (open.size >= 0)
        return octet_dim_known(number);
    return number == 1 ? open : octet_dim_unknown();
}

bool octet_dim_broadcast(octet_dim a, octet_dim b, octet_dim *out)
{
    if (a.size == 1 || octet_dim_equal(a, b)) {
        *out = b;
        return true;
    }
    if (b.size == 1) {
        *out = a;
        return true;
    }
    if (a.size >= 0 && b.size >= 0)
        return false;
    /* An unknown size against a number other than 1 can only be that number or 1. */
    *out = a.size >= 0 ? a : b.size >= 0 ? b : octet_dim_unknown();
    return true;
}

octet_sym octet_sym_known(int64_t number)
{
    if (number == OCTET_SYM_UNKNOWN)
        return octet_sym_unknown();
    return (octet_sym){.size = number, .symbol = NULL};
}

octet_sym octet_sym_unknown(void)
{
    return (octet_sym){.size = OCTET_SYM_UNKNOWN, .symbol = NULL};
}

bool octet_sym_is_number(octet_sym s)
{
    return s.size != OCTET_SYM_UNKNOWN;
}

octet_sym octet_sym_from_dim(octet_dim dim)
{
    if (dim.size >= 0)
        return octet_sym_known(dim.size);
    return (octet_sym){.size = OCTET_SYM_UNKNOWN, .symbol = dim.symbol};
}

octet_dim octet_dim_from_sym(octet_sym s)
{
    if (octet_sym_is_number(s))
        return octet_dim_known(s.size);
    return (octet_dim){.size = -1, .symbol = s.symbol};
}

/* ---- inference: inputs */

octet_dtype octet_infer_dtype(const octet_infer *in, uint32_t index)
{
    if (!octet_infer_has(in, index) || in->in[index]->kind != OCTET_TYPE_TENSOR)
        return OCTET_DTYPE_UNDEFINED;
    return in->in[index]->dtype;
}

bool octet_infer_has(const octet_infer *in, uint32_t index)
{
    return index < in->n_in && in->in[index] != NULL;
}

const octet_type *octet_infer_shape(const octet_infer *in, uint32_t index)
{
    const octet_type *t = octet_infer_has(in, index) ? in->in[index] : NULL;

    if (t == NULL || t->kind != OCTET_TYPE_TENSOR || t->rank < 0 || t->rank > OCTET_MAX_RANK)
        return NULL;
    return t;
}

const octet_sym *octet_infer_value(const octet_infer *in, uint32_t index, uint32_t *count)
{
    *count = 0;
    if (index >= in->n_in || in->shape_value[index] == NULL)
        return NULL;
    *count = in->shape_count[index];
    return in->shape_value[index];
}

static const int64_t *ints_from_value(const octet_infer *in, uint32_t index, uint32_t *count)
{
    const octet_sym *value = octet_infer_value(in, index, count);
    int64_t *out = value == NULL ? NULL : OCTET_ARENA_ARRAY(in->arena, int64_t, *count + 1);

    for (uint32_t i = 0; out != NULL && i < *count; i++) {
        if (!octet_sym_is_number(value[i]))
            return NULL;
        out[i] = value[i].size;
    }
    return out;
}

static const int64_t *ints_from_constant(const octet_infer *in, uint32_t index, uint32_t *count)
{
    const octet_tensor *t = index < in->n_in ? in->constant[index] : NULL;
    int64_t n = t == NULL ? 0 : octet_tensor_count(t);
    int64_t *out;

    if (t == NULL || n >= UINT32_MAX || octet_dtype_get(t->dtype)->kind == OCTET_KIND_FLOAT)
        return NULL;
    out = OCTET_ARENA_ARRAY(in->arena, int64_t, (size_t)n + 1);
    if (out == NULL || !octet_convert(OCTET_DTYPE_INT64, out, t->dtype, t->data, 0, n))
        return NULL;
    *count = (uint32_t)n;
    return out;
}

const int64_t *octet_infer_ints(const octet_infer *in, uint32_t index, uint32_t *count)
{
    const int64_t *out = ints_from_value(in, index, count);

    if (out == NULL)
        out = ints_from_constant(in, index, count);
    if (out == NULL)
        *count = 0;
    return out;
}

bool octet_infer_int(const octet_infer *in, uint32_t index, int64_t fallback, int64_t *out)
{
    uint32_t count;
    const int64_t *v;

    *out = fallback;
    if (!octet_infer_has(in, index))
        return true;
    v = octet_infer_ints(in, index, &count);
    if (v == NULL || count != 1)
        return false;
    *out = v[0];
    return true;
}

/* ---- inference: results */

octet_dim *octet_infer_new_dims(octet_infer *in, int32_t rank)
{
    octet_dim *dims = OCTET_ARENA_ARRAY(in->arena, octet_dim, (size_t)(rank < 0 ? 0 : rank) + 1);

    for (int32_t i = 0; dims != NULL && i < rank; i++)
        dims[i] = octet_dim_unknown();
    return dims;
}

void octet_infer_set(octet_infer *in, uint32_t index, octet_dtype dtype, int32_t rank,
                     const octet_dim *dims)
{
    static const octet_dim none[1];

    if (index >= in->n_out)
        return;
    if (rank == 0)
        dims = none;
    if (rank < 0 || rank > OCTET_MAX_RANK || dims == NULL)
        rank = -1;
    in->out[index] = (octet_type){
        .kind = OCTET_TYPE_TENSOR, .dtype = dtype, .rank = rank, .dims = rank < 0 ? NULL : dims};
}

void octet_infer_set_value(octet_infer *in, uint32_t index, const octet_sym *elements,
                           uint32_t count)
{
    if (index >= in->n_out || count > OCTET_MAX_SYMS)
        return;
    in->out_value[index] = elements;
    in->out_count[index] = count;
}

octet_status octet_infer_fail(octet_infer *in, const char *fmt, ...)
{
    char text[256];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return octet_fail(in->diag, OCTET_ERR_INVALID_MODEL, "%s", text);
}

/* dims (of rank `rank`) = dims broadcast with the type's, aligned at the end. */
static octet_status broadcast_into(octet_infer *in, octet_dim *dims, int32_t rank,
                                   const octet_type *t)
{
    for (int32_t i = 0; i < t->rank; i++) {
        octet_dim *d = &dims[rank - t->rank + i];

        if (!octet_dim_broadcast(*d, t->dims[i], d))
            return octet_infer_fail(in,
                                    "sizes %lld and %lld of axis %d from the end do not "
                                    "broadcast",
                                    (long long)d->size, (long long)t->dims[i].size,
                                    (int)(t->rank - i));
    }
    return OCTET_OK;
}

octet_status octet_infer_broadcast_as(octet_infer *in, uint32_t first, octet_dtype dtype)
{
    int32_t rank = 0;
    octet_dim *dims;

    octet_infer_set(in, 0, dtype, -1, NULL);
    for (uint32_t i = first; i < in->n_in; i++) {
        const octet_type *t = octet_infer_shape(in, i);

        if (t == NULL)
            return OCTET_OK;
        rank = t->rank > rank ? t->rank : rank;
    }
    dims = octet_infer_new_dims(in, rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    for (int32_t i = 0; i < rank; i++)
        dims[i] = octet_dim_known(1);
    for (uint32_t i = first; i < in->n_in; i++)
        OCTET_TRY(broadcast_into(in, dims, rank, in->in[i]));
    octet_infer_set(in, 0, dtype, rank, dims);
    return OCTET_OK;
}

octet_status octet_infer_broadcast(octet_infer *in)
{
    return octet_infer_broadcast_as(in, 0, octet_infer_dtype(in, 0));
}

octet_status octet_infer_join(octet_infer *in, uint32_t index, const octet_type *a,
                              const octet_type *b)
{
    bool same_rank = a->kind == OCTET_TYPE_TENSOR && b->kind == OCTET_TYPE_TENSOR &&
                     a->rank == b->rank && a->rank >= 0 && a->rank <= OCTET_MAX_RANK;
    octet_dim *dims = octet_infer_new_dims(in, same_rank ? a->rank : 0);

    OCTET_TRY_ALLOC(in->diag, dims);
    if (a->kind != OCTET_TYPE_TENSOR || b->kind != OCTET_TYPE_TENSOR)
        return OCTET_OK;
    for (int32_t i = 0; same_rank && i < a->rank; i++)
        if (octet_dim_equal(a->dims[i], b->dims[i]))
            dims[i] = a->dims[i];
    octet_infer_set(in, index, a->dtype == b->dtype ? a->dtype : OCTET_DTYPE_UNDEFINED,
                    same_rank ? a->rank : -1, dims);
    return OCTET_OK;
}

octet_status octet_infer_same(octet_infer *in)
{
    if (octet_infer_has(in, 0) && in->n_out > 0)
        in->out[0] = *in->in[0];
    return OCTET_OK;
}

octet_status octet_infer_same_value(octet_infer *in)
{
    uint32_t count;
    const octet_sym *value = octet_infer_value(in, 0, &count);

    if (value != NULL)
        octet_infer_set_value(in, 0, value, count);
    return octet_infer_same(in);
}

/* ---- known elements of element-wise integer arithmetic */

static bool same_symbol(octet_sym a, octet_sym b)
{
    return a.symbol != NULL && b.symbol != NULL && strcmp(a.symbol, b.symbol) == 0;
}

static bool both_numbers(octet_sym a, octet_sym b)
{
    return octet_sym_is_number(a) && octet_sym_is_number(b);
}

static bool in_range(int64_t x, int64_t limit)
{
    return x >= -limit && x <= limit;
}

static octet_sym sym_add(octet_sym a, octet_sym b)
{
    if (a.size == 0)
        return b;
    if (b.size == 0)
        return a;
    if (!both_numbers(a, b) || !in_range(a.size, INT64_MAX / 2) || !in_range(b.size, INT64_MAX / 2))
        return octet_sym_unknown();
    return octet_sym_known(a.size + b.size);
}

static octet_sym sym_sub(octet_sym a, octet_sym b)
{
    if (same_symbol(a, b))
        return octet_sym_known(0);
    if (b.size == 0)
        return a;
    if (!both_numbers(a, b) || !in_range(b.size, INT64_MAX))
        return octet_sym_unknown();
    return sym_add(a, octet_sym_known(-b.size));
}

static octet_sym sym_mul(octet_sym a, octet_sym b)
{
    int64_t product;

    if (a.size == 1)
        return b;
    if (b.size == 1)
        return a;
    if (a.size == 0 || b.size == 0)
        return octet_sym_known(0);
    if (!both_numbers(a, b) || !octet_mul_i64(a.size, b.size, &product))
        return octet_sym_unknown();
    return octet_sym_known(product);
}

static octet_sym sym_div(octet_sym a, octet_sym b)
{
    if (b.size == 1)
        return a;
    if (!both_numbers(a, b) || b.size == 0 || b.size == -1)
        return octet_sym_unknown();
    return octet_sym_known(a.size / b.size);
}

static octet_sym sym_mod(octet_sym a, octet_sym b)
{
    /* Negative operands depend on the attribute fmod; nobody computes shapes with them. */
    if (!both_numbers(a, b) || a.size < 0 || b.size <= 0)
        return octet_sym_unknown();
    return octet_sym_known(a.size % b.size);
}

static octet_sym sym_min(octet_sym a, octet_sym b)
{
    if (same_symbol(a, b))
        return a;
    return both_numbers(a, b) ? (a.size < b.size ? a : b) : octet_sym_unknown();
}

static octet_sym sym_max(octet_sym a, octet_sym b)
{
    if (same_symbol(a, b))
        return a;
    return both_numbers(a, b) ? (a.size > b.size ? a : b) : octet_sym_unknown();
}

static octet_sym sym_equal(octet_sym a, octet_sym b)
{
    /* A symbol is a size, never negative: the usual test against -1 is decided. */
    if (same_symbol(a, b))
        return octet_sym_known(1);
    if ((a.symbol != NULL && octet_sym_is_number(b) && b.size < 0) ||
        (b.symbol != NULL && octet_sym_is_number(a) && a.size < 0))
        return octet_sym_known(0);
    return both_numbers(a, b) ? octet_sym_known(a.size == b.size) : octet_sym_unknown();
}

static octet_sym sym_less(octet_sym a, octet_sym b)
{
    return both_numbers(a, b) ? octet_sym_known(a.size < b.size) : octet_sym_unknown();
}

static octet_sym sym_greater(octet_sym a, octet_sym b)
{
    return sym_less(b, a);
}

static octet_sym sym_and(octet_sym a, octet_sym b)
{
    return both_numbers(a, b) ? octet_sym_known(a.size && b.size) : octet_sym_unknown();
}

static octet_sym sym_or(octet_sym a, octet_sym b)
{
    return both_numbers(a, b) ? octet_sym_known(a.size || b.size) : octet_sym_unknown();
}

typedef octet_sym (*sym_function)(octet_sym a, octet_sym b);

static const struct {
    const char *op;
    sym_function f;
} sym_functions[] = {
    {"Add", sym_add},   {"Sub", sym_sub},         {"Mul", sym_mul}, {"Div", sym_div},
    {"Mod", sym_mod},   {"Min", sym_min},         {"Max", sym_max}, {"Equal", sym_equal},
    {"Less", sym_less}, {"Greater", sym_greater}, {"And", sym_and}, {"Or", sym_or},
};

static sym_function sym_function_of(const char *op)
{
    for (size_t i = 0; i < sizeof sym_functions / sizeof sym_functions[0]; i++)
        if (strcmp(sym_functions[i].op, op) == 0)
            return sym_functions[i].f;
    return NULL;
}

/* A result that the integer type cannot hold wraps at run time; it is not worth knowing. */
static octet_sym sym_fit(octet_sym s, octet_dtype dtype)
{
    const octet_dtype_traits *traits = octet_dtype_get(dtype);

    if (traits->min == 0 && traits->max == 0)
        return s;
    if (octet_sym_is_number(s) && (s.size < traits->min || s.size > traits->max))
        return octet_sym_unknown();
    return s;
}

static octet_status value_binary(octet_infer *in, sym_function f)
{
    uint32_t na, nb, n;
    const octet_sym *a = octet_infer_value(in, 0, &na), *b = octet_infer_value(in, 1, &nb);
    const octet_type *ta = octet_infer_shape(in, 0), *tb = octet_infer_shape(in, 1);
    octet_sym *out;

    /* Only scalars and vectors: flat broadcasting is then the real one. */
    if (a == NULL || b == NULL || ta == NULL || tb == NULL || ta->rank > 1 || tb->rank > 1)
        return OCTET_OK;
    if (na != nb && na != 1 && nb != 1)
        return OCTET_OK;
    n = na == 1 ? nb : na;
    out = OCTET_ARENA_ARRAY(in->arena, octet_sym, (size_t)n + 1);
    OCTET_TRY_ALLOC(in->diag, out);
    for (uint32_t i = 0; i < n; i++)
        out[i] = sym_fit(f(a[na == 1 ? 0 : i], b[nb == 1 ? 0 : i]), octet_infer_dtype(in, 0));
    octet_infer_set_value(in, 0, out, n);
    return OCTET_OK;
}

octet_status octet_infer_shape_value_binary(octet_infer *in)
{
    static const char *const comparisons[] = {"Equal", "Less", "Greater", "And", "Or"};
    sym_function f = in->n_in == 2 ? sym_function_of(in->node->op_type) : NULL;
    octet_dtype dtype = octet_infer_dtype(in, 0);

    for (size_t i = 0; i < sizeof comparisons / sizeof comparisons[0]; i++)
        if (strcmp(comparisons[i], in->node->op_type) == 0)
            dtype = OCTET_DTYPE_BOOL;
    if (f != NULL)
        OCTET_TRY(value_binary(in, f));
    return octet_infer_broadcast_as(in, 0, dtype);
}

/* ---- axes */

bool octet_axis_normalize(int64_t axis, int32_t rank, int32_t *out)
{
    if (axis < -(int64_t)rank || axis >= rank)
        return false;
    *out = (int32_t)(axis < 0 ? axis + rank : axis);
    return true;
}

octet_status octet_axis_check(int64_t axis, int32_t rank, int32_t *out, octet_diag *diag)
{
    if (!octet_axis_normalize(axis, rank, out))
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "axis %lld is out of range for rank %d",
                          (long long)axis, (int)rank);
    return OCTET_OK;
}

octet_status octet_axes_mask(const int64_t *axes, uint32_t n, int32_t rank,
                             bool mask[OCTET_MAX_RANK], octet_diag *diag)
{
    memset(mask, 0, OCTET_MAX_RANK * sizeof mask[0]);
    for (uint32_t i = 0; i < n; i++) {
        int32_t axis;

        OCTET_TRY(octet_axis_check(axes[i], rank, &axis, diag));
        if (mask[axis])
            return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "axis %d is given twice", (int)axis);
        mask[axis] = true;
    }
    return OCTET_OK;
}

int64_t octet_dims_product(const int64_t *dims, int32_t from, int32_t to)
{
    int64_t product = 1;

    /* Too large a product is possible only beside a zero in the same shape: nothing to do either
     * way. */
    for (int32_t i = from; i < to; i++)
        if (!octet_mul_i64(product, dims[i], &product))
            return 0;
    return product;
}

/* ---- evaluation */

const octet_tensor *octet_eval_input(const octet_eval *e, uint32_t index)
{
    return index < e->n_in ? e->in[index] : NULL;
}

octet_status octet_eval_ints(octet_eval *e, uint32_t index, int64_t **out, uint32_t *count)
{
    const octet_tensor *t = octet_eval_input(e, index);
    int64_t n;

    *out = NULL;
    *count = 0;
    if (t == NULL)
        return OCTET_OK;
    n = octet_tensor_count(t);
    if (octet_dtype_get(t->dtype)->kind == OCTET_KIND_FLOAT || n >= UINT32_MAX)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "input %u is not a list of integers",
                          index);
    *out = octet_eval_scratch(e, ((size_t)n + 1) * sizeof **out);
    OCTET_TRY_ALLOC(e->diag, *out);
    if (!octet_convert(OCTET_DTYPE_INT64, *out, t->dtype, t->data, 0, n))
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "input %u is not a list of integers",
                          index);
    *count = (uint32_t)n;
    return OCTET_OK;
}

octet_status octet_eval_int(octet_eval *e, uint32_t index, int64_t fallback, int64_t *out)
{
    int64_t *values;
    uint32_t count;

    *out = fallback;
    if (octet_eval_input(e, index) == NULL)
        return OCTET_OK;
    OCTET_TRY(octet_eval_ints(e, index, &values, &count));
    if (count != 1)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL,
                          "input %u has %u elements instead of one", index, count);
    *out = values[0];
    return OCTET_OK;
}

octet_status octet_eval_axes(octet_eval *e, uint32_t index, const int64_t **out, uint32_t *count)
{
    int64_t *values;

    if (octet_eval_input(e, index) == NULL) {
        *out = octet_node_ints(e->node, "axes", count);
        return OCTET_OK;
    }
    OCTET_TRY(octet_eval_ints(e, index, &values, count));
    *out = values;
    return OCTET_OK;
}

octet_status octet_eval_element(octet_eval *e, octet_dtype dtype, size_t *bytes)
{
    const octet_dtype_traits *traits = octet_dtype_get(dtype);

    *bytes = traits->bits / 8;
    if (*bytes == 0)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "elements of type %s are not supported",
                          traits->name);
    return OCTET_OK;
}

octet_status octet_eval_require(octet_eval *e, uint32_t n_in)
{
    for (uint32_t i = 0; i < n_in; i++)
        if (octet_eval_input(e, i) == NULL)
            return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "input %u is missing", i);
    return OCTET_OK;
}

octet_status octet_eval_output_view(octet_eval *e, uint32_t index, uint32_t input, int32_t rank,
                                    const int64_t *dims)
{
    const octet_tensor *x = e->in[input];
    octet_tensor y;

    if (octet_dtype_get(x->dtype)->bits == 0)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "elements of type %s are not supported",
                          octet_dtype_get(x->dtype)->name);
    OCTET_TRY(octet_tensor_describe(&y, x->dtype, rank, dims, e->diag));
    if (y.bytes != x->bytes)
        return octet_fail(e->diag, OCTET_ERR_DATA,
                          "the input does not have as many elements as the output");
    if (e->host->share != NULL && e->out[index].data == NULL) {
        e->out[index] = y;
        if (e->host->share(e, index, input))
            return OCTET_OK;
        memset(&e->out[index], 0, sizeof e->out[index]);
    }
    OCTET_TRY(octet_eval_output(e, index, x->dtype, rank, dims));
    if (x->bytes > 0)
        memcpy(e->out[index].data, x->data, x->bytes);
    return OCTET_OK;
}

octet_status octet_eval_copy(octet_eval *e, uint32_t index, const octet_tensor *t)
{
    OCTET_TRY(octet_eval_output_like(e, index, t));
    if (t->bytes > 0)
        memcpy(e->out[index].data, t->data, t->bytes);
    return OCTET_OK;
}

/* ---- N-d copy */

void octet_strides(int32_t rank, const int64_t *dims, size_t element, int64_t *strides)
{
    int64_t stride = (int64_t)element;

    for (int32_t i = rank - 1; i >= 0; i--) {
        strides[i] = stride;
        if (!octet_mul_i64(stride, dims[i], &stride)) /* only in an empty tensor */
            stride = 0;
    }
}

void octet_strides_broadcast(const octet_tensor *t, size_t element, int32_t rank, int64_t *strides)
{
    int64_t own[OCTET_MAX_RANK];
    int32_t skip = rank - t->rank;

    octet_strides(t->rank, t->dims, element, own);
    for (int32_t i = 0; i < rank; i++)
        strides[i] = i < skip || t->dims[i - skip] == 1 ? 0 : own[i - skip];
}

#define COPY_LINE(name, type)                                                                      \
    static void name(int64_t n, char *dst, int64_t dst_stride, const char *src,                    \
                     int64_t src_stride)                                                           \
    {                                                                                              \
        for (int64_t i = 0; i < n; i++) {                                                          \
            type x;                                                                                \
            memcpy(&x, src + i * src_stride, sizeof x);                                            \
            memcpy(dst + i * dst_stride, &x, sizeof x);                                            \
        }                                                                                          \
    }

typedef struct element16 {
    uint64_t half[2];
} element16;

COPY_LINE(copy_line_1, uint8_t)
COPY_LINE(copy_line_2, uint16_t)
COPY_LINE(copy_line_4, uint32_t)
COPY_LINE(copy_line_8, uint64_t)
COPY_LINE(copy_line_16, element16)

static void copy_line(size_t element, int64_t n, char *dst, int64_t dst_stride, const char *src,
                      int64_t src_stride)
{
    if (dst_stride == (int64_t)element && src_stride == (int64_t)element)
        memcpy(dst, src, (size_t)n * element);
    else if (element == 1)
        copy_line_1(n, dst, dst_stride, src, src_stride);
    else if (element == 2)
        copy_line_2(n, dst, dst_stride, src, src_stride);
    else if (element == 4)
        copy_line_4(n, dst, dst_stride, src, src_stride);
    else if (element == 8)
        copy_line_8(n, dst, dst_stride, src, src_stride);
    else
        copy_line_16(n, dst, dst_stride, src, src_stride);
}

typedef struct copy_loop {
    int64_t n[OCTET_MAX_RANK], dst[OCTET_MAX_RANK], src[OCTET_MAX_RANK];
    int32_t rank;
} copy_loop;

/* Drops axes of size 1 and joins axes that step evenly in both arrays. */
static void copy_simplify(copy_loop *loop, int32_t rank, const int64_t *dims, const int64_t *dst,
                          const int64_t *src)
{
    int32_t r = 0;

    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] == 1)
            continue;
        if (r > 0 && loop->dst[r - 1] == dst[i] * dims[i] && loop->src[r - 1] == src[i] * dims[i]) {
            r--;
            loop->n[r] *= dims[i];
        } else {
            loop->n[r] = dims[i];
        }
        loop->dst[r] = dst[i];
        loop->src[r] = src[i];
        r++;
    }
    loop->rank = r;
}

static void swap_axes(copy_loop *loop, int32_t a, int32_t b)
{
    int64_t n = loop->n[a], dst = loop->dst[a], src = loop->src[a];

    loop->n[a] = loop->n[b];
    loop->dst[a] = loop->dst[b];
    loop->src[a] = loop->src[b];
    loop->n[b] = n;
    loop->dst[b] = dst;
    loop->src[b] = src;
}

/* Whether the last axis is dense in the destination and another one in the source: that one becomes
 * the last but one, and the two are a matrix to be transposed. */
static bool copy_is_transpose(copy_loop *loop, size_t element)
{
    int64_t step = (int64_t)element;
    int32_t last = loop->rank - 1;

    if (element != sizeof(float) || last < 1 || loop->dst[last] != step || loop->src[last] <= step)
        return false;
    for (int32_t i = 0; i < last; i++)
        if (loop->src[i] == step && loop->dst[i] > 0 && loop->n[i] > 1 && loop->n[last] > 1) {
            swap_axes(loop, i, last - 1);
            return loop->src[last] % step == 0 && loop->dst[last - 1] % step == 0;
        }
    return false;
}

static void copy_inner(const octet_kernels *k, size_t element, const copy_loop *loop,
                       bool is_transpose, char *d, const char *s)
{
    int32_t last = loop->rank - 1;

    if (is_transpose)
        k->transpose_f32((size_t)loop->n[last], (size_t)loop->n[last - 1],
                         (const float *)(const void *)s, (size_t)loop->src[last] / element,
                         (float *)(void *)d, (size_t)loop->dst[last - 1] / element);
    else
        copy_line(element, loop->n[last], d, loop->dst[last], s, loop->src[last]);
}

void octet_move_nd(const octet_kernels *k, size_t element, int32_t rank, const int64_t *dims,
                   void *dst, const int64_t *dst_strides, const void *src,
                   const int64_t *src_strides)
{
    copy_loop loop;
    int64_t index[OCTET_MAX_RANK] = {0};
    char *d = dst;
    const char *s = src;
    int32_t inner;
    bool is_transpose;

    if (octet_dims_product(dims, 0, rank) == 0)
        return;
    copy_simplify(&loop, rank, dims, dst_strides, src_strides);
    if (loop.rank == 0) {
        memcpy(d, s, element);
        return;
    }
    is_transpose = k != NULL && copy_is_transpose(&loop, element);
    inner = loop.rank - (is_transpose ? 2 : 1);
    for (;;) {
        int32_t i = inner - 1;

        copy_inner(k, element, &loop, is_transpose, d, s);
        while (i >= 0 && ++index[i] == loop.n[i]) {
            d -= (loop.n[i] - 1) * loop.dst[i];
            s -= (loop.n[i] - 1) * loop.src[i];
            index[i--] = 0;
        }
        if (i < 0)
            return;
        d += loop.dst[i];
        s += loop.src[i];
    }
}

void octet_copy_nd(size_t element, int32_t rank, const int64_t *dims, void *dst,
                   const int64_t *dst_strides, const void *src, const int64_t *src_strides)
{
    octet_move_nd(NULL, element, rank, dims, dst, dst_strides, src, src_strides);
}
