/* io_dtype.c: Q/DQ at the boundary taken out, so that callers pass and get integers
 * SPDX-License-Identifier: Apache-2.0
 *
 *     x: float -> Q -> DQ -> …        x: uint8 -> DQ -> …
 *     … -> Q -> DQ -> y: float        … -> Q -> y: uint8
 *
 * Only inputs whose every reader is one Q, and outputs that a DQ makes, can change their type.
 */
#include "api/api.h"

#include "engine/walk.h"

static octet_status take_type(octet_graph *g, octet_value_id v, octet_value_id from,
                              octet_diag *diag)
{
    octet_type type = octet_graph_value(g, v)->type;
    type.dtype = octet_graph_value(g, from)->type.dtype;
    return octet_edit_set_type(g, v, &type, diag);
}

static octet_status change_input(octet_graph *g, octet_value_id v, octet_diag *diag)
{
    const octet_value *value = octet_graph_value(g, v);
    bool left;

    if (value->n_uses != 1 || value->uses[0].kind != OCTET_USE_INPUT || value->uses[0].index != 0)
        return OCTET_OK;
    octet_node *q = octet_graph_node(g, value->uses[0].node);
    if (!octet_node_is(q, "QuantizeLinear"))
        return OCTET_OK;
    octet_value_id quantized = q->outputs[0];
    OCTET_TRY(take_type(g, v, quantized, diag));
    OCTET_TRY(octet_edit_replace_value(g, quantized, v, &left, diag));
    octet_edit_remove_node(g, q->id);
    return OCTET_OK;
}

static octet_status change_output(octet_graph *g, octet_value_id v, octet_diag *diag)
{
    const octet_value *value = octet_graph_value(g, v);
    octet_node *dq = octet_value_producer(g, value);
    bool left;

    if (dq == NULL || !octet_node_is(dq, "DequantizeLinear") || value->n_uses != 1)
        return OCTET_OK;
    octet_value_id quantized = dq->inputs[0];
    if (octet_graph_value(g, quantized)->is_initializer)
        return OCTET_OK;
    OCTET_TRY(octet_edit_replace_value(g, v, quantized, &left, diag));
    if (!left) /* else the output is an input, passed on */
        octet_edit_remove_node(g, dq->id);
    return OCTET_OK;
}

octet_status octet_quantize_io(octet_model *model, octet_diag *diag)
{
    octet_graph *g = model->graph;
    for (uint32_t i = 0; i < g->n_inputs; i++)
        OCTET_TRY(change_input(g, g->inputs[i], diag));
    for (uint32_t i = 0; i < g->n_outputs; i++)
        OCTET_TRY(change_output(g, g->outputs[i], diag));
    return OCTET_OK;
}
