/* gru.c: GRU
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/recurrent.h"

/* The hidden gate's recurrent part: (r h) R or r (h R). */
static void hidden_part(const octet_recurrence *r, const float *reset, const float *h, float *t,
                        float *y)
{
    const octet_kernels *k = r->k;
    size_t n = r->hidden;

    if (r->linear_before_reset) {
        octet_recurrence_product(r, 2 * n, n, h, y);
        k->mul_f32(n, reset, 1, y, 1, y);
    } else {
        k->mul_f32(n, reset, 1, h, 1, t);
        octet_recurrence_product(r, 2 * n, n, t, y);
    }
}

/* Gates lie in the order z r h. */
static void step(const octet_recurrence *r, float *x, float *h, float *c)
{
    const octet_kernels *k = r->k;
    const octet_activation *f = &r->f[0], *g = &r->f[1];
    size_t n = r->hidden;
    float *update = x, *reset = x + n, *hidden = x + 2 * n, *t = r->scratch;

    (void)c;
    octet_recurrence_product(r, 0, 2 * n, h, t);
    k->add_f32(2 * n, x, 1, t, 1, x);
    octet_recurrence_clip(r, 2 * n, x);
    f->run(f, k, 2 * n, x);
    hidden_part(r, reset, h, t, t + n);
    k->add_f32(n, hidden, 1, t + n, 1, hidden);
    octet_recurrence_clip(r, n, hidden);
    g->run(g, k, n, hidden);
    for (size_t i = 0; i < n; i++)
        h[i] = (1.0f - update[i]) * hidden[i] + update[i] * h[i];
}

static const octet_cell cell_kind = {
    .gates = 3,
    .activations = 2,
    .fallback = {"Sigmoid", "Tanh"},
    .step = step,
};

static octet_status eval(octet_eval *e)
{
    return octet_recurrent_eval(e, &cell_kind);
}

const octet_op octet_op_gru = {
    .domain = "",
    .name = "GRU",
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
