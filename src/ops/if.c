/* if.c: If
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

#include <string.h>

static octet_graph *branch(const octet_node *n, const char *name)
{
    const octet_attr *a = octet_node_attr(n, name);

    return a == NULL || a->graphs == NULL || a->count < 1 ? NULL : a->graphs[0];
}

static octet_status infer(octet_infer *in)
{
    octet_graph *yes = branch(in->node, "then_branch"), *no = branch(in->node, "else_branch");

    if (yes == NULL || no == NULL || yes->n_outputs != in->n_out || no->n_outputs != in->n_out)
        return octet_infer_fail(in, "the branches do not have %u outputs each", in->n_out);
    OCTET_TRY(in->subgraph(in, yes, NULL, 0));
    OCTET_TRY(in->subgraph(in, no, NULL, 0));
    for (uint32_t i = 0; i < in->n_out; i++)
        OCTET_TRY(octet_infer_join(in, i, &octet_graph_value(yes, yes->outputs[i])->type,
                                   &octet_graph_value(no, no->outputs[i])->type));
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    octet_tensor *results;
    octet_graph *taken;

    OCTET_TRY(octet_eval_require(e, 1));
    if (octet_tensor_count(e->in[0]) != 1)
        return octet_fail(e->diag, OCTET_ERR_DATA, "the condition is not a single bool");
    taken = branch(e->node, octet_tensor_i64_at(e->in[0], 0) != 0 ? "then_branch" : "else_branch");
    if (taken == NULL || taken->n_outputs != e->n_out)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "the branch does not have %u outputs",
                          e->n_out);
    results = octet_eval_scratch(e, (size_t)e->n_out * sizeof *results);
    OCTET_TRY_ALLOC(e->diag, results);
    OCTET_TRY(octet_eval_subgraph(e, taken, NULL, 0, results, e->n_out));
    for (uint32_t i = 0; i < e->n_out; i++)
        OCTET_TRY(octet_eval_copy(e, i, &results[i]));
    return OCTET_OK;
}

const octet_op octet_op_if = {
    .domain = "",
    .name = "If",
    .since = 13,
    .in = {{.name = "cond", .role = OCTET_ROLE_PARAM}},
    .out = {{.name = "outputs", .role = OCTET_ROLE_DATA, .variadic = true}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
