/* sums.h: how large the sums of an integer product can get
 * SPDX-License-Identifier: Apache-2.0
 *
 * ONNX Runtime multiplies u8 by s8 with vpmaddubsw where the processor has AVX2 and no VNNI: the
 * sum of two products is held in 16 bits and saturates. Which two is docs/numerics.md's matter;
 * here they are neighbours in the order of octet_reduction.
 */
#ifndef OCTET_PASSES_SUMS_H
#define OCTET_PASSES_SUMS_H

#include "graph/graph.h"

#define OCTET_PAIR_MIN INT16_MIN
#define OCTET_PAIR_MAX INT16_MAX

/* Where the weights of one output channel lie in a weight tensor. Element r of channel c of matrix
 * b is at b * batch_step + c * channel_step + r / inner * outer_step + r % inner * inner_step. */
typedef struct octet_reduction {
    int64_t batches, channels, k; /* matrices; channels of each; products to a sum. -1: not known */
    int64_t batch_step, channel_step, outer_step, inner_step, inner;
    octet_dtype x, w; /* neighbours saturate for operands of these types; UNDEFINED: never */
} octet_reduction;

/* The reduction of a Conv, Gemm, MatMul or one of their integer forms; dims of its weight, -1 where
 * not known. false: another operator, or its weight has no such shape. */
bool octet_reduction_of(const octet_node *node, int32_t rank, const int64_t *dims,
                        octet_reduction *out);

typedef struct octet_interval {
    int64_t lo, hi;
} octet_interval;

/* What is known of the operands besides the weights. */
typedef struct octet_sum_inputs {
    octet_interval x;      /* values as they are stored */
    octet_interval x_zero; /* a zero point that is not constant: the same as x */
    octet_interval bias;
    int64_t w_zero;
} octet_sum_inputs;

/* Weights as bytes of uint8 or int8. */
typedef struct octet_sum_weights {
    const uint8_t *data;
    bool is_signed;
} octet_sum_weights;

octet_interval octet_product_range(octet_interval a, octet_interval b);
/* What two neighbours of a channel can add up to: the widest pair, reached by some input. The empty
 * sum, 0, is in it. */
octet_interval octet_pair_range(const octet_reduction *r, const octet_sum_weights *w, int64_t batch,
                                int64_t channel, octet_interval x);
/* What a sum can reach on its way, whatever the order of its terms: products of the stored values
 * with the terms of the zero points, or products of their distances from the zero points; and the
 * bias. */
octet_interval octet_sum_range(const octet_reduction *r, const octet_sum_weights *w, int64_t batch,
                               int64_t channel, const octet_sum_inputs *in);
/* The same for any weights in an interval; k products. */
octet_interval octet_sum_range_any(int64_t k, octet_interval w, const octet_sum_inputs *in);

#endif
