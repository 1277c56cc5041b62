/* lrn.c: LRN, x / (bias + alpha / size * sum of squares of neighbouring channels)^beta
 * SPDX-License-Identifier: Apache-2.0
 *
 * The sum is one chain from the first channel of the window to the last.
 */
#include "ops/norm_common.h"

#include <math.h>

static float power(float base, float beta)
{
    double b = base;

    if (beta == 0.75f)
        return (float)(sqrt(b) * sqrt(sqrt(b)));
    return (float)(beta == 0.5f ? sqrt(b) : pow(b, (double)beta));
}

typedef struct lrn {
    float alpha, beta, bias;
    int64_t size, channels;
    size_t plane;
} lrn;

/* Channel c of one sample; squares are those of all its channels. */
static void channel(const lrn *l, int64_t c, const octet_kernels *k, const float *x,
                    const float *squares, float *y)
{
    int64_t from = c - (l->size - 1) / 2, to = c + l->size / 2 + 1;

    for (size_t i = 0; i < l->plane; i++)
        y[i] = 0.0f;
    for (int64_t j = from < 0 ? 0 : from; j < to && j < l->channels; j++)
        k->add_f32(l->plane, y, 1, squares + (size_t)j * l->plane, 1, y);
    for (size_t i = 0; i < l->plane; i++)
        y[i] = x[i] / power(l->bias + l->alpha / (float)l->size * y[i], l->beta);
}

static octet_status eval(octet_eval *e)
{
    lrn l = {.alpha = octet_node_float(e->node, "alpha", 1e-4f),
             .beta = octet_node_float(e->node, "beta", 0.75f),
             .bias = octet_node_float(e->node, "bias", 1.0f),
             .size = octet_node_int(e->node, "size", 0)};
    const octet_tensor *x;
    float *squares;

    OCTET_TRY(octet_norm_require(e, 1));
    x = e->in[0];
    if (x->rank < 2)
        return octet_fail(e->diag, OCTET_ERR_DATA, "X has %d dims instead of 2 or more",
                          (int)x->rank);
    if (l.size < 1 || l.size > INT32_MAX)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "size is %lld", (long long)l.size);
    l.channels = x->dims[1];
    l.plane = (size_t)octet_dims_product(x->dims, 2, x->rank);
    OCTET_TRY(octet_eval_output_like(e, 0, x));
    squares = octet_eval_scratch(e, x->bytes);
    OCTET_TRY_ALLOC(e->diag, squares);
    e->k->mul_f32((size_t)octet_tensor_count(x), x->data, 1, x->data, 1, squares);
    for (int64_t i = 0, n = octet_dims_product(x->dims, 0, 2); i < n; i++) {
        size_t at = (size_t)i * l.plane, sample = (size_t)(i - i % l.channels) * l.plane;

        channel(&l, i % l.channels, e->k, (const float *)x->data + at, squares + sample,
                (float *)e->out[0].data + at);
    }
    return OCTET_OK;
}

const octet_op octet_op_lrn = {
    .domain = "",
    .name = "LRN",
    .since = 13,
    .in = {{.name = "X"}},
    .out = {{.name = "Y"}},
    .infer = octet_infer_same,
    .eval = eval,
};
