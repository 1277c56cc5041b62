/* hardmax.c: Hardmax, 1 at the first largest element along an axis, else 0
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/softmax_common.h"

#include <string.h>

#define LINES(T)                                                                                   \
    static void lines_##T(const octet_axis_view *v, const T *x, T *y)                              \
    {                                                                                              \
        for (size_t o = 0; o < v->outer; o++)                                                      \
            for (size_t i = 0; i < v->inner; i++) {                                                \
                size_t at = o * v->axis * v->inner + i, best = at;                                 \
                                                                                                   \
                for (size_t a = 1; a < v->axis; a++)                                               \
                    best = x[at + a * v->inner] > x[best] ? at + a * v->inner : best;              \
                y[best] = 1;                                                                       \
            }                                                                                      \
    }

LINES(float)
LINES(double)

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x;
    octet_axis_view v;

    OCTET_TRY(octet_eval_require(e, 1));
    x = e->in[0];
    OCTET_TRY(octet_axis_view_of(e, x, &v));
    if (x->dtype != OCTET_DTYPE_FLOAT32 && x->dtype != OCTET_DTYPE_FLOAT64)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "element type %s is not supported",
                          octet_dtype_get(x->dtype)->name);
    OCTET_TRY(octet_eval_output_like(e, 0, x));
    if (octet_tensor_count(x) == 0)
        return OCTET_OK;
    memset(e->out[0].data, 0, e->out[0].bytes);
    if (x->dtype == OCTET_DTYPE_FLOAT32)
        lines_float(&v, x->data, e->out[0].data);
    else
        lines_double(&v, x->data, e->out[0].data);
    return OCTET_OK;
}

const octet_op octet_op_hardmax = {
    .domain = "",
    .name = "Hardmax",
    .since = 13,
    .in = {{.name = "input"}},
    .out = {{.name = "output"}},
    .quant = {.observe = OCTET_OBSERVE_FIXED, .fixed_min = 0.0f, .fixed_max = 1.0f},
    .infer = octet_infer_same,
    .eval = eval,
};
