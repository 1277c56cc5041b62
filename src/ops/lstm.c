/* lstm.c: LSTM
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/recurrent.h"

/* Gates lie in the order i o f c, peepholes in the order i o f. */
static void step(const octet_recurrence *r, float *x, float *h, float *c)
{
    const octet_kernels *k = r->k;
    const octet_activation *f = &r->f[0], *g = &r->f[1], *a = &r->f[2];
    size_t n = r->hidden;
    float *i = x, *o = x + n, *forget = x + 2 * n, *cell = x + 3 * n, *t = r->scratch;

    octet_recurrence_product(r, 0, 4 * n, h, t);
    k->add_f32(4 * n, x, 1, t, 1, x);
    for (size_t m = 0; r->peephole != NULL && m < n; m++) {
        i[m] += r->peephole[m] * c[m];
        forget[m] += r->peephole[2 * n + m] * c[m];
    }
    octet_recurrence_clip(r, 4 * n, x);
    f->run(f, k, n, i);
    f->run(f, k, n, forget);
    g->run(g, k, n, cell);
    for (size_t m = 0; r->coupled && m < n; m++)
        forget[m] = 1.0f - i[m];
    for (size_t m = 0; m < n; m++)
        c[m] = forget[m] * c[m] + i[m] * cell[m];
    for (size_t m = 0; r->peephole != NULL && m < n; m++)
        o[m] += r->peephole[n + m] * c[m];
    octet_recurrence_clip(r, n, o);
    f->run(f, k, n, o);
    for (size_t m = 0; m < n; m++)
        t[m] = c[m];
    a->run(a, k, n, t);
    k->mul_f32(n, o, 1, t, 1, h);
}

static const octet_cell cell_kind = {
    .gates = 4,
    .activations = 3,
    .fallback = {"Sigmoid", "Tanh", "Tanh"},
    .has_state = true,
    .step = step,
};

static octet_status eval(octet_eval *e)
{
    return octet_recurrent_eval(e, &cell_kind);
}

const octet_op octet_op_lstm = {
    .domain = "",
    .name = "LSTM",
    .since = 7,
    .in = {{.name = "X"},
           {.name = "W", .role = OCTET_ROLE_WEIGHT},
           {.name = "R", .role = OCTET_ROLE_WEIGHT},
           {.name = "B", .role = OCTET_ROLE_BIAS, .optional = true},
           {.name = "sequence_lens", .role = OCTET_ROLE_SHAPE, .optional = true},
           {.name = "initial_h", .optional = true},
           {.name = "initial_c", .optional = true},
           {.name = "P", .role = OCTET_ROLE_PARAM, .optional = true}},
    .out = {{.name = "Y", .optional = true},
            {.name = "Y_h", .optional = true},
            {.name = "Y_c", .optional = true}},
    .infer = octet_recurrent_infer,
    .eval = eval,
    .prepare = octet_recurrent_prepare,
};
