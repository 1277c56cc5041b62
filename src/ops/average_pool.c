/* average_pool.c: AveragePool
 * SPDX-License-Identifier: Apache-2.0
 *
 * The sum of a window is one chain of additions in row-major order of the kernel; padding adds
 * nothing.
 */
#include "ops/fused.h"
#include "ops/pool_common.h"

#include <string.h>

#define AVERAGE(T)                                                                                 \
    static void init_##T(size_t n, void *y)                                                        \
    {                                                                                              \
        memset(y, 0, n * sizeof(T));                                                               \
    }                                                                                              \
                                                                                                   \
    static void tap_##T(const octet_pool *p, size_t n, const void *px, size_t step, void *py,      \
                        const octet_pool_index *index)                                             \
    {                                                                                              \
        const T *x = px;                                                                           \
        T *restrict y = py;                                                                        \
                                                                                                   \
        (void)p, (void)index;                                                                      \
        if (step == 1)                                                                             \
            for (size_t i = 0; i < n; i++)                                                         \
                y[i] += x[i];                                                                      \
        else if (step == 2)                                                                        \
            for (size_t i = 0; i < n; i++)                                                         \
                y[i] += x[2 * i];                                                                  \
        else                                                                                       \
            for (size_t i = 0; i < n; i++)                                                         \
                y[i] += x[i * step];                                                               \
    }                                                                                              \
                                                                                                   \
    static void finish_##T(const octet_pool *p, size_t n, void *py, int64_t rows)                  \
    {                                                                                              \
        T *y = py;                                                                                 \
                                                                                                   \
        for (size_t i = 0; i < n; i++) {                                                           \
            T count = (T)rows * (T)p->columns[i], mean = y[i] / count;                             \
            y[i] = count == 0 ? 0 : mean;                                                          \
        }                                                                                          \
    }

AVERAGE(float)
AVERAGE(double)

static octet_status eval(octet_eval *e)
{
    octet_pool p = {.init = init_float, .tap = tap_float, .finish = finish_float};
    bool done = false;

    OCTET_TRY(octet_eval_require(e, 1));
    if (e->in[0]->dtype == OCTET_DTYPE_FLOAT64)
        p = (octet_pool){.init = init_double, .tap = tap_double, .finish = finish_double};
    else if (e->in[0]->dtype != OCTET_DTYPE_FLOAT32)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "element type %s is not supported",
                          octet_dtype_get(e->in[0]->dtype)->name);
    p.count_pad = octet_node_int(e->node, "count_include_pad", 0) != 0;
    OCTET_TRY(octet_pool_init(e, &p));
    OCTET_TRY(octet_pool_count(e, &p));
    if (e->in[0]->dtype == OCTET_DTYPE_FLOAT32)
        OCTET_TRY(octet_pool_rows(e, &p, false, &done));
    if (done)
        return OCTET_OK;
    OCTET_TRY(octet_pool_run(e, &p, NULL));
    return octet_finish_output(e);
}

const octet_op octet_op_average_pool = {
    .domain = "",
    .name = "AveragePool",
    .since = 11,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_pool_infer,
    .eval = eval,
};
