/* qlinear.h: ONNX Runtime's operators on quantized tensors
 * SPDX-License-Identifier: Apache-2.0
 *
 * They are their float operators between dequantized inputs and a quantized output.
 */
#ifndef OCTET_OPS_QLINEAR_H
#define OCTET_OPS_QLINEAR_H

#include "ops/common.h"

typedef struct octet_qlinear {
    const octet_op *op; /* the float operator */
    uint32_t first;     /* input where the triples (tensor, scale, zero point) begin */
    uint32_t triples;   /* 0: as many as there are */
    uint32_t out;       /* inputs out and out + 1 are scale and zero point of the output */
} octet_qlinear;

octet_status octet_qlinear_eval(octet_eval *e, const octet_qlinear *q);
octet_status octet_qlinear_infer(octet_infer *in, const octet_qlinear *q);

#define OCTET_QLINEAR_TRIPLE(name_)                                                                \
    {.name = name_}, {.name = name_ "_scale", .role = OCTET_ROLE_PARAM},                           \
    {                                                                                              \
        .name = name_ "_zero_point", .role = OCTET_ROLE_PARAM, .optional = true                    \
    }
#define OCTET_QLINEAR_OUT(name_)                                                                   \
    {.name = name_ "_scale", .role = OCTET_ROLE_PARAM},                                            \
    {                                                                                              \
        .name = name_ "_zero_point", .role = OCTET_ROLE_PARAM, .optional = true                    \
    }

#endif
