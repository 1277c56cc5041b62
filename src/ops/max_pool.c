/* max_pool.c: MaxPool, with Indices
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/fused.h"
#include "ops/pool_common.h"

#include <math.h>

/* NaN wins; of equal elements the first one counts. */
#define BETTER(x, y) ((x) > (y) || (x) != (x))

#define MAX(T, lowest)                                                                             \
    static void init_##T(size_t n, void *y)                                                        \
    {                                                                                              \
        for (size_t i = 0; i < n; i++)                                                             \
            ((T *)y)[i] = (lowest);                                                                \
    }                                                                                              \
                                                                                                   \
    static void tap_index_##T(size_t n, const T *x, size_t step, T *y,                             \
                              const octet_pool_index *index)                                       \
    {                                                                                              \
        for (size_t i = 0; i < n; i++)                                                             \
            if (BETTER(x[i * step], y[i]) || index->at[i] < 0) {                                   \
                y[i] = x[i * step];                                                                \
                index->at[i] = index->first + (int64_t)i * index->step;                            \
            }                                                                                      \
    }                                                                                              \
                                                                                                   \
    static void tap_##T(const octet_pool *p, size_t n, const void *px, size_t step, void *py,      \
                        const octet_pool_index *index)                                             \
    {                                                                                              \
        const T *x = px;                                                                           \
        T *restrict y = py;                                                                        \
                                                                                                   \
        (void)p;                                                                                   \
        if (index != NULL)                                                                         \
            tap_index_##T(n, x, step, py, index);                                                  \
        else if (step == 1)                                                                        \
            for (size_t i = 0; i < n; i++)                                                         \
                y[i] = BETTER(x[i], y[i]) ? x[i] : y[i];                                           \
        else if (step == 2)                                                                        \
            for (size_t i = 0; i < n; i++)                                                         \
                y[i] = BETTER(x[2 * i], y[i]) ? x[2 * i] : y[i];                                   \
        else                                                                                       \
            for (size_t i = 0; i < n; i++)                                                         \
                y[i] = BETTER(x[i * step], y[i]) ? x[i * step] : y[i];                             \
    }

MAX(float, -INFINITY)
MAX(double, (double)-INFINITY)
MAX(int8_t, INT8_MIN)
MAX(uint8_t, 0)

static const octet_pool pools[OCTET_DTYPE_COUNT] = {
    [OCTET_DTYPE_FLOAT32] = {.init = init_float, .tap = tap_float},
    [OCTET_DTYPE_FLOAT64] = {.init = init_double, .tap = tap_double},
    [OCTET_DTYPE_INT8] = {.init = init_int8_t, .tap = tap_int8_t},
    [OCTET_DTYPE_UINT8] = {.init = init_uint8_t, .tap = tap_uint8_t},
};

/* storage_order 1 numbers the elements of a plane with its first axis running fastest. */
static octet_status make_indices(octet_eval *e, octet_pool *p, int64_t **out)
{
    bool row_major = octet_node_int(e->node, "storage_order", 0) == 0;
    int32_t rank = p->s.rank;
    int64_t step = 1;

    OCTET_TRY(octet_eval_output(e, 1, OCTET_DTYPE_INT64, e->out[0].rank, e->out[0].dims));
    for (int32_t i = 0; i < rank; i++) {
        int32_t axis = row_major ? rank - 1 - i : i;
        p->index_step[axis] = step;
        step *= p->s.in[axis];
    }
    *out = e->out[1].data;
    for (int64_t i = 0, n = octet_tensor_count(&e->out[1]); i < n; i++)
        (*out)[i] = -1;
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    octet_dtype dtype;
    octet_pool p;
    int64_t *index = NULL;
    bool done = false;

    OCTET_TRY(octet_eval_require(e, 1));
    dtype = e->in[0]->dtype;
    if ((unsigned)dtype >= OCTET_DTYPE_COUNT || pools[dtype].tap == NULL)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "element type %s is not supported",
                          octet_dtype_get(dtype)->name);
    p = pools[dtype];
    OCTET_TRY(octet_pool_init(e, &p));
    if (octet_eval_wants(e, 1))
        OCTET_TRY(make_indices(e, &p, &index));
    else if (dtype == OCTET_DTYPE_FLOAT32)
        OCTET_TRY(octet_pool_rows(e, &p, true, &done));
    else if (dtype == OCTET_DTYPE_UINT8 || dtype == OCTET_DTYPE_INT8)
        OCTET_TRY(octet_pool_max_bytes(e, &p, &done));
    if (done)
        return OCTET_OK;
    OCTET_TRY(octet_pool_run(e, &p, index));
    return octet_finish_output(e);
}

const octet_op octet_op_max_pool = {
    .domain = "",
    .name = "MaxPool",
    .since = 12,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}, {.name = "Indices", .role = OCTET_ROLE_SHAPE, .optional = true}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .fuses = true,
    .infer = octet_pool_infer,
    .eval = eval,
};
