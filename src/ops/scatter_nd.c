/* scatter_nd.c: ScatterND, GatherND, and the reductions of all scattering operators
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"
#include "ops/scatter.h"

#include <string.h>

/* ---- reductions */

static void update_none(void *to, const void *from, int64_t n, size_t element)
{
    memcpy(to, from, (size_t)n * element);
}

/* Signed sums and products go through the unsigned type `wide`, where overflow wraps as it does in
 * every runtime. */
#define UPDATE(name, type, expression)                                                             \
    static void name(void *to, const void *from, int64_t n, size_t element)                        \
    {                                                                                              \
        (void)element;                                                                             \
        for (int64_t i = 0; i < n; i++) {                                                          \
            type a, b;                                                                             \
            memcpy(&a, (char *)to + (size_t)i * sizeof a, sizeof a);                               \
            memcpy(&b, (const char *)from + (size_t)i * sizeof b, sizeof b);                       \
            a = (type)(expression);                                                                \
            memcpy((char *)to + (size_t)i * sizeof a, &a, sizeof a);                               \
        }                                                                                          \
    }

#define UPDATES(suffix, type, wide)                                                                \
    UPDATE(add_##suffix, type, (wide)a + (wide)b)                                                  \
    UPDATE(mul_##suffix, type, (wide)a *(wide)b)                                                   \
    UPDATE(max_##suffix, type, a > b ? a : b)                                                      \
    UPDATE(min_##suffix, type, a < b ? a : b)

UPDATES(f32, float, float)
UPDATES(f64, double, double)
UPDATES(i8, int8_t, int32_t)
UPDATES(u8, uint8_t, uint32_t)
UPDATES(i16, int16_t, int32_t)
UPDATES(u16, uint16_t, uint32_t)
UPDATES(i32, int32_t, uint32_t)
UPDATES(u32, uint32_t, uint32_t)
UPDATES(i64, int64_t, uint64_t)
UPDATES(u64, uint64_t, uint64_t)
UPDATE(or_bool, uint8_t, a != 0 || b != 0)
UPDATE(and_bool, uint8_t, a != 0 && b != 0)

static const char *const reductions[] = {"add", "mul", "max", "min"};

static const struct {
    octet_dtype dtype;
    octet_scatter_update update[4]; /* as in reductions[] */
} updates[] = {
    {OCTET_DTYPE_FLOAT32, {add_f32, mul_f32, max_f32, min_f32}},
    {OCTET_DTYPE_FLOAT64, {add_f64, mul_f64, max_f64, min_f64}},
    {OCTET_DTYPE_INT8, {add_i8, mul_i8, max_i8, min_i8}},
    {OCTET_DTYPE_UINT8, {add_u8, mul_u8, max_u8, min_u8}},
    {OCTET_DTYPE_INT16, {add_i16, mul_i16, max_i16, min_i16}},
    {OCTET_DTYPE_UINT16, {add_u16, mul_u16, max_u16, min_u16}},
    {OCTET_DTYPE_INT32, {add_i32, mul_i32, max_i32, min_i32}},
    {OCTET_DTYPE_UINT32, {add_u32, mul_u32, max_u32, min_u32}},
    {OCTET_DTYPE_INT64, {add_i64, mul_i64, max_i64, min_i64}},
    {OCTET_DTYPE_UINT64, {add_u64, mul_u64, max_u64, min_u64}},
    {OCTET_DTYPE_BOOL, {or_bool, and_bool, or_bool, and_bool}},
};

static octet_scatter_update find_update(const char *reduction, octet_dtype dtype)
{
    if (strcmp(reduction, "none") == 0)
        return update_none;
    for (size_t i = 0; i < sizeof updates / sizeof updates[0]; i++)
        for (size_t r = 0; updates[i].dtype == dtype && r < 4; r++)
            if (strcmp(reductions[r], reduction) == 0)
                return updates[i].update[r];
    return NULL;
}

octet_status octet_scatter_prepare(octet_eval *e, size_t *element, octet_scatter_update *update)
{
    const char *reduction = octet_node_string(e->node, "reduction", "none");
    const octet_tensor *x = e->in[0];

    OCTET_TRY(octet_eval_element(e, x->dtype, element));
    if (e->in[2]->dtype != x->dtype)
        return octet_fail(e->diag, OCTET_ERR_DATA, "data and updates differ in type");
    *update = find_update(reduction, x->dtype);
    if (*update == NULL)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "reduction '%s' of %s is not supported",
                          reduction, octet_dtype_get(x->dtype)->name);
    return octet_eval_copy(e, 0, x);
}

/* ---- ScatterND */

/* The last axis of indices holds k-tuples into the first k axes of data; each tuple takes a block.
 */
typedef struct tuples {
    int64_t k, count, block; /* block: elements */
} tuples;

static octet_status read_tuples(octet_eval *e, tuples *t)
{
    const octet_tensor *x = e->in[0], *indices = e->in[1];

    if (indices->rank < 1 || indices->dims[indices->rank - 1] > x->rank)
        return octet_fail(e->diag, OCTET_ERR_DATA, "indices do not fit data of rank %d",
                          (int)x->rank);
    t->k = indices->dims[indices->rank - 1];
    t->count = octet_dims_product(indices->dims, 0, indices->rank - 1);
    t->block = octet_dims_product(x->dims, (int32_t)t->k, x->rank);
    if (t->block == 0)
        t->count = 0;
    return OCTET_OK;
}

/* Element offset of the block that a tuple names. */
static octet_status locate(const int64_t *dims, const tuples *t, const int64_t *tuple, int64_t *out,
                           octet_diag *diag)
{
    *out = 0;
    for (int64_t i = 0; i < t->k; i++) {
        int64_t size = dims[i];

        if (tuple[i] < -size || tuple[i] >= size)
            return octet_fail(diag, OCTET_ERR_DATA, "index %lld is out of range for size %lld",
                              (long long)tuple[i], (long long)size);
        *out = *out * size + (tuple[i] < 0 ? tuple[i] + size : tuple[i]);
    }
    *out *= t->block;
    return OCTET_OK;
}

static octet_status eval_scatter(octet_eval *e)
{
    octet_scatter_update update;
    int64_t *index, offset;
    uint32_t n;
    size_t element;
    tuples t;

    OCTET_TRY(octet_eval_require(e, 3));
    OCTET_TRY(octet_scatter_prepare(e, &element, &update));
    OCTET_TRY(octet_eval_ints(e, 1, &index, &n));
    OCTET_TRY(read_tuples(e, &t));
    if (octet_tensor_count(e->in[2]) != t.count * t.block)
        return octet_fail(e->diag, OCTET_ERR_DATA,
                          "updates do not have the shape that indices ask "
                          "for");
    for (int64_t i = 0; i < t.count; i++) {
        OCTET_TRY(locate(e->in[0]->dims, &t, index + i * t.k, &offset, e->diag));
        update((char *)e->out[0].data + (size_t)offset * element,
               (const char *)e->in[2]->data + (size_t)(i * t.block) * element, t.block, element);
    }
    return OCTET_OK;
}

/* ---- GatherND: the other direction, with leading batch axes */

static octet_status infer_gather(octet_infer *in)
{
    const octet_type *x = octet_infer_shape(in, 0), *indices = octet_infer_shape(in, 1);
    int64_t batch = octet_node_int(in->node, "batch_dims", 0), k;
    octet_dim *dims;
    int32_t rank = 0;

    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    if (x == NULL || indices == NULL || indices->rank < 1)
        return OCTET_OK;
    k = indices->dims[indices->rank - 1].size;
    if (k < 0)
        return OCTET_OK;
    if (batch < 0 || batch >= indices->rank || batch + k > x->rank)
        return octet_infer_fail(in, "tuples of %lld indices do not fit data of rank %d",
                                (long long)k, (int)x->rank);
    dims = octet_infer_new_dims(in, 2 * OCTET_MAX_RANK);
    OCTET_TRY_ALLOC(in->diag, dims);
    for (int32_t i = 0; i < indices->rank - 1; i++)
        dims[rank++] = indices->dims[i];
    for (int32_t i = (int32_t)(batch + k); i < x->rank; i++)
        dims[rank++] = x->dims[i];
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), rank, dims);
    return OCTET_OK;
}

static octet_status gather_output(octet_eval *e, int32_t batch, int64_t k)
{
    const octet_tensor *x = e->in[0], *indices = e->in[1];
    int64_t dims[2 * OCTET_MAX_RANK];
    int32_t rank = 0;

    for (int32_t i = 0; i < indices->rank - 1; i++)
        dims[rank++] = indices->dims[i];
    for (int32_t i = batch + (int32_t)k; i < x->rank; i++)
        dims[rank++] = x->dims[i];
    return octet_eval_output(e, 0, x->dtype, rank, dims);
}

static octet_status check_batch(octet_eval *e, int64_t batch, int64_t *k)
{
    const octet_tensor *x = e->in[0], *indices = e->in[1];

    *k = indices->rank < 1 ? 0 : indices->dims[indices->rank - 1];
    if (indices->rank < 1 || batch < 0 || batch >= indices->rank || *k > x->rank - batch)
        return octet_fail(e->diag, OCTET_ERR_DATA, "indices do not fit data of rank %d",
                          (int)x->rank);
    for (int64_t i = 0; i < batch; i++)
        if (x->dims[i] != indices->dims[i])
            return octet_fail(e->diag, OCTET_ERR_DATA, "data and indices differ in batch axis %lld",
                              (long long)i);
    return OCTET_OK;
}

static octet_status eval_gather(octet_eval *e)
{
    int64_t batch = octet_node_int(e->node, "batch_dims", 0), *index, offset, size, per_batch;
    const octet_tensor *x, *indices;
    uint32_t n;
    size_t element;
    tuples t = {0};

    OCTET_TRY(octet_eval_require(e, 2));
    x = e->in[0];
    indices = e->in[1];
    OCTET_TRY(octet_eval_element(e, x->dtype, &element));
    OCTET_TRY(octet_eval_ints(e, 1, &index, &n));
    OCTET_TRY(check_batch(e, batch, &t.k));
    OCTET_TRY(gather_output(e, (int32_t)batch, t.k));
    if (e->out[0].bytes == 0)
        return OCTET_OK;
    size = octet_dims_product(x->dims, (int32_t)batch, x->rank);
    t.block = octet_dims_product(x->dims, (int32_t)(batch + t.k), x->rank);
    t.count = octet_dims_product(indices->dims, 0, indices->rank - 1);
    per_batch = octet_dims_product(indices->dims, (int32_t)batch, indices->rank - 1);
    for (int64_t i = 0; i < t.count; i++) {
        OCTET_TRY(locate(x->dims + batch, &t, index + i * t.k, &offset, e->diag));
        memcpy((char *)e->out[0].data + (size_t)(i * t.block) * element,
               (const char *)x->data + (size_t)(i / per_batch * size + offset) * element,
               (size_t)t.block * element);
    }
    return OCTET_OK;
}

const octet_op octet_op_scatter_nd = {
    .domain = "",
    .name = "ScatterND",
    .since = 13,
    .in = {{.name = "data", .role = OCTET_ROLE_DATA},
           {.name = "indices", .role = OCTET_ROLE_SHAPE},
           {.name = "updates", .role = OCTET_ROLE_DATA}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .infer = octet_infer_same,
    .eval = eval_scatter,
};

const octet_op octet_op_gather_nd = {
    .domain = "",
    .name = "GatherND",
    .since = 13,
    .in = {{.name = "data", .role = OCTET_ROLE_DATA},
           {.name = "indices", .role = OCTET_ROLE_SHAPE}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = infer_gather,
    .eval = eval_gather,
};
