/* where.c: Where
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

#include <string.h>

/* ---- inference */

static const octet_sym *vector(const octet_infer *in, uint32_t index, uint32_t *n)
{
    const octet_type *t = octet_infer_shape(in, index);

    return t == NULL || t->rank > 1 ? NULL : octet_infer_value(in, index, n);
}

static octet_sym pick(octet_sym condition, octet_sym a, octet_sym b)
{
    if (octet_sym_is_number(condition))
        return condition.size != 0 ? a : b;
    return octet_sym_is_number(a) && octet_sym_is_number(b) && a.size == b.size
               ? a
               : octet_sym_unknown();
}

static octet_status infer_elements(octet_infer *in)
{
    uint32_t n[3], count = 1;
    const octet_sym *v[3];
    octet_sym *out;

    for (uint32_t i = 0; i < 3; i++) {
        v[i] = vector(in, i, &n[i]);
        if (v[i] == NULL || (n[i] != 1 && count != 1 && n[i] != count))
            return OCTET_OK;
        count = n[i] != 1 ? n[i] : count;
    }
    out = OCTET_ARENA_ARRAY(in->arena, octet_sym, (size_t)count + 1);
    OCTET_TRY_ALLOC(in->diag, out);
    for (uint32_t i = 0; i < count; i++)
        out[i] = pick(v[0][n[0] == 1 ? 0 : i], v[1][n[1] == 1 ? 0 : i], v[2][n[2] == 1 ? 0 : i]);
    octet_infer_set_value(in, 0, out, count);
    return OCTET_OK;
}

static octet_status infer(octet_infer *in)
{
    octet_dtype dtype = octet_infer_dtype(in, 1);

    OCTET_TRY(infer_elements(in));
    return octet_infer_broadcast_as(
        in, 0, dtype == OCTET_DTYPE_UNDEFINED ? octet_infer_dtype(in, 2) : dtype);
}

/* ---- evaluation */

#define PICK(name, type)                                                                           \
    static void name(int64_t n, const uint8_t *condition, const void *x, void *y)                  \
    {                                                                                              \
        for (int64_t i = 0; i < n; i++) {                                                          \
            type a, b;                                                                             \
                                                                                                   \
            memcpy(&a, (const type *)x + i, sizeof a);                                             \
            memcpy(&b, (type *)y + i, sizeof b);                                                   \
            a = condition[i] ? a : b;                                                              \
            memcpy((type *)y + i, &a, sizeof a);                                                   \
        }                                                                                          \
    }

typedef struct element16 {
    uint64_t half[2];
} element16;

PICK(pick_1, uint8_t)
PICK(pick_2, uint16_t)
PICK(pick_4, uint32_t)
PICK(pick_8, uint64_t)
PICK(pick_16, element16)

/* The tensor's elements in the shape of output 0; a copy where it is stretched. */
static octet_status stretched(octet_eval *e, const octet_tensor *t, size_t element,
                              const void **out)
{
    const octet_tensor *y = &e->out[0];
    int64_t from[OCTET_MAX_RANK], to[OCTET_MAX_RANK], n = octet_tensor_count(y);
    void *copy;

    *out = t->data;
    if (octet_tensor_count(t) == n)
        return OCTET_OK;
    copy = octet_eval_scratch(e, (size_t)n * element + 1);
    OCTET_TRY_ALLOC(e->diag, copy);
    octet_strides(y->rank, y->dims, element, to);
    octet_strides_broadcast(t, element, y->rank, from);
    octet_copy_nd(element, y->rank, y->dims, copy, to, t->data, from);
    *out = copy;
    return OCTET_OK;
}

static octet_status output(octet_eval *e)
{
    const octet_tensor *const *in = e->in;
    int64_t dims[OCTET_MAX_RANK], all[OCTET_MAX_RANK];
    int32_t rank = 0, rank_all = 0;

    if (in[0]->dtype != OCTET_DTYPE_BOOL || in[1]->dtype != in[2]->dtype)
        return octet_fail(e->diag, OCTET_ERR_DATA, "the inputs' types do not go together");
    if (!octet_shape_broadcast(in[1]->rank, in[1]->dims, in[2]->rank, in[2]->dims, &rank, dims) ||
        !octet_shape_broadcast(in[0]->rank, in[0]->dims, rank, dims, &rank_all, all))
        return octet_fail(e->diag, OCTET_ERR_DATA, "the inputs' shapes do not broadcast");
    return octet_eval_output(e, 0, in[1]->dtype, rank_all, all);
}

static octet_status eval(octet_eval *e)
{
    int64_t from[OCTET_MAX_RANK], to[OCTET_MAX_RANK], n;
    const void *condition, *x;
    size_t element;
    octet_tensor *y = &e->out[0];

    OCTET_TRY(octet_eval_require(e, 3));
    OCTET_TRY(octet_eval_element(e, e->in[1]->dtype, &element));
    OCTET_TRY(output(e));
    if (y->bytes == 0)
        return OCTET_OK;
    OCTET_TRY(stretched(e, e->in[0], 1, &condition));
    OCTET_TRY(stretched(e, e->in[1], element, &x));
    octet_strides(y->rank, y->dims, element, to);
    octet_strides_broadcast(e->in[2], element, y->rank, from);
    octet_copy_nd(element, y->rank, y->dims, y->data, to, e->in[2]->data, from);
    n = octet_tensor_count(y);
    if (element == 1)
        pick_1(n, condition, x, y->data);
    else if (element == 2)
        pick_2(n, condition, x, y->data);
    else if (element == 4)
        pick_4(n, condition, x, y->data);
    else if (element == 8)
        pick_8(n, condition, x, y->data);
    else
        pick_16(n, condition, x, y->data);
    return OCTET_OK;
}

const octet_op octet_op_where = {
    .domain = "",
    .name = "Where",
    .since = 13,
    .in = {{.name = "condition", .role = OCTET_ROLE_PARAM},
           {.name = "X", .role = OCTET_ROLE_DATA},
           {.name = "Y", .role = OCTET_ROLE_DATA}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
