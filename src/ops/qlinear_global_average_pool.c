/* qlinear_global_average_pool.c: QLinearGlobalAveragePool of com.microsoft
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/fixed_point.h"
#include "ops/qlinear_pool.h"

extern const octet_op octet_op_global_average_pool;

enum { X, Y_SCALE = 3 };

static const octet_qlinear qlinear = {
    .op = &octet_op_global_average_pool, .first = X, .triples = 1, .out = Y_SCALE};

static octet_status infer(octet_infer *in)
{
    return octet_qlinear_infer(in, &qlinear);
}

/* ---- sums of integers */

typedef struct mean { /* of n elements */
    octet_qlinear_params x, y;
    octet_qrange in, out;
    int64_t n;
    float scale;       /* ONNX Runtime */
    octet_fixed fixed; /* TFLite */
    bool use_fixed;
} mean;

/* int8 is moved by 128 and back: compilers find vectors for sums of one kind of byte. */
static int64_t sum_of(const mean *m, const uint8_t *x)
{
    const uint8_t flip = m->in.is_signed ? 0x80 : 0;
    uint32_t sum = 0; /* of at most INT32_MAX / 512 bytes */

    for (int64_t i = 0; i < m->n; i++)
        sum += (uint8_t)(x[i] ^ flip);
    return (int64_t)sum - flip * m->n;
}

static uint8_t mean_of(const mean *m, const uint8_t *x)
{
    int64_t sum = sum_of(m, x) - m->n * m->x.zero_point;

    if (m->use_fixed)
        return (uint8_t)octet_qclamp(m->out, (int64_t)octet_fixed_apply((int32_t)sum, m->fixed) +
                                                 m->y.zero_point);
    return octet_qround_plus(m->out, (float)(int32_t)sum * m->scale, m->y.zero_point);
}

static octet_status read(octet_eval *e, mean *m, const octet_tensor **x)
{
    int64_t dims[OCTET_MAX_RANK];

    OCTET_TRY(octet_qlinear_input(e, X, x, &m->x));
    OCTET_TRY(octet_qlinear_params_out(e, Y_SCALE, *x, &m->y));
    if ((*x)->rank < 3)
        return octet_fail(e->diag, OCTET_ERR_DATA, "the input has fewer than 3 axes");
    for (int32_t i = 0; i < (*x)->rank; i++)
        dims[i] = i < 2 ? (*x)->dims[i] : 1;
    m->in = octet_qrange_of((*x)->dtype);
    m->out = octet_qrange_of(m->y.dtype);
    m->n = octet_dims_product((*x)->dims, 2, (*x)->rank);
    if (m->n <= 0 || m->n > INT32_MAX / 512)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "channels of %lld elements",
                          (long long)m->n);
    m->scale = m->x.scale / (m->y.scale * (float)m->n);
    m->fixed = octet_fixed_from((double)m->x.scale / ((double)m->y.scale * (double)m->n));
    m->use_fixed = e->arith == OCTET_ARITH_FIXED_POINT;
    return octet_eval_output(e, 0, m->y.dtype, (*x)->rank, dims);
}

bool octet_qpool_has_integers(octet_arith arith)
{
    return octet_arith_is_ort(arith) || arith == OCTET_ARITH_FIXED_POINT;
}

octet_status octet_qpool_global(octet_eval *e)
{
    const octet_tensor *x;
    mean m = {0};

    OCTET_TRY(read(e, &m, &x));
    for (int64_t i = 0; i < octet_tensor_count(&e->out[0]); i++)
        ((uint8_t *)e->out[0].data)[i] = mean_of(&m, (const uint8_t *)x->data + i * m.n);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    if (octet_node_int(e->node, "channels_last", 0) != 0)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "channels_last = 1 is not supported");
    if (octet_qpool_has_integers(e->arith))
        return octet_qpool_global(e);
    return octet_qlinear_eval(e, &qlinear);
}

const octet_op octet_op_qlinear_global_average_pool = {
    .domain = "com.microsoft",
    .name = "QLinearGlobalAveragePool",
    .since = 1,
    .in = {OCTET_QLINEAR_TRIPLE("X"), OCTET_QLINEAR_OUT("Y")},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = infer,
    .eval = eval,
};
