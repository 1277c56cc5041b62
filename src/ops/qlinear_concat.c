/* qlinear_concat.c: QLinearConcat of com.microsoft
 * SPDX-License-Identifier: Apache-2.0
 *
 * What has the output's parameters is copied, the rest goes through a table.
 */
#include "ops/qlinear_table.h"

extern const octet_op octet_op_concat;

#define MAX_INPUTS 1024

enum { Y_SCALE, FIRST = 2 };

static const octet_qlinear qlinear = {
    .op = &octet_op_concat, .first = FIRST, .triples = 0, .out = Y_SCALE};

static octet_status infer(octet_infer *in)
{
    return octet_qlinear_infer(in, &qlinear);
}

static octet_status eval(octet_eval *e)
{
    uint32_t n = octet_qlinear_triples(&qlinear, e->n_in);
    octet_qlinear_params y;
    octet_eval f = *e;
    octet_tensor *x;
    const octet_tensor **in;

    if (n == 0 || n > MAX_INPUTS)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "%u tensors are not supported", n);
    x = octet_eval_scratch(e, n * sizeof *x);
    in = octet_eval_scratch(e, n * sizeof *in);
    OCTET_TRY_ALLOC(e->diag, x);
    OCTET_TRY_ALLOC(e->diag, in);
    OCTET_TRY(octet_eval_require(e, FIRST + 1));
    OCTET_TRY(octet_qlinear_params_out(e, Y_SCALE, e->in[FIRST], &y));
    for (uint32_t i = 0; i < n; i++) {
        OCTET_TRY(octet_qtable_convert(e, FIRST + 3 * i, &y, &x[i]));
        in[i] = &x[i];
    }
    f.in = in;
    f.n_in = n;
    f.state = NULL;
    return octet_op_concat.eval(&f);
}

const octet_op octet_op_qlinear_concat = {
    .domain = "com.microsoft",
    .name = "QLinearConcat",
    .since = 1,
    .in = {OCTET_QLINEAR_OUT("Y"), {.name = "inputs", .variadic = true}},
    .out = {{.name = "Y"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = infer,
    .eval = eval,
};
