/* slice.c: Slice
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

/* ---- one axis */

typedef struct range {
    int64_t from, count, step;
} range;

static int64_t clamp(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

static range select_range(int64_t size, int64_t start, int64_t end, int64_t step)
{
    range r = {.step = step == INT64_MIN ? -INT64_MAX : step};

    start = start < 0 ? start + size : start;
    end = end < 0 ? end + size : end;
    if (step > 0) {
        r.from = clamp(start, 0, size);
        end = clamp(end, 0, size);
        r.count = end > r.from ? (end - r.from - 1) / r.step + 1 : 0;
    } else {
        r.from = clamp(start, -1, size - 1);
        end = clamp(end, -1, size - 1);
        r.count = r.from > end ? (r.from - end - 1) / -r.step + 1 : 0;
    }
    if (r.count <= 1) /* the step is never taken; it may be huge */
        r.step = 1;
    return r;
}

/* ---- inference */

/* Entry i of input `index`, `fallback` when the input is absent. */
static octet_sym entry(const octet_infer *in, uint32_t index, uint32_t i, int64_t fallback)
{
    uint32_t n;
    const octet_sym *value = octet_infer_value(in, index, &n);

    if (!octet_infer_has(in, index))
        return octet_sym_known(fallback);
    return value == NULL || i >= n ? octet_sym_unknown() : value[i];
}

static octet_dim infer_size(octet_dim size, octet_sym start, octet_sym end, octet_sym step)
{
    bool numbers = octet_sym_is_number(start) && octet_sym_is_number(step);

    if (numbers && step.size != 0 && octet_sym_is_number(end) && size.size >= 0)
        return octet_dim_known(select_range(size.size, start.size, end.size, step.size).count);
    if (!numbers || start.size != 0 || step.size != 1)
        return octet_dim_unknown();
    /* From the beginning: up to the end, or up to the size itself. */
    if (octet_sym_is_number(end))
        return end.size >= INT32_MAX ? size : octet_dim_unknown();
    return octet_dim_equal(size, octet_dim_from_sym(end)) ? size : octet_dim_unknown();
}

static octet_status infer_elements(octet_infer *in)
{
    uint32_t n;
    const octet_sym *value = octet_infer_value(in, 0, &n);
    octet_sym start = entry(in, 1, 0, 0), end = entry(in, 2, 0, 0), step = entry(in, 4, 0, 1);
    octet_sym *out;
    range r;

    if (value == NULL || in->in[0]->rank != 1 || !octet_sym_is_number(start) ||
        !octet_sym_is_number(end) || !octet_sym_is_number(step) || step.size == 0)
        return OCTET_OK;
    r = select_range(n, start.size, end.size, step.size);
    out = OCTET_ARENA_ARRAY(in->arena, octet_sym, (size_t)r.count + 1);
    OCTET_TRY_ALLOC(in->diag, out);
    for (int64_t i = 0; i < r.count; i++)
        out[i] = value[r.from + i * r.step];
    octet_infer_set_value(in, 0, out, (uint32_t)r.count);
    return OCTET_OK;
}

static octet_status infer_axis(octet_infer *in, octet_dim *dims, int32_t rank, uint32_t i)
{
    octet_sym axis = entry(in, 3, i, i);
    int32_t a;

    OCTET_TRY(octet_axis_check(axis.size, rank, &a, in->diag));
    dims[a] =
        infer_size(dims[a], entry(in, 1, i, 0), entry(in, 2, i, INT64_MAX), entry(in, 4, i, 1));
    return OCTET_OK;
}

/* Number of axes that are cut; false when they, or which they are, cannot be told. */
static bool cut_axes(const octet_infer *in, uint32_t *n)
{
    const octet_type *t = octet_infer_shape(in, 1);

    if (octet_infer_has(in, 3) && octet_infer_ints(in, 3, n) == NULL)
        return false;
    if (octet_infer_has(in, 3) || octet_infer_value(in, 1, n) != NULL)
        return true;
    if (t == NULL || t->rank != 1 || t->dims[0].size < 0 || t->dims[0].size > OCTET_MAX_RANK)
        return false;
    *n = (uint32_t)t->dims[0].size;
    return true;
}

static octet_status infer(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);
    octet_dim *dims;
    uint32_t n = 0;

    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    if (t == NULL)
        return OCTET_OK;
    dims = octet_infer_new_dims(in, t->rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), t->rank, dims);
    if (!cut_axes(in, &n))
        return OCTET_OK;
    for (int32_t i = 0; i < t->rank; i++)
        dims[i] = t->dims[i];
    for (uint32_t i = 0; i < n; i++)
        OCTET_TRY(infer_axis(in, dims, t->rank, i));
    return n == 1 ? infer_elements(in) : OCTET_OK;
}

