/* linear.h: Conv, ConvTranspose, Gemm and MatMul with a constant weight, by output channel
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_PASSES_LINEAR_H
#define OCTET_PASSES_LINEAR_H

#include "engine/pass.h"

/* The weight's elements are groups × rows × per_group × inner, and belong to the output channel
 * (group, index in per_group). */
typedef struct octet_linear {
    octet_graph *g;
    octet_node *n;
    octet_value *weight; /* input 1 */
    const octet_tensor *payload;
    int64_t channels, per_group, inner, rows;
    bool last_axis; /* channels are the last dim of the result; else dim 1 */
    bool bias_port; /* input 2 is a bias; MatMul has none */
} octet_linear;

/* false if n is none of these operators or its weight is no float constant. */
bool octet_linear_init(octet_linear *l, octet_graph *g, octet_node *n);
/* Rank of the result, -1 when unknown. */
int32_t octet_linear_rank(const octet_linear *l);
/* Elements of a constant operand of the result that broadcasts along the channels alone: one for
 * each. false if the constant would change the result's shape or differs within a channel. */
bool octet_linear_operand(const octet_linear *l, octet_value_id id, double *out);
/* Elements of a constant vector with one for each channel. */
bool octet_linear_vector(const octet_linear *l, octet_value_id id, double *out);
/* dst = weight · scale of its channel, computed in double and rounded once; dst has the weight's
 * size. false: the element type cannot be converted. */
bool octet_linear_scale(const octet_linear *l, const double *scale, void *dst);

#endif
