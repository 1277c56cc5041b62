/* qlinear_table.h: functions of one byte as tables of 256
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_QLINEAR_TABLE_H
#define OCTET_OPS_QLINEAR_TABLE_H

#include "ops/qlinear.h"

/* x[256] -> y[256] */
typedef octet_status octet_qtable_function(octet_eval *e, const float *x, float *y);

/* table[i] = Q(function(DQ(i))) with the profile's rounding; function NULL: none. */
octet_status octet_qtable_fill(octet_eval *e, octet_dtype x_type, const octet_qlinear_params *x,
                               const octet_qlinear_params *y, octet_qtable_function *function,
                               uint8_t table[256]);
/* Input 0 with its parameters, 3 and 4 for the output. */
octet_status octet_qtable_eval(octet_eval *e, octet_qtable_function *function);

/* Input `index` with the output's parameters: itself, or a copy in scratch through a table. */
octet_status octet_qtable_convert(octet_eval *e, uint32_t index, const octet_qlinear_params *y,
                                  octet_tensor *out);

/* The float operator on 256 numbers. */
octet_status octet_qtable_operator(octet_eval *e, const octet_op *op, const float *x, float *y);

#endif
