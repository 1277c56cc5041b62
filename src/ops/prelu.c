/* prelu.c: PRelu; the slope is stretched to the shape of X
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/elementwise.h"

#define REAL(T, W) OCTET_BINARY_LOOP(T, T, u < 0 ? u * v : u)
#define SIGNED(T, W) OCTET_BINARY_LOOP(T, T, u < 0 ? (T)((W)u * (W)v) : u)
#define UNSIGNED(T, W) OCTET_BINARY_LOOP(T, T, ((void)v, u))
OCTET_KERNEL_LOOP(prelu_f32)
REAL(double, double)
OCTET_SIGNED(SIGNED)
OCTET_UNSIGNED(UNSIGNED)

static const octet_binary_loop loops[OCTET_DTYPE_COUNT] = {OCTET_FLOAT_LOOPS, OCTET_INTEGER_LOOPS};

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x, *slope;

    OCTET_TRY(octet_eval_require(e, 2));
    x = e->in[0];
    slope = e->in[1];
    for (int32_t i = 1; i <= slope->rank; i++) {
        int64_t dim = slope->dims[slope->rank - i];

        if (dim != 1 && (i > x->rank || dim != x->dims[x->rank - i]))
            return octet_fail(e->diag, OCTET_ERR_DATA, "slope does not broadcast to X");
    }
    return octet_binary_eval(e, loops, OCTET_DTYPE_UNDEFINED);
}

const octet_op octet_op_prelu = {
    .domain = "",
    .name = "PRelu",
    .since = 9,
    .in = {{.name = "X"}, {.name = "slope", .role = OCTET_ROLE_PARAM}},
    .out = {{.name = "Y"}},
    .fuses = true,
    .infer = octet_infer_same,
    .eval = eval,
};
