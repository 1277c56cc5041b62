/* rnn.c: RNN
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/recurrent.h"

#include <string.h>

static void step(const octet_recurrence *r, float *x, float *h, float *c)
{
    (void)c;
    octet_recurrence_product(r, 0, r->hidden, h, r->scratch);
    r->k->add_f32(r->hidden, x, 1, r->scratch, 1, x);
    octet_recurrence_clip(r, r->hidden, x);
    r->f[0].run(&r->f[0], r->k, r->hidden, x);
    memcpy(h, x, r->hidden * sizeof *h);
}

static const octet_cell cell_kind = {
    .gates = 1,
    .activations = 1,
    .fallback = {"Tanh"},
    .step = step,
};

static octet_status eval(octet_eval *e)
{
    return octet_recurrent_eval(e, &cell_kind);
}

const octet_op octet_op_rnn = {
    .domain = "",
    .name = "RNN",
    .since = 7,
    .in = {{.name = "X"},
           {.name = "W", .role = OCTET_ROLE_WEIGHT},
           {.name = "R", .role = OCTET_ROLE_WEIGHT},
           {.name = "B", .role = OCTET_ROLE_BIAS, .optional = true},
           {.name = "sequence_lens", .role = OCTET_ROLE_SHAPE, .optional = true},
           {.name = "initial_h", .optional = true}},
    .out = {{.name = "Y", .optional = true}, {.name = "Y_h", .optional = true}},
    .infer = octet_recurrent_infer,
    .eval = eval,
    .prepare = octet_recurrent_prepare,
};
