/* elementwise.h: operators on two or more tensors with numpy broadcasting
 * SPDX-License-Identifier: Apache-2.0
 *
 * An operator gives one loop per element type. A descriptor that supports the usual types says
 *
 *     #define LOOP(T, W) OCTET_BINARY_LOOP(T, T, (T)((W)u + (W)v))
 *     OCTET_FLOATS(LOOP) OCTET_INTEGERS(LOOP)
 *     static const octet_binary_loop loops[OCTET_DTYPE_COUNT] = {OCTET_FLOAT_LOOPS, …};
 *
 * W is the type to compute in: the type itself for floats, the unsigned type without the promotion
 * to int for integers, so that overflow wraps.
 */
#ifndef OCTET_OPS_ELEMENTWISE_H
#define OCTET_OPS_ELEMENTWISE_H

#include "ops/common.h"

/* y[i] = f(a[i * sa], b[i * sb]); sa and sb are 0 or 1, both 0 only when n is 1. */
typedef void (*octet_binary_loop)(const octet_kernels *k, size_t n, const void *a, size_t sa,
                                  const void *b, size_t sb, void *y);

/* loops: by element type of the inputs. result UNDEFINED: the type of the inputs. */
octet_status octet_binary_eval(octet_eval *e, const octet_binary_loop *loops, octet_dtype result);
/* Inputs 0 and 1 as given tensors into output 0, which has the given type. */
octet_status octet_binary_eval_on(octet_eval *e, octet_binary_loop loop, const octet_tensor *a,
                                  const octet_tensor *b, octet_dtype result);
/* ((in0 f in1) f in2) …; one input is copied. */
octet_status octet_variadic_eval(octet_eval *e, const octet_binary_loop *loops);

octet_status octet_infer_compare(octet_infer *in); /* broadcast, bool */

/* DATA error when an integer divisor (input 1) has a zero. */
octet_status octet_check_divisor(octet_eval *e);

#define OCTET_BINARY_LOOP_NAMED(name, T, R, result)                                                \
    static void name(const octet_kernels *k, size_t n, const void *a, size_t sa, const void *b,    \
                     size_t sb, void *y)                                                           \
    {                                                                                              \
        const T *p = (const T *)a, *q = (const T *)b;                                              \
        R *restrict r = (R *)y;                                                                    \
                                                                                                   \
        (void)k;                                                                                   \
        if (sb == 0) {                                                                             \
            const T v = q[0];                                                                      \
            for (size_t i = 0; i < n; i++) {                                                       \
                const T u = p[i];                                                                  \
                r[i] = (result);                                                                   \
            }                                                                                      \
        } else if (sa == 0) {                                                                      \
            const T u = p[0];                                                                      \
            for (size_t i = 0; i < n; i++) {                                                       \
                const T v = q[i];                                                                  \
                r[i] = (result);                                                                   \
            }                                                                                      \
        } else {                                                                                   \
            for (size_t i = 0; i < n; i++) {                                                       \
                const T u = p[i], v = q[i];                                                        \
                r[i] = (result);                                                                   \
            }                                                                                      \
        }                                                                                          \
    }

#define OCTET_BINARY_LOOP(T, R, result) OCTET_BINARY_LOOP_NAMED(loop_##T, T, R, result)

/* The loop for float32 that the kernel table has. */
#define OCTET_KERNEL_LOOP(kernel)                                                                  \
    static void loop_float(const octet_kernels *k, size_t n, const void *a, size_t sa,             \
                           const void *b, size_t sb, void *y)                                      \
    {                                                                                              \
        k->kernel(n, (const float *)a, sa, (const float *)b, sb, (float *)y);                      \
    }

/* X(element type, type to compute in) */
#define OCTET_FLOATS(X) X(float, float) X(double, double)
#define OCTET_SIGNED(X)                                                                            \
    X(int8_t, uint32_t) X(int16_t, uint32_t) X(int32_t, uint32_t) X(int64_t, uint64_t)
#define OCTET_UNSIGNED(X)                                                                          \
    X(uint8_t, uint32_t) X(uint16_t, uint32_t) X(uint32_t, uint32_t) X(uint64_t, uint64_t)
#define OCTET_INTEGERS(X) OCTET_SIGNED(X) OCTET_UNSIGNED(X)

#define OCTET_FLOAT_LOOPS [OCTET_DTYPE_FLOAT32] = loop_float, [OCTET_DTYPE_FLOAT64] = loop_double
#define OCTET_SIGNED_LOOPS                                                                         \
    [OCTET_DTYPE_INT8] = loop_int8_t, [OCTET_DTYPE_INT16] = loop_int16_t,                          \
    [OCTET_DTYPE_INT32] = loop_int32_t, [OCTET_DTYPE_INT64] = loop_int64_t
#define OCTET_UNSIGNED_LOOPS                                                                       \
    [OCTET_DTYPE_UINT8] = loop_uint8_t, [OCTET_DTYPE_UINT16] = loop_uint16_t,                      \
    [OCTET_DTYPE_UINT32] = loop_uint32_t, [OCTET_DTYPE_UINT64] = loop_uint64_t
#define OCTET_INTEGER_LOOPS OCTET_SIGNED_LOOPS, OCTET_UNSIGNED_LOOPS

#endif
