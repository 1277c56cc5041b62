/* unary.h: operators that map one number to one number
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_UNARY_H
#define OCTET_OPS_UNARY_H

#include "ops/op.h"

#include <math.h>

/* f32 is never called with more elements than this, so it may keep temporaries on the stack. */
#define OCTET_UNARY_BLOCK 1024

typedef struct octet_unary_args {
    const octet_kernels *k;
    float p[2];       /* values of the attributes named in octet_unary */
    bool is_unsigned; /* integers: the element type is unsigned */
    const octet_node *node;
} octet_unary_args;

/* What is NULL is not supported, but float32 falls back on f64 or libm, rounded once. */
typedef struct octet_unary {
    const char *attr[2]; /* float attributes, NULL: none */
    float fallback[2];
    void (*f32)(const octet_unary_args *a, size_t n, const float *x, float *y);
    double (*f64)(const octet_unary_args *a, double x);
    double (*libm)(double x);                             /* in place of f64 */
    int64_t (*i64)(const octet_unary_args *a, int64_t x); /* every integer type */
} octet_unary;

octet_status octet_unary_eval(octet_eval *e, const octet_unary *u);

/* Splits n elements into blocks for the threads of e. */
typedef void (*octet_unary_body)(void *arg, int worker, size_t from, size_t count);
void octet_unary_blocks(const octet_eval *e, size_t n, octet_unary_body body, void *arg);

/* The body of most descriptors: input X, output Y of the same type. */
#define OCTET_UNARY_EVAL(table)                                                                    \
    static octet_status eval(octet_eval *e)                                                        \
    {                                                                                              \
        return octet_unary_eval(e, &(table));                                                      \
    }

#endif
