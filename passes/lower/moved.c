/* moved.c: operators that move or select elements run on integers as they are
 * SPDX-License-Identifier: Apache-2.0
 *
 *     y = Q(Reshape(DQ(x), s))  ->  y = Reshape(x, s)
 *
 * where Q and DQ have the same parameters.
 */
#include "lower/lower.h"

#include <string.h>

/* One DQ, at input 0. */
static bool one_dq(const octet_group *group, octet_verdict *out)
{
    if (group->n_dq != 1 || group->dq[0] == NULL) {
        out->why = "more than its data comes from integers";
        return false;
    }
    return true;
}

static octet_status drop(octet_group *group, octet_verdict *out)
{
    octet_inputs in;

    OCTET_TRY(octet_inputs_init(&in, group));
    for (uint32_t i = 0; i < group->node->n_inputs; i++)
        octet_inputs_add(&in, group->node->inputs[i]);
    in.v[0] = group->dq[0]->inputs[OCTET_Q_X];
    out->became = group->node->op_type;
    return octet_group_become(group, out->became, NULL, &in);
}

static octet_status visit(octet_group *group, octet_verdict *out)
{
    if (!one_dq(group, out))
        return OCTET_OK;
    if (group->q == NULL)
        out->why = group->some_q ? "others than its QuantizeLinear use the output"
                                 : "no QuantizeLinear follows";
    else if (!octet_q_same(group->g, group->dq[0], group->q))
        out->why = "its parameters change from input to output";
    return out->why != NULL ? OCTET_OK : drop(group, out);
}

/* The order of the elements must be that of the integers. */
static octet_status visit_ordered(octet_group *group, octet_verdict *out)
{
    float scale;
    int32_t zero_point;

    if (group->dq[0] != NULL && !octet_is_8bit(octet_q_dtype(group->g, group->dq[0])))
        out->why = "its input is not of 8 bits";
    else if (group->dq[0] != NULL &&
             octet_q_params(group->g, group->dq[0], &scale, &zero_point, NULL) && !(scale > 0.0f))
        out->why = "its scale is not positive";
    return out->why != NULL ? OCTET_OK : visit(group, out);
}

static octet_status visit_resize(octet_group *group, octet_verdict *out)
{
    if (strcmp(octet_node_string(group->node, "mode", "nearest"), "nearest") != 0)
        out->why = "it interpolates";
    return out->why != NULL ? OCTET_OK : visit_ordered(group, out);
}

static octet_status visit_split(octet_group *group, octet_verdict *out)
{
    octet_graph *g = group->g;
    const octet_node *n = group->node;
    octet_node *q;

    if (!one_dq(group, out))
        return OCTET_OK;
    for (uint32_t i = 0; i < n->n_outputs; i++) {
        q = octet_only_q(g, n, i);
        if (q == NULL || !octet_q_same(g, group->dq[0], q)) {
            out->why = q == NULL ? "no QuantizeLinear follows an output"
                                 : "its parameters change from input to output";
            return OCTET_OK;
        }
    }
    for (uint32_t i = 1; i < n->n_outputs; i++) {
        octet_value_id made;

        q = octet_only_q(g, n, i);
        made = q->outputs[0];
        octet_edit_remove_node(g, q->id);
        OCTET_TRY(octet_edit_set_output(g, n->id, i, made, group->ctx->diag));
    }
    return drop(group, out);
}

/* Its result is an index. */
static octet_status visit_arg_max(octet_group *group, octet_verdict *out)
{
    float scale;
    int32_t zero_point;
    bool has_zero;

    if (!one_dq(group, out))
        return OCTET_OK;
    if (!octet_is_8bit(octet_q_dtype(group->g, group->dq[0])) ||
        !octet_q_params(group->g, group->dq[0], &scale, &zero_point, &has_zero) || !has_zero) {
        out->why = "its input is not of 8 bits with constant parameters";
        return OCTET_OK;
    }
    group->q = NULL;
    return drop(group, out);
}

const octet_lower_rule octet_lower_moved[] = {
    {"ArgMax", visit_arg_max},
    {"DepthToSpace", visit},
    {"Expand", visit},
    {"Flatten", visit},
    {"Gather", visit},
    {"GatherElements", visit},
    {"MaxPool", visit_ordered},
    {"ReduceMax", visit_ordered},
    {"ReduceMin", visit_ordered},
    {"Reshape", visit},
    {"Resize", visit_resize},
    {"Slice", visit},
    {"Split", visit_split},
    {"Squeeze", visit},
    {"Tile", visit},
    {"Transpose", visit},
    {"Unsqueeze", visit},
    {NULL, NULL},
};
