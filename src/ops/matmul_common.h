/* matmul_common.h: what the matrix products share
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_MATMUL_COMMON_H
#define OCTET_OPS_MATMUL_COMMON_H

#include "ops/common.h"
#include "ops/fused.h"

/* A matrix in a tensor: element (i, j) is data[i * row + j * col]. */
typedef struct octet_matrix {
    const void *data;
    size_t row, col;
} octet_matrix;

/* Panels of A and B, zero at first; kept between products of the same sizes in one evaluation. */
typedef struct octet_matmul_panels {
    float *a, *b;
} octet_matmul_panels;

/* C (m x n, dense) = A B + bias, which is a row of n (NULL: none), finished (NULL: not). b_packed
 * (or NULL) is B in panels. */
typedef struct octet_matmul_job {
    size_t m, n, k;
    octet_matrix a, b;
    const float *b_packed, *bias;
    const octet_finish *finish;
    float *c;
} octet_matmul_job;

octet_status octet_matmul_f32(octet_eval *e, octet_matmul_panels *panels,
                              const octet_matmul_job *job);
/* Copy of a tensor of any number type as double or as int64 bits (integers wrap); then C = A B. */
octet_status octet_eval_doubles(octet_eval *e, const octet_tensor *t, const double **out);
octet_status octet_eval_integers(octet_eval *e, const octet_tensor *t, const int64_t **out);
void octet_matmul_f64(size_t m, size_t n, size_t k, octet_matrix a, octet_matrix b, double *c);
void octet_matmul_i64(size_t m, size_t n, size_t k, octet_matrix a, octet_matrix b, int64_t *c);

/* The numpy rules: batch dims broadcast, a 1-D operand gets a dim of 1 that is dropped again. */
typedef struct octet_matmul_shape {
    int64_t m, n, k;
    int32_t batch_rank;
    int64_t batch[OCTET_MAX_RANK];
    int64_t a_step[OCTET_MAX_RANK], b_step[OCTET_MAX_RANK]; /* in matrices */
    int64_t batches;
    int32_t rank;
    int64_t dims[OCTET_MAX_RANK]; /* of the result */
} octet_matmul_shape;

octet_status octet_matmul_resolve(octet_eval *e, const octet_tensor *a, const octet_tensor *b,
                                  octet_matmul_shape *out);
/* Which matrices of A and B batch i multiplies. */
void octet_matmul_batch(const octet_matmul_shape *s, int64_t i, int64_t *a, int64_t *b);
octet_status octet_matmul_infer(octet_infer *in, uint32_t a, uint32_t b, octet_dtype dtype);

/* Packs `count` constant k x n matrices of a float tensor into the arena as a prepared state. */
octet_status octet_matmul_pack(const octet_kernels *kernels, octet_arena *arena,
                               const octet_tensor *b, size_t count, size_t k, size_t n, size_t row,
                               size_t col, const void **state, octet_diag *diag);

/* octet_quant_facts.weight_axis of the matrix products. */
int octet_matmul_weight_axis(const octet_node *node, int weight_rank);
int octet_gemm_weight_axis(const octet_node *node, int weight_rank);

#endif
