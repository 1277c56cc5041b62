/* qlinear_where.c: QLinearWhere of com.microsoft
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/qlinear_table.h"

extern const octet_op octet_op_where;

enum { CONDITION, X, Y = 4, Z_SCALE = 7 };

static octet_status infer(octet_infer *in)
{
    const octet_type *types[3] = {NULL};
    const octet_tensor *constant[3] = {NULL};
    const octet_sym *values[3] = {NULL};
    uint32_t counts[3] = {0}, from[3] = {CONDITION, X, Y};
    octet_infer f = *in;

    for (uint32_t i = 0; i < 3; i++)
        types[i] = from[i] < in->n_in ? in->in[from[i]] : NULL;
    f.in = types;
    f.n_in = 3;
    f.constant = constant;
    f.shape_value = values;
    f.shape_count = counts;
    return octet_op_where.infer(&f);
}

static octet_status eval(octet_eval *e)
{
    octet_qlinear_params z;
    octet_tensor x, y;
    octet_eval f = *e;

    OCTET_TRY(octet_eval_require(e, X + 1));
    OCTET_TRY(octet_qlinear_params_out(e, Z_SCALE, e->in[X], &z));
    OCTET_TRY(octet_qtable_convert(e, X, &z, &x));
    OCTET_TRY(octet_qtable_convert(e, Y, &z, &y));
    const octet_tensor *in[3] = {e->in[CONDITION], &x, &y};
    f.in = in;
    f.n_in = 3;
    return octet_op_where.eval(&f);
}

const octet_op octet_op_qlinear_where = {
    .domain = "com.microsoft",
    .name = "QLinearWhere",
    .since = 1,
    .in = {{.name = "condition", .role = OCTET_ROLE_PARAM},
           OCTET_QLINEAR_TRIPLE("X"),
           OCTET_QLINEAR_TRIPLE("Y"),
           OCTET_QLINEAR_OUT("Z")},
    .out = {{.name = "Z"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = infer,
    .eval = eval,
};
