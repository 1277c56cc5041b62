/* unique.c: Unique
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"
#include "ops/sort_key.h"

#include <stdlib.h>
#include <string.h>

static octet_status infer(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);
    bool flat = octet_node_attr(in->node, "axis") == NULL;
    octet_dim *dims;
    int32_t axis;

    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    for (uint32_t i = 1; i < 4; i++) {
        dims = octet_infer_new_dims(in, 1);
        OCTET_TRY_ALLOC(in->diag, dims);
        octet_infer_set(in, i, OCTET_DTYPE_INT64, 1, dims);
    }
    if (!flat && t == NULL)
        return OCTET_OK;
    dims = octet_infer_new_dims(in, flat ? 1 : t->rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    if (!flat) {
        OCTET_TRY(octet_axis_check(octet_node_int(in->node, "axis", 0), t->rank, &axis, in->diag));
        for (int32_t i = 0; i < t->rank; i++)
            dims[i] = i == axis ? octet_dim_unknown() : t->dims[i];
    }
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), flat ? 1 : t->rank, dims);
    return OCTET_OK;
}

/* A slice of the input across the axis: outer runs of `inner` keys, `pitch` apart. */
typedef struct layout {
    const uint64_t *keys;
    int64_t rows, outer, inner, pitch;
} layout;

typedef struct row {
    const layout *l;
    int64_t index;
} row;

static int compare_keys(const row *a, const row *b)
{
    const layout *l = a->l;

    for (int64_t o = 0; o < l->outer; o++)
        for (int64_t i = 0; i < l->inner; i++) {
            uint64_t x = l->keys[o * l->pitch + a->index * l->inner + i];
            uint64_t y = l->keys[o * l->pitch + b->index * l->inner + i];

            if (x != y)
                return x < y ? -1 : 1;
        }
    return 0;
}

static int compare_rows(const void *pa, const void *pb)
{
    const row *a = pa, *b = pb;
    int c = compare_keys(a, b);

    return c != 0 ? c : a->index < b->index ? -1 : a->index > b->index;
}

typedef struct group {
    int64_t first, count, id; /* id: position in sorted order */
} group;

static int compare_groups(const void *pa, const void *pb)
{
    const group *a = pa, *b = pb;

    return a->first < b->first ? -1 : a->first > b->first;
}

/* Sorts rows and collects equal ones; group_of_row gets positions in sorted order. */
static int64_t find_groups(const layout *l, row *rows, group *groups, int64_t *group_of_row)
{
    int64_t n = 0;

    for (int64_t i = 0; i < l->rows; i++)
        rows[i] = (row){.l = l, .index = i};
    qsort(rows, (size_t)l->rows, sizeof *rows, compare_rows);
    for (int64_t i = 0; i < l->rows; i++) {
        if (i == 0 || compare_keys(&rows[i - 1], &rows[i]) != 0) {
            groups[n] = (group){.first = rows[i].index, .id = n};
            n++;
        }
        groups[n - 1].count++;
        group_of_row[rows[i].index] = n - 1;
    }
    return n;
}

static octet_status write_list(octet_eval *e, uint32_t index, int64_t n, int64_t **out)
{
    *out = NULL;
    if (!octet_eval_wants(e, index))
        return OCTET_OK;
    OCTET_TRY(octet_eval_output(e, index, OCTET_DTYPE_INT64, 1, &n));
    *out = e->out[index].data;
    return OCTET_OK;
}

static octet_status write_lists(octet_eval *e, const layout *l, const group *groups, int64_t n,
                                const int64_t *group_of_row, int64_t *rank_of)
{
    int64_t *first, *inverse, *counts;

    OCTET_TRY(write_list(e, 1, n, &first));
    OCTET_TRY(write_list(e, 2, l->rows, &inverse));
    OCTET_TRY(write_list(e, 3, n, &counts));
    for (int64_t i = 0; i < n; i++) {
        rank_of[groups[i].id] = i;
        if (first != NULL)
            first[i] = groups[i].first;
        if (counts != NULL)
            counts[i] = groups[i].count;
    }
    for (int64_t i = 0; inverse != NULL && i < l->rows; i++)
        inverse[i] = rank_of[group_of_row[i]];
    return OCTET_OK;
}

