/* overflow.h: can the sums of a quantized model overflow?
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OVERFLOW_H
#define OCTET_OVERFLOW_H

#include "octet/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the sums of one output channel can reach, whatever the input. */
typedef struct octet_overflow_channel {
    const char *node;    /* its name, perhaps "" */
    const char *op_type; /* as ONNX Runtime runs it: QLinearConv, QGemm … */
    const char *weight;  /* name of the weight tensor */
    long long channel;   /* of the node's output, from 0; -1: all, the weights are computed */
    /* Sums of two products, which x86 processors with AVX2 and no VNNI hold in 16 bits (profile
     * "ort-avx2"); 0 and 0 where no such instruction is used. */
    long long pair_min, pair_max;
    /* Partial sums with bias and zero points in any order, which every target holds in 32 bits. */
    long long sum_min, sum_max;
    bool pair_overflows, sum_overflows;
} octet_overflow_channel;

/* All channels of one node together. */
typedef struct octet_overflow_node {
    const char *node, *op_type, *weight;
    long long channels;                    /* 1 where the weights are computed */
    long long pair_channels, sum_channels; /* that can overflow */
    long long pair_min, pair_max, sum_min, sum_max;
    long long longest; /* more products to a sum, of a length the model leaves open, could overflow
                          32 bits; -1: the length is known */
} octet_overflow_node;

typedef struct octet_overflow {
    bool certified;                   /* nothing can overflow */
    const octet_overflow_node *nodes; /* integer products in graph order */
    size_t n_nodes;
    const octet_overflow_channel *channels; /* those that can overflow, the worst first */
    size_t n_channels;
} octet_overflow;

#define OCTET_OVERFLOW_PAIR_MIN (-32768)
#define OCTET_OVERFLOW_PAIR_MAX 32767

/* Bounds the sums of every integer Conv, Gemm and MatMul, taking each activation for any value of
 * its integer type. The bounds hold for every input; those of pairs are reached by some input. The
 * model is QDQ or made of integer operators, as octet_model_open() returns it; afterwards it is
 * only good for octet_model_destroy(). On success *out is the caller's, freed with
 * octet_overflow_free().
 */
OCTET_API octet_status octet_overflow_check(octet_context *ctx, octet_model *model,
                                            octet_overflow **out);
OCTET_API void octet_overflow_free(octet_overflow *overflow); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
