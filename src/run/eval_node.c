/* eval_node.c: one node on given inputs, outside any plan
 * SPDX-License-Identifier: Apache-2.0
 *
 * For constant folding and tests. Outputs and scratch come from the heap; subgraphs and half
 * precision are left to the interpreter proper.
 */
#include "run/run.h"

#include <string.h>

typedef struct block {
    struct block *next;
} block;

#define BLOCK_HEADER ((size_t)64)

typedef struct single {
    struct octet_eval_host host; /* first: octet_eval.host points here */
    const octet_context *ctx;
    block *blocks;
} single;

static octet_status single_output(octet_eval *e, uint32_t index, const octet_tensor *description)
{
    const single *s = (const single *)e->host;
    if (description->bytes > s->ctx->limits.max_tensor_bytes)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "a tensor of %zu bytes is too large",
                          description->bytes);
    octet_tensor_deinit(&e->out[index], &s->ctx->allocator);
    return octet_tensor_init(&e->out[index], &s->ctx->allocator, description->dtype,
                             description->rank, description->dims, e->diag);
}

static void *single_scratch(octet_eval *e, size_t bytes)
{
    single *s = (single *)e->host;
    size_t total;
    if (!octet_add_size(bytes, BLOCK_HEADER, &total))
        return NULL;
    block *b = octet_mem_alloc_aligned(&s->ctx->allocator, total);
    if (b == NULL)
        return NULL;
    b->next = s->blocks;
    s->blocks = b;
    return (char *)b + BLOCK_HEADER;
}

static octet_status single_subgraph(octet_eval *e, octet_graph *sub,
                                    const octet_tensor *const *inputs, uint32_t n_inputs,
                                    octet_tensor *outputs, uint32_t n_outputs)
{
    (void)inputs;
    (void)n_inputs;
    (void)outputs;
    (void)n_outputs;
    return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "subgraph '%s' cannot be run outside a plan",
                      sub->name);
}

static bool any_half(const octet_tensor *const *in, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (in[i] != NULL && octet_dtype_is_half(in[i]->dtype))
            return true;
    return false;
}

octet_status octet_eval_node(const octet_graph *g, const octet_node *node,
                             const octet_tensor *const *in, uint32_t n_in, octet_tensor *out,
                             uint32_t n_out, octet_diag *diag)
{
    const octet_context *ctx = g->model->ctx;
    single s = {
        .host = {.output = single_output, .scratch = single_scratch, .subgraph = single_subgraph},
        .ctx = ctx};
    octet_eval e = {
        .g = g,
        .node = node,
        .in = in,
        .n_in = n_in,
        .out = out,
        .n_out = n_out,
        .k = octet_context_kernels(ctx),
        .threads = 1,
        .opset = octet_model_opset(g->model, node->domain),
        .diag = diag,
        .host = &s.host,
    };

    memset(out, 0, n_out * sizeof *out);
    if (node->op == NULL || (any_half(in, n_in) && !node->op->native_half))
        return octet_fail(diag, OCTET_ERR_UNSUPPORTED, "'%s' cannot be evaluated on its own",
                          node->op_type);
    octet_status status = octet_eval_run(&e);
    while (s.blocks != NULL) {
        block *next = s.blocks->next;
        octet_mem_free_aligned(&ctx->allocator, s.blocks);
        s.blocks = next;
    }
    for (uint32_t i = 0; status != OCTET_OK && i < n_out; i++)
        octet_tensor_deinit(&out[i], &ctx->allocator);
    return status;
}
