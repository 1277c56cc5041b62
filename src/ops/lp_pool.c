/* lp_pool.c: LpPool, the p-norm of each window
 * SPDX-License-Identifier: Apache-2.0
 *
 * The sum of a window is one chain of additions in row-major order of the kernel.
 */
#include "ops/pool_common.h"

#include <math.h>
#include <string.h>

static void init(size_t n, void *y)
{
    memset(y, 0, n * sizeof(float));
}

static void tap_1(const octet_pool *p, size_t n, const void *x, size_t step, void *y,
                  const octet_pool_index *index)
{
    (void)p, (void)index;
    for (size_t i = 0; i < n; i++)
        ((float *)y)[i] += fabsf(((const float *)x)[i * step]);
}

static void tap_2(const octet_pool *p, size_t n, const void *x, size_t step, void *y,
                  const octet_pool_index *index)
{
    (void)p, (void)index;
    for (size_t i = 0; i < n; i++) {
        float v = ((const float *)x)[i * step];
        ((float *)y)[i] += v * v;
    }
}

static void tap_p(const octet_pool *p, size_t n, const void *x, size_t step, void *y,
                  const octet_pool_index *index)
{
    (void)index;
    for (size_t i = 0; i < n; i++)
        ((float *)y)[i] += (float)pow(fabs((double)((const float *)x)[i * step]), (double)p->p);
}

static void finish_2(const octet_pool *p, size_t n, void *y, int64_t rows)
{
    (void)p, (void)rows;
    for (size_t i = 0; i < n; i++)
        ((float *)y)[i] = sqrtf(((float *)y)[i]);
}

static void finish_p(const octet_pool *p, size_t n, void *y, int64_t rows)
{
    (void)rows;
    for (size_t i = 0; i < n; i++)
        ((float *)y)[i] = (float)pow((double)((float *)y)[i], 1.0 / (double)p->p);
}

static octet_status eval(octet_eval *e)
{
    octet_pool p = {.init = init, .tap = tap_p, .finish = finish_p};

    OCTET_TRY(octet_eval_require(e, 1));
    if (e->in[0]->dtype != OCTET_DTYPE_FLOAT32)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "element type %s is not supported",
                          octet_dtype_get(e->in[0]->dtype)->name);
    p.p = octet_node_int(e->node, "p", 2);
    if (p.p < 1)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "p is %lld", (long long)p.p);
    if (p.p == 1)
        p = (octet_pool){.init = init, .tap = tap_1, .p = 1};
    if (p.p == 2)
        p = (octet_pool){.init = init, .tap = tap_2, .finish = finish_2, .p = 2};
    OCTET_TRY(octet_pool_init(e, &p));
    return octet_pool_run(e, &p, NULL);
}

const octet_op octet_op_lp_pool = {
    .domain = "",
    .name = "LpPool",
    .since = 11,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .infer = octet_pool_infer,
    .eval = eval,
};
