/* lower.h: the integer operators that a runtime makes of a QDQ model
 * SPDX-License-Identifier: Apache-2.0
 *
 * The graph that a runtime executes, made from the one that was written for it. For `octet run
 * --as` and for saying which nodes run in integers.
 */
#ifndef OCTET_PASSES_LOWER_H
#define OCTET_PASSES_LOWER_H

#include "engine/pass.h"

typedef enum octet_lower_rules {
    OCTET_LOWER_NONE,  /* the runtime runs each node by itself */
    OCTET_LOWER_ORT,   /* ONNX Runtime's optimizer on x86 */
    OCTET_LOWER_FIXED, /* the same groups, but int8 stays int8 */
} octet_lower_rules;

/* Told of every node behind a DequantizeLinear: what it became (its new operator), or NULL and why
 * it stays float. The node is the changed one. */
typedef void (*octet_lower_told)(void *user, const octet_graph *g, const octet_node *node,
                                 const char *became, const char *why);

/* The model must have been prepared: types are known, opset 13 or more. */
octet_status octet_lower(octet_model *model, octet_lower_rules rules, octet_lower_told told,
                         void *user, octet_diag *diag);

/* octet_lower() by ONNX Runtime's rules as a pass; not part of the pipeline. */
extern const octet_pass octet_pass_lower_qdq;

#endif
