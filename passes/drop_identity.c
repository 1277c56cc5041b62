/* drop_identity.c: remove nodes that only pass their input on
 * SPDX-License-Identifier: Apache-2.0
 *
 *     c = Conv(x, w)   i = Identity(c)   y = Relu(i)   ->   c = Conv(x, w)   y = Relu(c)
 *
 * Identity, Dropout at inference, Cast to the same type, Pad by nothing, Transpose that keeps the
 * order, sums and concatenations of one, and whatever changes shapes but not this one. Such a node
 * carries no arithmetic, but it hides a Relu from the Conv in front of it and would be observed for
 * itself. A graph output keeps its name.
 */
#include "engine/walk.h"

#include <string.h>

static bool always(const octet_graph *g, const octet_node *n)
{
    (void)g;
    (void)n;
    return true;
}

static bool single_input(const octet_graph *g, const octet_node *n)
{
    (void)g;
    return n->n_inputs == 1;
}

/* Not in training, and the mask is not wanted. */
static bool dropout(const octet_graph *g, const octet_node *n)
{
    const octet_value *mask = octet_node_output(g, n, 1);
    octet_value_id training = octet_node_input_id(n, 2);
    double on = 0;

    if (mask != NULL && mask->n_uses > 0)
        return false;
    return training == OCTET_NO_VALUE || (octet_const_scalar(g, training, &on) && on == 0);
}

static bool cast(const octet_graph *g, const octet_node *n)
{
    const octet_type *from = &octet_node_input(g, n, 0)->type;

    return from->kind == OCTET_TYPE_TENSOR && from->dtype != OCTET_DTYPE_UNDEFINED &&
           (int64_t)from->dtype == octet_node_int(n, "to", 0);
}

static bool pad(const octet_graph *g, const octet_node *n)
{
    int64_t pads[2 * OCTET_MAX_RANK];
    uint32_t count;

    if (!octet_const_ints(g, octet_node_input_id(n, 1), pads, 2 * OCTET_MAX_RANK, &count))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (pads[i] != 0)
            return false;
    return true;
}

static bool transpose(const octet_graph *g, const octet_node *n)
{
    uint32_t count;
    const int64_t *perm = octet_node_ints(n, "perm", &count);

    (void)g;
    for (uint32_t i = 0; i < count; i++)
        if (perm[i] != (int64_t)i)
            return false;
    return count > 0;
}

static bool same_type(const octet_graph *g, const octet_node *n)
{
    return octet_type_equal(&octet_node_input(g, n, 0)->type, &octet_node_output(g, n, 0)->type);
}

/* The same shape with steps of 1 means all of it. */
static bool slice(const octet_graph *g, const octet_node *n)
{
    octet_value_id id = octet_node_input_id(n, 4);
    int64_t steps[OCTET_MAX_RANK];
    uint32_t count = 0;

    if (id != OCTET_NO_VALUE && !octet_const_ints(g, id, steps, OCTET_MAX_RANK, &count))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (steps[i] != 1)
            return false;
    return same_type(g, n);
}

static const struct {
    const char *op;
    bool (*passes_on)(const octet_graph *g, const octet_node *n);
} table[] = {
    {"Identity", always},     {"Dropout", dropout},
    {"Cast", cast},           {"Pad", pad},
    {"Transpose", transpose}, {"Concat", single_input},
    {"Sum", single_input},    {"Mean", single_input},
    {"Max", single_input},    {"Min", single_input},
    {"Reshape", same_type},   {"Flatten", same_type},
    {"Expand", same_type},    {"Tile", same_type},
    {"Squeeze", same_type},   {"Unsqueeze", same_type},
    {"Slice", slice},
};

static bool passes_on(const octet_graph *g, const octet_node *n)
{
    if (n->domain[0] != '\0' || octet_node_input(g, n, 0) == NULL ||
        octet_node_output(g, n, 0) == NULL)
        return false;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(n->op_type, table[i].op) == 0)
            return table[i].passes_on(g, n);
    return false;
}

static octet_status visit(octet_graph *g, octet_node *n, octet_pass_ctx *ctx)
{
    return passes_on(g, n) ? octet_pass_bypass(g, n, n->inputs[0], ctx) : OCTET_OK;
}

static octet_status run(octet_model *model, octet_pass_ctx *ctx)
{
    return octet_pass_each_node(model->graph, ctx, visit);
}

const octet_pass octet_pass_drop_identity = {
    .name = "drop-identity",
    .summary = "remove nodes that only pass their input on",
    .run = run,
};
