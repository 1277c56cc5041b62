/* qlinear_pool.h: means of quantized channels
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_QLINEAR_POOL_H
#define OCTET_OPS_QLINEAR_POOL_H

#include "ops/qlinear.h"

/* Output 0 = the mean of each channel of input 0 (parameters of the output: inputs 3 and 4), by
 * sums of integers; false where the profile works with floats. */
bool octet_qpool_has_integers(octet_arith arith);
octet_status octet_qpool_global(octet_eval *e);

#endif
