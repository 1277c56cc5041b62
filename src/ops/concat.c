/* concat.c: Concat
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

/* ---- inference */

/* Elements an input gives to a joined shape vector: unknown ones where only its length is known. */
static bool length_of(const octet_infer *in, uint32_t i, uint32_t *n)
{
    const octet_type *t = octet_infer_shape(in, i);

    if (octet_infer_value(in, i, n) != NULL)
        return t == NULL || t->rank == 1;
    if (t == NULL || t->rank != 1 || t->dims[0].size < 0 || t->dims[0].size > OCTET_MAX_SYMS)
        return false;
    *n = (uint32_t)t->dims[0].size;
    return true;
}

static octet_status infer_elements(octet_infer *in)
{
    uint32_t total = 0, n, at = 0;
    octet_sym *out;

    for (uint32_t i = 0; i < in->n_in; i++) {
        if (!length_of(in, i, &n) || total + n > OCTET_MAX_SYMS)
            return OCTET_OK;
        total += n;
    }
    out = OCTET_ARENA_ARRAY(in->arena, octet_sym, (size_t)total + 1);
    OCTET_TRY_ALLOC(in->diag, out);
    for (uint32_t i = 0; i < in->n_in; i++) {
        uint32_t known;
        const octet_sym *value = octet_infer_value(in, i, &known);

        length_of(in, i, &n);
        for (uint32_t j = 0; j < n; j++)
            out[at++] = value == NULL ? octet_sym_unknown() : value[j];
    }
    octet_infer_set_value(in, 0, out, total);
    return OCTET_OK;
}

/* The joined axis: numbers add up; anything else makes it unknown. */
static void add_size(octet_dim *sum, octet_dim d)
{
    *sum = sum->size < 0 || d.size < 0 || sum->size > INT64_MAX - d.size
               ? octet_dim_unknown()
               : octet_dim_known(sum->size + d.size);
}

static octet_status join(octet_infer *in, octet_dim *dims, const octet_type *t, int32_t axis)
{
    for (int32_t i = 0; i < t->rank; i++) {
        if (i == axis)
            add_size(&dims[i], t->dims[i]);
        else if (dims[i].size >= 0 && t->dims[i].size >= 0 && dims[i].size != t->dims[i].size)
            return octet_infer_fail(in, "inputs differ in axis %d: %lld and %lld", (int)i,
                                    (long long)dims[i].size, (long long)t->dims[i].size);
        else if (dims[i].size < 0 && (dims[i].symbol == NULL || t->dims[i].size >= 0))
            dims[i] = t->dims[i];
    }
    return OCTET_OK;
}

static octet_status infer(octet_infer *in)
{
    const octet_type *first = octet_infer_shape(in, 0), *t;
    octet_dim *dims;
    int32_t axis;

    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    OCTET_TRY(infer_elements(in));
    for (uint32_t i = 1; first == NULL && i < in->n_in; i++)
        first = octet_infer_shape(in, i);
    if (first == NULL)
        return OCTET_OK;
    OCTET_TRY(octet_axis_check(octet_node_int(in->node, "axis", 0), first->rank, &axis, in->diag));
    dims = octet_infer_new_dims(in, first->rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    dims[axis] = octet_dim_known(0);
    for (uint32_t i = 0; i < in->n_in; i++) {
        t = octet_infer_shape(in, i);
        if (t != NULL && t->rank != first->rank)
            return octet_infer_fail(in, "inputs differ in rank: %d and %d", (int)first->rank,
                                    (int)t->rank);
        if (t != NULL)
            OCTET_TRY(join(in, dims, t, axis));
        else
            dims[axis] = octet_dim_unknown();
    }
    /* A single open part keeps its name only when it is alone. */
    if (in->n_in == 1)
        dims[axis] = first->dims[axis];
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), first->rank, dims);
    return OCTET_OK;
}

/* ---- evaluation */

static octet_status joined_dims(octet_eval *e, int32_t *axis, int64_t dims[OCTET_MAX_RANK])
{
    const octet_tensor *first = e->in[0];

    OCTET_TRY(octet_axis_check(octet_node_int(e->node, "axis", 0), first->rank, axis, e->diag));
    for (int32_t i = 0; i < first->rank; i++)
        dims[i] = first->dims[i];
    for (uint32_t k = 1; k < e->n_in; k++) {
        const octet_tensor *x = e->in[k];

        if (x->rank != first->rank || x->dtype != first->dtype)
            return octet_fail(e->diag, OCTET_ERR_DATA, "inputs 0 and %u differ in rank or type", k);
        for (int32_t i = 0; i < x->rank; i++)
            if (i != *axis && x->dims[i] != dims[i])
                return octet_fail(e->diag, OCTET_ERR_DATA,
                                  "inputs 0 and %u differ in axis %d: %lld and %lld", k, (int)i,
                                  (long long)dims[i], (long long)x->dims[i]);
        if (dims[*axis] > INT64_MAX - x->dims[*axis])
            return octet_fail(e->diag, OCTET_ERR_DATA, "the output is too large");
        dims[*axis] += x->dims[*axis];
    }
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    int64_t dims[OCTET_MAX_RANK], to[OCTET_MAX_RANK], from[OCTET_MAX_RANK], at = 0;
    int32_t axis = 0;
    size_t element;

    if (e->n_in == 0)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "there are no inputs");
    OCTET_TRY(octet_eval_require(e, e->n_in));
    OCTET_TRY(octet_eval_element(e, e->in[0]->dtype, &element));
    OCTET_TRY(joined_dims(e, &axis, dims));
    OCTET_TRY(octet_eval_output(e, 0, e->in[0]->dtype, e->in[0]->rank, dims));
    octet_strides(e->in[0]->rank, dims, element, to);
    for (uint32_t k = 0; k < e->n_in; k++) {
        const octet_tensor *x = e->in[k];

        if (x->bytes == 0)
            continue;
        octet_strides(x->rank, x->dims, element, from);
        octet_copy_nd(element, x->rank, x->dims, (char *)e->out[0].data + at, to, x->data, from);
        at += x->dims[axis] * to[axis];
    }
    return OCTET_OK;
}

const octet_op octet_op_concat = {
    .domain = "",
    .name = "Concat",
    .since = 13,
    .in = {{.name = "inputs", .role = OCTET_ROLE_DATA, .variadic = true}},
    .out = {{.name = "concat_result", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
