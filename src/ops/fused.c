/* fused.c: what an operator that fuses does to its result, a block at a time
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/fused.h"

static int count_workers(const octet_eval *e)
{
    return e->threads > 1 ? e->threads : 1;
}

static octet_status begin(octet_eval *e, const octet_fused *f, octet_finish *out)
{
    size_t n = (size_t)count_workers(e);

    *out = (octet_finish){.k = e->k};
    if (f->act == OCTET_ACT_NONE && !f->want_range)
        return OCTET_OK;
    out->worker = octet_eval_scratch(e, n * sizeof *out->worker);
    out->ranges = octet_eval_scratch(e, n * sizeof *out->ranges);
    OCTET_TRY_ALLOC(e->diag, out->worker);
    OCTET_TRY_ALLOC(e->diag, out->ranges);
    for (size_t i = 0; i < n; i++) {
        out->ranges[i] = OCTET_MINMAX_EMPTY;
        out->worker[i] = (octet_epilogue){
            .act = f->act,
            .lo = f->lo,
            .hi = f->hi,
            .range = f->want_range ? &out->ranges[i] : NULL,
        };
    }
    return OCTET_OK;
}

octet_status octet_finish_begin(octet_eval *e, octet_finish *out)
{
    const octet_fused nothing = {.act = OCTET_ACT_NONE};

    return begin(e, e->fused != NULL ? e->fused : &nothing, out);
}

octet_status octet_finish_begin_factor(octet_eval *e, octet_finish *out)
{
    const octet_fused factor = {.act = OCTET_ACT_NONE, .want_range = e->fused->want_factor};

    return begin(e, &factor, out);
}

void octet_finish_block(const octet_finish *f, int worker, size_t n, float *y)
{
    if (f->worker != NULL && n > 0)
        f->k->finish_f32(n, &f->worker[worker], y);
}

static void gather(const octet_eval *e, const octet_finish *f, octet_minmax *all)
{
    for (int i = 0; i < count_workers(e); i++) {
        const octet_minmax *r = &f->ranges[i];

        all->min = r->min < all->min ? r->min : all->min;
        all->max = r->max > all->max ? r->max : all->max;
        all->not_finite |= r->not_finite;
    }
}

void octet_finish_end(octet_eval *e, const octet_finish *f)
{
    if (f->worker == NULL || !e->fused->want_range)
        return;
    gather(e, f, &e->fused->range);
    e->fused->has_range = true;
}

void octet_finish_end_factor(octet_eval *e, const octet_finish *f)
{
    if (f->worker != NULL)
        gather(e, f, &e->fused->factor);
}

octet_status octet_finish_output(octet_eval *e)
{
    size_t n = (size_t)octet_tensor_count(&e->out[0]);
    octet_finish f;

    if (e->out[0].dtype != OCTET_DTYPE_FLOAT32)
        return OCTET_OK;
    OCTET_TRY(octet_finish_begin(e, &f));
    octet_finish_block(&f, 0, n, e->out[0].data);
    octet_finish_end(e, &f);
    return OCTET_OK;
}