/* ---- evaluation */

typedef struct cut {
    range axis[OCTET_MAX_RANK];
} cut;

static octet_status read_cut(octet_eval *e, cut *c)
{
    const octet_tensor *x = e->in[0];
    int64_t *starts, *ends, *axes, *steps;
    uint32_t n, n_ends, n_axes, n_steps;
    bool seen[OCTET_MAX_RANK] = {false};

    OCTET_TRY(octet_eval_ints(e, 1, &starts, &n));
    OCTET_TRY(octet_eval_ints(e, 2, &ends, &n_ends));
    OCTET_TRY(octet_eval_ints(e, 3, &axes, &n_axes));
    OCTET_TRY(octet_eval_ints(e, 4, &steps, &n_steps));
    if (n_ends != n || (axes != NULL && n_axes != n) || (steps != NULL && n_steps != n))
        return octet_fail(e->diag, OCTET_ERR_DATA, "starts, ends, axes and steps differ in length");
    for (uint32_t i = 0; i < n; i++) {
        int64_t step = steps == NULL ? 1 : steps[i];
        int32_t a = 0;

        OCTET_TRY(octet_axis_check(axes == NULL ? (int64_t)i : axes[i], x->rank, &a, e->diag));
        if (step == 0 || seen[a])
            return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL,
                              step == 0 ? "a step is 0" : "axis %d is cut twice", (int)a);
        seen[a] = true;
        c->axis[a] = select_range(x->dims[a], starts[i], ends[i], step);
    }
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x;
    int64_t dims[OCTET_MAX_RANK], from[OCTET_MAX_RANK], to[OCTET_MAX_RANK], at = 0;
    size_t element;
    cut c;

    OCTET_TRY(octet_eval_require(e, 3));
    x = e->in[0];
    OCTET_TRY(octet_eval_element(e, x->dtype, &element));
    for (int32_t i = 0; i < x->rank; i++)
        c.axis[i] = (range){.from = 0, .count = x->dims[i], .step = 1};
    OCTET_TRY(read_cut(e, &c));
    for (int32_t i = 0; i < x->rank; i++)
        dims[i] = c.axis[i].count;
    OCTET_TRY(octet_eval_output(e, 0, x->dtype, x->rank, dims));
    if (e->out[0].bytes == 0)
        return OCTET_OK;
    octet_strides(x->rank, dims, element, to);
    octet_strides(x->rank, x->dims, element, from);
    for (int32_t i = 0; i < x->rank; i++) {
        at += c.axis[i].from * from[i];
        from[i] *= c.axis[i].step;
    }
    octet_copy_nd(element, x->rank, dims, e->out[0].data, to, (const char *)x->data + at, from);
    return OCTET_OK;
}

const octet_op octet_op_slice = {
    .domain = "",
    .name = "Slice",
    .since = 13,
    .in = {{.name = "data", .role = OCTET_ROLE_DATA},
           {.name = "starts", .role = OCTET_ROLE_SHAPE},
           {.name = "ends", .role = OCTET_ROLE_SHAPE},
           {.name = "axes", .role = OCTET_ROLE_SHAPE, .optional = true},
           {.name = "steps", .role = OCTET_ROLE_SHAPE, .optional = true}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
