/* recurrent.h: what LSTM, GRU and RNN share
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_RECURRENT_H
#define OCTET_OPS_RECURRENT_H

#include "ops/common.h"

#define OCTET_MAX_ACTIVATIONS 3

/* ---- activation functions by name */

typedef struct octet_activation {
    void (*run)(const struct octet_activation *a, const octet_kernels *k, size_t n, float *x);
    float alpha, beta;
} octet_activation;

/* Reads `count` functions per direction from the attributes activations, activation_alpha and
 * activation_beta; out holds directions * count. */
octet_status octet_activations_read(const octet_node *node, uint32_t directions, uint32_t count,
                                    const char *const *fallback, octet_activation *out,
                                    octet_diag *diag);

/* ---- one direction while it runs */

typedef struct octet_recurrence {
    const octet_kernels *k;
    size_t hidden, gates;  /* gates: of the cell kind, 1, 3 or 4 */
    const float *r;        /* R transposed: [hidden, gates * hidden] */
    const float *r_bias;   /* [gates * hidden], or NULL */
    const float *peephole; /* [3 * hidden], or NULL */
    octet_activation f[OCTET_MAX_ACTIVATIONS];
    float clip;               /* INFINITY: none */
    bool coupled;             /* LSTM: f = 1 - i */
    bool linear_before_reset; /* GRU */
    float *scratch;           /* 2 * gates * hidden floats */
} octet_recurrence;

/* y[0..n) = v R + bias for columns [from, from + n) of R. */
void octet_recurrence_product(const octet_recurrence *r, size_t from, size_t n, const float *v,
                              float *y);
void octet_recurrence_clip(const octet_recurrence *r, size_t n, float *x);

typedef struct octet_cell {
    uint32_t gates, activations;
    const char *fallback[OCTET_MAX_ACTIVATIONS];
    bool has_state; /* a second state, inputs initial_c and P, output Y_c */
    /* x: input part of the gates, [gates * hidden], may be changed; h and c are updated. */
    void (*step)(const octet_recurrence *r, float *x, float *h, float *c);
} octet_cell;

octet_status octet_recurrent_eval(octet_eval *e, const octet_cell *cell);
octet_status octet_recurrent_infer(octet_infer *in);
/* Transposes constant W and R once. */
octet_status octet_recurrent_prepare(const octet_graph *g, const octet_node *node,
                                     const octet_tensor *const *constant, const octet_kernels *k,
                                     octet_arena *arena, const void **state, octet_diag *diag);

#endif
