/* topk.c: TopK, and the sort keys it shares with Unique
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"
#include "ops/sort_key.h"

#include <stdlib.h>
#include <string.h>

/* ---- keys */

static uint64_t key_of_f64(double x)
{
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t bits;

    if (x != x)
        return UINT64_MAX;
    x += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &x, sizeof bits);
    return bits & sign ? ~bits : bits | sign;
}

octet_status octet_sort_keys(octet_eval *e, const octet_tensor *t, uint64_t **keys)
{
    bool is_float = octet_dtype_get(t->dtype)->kind == OCTET_KIND_FLOAT;
    octet_dtype wide = is_float                         ? OCTET_DTYPE_FLOAT64
                       : t->dtype == OCTET_DTYPE_UINT64 ? OCTET_DTYPE_UINT64
                                                        : OCTET_DTYPE_INT64;
    int64_t n = octet_tensor_count(t);

    *keys = octet_eval_scratch(e, ((size_t)n + 1) * sizeof **keys);
    OCTET_TRY_ALLOC(e->diag, *keys);
    if (!octet_convert(wide, *keys, t->dtype, t->data, 0, n))
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "elements of type %s have no order",
                          octet_dtype_get(t->dtype)->name);
    for (int64_t i = 0; i < n && wide != OCTET_DTYPE_UINT64; i++) {
        double x;

        memcpy(&x, &(*keys)[i], sizeof x);
        (*keys)[i] = is_float ? key_of_f64(x) : (*keys)[i] ^ (UINT64_C(1) << 63);
    }
    return OCTET_OK;
}

/* ---- TopK */

static octet_status infer(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);
    uint32_t n;
    const octet_sym *k = octet_infer_value(in, 1, &n);
    octet_dim *dims;
    int32_t axis;

    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    octet_infer_set(in, 1, OCTET_DTYPE_INT64, -1, NULL);
    if (t == NULL)
        return OCTET_OK;
    OCTET_TRY(octet_axis_check(octet_node_int(in->node, "axis", -1), t->rank, &axis, in->diag));
    dims = octet_infer_new_dims(in, t->rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    for (int32_t i = 0; i < t->rank; i++)
        dims[i] = t->dims[i];
    dims[axis] = k != NULL && n == 1 ? octet_dim_from_sym(k[0]) : octet_dim_unknown();
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), t->rank, dims);
    octet_infer_set(in, 1, OCTET_DTYPE_INT64, t->rank, dims);
    return OCTET_OK;
}

typedef struct item {
    uint64_t key;
    int64_t index;
} item;

/* A total order, so that the result does not depend on the sorting algorithm. */
static int compare_items(const void *pa, const void *pb)
{
    const item *a = pa, *b = pb;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static void sift_down(item *heap, int64_t n, int64_t i)
{
    for (;;) {
        int64_t child = 2 * i + 1;
        item moved;

        if (child >= n)
            return;
        if (child + 1 < n && compare_items(&heap[child], &heap[child + 1]) < 0)
            child++;
        if (compare_items(&heap[i], &heap[child]) >= 0)
            return;
        moved = heap[i];
        heap[i] = heap[child];
        heap[child] = moved;
        i = child;
    }
}

/* The k smallest of n items, in order, at the front: a heap of the best k so far, then a sort. */
static void select_smallest(item *items, int64_t n, int64_t k)
{
    for (int64_t i = k / 2 - 1; i >= 0; i--)
        sift_down(items, k, i);
    for (int64_t i = k; i < n; i++)
        if (compare_items(&items[i], &items[0]) < 0) {
            items[0] = items[i];
            sift_down(items, k, 0);
        }
    qsort(items, (size_t)k, sizeof *items, compare_items);
}

typedef struct line {
    int64_t n, k, inner;
    bool largest;
    size_t element;
} line;

/* One line along the axis, starting at element `from` of the input and `to` of the outputs. */
static void eval_line(octet_eval *e, const line *l, const uint64_t *keys, item *items, int64_t from,
                      int64_t to)
{
    for (int64_t i = 0; i < l->n; i++) {
        uint64_t key = keys[from + i * l->inner];

        items[i] = (item){.key = l->largest ? ~key : key, .index = i};
    }
    select_smallest(items, l->n, l->k);
    for (int64_t i = 0; i < l->k; i++) {
        int64_t at = to + i * l->inner;

        if (octet_eval_wants(e, 0))
            memcpy((char *)e->out[0].data + (size_t)at * l->element,
                   (const char *)e->in[0]->data +
                       (size_t)(from + items[i].index * l->inner) * l->element,
                   l->element);
        if (octet_eval_wants(e, 1))
            ((int64_t *)e->out[1].data)[at] = items[i].index;
    }
}

static octet_status outputs(octet_eval *e, int32_t axis, int64_t k)
{
    const octet_tensor *x = e->in[0];
    int64_t dims[OCTET_MAX_RANK];

    for (int32_t i = 0; i < x->rank; i++)
        dims[i] = i == axis ? k : x->dims[i];
    if (octet_eval_wants(e, 0))
        OCTET_TRY(octet_eval_output(e, 0, x->dtype, x->rank, dims));
    if (octet_eval_wants(e, 1))
        OCTET_TRY(octet_eval_output(e, 1, OCTET_DTYPE_INT64, x->rank, dims));
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    line l = {.largest = octet_node_int(e->node, "largest", 1) != 0};
    const octet_tensor *x;
    int32_t axis = 0;
    int64_t outer;
    uint64_t *keys;
    item *items;

    OCTET_TRY(octet_eval_require(e, 2));
    x = e->in[0];
    OCTET_TRY(octet_eval_element(e, x->dtype, &l.element));
    OCTET_TRY(octet_axis_check(octet_node_int(e->node, "axis", -1), x->rank, &axis, e->diag));
    OCTET_TRY(octet_eval_int(e, 1, 0, &l.k));
    l.n = x->dims[axis];
    if (l.k < 0 || l.k > l.n)
        return octet_fail(e->diag, OCTET_ERR_DATA, "k is %lld but axis %d has size %lld",
                          (long long)l.k, (int)axis, (long long)l.n);
    OCTET_TRY(outputs(e, axis, l.k));
    if (l.k == 0 || x->bytes == 0)
        return OCTET_OK;
    OCTET_TRY(octet_sort_keys(e, x, &keys));
    items = octet_eval_scratch(e, (size_t)l.n * sizeof *items);
    OCTET_TRY_ALLOC(e->diag, items);
    outer = octet_dims_product(x->dims, 0, axis);
    l.inner = octet_dims_product(x->dims, axis + 1, x->rank);
    for (int64_t o = 0; o < outer; o++)
        for (int64_t i = 0; i < l.inner; i++)
            eval_line(e, &l, keys, items, o * l.n * l.inner + i, o * l.k * l.inner + i);
    return OCTET_OK;
}

const octet_op octet_op_topk = {
    .domain = "",
    .name = "TopK",
    .since = 13,
    .in = {{.name = "X", .role = OCTET_ROLE_DATA}, {.name = "K", .role = OCTET_ROLE_SHAPE}},
    .out = {{.name = "Values", .role = OCTET_ROLE_DATA},
            {.name = "Indices", .role = OCTET_ROLE_SHAPE}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
