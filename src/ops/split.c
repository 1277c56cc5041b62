/* split.c: Split
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

/* Size of part `index` when nothing but the number of parts is given. */
static bool equal_part(int64_t size, uint32_t parts, bool uneven, uint32_t index, int64_t *out)
{
    int64_t chunk, from;

    if (!uneven && size % parts != 0)
        return false;
    chunk = size / parts + (size % parts != 0);
    from = chunk * index;
    *out = from >= size ? 0 : size - from < chunk ? size - from : chunk;
    return true;
}

static bool is_uneven(const octet_node *n)
{
    return octet_node_attr(n, "num_outputs") != NULL;
}

static octet_dim infer_part(octet_infer *in, octet_dim size, uint32_t index)
{
    uint32_t n;
    const octet_sym *given = octet_infer_value(in, 1, &n);
    int64_t part;

    if (given != NULL && index < n)
        return octet_dim_from_sym(given[index]);
    if (octet_infer_has(in, 1) || size.size < 0 ||
        !equal_part(size.size, in->n_out, is_uneven(in->node), index, &part))
        return octet_dim_unknown();
    return octet_dim_known(part);
}

/* A split shape vector keeps its elements. */
static void infer_elements(octet_infer *in, uint32_t index, octet_dim part, int64_t *at)
{
    uint32_t n;
    const octet_sym *value = octet_infer_value(in, 0, &n);

    if (*at < 0 || part.size < 0 || part.size > OCTET_MAX_SYMS) {
        *at = -1;
        return;
    }
    if (value != NULL && *at + part.size <= (int64_t)n)
        octet_infer_set_value(in, index, value + *at, (uint32_t)part.size);
    *at += part.size;
}

static octet_status infer(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);
    int32_t axis;
    int64_t at = t != NULL && t->rank == 1 ? 0 : -1;

    for (uint32_t i = 0; i < in->n_out; i++)
        octet_infer_set(in, i, octet_infer_dtype(in, 0), -1, NULL);
    if (t == NULL)
        return OCTET_OK;
    OCTET_TRY(octet_axis_check(octet_node_int(in->node, "axis", 0), t->rank, &axis, in->diag));
    for (uint32_t i = 0; i < in->n_out; i++) {
        octet_dim *dims = octet_infer_new_dims(in, t->rank);

        OCTET_TRY_ALLOC(in->diag, dims);
        for (int32_t d = 0; d < t->rank; d++)
            dims[d] = d == axis ? infer_part(in, t->dims[d], i) : t->dims[d];
        octet_infer_set(in, i, octet_infer_dtype(in, 0), t->rank, dims);
        infer_elements(in, i, dims[axis], &at);
    }
    return OCTET_OK;
}

static octet_status check_parts(octet_eval *e, int64_t size, const int64_t *given, uint32_t n)
{
    int64_t rest = size;

    if (given == NULL)
        return OCTET_OK;
    if (n != e->n_out)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "split has %u entries for %u outputs",
                          n, e->n_out);
    for (uint32_t i = 0; i < n; i++) {
        if (given[i] < 0 || given[i] > rest)
            return octet_fail(e->diag, OCTET_ERR_DATA, "split does not add up to %lld",
                              (long long)size);
        rest -= given[i];
    }
    if (rest != 0)
        return octet_fail(e->diag, OCTET_ERR_DATA, "split does not add up to %lld",
                          (long long)size);
    return OCTET_OK;
}

static octet_status eval_part(octet_eval *e, uint32_t index, int32_t axis, int64_t part,
                              size_t element, int64_t at)
{
    const octet_tensor *x = e->in[0];
    int64_t dims[OCTET_MAX_RANK], from[OCTET_MAX_RANK], to[OCTET_MAX_RANK];

    for (int32_t i = 0; i < x->rank; i++)
        dims[i] = i == axis ? part : x->dims[i];
    OCTET_TRY(octet_eval_output(e, index, x->dtype, x->rank, dims));
    if (e->out[index].bytes == 0)
        return OCTET_OK;
    octet_strides(x->rank, x->dims, element, from);
    octet_strides(x->rank, dims, element, to);
    octet_copy_nd(element, x->rank, dims, e->out[index].data, to,
                  (const char *)x->data + at * from[axis], from);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x;
    int32_t axis = 0;
    int64_t *given, at = 0;
    uint32_t n;
    size_t element;

    OCTET_TRY(octet_eval_require(e, 1));
    x = e->in[0];
    OCTET_TRY(octet_eval_element(e, x->dtype, &element));
    OCTET_TRY(octet_axis_check(octet_node_int(e->node, "axis", 0), x->rank, &axis, e->diag));
    OCTET_TRY(octet_eval_ints(e, 1, &given, &n));
    OCTET_TRY(check_parts(e, x->dims[axis], given, n));
    for (uint32_t i = 0; i < e->n_out; i++) {
        int64_t part = given != NULL ? given[i] : 0;

        if (given == NULL && !equal_part(x->dims[axis], e->n_out, is_uneven(e->node), i, &part))
            return octet_fail(e->diag, OCTET_ERR_DATA, "%lld does not divide into %u equal parts",
                              (long long)x->dims[axis], e->n_out);
        if (octet_eval_wants(e, i))
            OCTET_TRY(eval_part(e, i, axis, part, element, at));
        at += part;
    }
    return OCTET_OK;
}

const octet_op octet_op_split = {
    .domain = "",
    .name = "Split",
    .since = 13,
    .in = {{.name = "input", .role = OCTET_ROLE_DATA},
           {.name = "split", .role = OCTET_ROLE_SHAPE, .optional = true}},
    .out = {{.name = "outputs", .role = OCTET_ROLE_DATA, .variadic = true}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
