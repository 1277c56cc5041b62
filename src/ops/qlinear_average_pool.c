/* qlinear_average_pool.c: QLinearAveragePool of com.microsoft
 * SPDX-License-Identifier: Apache-2.0
 *
 * ONNX Runtime sums dequantized numbers, but a window that is the whole image integers.
 */
#include "ops/pool_common.h"
#include "ops/qlinear_pool.h"

#include <string.h>

extern const octet_op octet_op_average_pool;

enum { X, Y_SCALE = 3 };

static const octet_qlinear qlinear = {.op = &octet_op_average_pool,
                                      .first = X,
                                      .triples = 1,
                                      .out = Y_SCALE,
                                      .zero_point_first = true};

static octet_status infer(octet_infer *in)
{
    return octet_qlinear_infer(in, &qlinear);
}

/* One window that is the image, nothing around it. */
static bool is_global(const octet_eval *e)
{
    const octet_tensor *x = e->in[X];
    const char *automatic = octet_node_string(e->node, "auto_pad", "NOTSET");
    uint32_t n, n_pads;
    const int64_t *kernel = octet_node_ints(e->node, "kernel_shape", &n);
    const int64_t *pads = octet_node_ints(e->node, "pads", &n_pads);

    if (strncmp(automatic, "SAME", 4) == 0 || x->rank < 3 || n != (uint32_t)x->rank - 2)
        return false;
    for (uint32_t i = 0; i < n_pads; i++)
        if (pads[i] != 0)
            return false;
    for (uint32_t i = 0; i < n; i++)
        if (kernel[i] != x->dims[i + 2])
            return false;
    return true;
}

static octet_status eval(octet_eval *e)
{
    if (octet_node_int(e->node, "channels_last", 0) != 0)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "channels_last = 1 is not supported");
    OCTET_TRY(octet_eval_require(e, X + 1));
    if (octet_qpool_has_integers(e->arith) && is_global(e))
        return octet_qpool_global(e);
    return octet_qlinear_eval(e, &qlinear);
}

const octet_op octet_op_qlinear_average_pool = {
    .domain = "com.microsoft",
    .name = "QLinearAveragePool",
    .since = 1,
    .in = {OCTET_QLINEAR_TRIPLE("X"), OCTET_QLINEAR_OUT("Y")},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = infer,
    .eval = eval,
};
