/* eval.c: what an operator may ask of whoever evaluates it
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/op.h"

octet_status octet_eval_run(octet_eval *e)
{
    const octet_op *op = e->node->op;
    uint32_t n = 0;
    bool variadic = false;

    for (; n < OCTET_MAX_PORTS && op->in[n].name != NULL; n++) {
        const octet_port *port = &op->in[n];

        variadic = variadic || port->variadic;
        if (!port->optional && !port->variadic && (n >= e->n_in || e->in[n] == NULL))
            return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "input %u ('%s') is missing", n,
                              port->name);
    }
    if (e->n_in > n && !variadic)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "%u inputs are given instead of %u",
                          e->n_in, n);
    return op->eval(e);
}

octet_status octet_eval_output(octet_eval *e, uint32_t index, octet_dtype dtype, int32_t rank,
                               const int64_t *dims)
{
    uint64_t limit = e->g->model->ctx->limits.max_tensor_bytes;
    octet_tensor description;

    if (index >= e->n_out)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "output %u is not listed", index);
    OCTET_TRY_NOTE(e->diag, octet_tensor_describe(&description, dtype, rank, dims, e->diag),
                   "output %u", index);
    if (limit != 0 && description.bytes > limit)
        return octet_fail(e->diag, OCTET_ERR_DATA,
                          "output %u would take %zu bytes, the limit is %llu", index,
                          description.bytes, (unsigned long long)limit);
    return e->host->output(e, index, &description);
}

octet_status octet_eval_output_like(octet_eval *e, uint32_t index, const octet_tensor *like)
{
    return octet_eval_output(e, index, like->dtype, like->rank, like->dims);
}

void *octet_eval_scratch(octet_eval *e, size_t bytes)
{
    return e->host->scratch(e, bytes);
}

octet_status octet_eval_subgraph(octet_eval *e, octet_graph *sub, const octet_tensor *const *inputs,
                                 uint32_t n_inputs, octet_tensor *outputs, uint32_t n_outputs)
{
    if (e->host->subgraph == NULL)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "a subgraph cannot be run here");
    return e->host->subgraph(e, sub, inputs, n_inputs, outputs, n_outputs);
}

bool octet_eval_wants(const octet_eval *e, uint32_t index)
{
    const octet_value *v;

    if (index >= e->n_out || index >= e->node->n_outputs)
        return false;
    v = octet_node_output(e->g, e->node, index);
    return v != NULL && v->n_uses > 0;
}
