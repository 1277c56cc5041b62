/* unary.c: operators that map one number to one number
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/unary.h"

#include "base/parallel.h"
#include "ops/common.h"
#include "ops/fused.h"

/* Elements one thread takes at a time. */
#define SHARE ((size_t)16 * OCTET_UNARY_BLOCK)

typedef struct blocks {
    size_t n;
    octet_unary_body body;
    void *arg;
} blocks;

static void run_share(void *arg, size_t index, int worker)
{
    const blocks *b = arg;
    size_t from = index * SHARE;

    b->body(b->arg, worker, from, b->n - from < SHARE ? b->n - from : SHARE);
}

void octet_unary_blocks(const octet_eval *e, size_t n, octet_unary_body body, void *arg)
{
    blocks b = {n, body, arg};

    if (n <= SHARE)
        body(arg, 0, 0, n);
    else
        octet_parallel_for((n + SHARE - 1) / SHARE, e->threads, run_share, &b);
}

typedef struct job {
    const octet_unary *u;
    octet_unary_args args;
    octet_finish finish, factor;
    octet_dtype dtype;
    const void *x;
    void *y;
} job;

static double apply_f64(const job *j, double x)
{
    return j->u->f64 != NULL ? j->u->f64(&j->args, x) : j->u->libm(x);
}

static void run_f32(void *arg, int worker, size_t from, size_t count)
{
    const job *j = arg;
    const float *x = (const float *)j->x + from;
    float *y = (float *)j->y + from;

    for (size_t i = 0; i < count; i += OCTET_UNARY_BLOCK) {
        size_t n = count - i < OCTET_UNARY_BLOCK ? count - i : OCTET_UNARY_BLOCK;
        j->u->f32(&j->args, n, x + i, y + i);
        octet_finish_block(&j->finish, worker, n, y + i);
    }
}

/* y = x * f(x) */
static void run_gate(void *arg, int worker, size_t from, size_t count)
{
    const job *j = arg;
    const float *x = (const float *)j->x + from;
    float *y = (float *)j->y + from, t[OCTET_UNARY_BLOCK];

    for (size_t i = 0; i < count; i += OCTET_UNARY_BLOCK) {
        size_t n = count - i < OCTET_UNARY_BLOCK ? count - i : OCTET_UNARY_BLOCK;
        j->u->f32(&j->args, n, x + i, t);
        octet_finish_block(&j->factor, worker, n, t);
        j->args.k->mul_f32(n, x + i, 1, t, 1, y + i);
        octet_finish_block(&j->finish, worker, n, y + i);
    }
}

static void run_f32_by_f64(void *arg, int worker, size_t from, size_t count)
{
    const job *j = arg;
    const float *x = j->x;
    float *y = j->y;

    for (size_t i = from; i < from + count; i++)
        y[i] = (float)apply_f64(j, x[i]);
    octet_finish_block(&j->finish, worker, count, y + from);
}

static void run_f64(void *arg, int worker, size_t from, size_t count)
{
    const job *j = arg;
    const double *x = j->x;
    double *y = j->y;

    (void)worker;
    for (size_t i = from; i < from + count; i++)
        y[i] = apply_f64(j, x[i]);
}

static void run_i64(void *arg, int worker, size_t from, size_t count)
{
    const job *j = arg;
    octet_dtype wide = j->args.is_unsigned ? OCTET_DTYPE_UINT64 : OCTET_DTYPE_INT64;
    size_t size = octet_dtype_get(j->dtype)->bits / 8;
    int64_t t[256];

    (void)worker;
    for (size_t i = from; i < from + count; i += 256) {
        size_t n = from + count - i < 256 ? from + count - i : 256;
        octet_convert(wide, t, j->dtype, j->x, (int64_t)i, (int64_t)n);
        for (size_t m = 0; m < n; m++)
            t[m] = j->u->i64(&j->args, t[m]);
        octet_convert(j->dtype, (char *)j->y + i * size, wide, t, 0, (int64_t)n);
    }
}

static octet_unary_body choose(const octet_unary *u, octet_dtype dtype)
{
    const octet_dtype_traits *t = octet_dtype_get(dtype);
    bool real = u->f64 != NULL || u->libm != NULL;

    if (dtype == OCTET_DTYPE_FLOAT32)
        return u->f32 != NULL ? run_f32 : real ? run_f32_by_f64 : NULL;
    if (dtype == OCTET_DTYPE_FLOAT64)
        return real ? run_f64 : NULL;
    if ((t->kind == OCTET_KIND_SIGNED || t->kind == OCTET_KIND_UNSIGNED) && t->bits >= 8)
        return u->i64 != NULL ? run_i64 : NULL;
    return NULL;
}

static octet_status run_float(octet_eval *e, octet_unary_body run, job *j)
{
    bool gate = e->fused != NULL && e->fused->times_input;

    OCTET_TRY(octet_finish_begin(e, &j->finish));
    if (gate)
        OCTET_TRY(octet_finish_begin_factor(e, &j->factor));
    octet_unary_blocks(e, (size_t)octet_tensor_count(e->in[0]), gate ? run_gate : run, j);
    octet_finish_end(e, &j->finish);
    octet_finish_end_factor(e, &j->factor);
    return OCTET_OK;
}

octet_status octet_unary_eval(octet_eval *e, const octet_unary *u)
{
    OCTET_TRY(octet_eval_require(e, 1));
    const octet_tensor *x = e->in[0];
    const octet_dtype_traits *t = octet_dtype_get(x->dtype);
    job j = {.u = u, .dtype = x->dtype, .x = x->data};
    octet_unary_body run = choose(u, x->dtype);

    if (run == NULL)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "element type %s is not supported",
                          t->name);
    j.args.k = e->k;
    j.args.node = e->node;
    j.args.is_unsigned = t->kind == OCTET_KIND_UNSIGNED;
    for (int i = 0; i < 2; i++)
        if (u->attr[i] != NULL)
            j.args.p[i] = octet_node_float(e->node, u->attr[i], u->fallback[i]);
    OCTET_TRY(octet_eval_output_like(e, 0, x));
    j.y = e->out[0].data;
    if (x->dtype == OCTET_DTYPE_FLOAT32)
        return run_float(e, run, &j);
    octet_unary_blocks(e, (size_t)octet_tensor_count(x), run, &j);
    return OCTET_OK;
}
