/* reduce_common.h: operators that fold the elements along some axes into one
 * SPDX-License-Identifier: Apache-2.0
 *
 * result = finish(combine over all elements x of map(x)). Elements are taken in row-major order of
 * the reduced axes; a float32 sum is that of the kernels (eight running sums and a fixed tree)
 * whether the elements lie side by side or not.
 */
#ifndef OCTET_OPS_REDUCE_COMMON_H
#define OCTET_OPS_REDUCE_COMMON_H

#include "ops/common.h"

typedef enum octet_combine {
    OCTET_COMBINE_SUM,
    OCTET_COMBINE_PROD,
    OCTET_COMBINE_MAX, /* NaN wins */
    OCTET_COMBINE_MIN, /* NaN wins */
} octet_combine;

/* map and finish NULL: nothing to do. count: elements folded into one. */
typedef struct octet_reduce {
    octet_combine combine;
    bool shifted;     /* the largest element is taken off before map and added after finish */
    bool through_f64; /* integers are computed in double */
    void (*map_f32)(const octet_kernels *k, size_t n, const float *x, float *y); /* x == y too */
    void (*finish_f32)(const octet_kernels *k, size_t n, float *y, float count);
    double (*map_f64)(double x);
    double (*finish_f64)(double x, double count);
    int64_t (*map_i64)(int64_t x);
    int64_t (*finish_i64)(int64_t x, int64_t count, bool is_unsigned);
} octet_reduce;

/* Ways to fold that several operators use. */
extern const octet_reduce octet_reduce_mean, octet_reduce_l1, octet_reduce_l2,
    octet_reduce_sum_square;

/* Axes from input 1 or attribute `axes`, keepdims and noop_with_empty_axes from the node. */
octet_status octet_reduce_eval(octet_eval *e, const octet_reduce *r);
/* Output 0 from input 0 by the axes in mask. */
octet_status octet_reduce_axes(octet_eval *e, const octet_reduce *r, const bool *mask,
                               bool keepdims);
octet_status octet_reduce_infer(octet_infer *in);

/* The part of a descriptor all ten Reduce… have in common. */
#define OCTET_REDUCE_PORTS                                                                         \
    .in = {{.name = "data"}, {.name = "axes", .role = OCTET_ROLE_SHAPE, .optional = true}},        \
    .out = {{.name = "reduced"}}, .infer = octet_reduce_infer, .eval = eval

#endif
