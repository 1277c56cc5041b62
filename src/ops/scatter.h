/* scatter.h: what the scattering operators share
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_SCATTER_H
#define OCTET_OPS_SCATTER_H

#include "ops/op.h"

/* to[0..n) = reduction(to[i], from[i]). */
typedef void (*octet_scatter_update)(void *to, const void *from, int64_t n, size_t element);

/* Output 0 becomes a copy of input 0; the update is the one that attribute `reduction` asks for. */
octet_status octet_scatter_prepare(octet_eval *e, size_t *element, octet_scatter_update *update);

#endif