static octet_status write_values(octet_eval *e, const layout *l, const group *groups, int64_t n,
                                 int32_t axis, size_t element)
{
    const octet_tensor *x = e->in[0];
    int64_t dims[OCTET_MAX_RANK];
    size_t bytes = (size_t)l->inner * element;
    char *to;

    if (!octet_eval_wants(e, 0))
        return OCTET_OK;
    for (int32_t i = 0; axis >= 0 && i < x->rank; i++)
        dims[i] = i == axis ? n : x->dims[i];
    OCTET_TRY(octet_eval_output(e, 0, x->dtype, axis < 0 ? 1 : x->rank, axis < 0 ? &n : dims));
    to = e->out[0].data;
    for (int64_t o = 0; x->bytes > 0 && o < l->outer; o++)
        for (int64_t i = 0; i < n; i++, to += bytes)
            memcpy(to,
                   (const char *)x->data +
                       (size_t)(o * l->pitch + groups[i].first * l->inner) * element,
                   bytes);
    return OCTET_OK;
}

static octet_status find_layout(octet_eval *e, int32_t *axis, layout *l)
{
    const octet_tensor *x = e->in[0];

    *axis = -1;
    *l = (layout){.rows = octet_tensor_count(x), .outer = 1, .inner = 1};
    if (octet_node_attr(e->node, "axis") != NULL) {
        OCTET_TRY(octet_axis_check(octet_node_int(e->node, "axis", 0), x->rank, axis, e->diag));
        l->rows = x->dims[*axis];
        l->outer = octet_dims_product(x->dims, 0, *axis);
        l->inner = octet_dims_product(x->dims, *axis + 1, x->rank);
    }
    if (x->bytes == 0)
        l->outer = l->inner = 0;
    l->pitch = l->rows * l->inner;
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x;
    int32_t axis = -1;
    int64_t n, *group_of_row, *rank_of;
    uint64_t *keys;
    size_t element, count;
    group *groups;
    row *rows;
    layout l;

    OCTET_TRY(octet_eval_require(e, 1));
    x = e->in[0];
    OCTET_TRY(octet_eval_element(e, x->dtype, &element));
    OCTET_TRY(find_layout(e, &axis, &l));
    OCTET_TRY(octet_sort_keys(e, x, &keys));
    l.keys = keys;
    if (!octet_mul_size((size_t)l.rows + 1, sizeof *groups, &count))
        return octet_fail(e->diag, OCTET_ERR_DATA, "the input is too large");
    groups = octet_eval_scratch(e, count);
    rows = octet_eval_scratch(e, count);
    group_of_row = octet_eval_scratch(e, count);
    rank_of = octet_eval_scratch(e, count);
    if (groups == NULL || rows == NULL || group_of_row == NULL || rank_of == NULL)
        return octet_fail_nomem(e->diag);
    n = find_groups(&l, rows, groups, group_of_row);
    if (octet_node_int(e->node, "sorted", 1) == 0)
        qsort(groups, (size_t)n, sizeof *groups, compare_groups);
    OCTET_TRY(write_lists(e, &l, groups, n, group_of_row, rank_of));
    return write_values(e, &l, groups, n, axis, element);
}

const octet_op octet_op_unique = {
    .domain = "",
    .name = "Unique",
    .since = 13,
    .in = {{.name = "X", .role = OCTET_ROLE_DATA}},
    .out = {{.name = "Y", .role = OCTET_ROLE_DATA},
            {.name = "indices", .role = OCTET_ROLE_SHAPE, .optional = true},
            {.name = "inverse_indices", .role = OCTET_ROLE_SHAPE, .optional = true},
            {.name = "counts", .role = OCTET_ROLE_SHAPE, .optional = true}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
