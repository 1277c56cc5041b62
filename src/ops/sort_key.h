/* sort_key.h: elements of any number type as unsigned keys in the same order
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_SORT_KEY_H
#define OCTET_OPS_SORT_KEY_H

#include "ops/op.h"

/* keys[i] < keys[j] as element i < element j; equal elements (also 0 and -0) get equal keys; NaN
 * comes last. Scratch of the evaluation. */
octet_status octet_sort_keys(octet_eval *e, const octet_tensor *t, uint64_t **keys);

#endif
