/* mean.c: Mean, the sum from the first input to the last by their number
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/elementwise.h"

#define LOOP(T, W) OCTET_BINARY_LOOP(T, T, u + v)
OCTET_KERNEL_LOOP(add_f32)
LOOP(double, double)

static const octet_binary_loop loops[OCTET_DTYPE_COUNT] = {OCTET_FLOAT_LOOPS};

static octet_status eval(octet_eval *e)
{
    int64_t n;

    OCTET_TRY(octet_variadic_eval(e, loops));
    if (e->n_in == 1) /* the input itself, perhaps */
        return OCTET_OK;
    n = octet_tensor_count(&e->out[0]);
    if (e->out[0].dtype == OCTET_DTYPE_FLOAT32)
        for (float *y = e->out[0].data, *end = y + n; y < end; y++)
            *y /= (float)e->n_in;
    else
        for (double *y = e->out[0].data, *end = y + n; y < end; y++)
            *y /= (double)e->n_in;
    return OCTET_OK;
}

const octet_op octet_op_mean = {
    .domain = "",
    .name = "Mean",
    .since = 8,
    .in = {{.name = "data_0", .variadic = true}},
    .out = {{.name = "mean"}},
    .infer = octet_infer_broadcast,
    .eval = eval,
};
