/* fused.c: what an operator that fuses does to its result, a block at a time
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/fused.h"

octet_status octet_finish_begin(octet_eval *e, octet_finish *out)
{
    const octet_fused *f = e->fused;
    size_t n = (size_t)(e->threads > 1 ? e->threads : 1);

    *out = (octet_finish){.k = e->k};
    if (f == NULL || (f->act == OCTET_ACT_NONE && !f->want_range))
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

void octet_finish_block(const octet_finish *f, int worker, size_t n, float *y)
{
    if (f->worker != NULL && n > 0)
        f->k->finish_f32(n, &f->worker[worker], y);
}

void octet_finish_end(octet_eval *e, const octet_finish *f)
{
    if (f->worker == NULL || !e->fused->want_range)
        return;
    for (int i = 0; i < (e->threads > 1 ? e->threads : 1); i++) {
        const octet_minmax *r = &f->ranges[i];
        octet_minmax *all = &e->fused->range;

        all->min = r->min < all->min ? r->min : all->min;
        all->max = r->max > all->max ? r->max : all->max;
        all->not_finite |= r->not_finite;
    }
    e->fused->has_range = true;
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
