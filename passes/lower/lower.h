/* lower.h: inside of the lowering of QDQ models
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_PASSES_LOWER_LOWER_H
#define OCTET_PASSES_LOWER_LOWER_H

#include "engine/lower.h"
#include "engine/walk.h"

#define OCTET_LOWER_STAMP "lower-qdq"
#define OCTET_MS_DOMAIN "com.microsoft"

/* ---- Q and DQ nodes */

enum { OCTET_Q_X, OCTET_Q_SCALE, OCTET_Q_ZERO }; /* inputs of both */

bool octet_is_q(const octet_node *n);
bool octet_is_dq(const octet_node *n);
octet_node *octet_dq_of(const octet_graph *g, const octet_node *n, uint32_t input); /* or NULL */
/* The one Q that is the only use of output `index`, else NULL. */
octet_node *octet_only_q(const octet_graph *g, const octet_node *n, uint32_t index);
/* Element type on the integer side; UNDEFINED when it is not known. */
octet_dtype octet_q_dtype(const octet_graph *g, const octet_node *q_or_dq);
/* One constant scale and zero point (0 when absent); *has_zero may be NULL. */
bool octet_q_params(const octet_graph *g, const octet_node *q_or_dq, float *scale,
                    int32_t *zero_point, bool *has_zero);
/* Equal type, scale and zero point, all constant and given. */
bool octet_q_same(const octet_graph *g, const octet_node *a, const octet_node *b);
/* A scale of one element. */
bool octet_q_per_tensor(const octet_graph *g, const octet_node *q_or_dq);
/* The zero point input, made if it is absent. */
octet_status octet_q_zero_point(octet_graph *g, octet_node *q_or_dq, octet_value_id *out,
                                octet_pass_ctx *ctx);

/* New QuantizeLinear and DequantizeLinear with the parameters of `like` between a value and some of
 * its uses. */
octet_status octet_q_insert(octet_graph *g, octet_value_id value, const octet_use *uses, uint32_t n,
                            const octet_node *like, octet_pass_ctx *ctx);

/* ---- groups: a node, the DQs before it and the Q behind it */

typedef struct octet_group {
    octet_graph *g;
    octet_node *node;
    octet_node **dq;         /* by input, NULL: none; has at least 3 entries */
    uint32_t n_inputs, n_dq; /* inputs that are given; how many of them are DQs */
    octet_node *q;           /* of output 0, when that is its only use */
    bool some_q;             /* a Q reads output 0, perhaps among others */
    bool signed_allowed;     /* x of int8 or int16 */
    octet_pass_ctx *ctx;
} octet_group;

/* What a rule says: the node was changed, or why it was not. */
typedef struct octet_verdict {
    const char *became, *why;
} octet_verdict;

typedef octet_status octet_lower_visit(octet_group *group, octet_verdict *out);

typedef struct octet_lower_rule {
    const char *op_type;
    octet_lower_visit *visit;
} octet_lower_rule;

/* Tables by family, ended by {NULL}. */
extern const octet_lower_rule octet_lower_heavy[], octet_lower_light[], octet_lower_moved[];

bool octet_is_8bit(octet_dtype dtype);
/* x and y are both 8-bit of one type: the common condition; sets why. */
bool octet_group_types(const octet_group *group, octet_verdict *out);

/* Inputs of a new operator, gathered one after the other. */
typedef struct octet_inputs {
    octet_value_id *v;
    uint32_t n;
} octet_inputs;

octet_status octet_inputs_init(octet_inputs *in, const octet_group *group);
void octet_inputs_add(octet_inputs *in, octet_value_id v);
/* Tensor, scale, zero point of a DQ; scale and zero point of a Q. */
octet_status octet_inputs_add_dq(octet_inputs *in, const octet_group *group, octet_node *dq);
octet_status octet_inputs_add_q(octet_inputs *in, const octet_group *group);

/* The node becomes op_type of domain on those inputs and makes what its Q made (or what it made, if
 * there is none). */
octet_status octet_group_become(const octet_group *group, const char *op_type, const char *domain,
                                const octet_inputs *in);

/* ---- what goes before */

octet_status octet_lower_activations(octet_graph *g, octet_pass_ctx *ctx);
octet_status octet_lower_products(octet_graph *g, octet_pass_ctx *ctx);
octet_status octet_lower_propagate(octet_graph *g, octet_pass_ctx *ctx);
octet_status octet_lower_biases(octet_graph *g, octet_pass_ctx *ctx);
octet_status octet_lower_signs(octet_graph *g, octet_pass_ctx *ctx);

#endif
