/* group.c: the node of a group becomes an integer operator
 * SPDX-License-Identifier: Apache-2.0
 */
#include "lower/lower.h"

bool octet_is_8bit(octet_dtype dtype)
{
    return dtype == OCTET_DTYPE_UINT8 || dtype == OCTET_DTYPE_INT8;
}

bool octet_group_types(const octet_group *group, octet_verdict *out)
{
    octet_dtype first = OCTET_DTYPE_UNDEFINED;

    for (uint32_t i = 0; i < group->node->n_inputs; i++) {
        octet_dtype dtype;

        if (group->dq[i] == NULL)
            continue;
        dtype = octet_q_dtype(group->g, group->dq[i]);
        if (first == OCTET_DTYPE_UNDEFINED)
            first = dtype;
        if (!octet_is_8bit(dtype))
            out->why = "an input is not of 8 bits";
        else if (dtype != first)
            out->why = "its inputs have several integer types";
        else if (!octet_q_per_tensor(group->g, group->dq[i]))
            out->why = "an input has more than one scale";
    }
    if (group->q == NULL)
        out->why = group->some_q ? "others than its QuantizeLinear use the output"
                                 : "no QuantizeLinear follows";
    else if (octet_q_dtype(group->g, group->q) != first)
        out->why = "input and output have different integer types";
    else if (!octet_q_per_tensor(group->g, group->q))
        out->why = "the output has more than one scale";
    return out->why == NULL;
}

octet_status octet_inputs_init(octet_inputs *in, const octet_group *group)
{
    in->n = 0;
    in->v = OCTET_ARENA_ARRAY(group->ctx->scratch, octet_value_id,
                              3 * (size_t)group->node->n_inputs + 3);
    OCTET_TRY_ALLOC(group->ctx->diag, in->v);
    return OCTET_OK;
}

void octet_inputs_add(octet_inputs *in, octet_value_id v)
{
    in->v[in->n++] = v;
}

octet_status octet_inputs_add_dq(octet_inputs *in, const octet_group *group, octet_node *dq)
{
    octet_value_id zero;

    OCTET_TRY(octet_q_zero_point(group->g, dq, &zero, group->ctx));
    octet_inputs_add(in, dq->inputs[OCTET_Q_X]);
    octet_inputs_add(in, dq->inputs[OCTET_Q_SCALE]);
    octet_inputs_add(in, zero);
    return OCTET_OK;
}

octet_status octet_inputs_add_q(octet_inputs *in, const octet_group *group)
{
    octet_value_id zero;

    OCTET_TRY(octet_q_zero_point(group->g, group->q, &zero, group->ctx));
    octet_inputs_add(in, group->q->inputs[OCTET_Q_SCALE]);
    octet_inputs_add(in, zero);
    return OCTET_OK;
}

octet_status octet_group_become(const octet_group *group, const char *op_type, const char *domain,
                                const octet_inputs *in)
{
    octet_graph *g = group->g;
    octet_node_id node = group->node->id;
    octet_diag *diag = group->ctx->diag;

    if (group->q != NULL) {
        octet_value_id made = group->q->outputs[0];

        octet_edit_remove_node(g, group->q->id);
        OCTET_TRY(octet_edit_set_output(g, node, 0, made, diag));
    }
    OCTET_TRY(octet_edit_set_op(g, node, op_type, domain, diag));
    OCTET_TRY(octet_edit_set_inputs(g, node, in->v, in->n, diag));
    if (domain != NULL && octet_model_opset(g->model, domain) == 0)
        OCTET_TRY(octet_edit_set_opset(g->model, domain, 1, diag));
    group->ctx->changes++;
    return OCTET_OK;
}
