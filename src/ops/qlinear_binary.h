/* qlinear_binary.h: QLinearAdd and QLinearMul as kernels of integers compute them
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_QLINEAR_BINARY_H
#define OCTET_OPS_QLINEAR_BINARY_H

#include "ops/elementwise.h"
#include "ops/qlinear.h"

/* What a loop over rows (octet_binary_loop) gets instead of the kernels alone. */
typedef struct octet_qbinary {
    octet_kernels k; /* first: octet_binary_loop's k points here */
    octet_qlinear_params a, b, y;
    octet_qrange range; /* of both inputs and the output: one type */
} octet_qbinary;

/* Inputs 0 and 3 with their parameters, 6 and 7 for the output, broadcast, row by row as e->arith
 * wants: UNSUPPORTED there unless all three tensors have one type. Where it has no kernel of
 * integers, by the float operator. */
octet_status octet_qbinary_eval(octet_eval *e, octet_binary_loop ort, octet_binary_loop fixed,
                                const octet_qlinear *otherwise);

#endif
