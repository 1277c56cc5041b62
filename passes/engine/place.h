/* place.h: writes a resolved annotation into the graph as Q/DQ
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_PASSES_PLACE_H
#define OCTET_PASSES_PLACE_H

#include "engine/annotate.h"

typedef struct octet_place_result {
    uint32_t pairs;            /* Q/DQ pairs on activations */
    uint32_t weights, biases;  /* initializers stored in integers */
    int64_t enlarged_channels; /* weight scales enlarged so that a bias fits int32 */
    int64_t narrowed_channels; /* output channels whose weights keep 7 bits */
} octet_place_result;

typedef struct octet_place_options {
    bool avoid_saturation; /* no sum of two products may leave 16 bits (engine/narrow.h) */
} octet_place_options;

/* Adds QuantizeLinear/DequantizeLinear and integer initializers for every unit that is still
 * quantized. Float initializers that nothing reads any more remain until dead ones are removed.
 * Graph inputs and outputs keep names and types. */
octet_status octet_place_qdq(octet_annotation *a, const octet_place_options *options,
                             octet_place_result *out, octet_diag *diag);

#endif
