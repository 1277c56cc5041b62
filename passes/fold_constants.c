/* fold_constants.c: compute what does not depend on the inputs
 * SPDX-License-Identifier: Apache-2.0
 *
 *     c = Constant <value = int64[2] {0, -1}> ()        y = Reshape(x, c)   with c an initializer
 *     y = Reshape(x, c)                            ->
 *     s = Shape(x)   i = Gather(s, one)            ->   i an initializer, where axis 1 is known
 *
 * Safe because each value replaced is the very value the node would have made: the same interpreter
 * computes it, or shape inference knows all of its elements. Left alone: operators that draw
 * numbers at random, the Q/DQ pairs of a model that is quantized already, nodes with subgraphs, and
 * results much larger than what they are made of, which would swell the file.
 */
#include "engine/walk.h"
#include "ops/common.h"
#include "run/run.h"

#include <string.h>

#define MAX_ROUNDS 4 /* what one round folds may let inference know more */
#define SMALL_RESULT ((size_t)1 << 20)
#define MAX_GROWTH 4

/* ---- a value becomes an initializer */

static octet_status set_type(octet_graph *g, octet_value_id value, const octet_tensor *t,
                             octet_diag *diag)
{
    octet_dim dims[OCTET_MAX_RANK];
    octet_type type = {.kind = OCTET_TYPE_TENSOR, .dtype = t->dtype, .rank = t->rank, .dims = dims};

    for (int32_t i = 0; i < t->rank; i++)
        dims[i] = octet_dim_known(t->dims[i]);
    return octet_edit_set_type(g, value, &type, diag);
}

/* Everybody but the list of graph outputs uses the initializer; n stays to make the output of it.
 */
static octet_status keep_output(octet_graph *g, octet_node *n, octet_value_id value,
                                const octet_tensor *t, octet_pass_ctx *ctx)
{
    octet_value_id constant;

    OCTET_TRY(
        octet_edit_add_initializer(g, octet_graph_value(g, value)->name, t, &constant, ctx->diag));
    OCTET_TRY(octet_edit_replace_value(g, value, constant, NULL, ctx->diag));
    while (n->n_attrs > 0)
        octet_edit_remove_attr(g, n->id, n->attrs[0].name);
    OCTET_TRY(octet_edit_set_op(g, n->id, "Identity", "", ctx->diag));
    OCTET_TRY(octet_edit_set_inputs(g, n->id, &constant, 1, ctx->diag));
    n->op = octet_op_find("", "Identity", octet_model_opset(g->model, ""));
    ctx->changes++;
    return OCTET_OK;
}

/* The only output of n is t, whose payload lives as long as the model. */
static octet_status fold_single(octet_graph *g, octet_node *n, const octet_tensor *t,
                                octet_pass_ctx *ctx)
{
    octet_value_id value = n->outputs[0];

    if (octet_value_is_output(octet_graph_value(g, value)))
        return keep_output(g, n, value, t, ctx);
    octet_edit_remove_node(g, n->id);
    OCTET_TRY(set_type(g, value, t, ctx->diag));
    ctx->changes++;
    return octet_edit_make_initializer(g, value, t, ctx->diag);
}

/* One of several outputs: the node stays for the others until it is dead. */
static octet_status fold_one_of_many(octet_graph *g, octet_value_id value, const octet_tensor *t,
                                     octet_pass_ctx *ctx)
{
    const octet_value *v = octet_graph_value(g, value);
    octet_value_id constant;

    if (v->n_uses == 0 || octet_value_is_output(v))
        return OCTET_OK;
    OCTET_TRY(octet_edit_add_initializer(g, v->name, t, &constant, ctx->diag));
    ctx->changes++;
    return octet_edit_replace_value(g, value, constant, NULL, ctx->diag);
}

/* ---- values whose elements inference knows */

typedef struct known {
    octet_graph *g;
    octet_value_id value;
    int64_t *elements;
    uint32_t count;
} known;

typedef struct known_list {
    known *items;
    uint32_t n, capacity;
    octet_pass_ctx *ctx;
} known_list;

static octet_status remember(void *user, octet_graph *g, octet_value_id value,
                             const octet_sym *elements, uint32_t count)
{
    known_list *list = user;
    const octet_value *v = octet_graph_value(g, value);
    const octet_node *n = octet_value_producer(g, v);
    int64_t *copy;

    if (n == NULL || v->n_uses == 0 || octet_node_is(n, "Constant") || octet_node_is(n, "Identity"))
        return OCTET_OK;
    copy = OCTET_ARENA_ARRAY(list->ctx->scratch, int64_t, (size_t)count + 1);
    OCTET_TRY_ALLOC(list->ctx->diag, copy);
    for (uint32_t i = 0; i < count; i++)
        copy[i] = elements[i].size;
    if (!octet_arena_grow(list->ctx->scratch, (void **)&list->items, &list->capacity, list->n + 1,
                          sizeof *list->items))
        return octet_fail_nomem(list->ctx->diag);
    list->items[list->n++] = (known){.g = g, .value = value, .elements = copy, .count = count};
    return OCTET_OK;
}

/* The known elements as a tensor of the value's type; false if that type is not known well enough.
 */
static bool describe(const known *k, octet_tensor *out)
{
    const octet_type *t = &octet_graph_value(k->g, k->value)->type;
    int64_t dims[OCTET_MAX_RANK] = {k->count};

    if (t->kind != OCTET_TYPE_TENSOR || t->rank < 0 || t->rank > OCTET_MAX_RANK)
        return false;
    for (int32_t i = 0; i < t->rank && t->rank != 1; i++)
        dims[i] = t->dims[i].size;
    return octet_tensor_describe(out, t->dtype, t->rank, dims, NULL) == OCTET_OK &&
           octet_tensor_count(out) == (int64_t)k->count;
}

static octet_status fold_known(const known *k, octet_pass_ctx *ctx)
{
    octet_node *n = octet_value_producer(k->g, octet_graph_value(k->g, k->value));
    octet_tensor t;

    if (n == NULL || n->op == NULL || n->op->random || !describe(k, &t))
        return OCTET_OK;
    t.data = octet_arena_alloc_aligned(&k->g->model->arena, t.bytes);
    OCTET_TRY_ALLOC(ctx->diag, t.data);
    if (!octet_convert(t.dtype, t.data, OCTET_DTYPE_INT64, k->elements, 0, k->count))
        return OCTET_OK;
    return n->n_outputs == 1 ? fold_single(k->g, n, &t, ctx)
                             : fold_one_of_many(k->g, k->value, &t, ctx);
}

/* ---- nodes that can be evaluated */

static bool in_list(const octet_node *n, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (octet_node_is(n, list[i]))
            return true;
    return false;
}

static bool is_candidate(const octet_graph *g, const octet_node *n)
{
    static const char *const kept[] = {"DequantizeLinear", "QuantizeLinear"};
    octet_subgraphs it = {0};

    if (n->op == NULL || n->op->eval == NULL || n->op->random || n->n_inputs == 0 ||
        octet_node_next_subgraph(n, &it) != NULL || in_list(n, kept, sizeof kept / sizeof kept[0]))
        return false;
    for (uint32_t i = 0; i < n->n_inputs; i++)
        if (n->inputs[i] != OCTET_NO_VALUE && octet_value_constant(g, n->inputs[i]) == NULL)
            return false;
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i] != OCTET_NO_VALUE &&
            octet_value_is_output(octet_graph_value(g, n->outputs[i])) &&
            (n->n_outputs > 1 || octet_node_is(n, "Identity")))
            return false;
    return n->n_outputs > 0;
}

/* Bytes of a value by its inferred type, 0 when they are not known. */
static size_t expected_bytes(const octet_value *v)
{
    octet_dim count;
    size_t bytes;

    if (v == NULL || v->type.kind != OCTET_TYPE_TENSOR || v->type.rank < 0)
        return 0;
    count = octet_dim_product(v->type.dims, v->type.rank);
    if (count.size < 0 || !octet_dtype_bytes(v->type.dtype, count.size, &bytes))
        return 0;
    return bytes;
}

static bool swells(size_t result, size_t made_of)
{
    return result > SMALL_RESULT && result / MAX_GROWTH > made_of;
}

static octet_status read_inputs(octet_graph *g, const octet_node *n, const octet_tensor **in,
                                size_t *bytes, octet_diag *diag)
{
    *bytes = 0;
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        if (n->inputs[i] == OCTET_NO_VALUE)
            continue;
        OCTET_TRY(octet_value_constant_aligned(g, n->inputs[i], &in[i], diag));
        *bytes += in[i]->bytes;
    }
    return OCTET_OK;
}

/* The payload of a reshaped weight is the weight's: no copy. */
static octet_status take_payload(octet_graph *g, const octet_node *n, const octet_tensor *in,
                                 octet_tensor *t, octet_diag *diag)
{
    static const char *const reshaping[] = {"Identity", "Reshape", "Flatten", "Squeeze",
                                            "Unsqueeze"};
    void *copy;

    if (in_list(n, reshaping, sizeof reshaping / sizeof reshaping[0]) && in->bytes == t->bytes) {
        t->data = in->data;
        return OCTET_OK;
    }
    copy = octet_arena_alloc_aligned(&g->model->arena, t->bytes);
    OCTET_TRY_ALLOC(diag, copy);
    if (t->bytes > 0)
        memcpy(copy, t->data, t->bytes);
    t->data = copy;
    return OCTET_OK;
}

/* All outputs at once; none of several is a graph output. */
static octet_status fold_results(octet_graph *g, octet_node *n, const octet_tensor *in,
                                 octet_tensor *out, octet_pass_ctx *ctx)
{
    uint32_t n_outputs = n->n_outputs;
    octet_value_id *outputs =
        octet_arena_memdup(ctx->scratch, n->outputs, (size_t)n_outputs * sizeof *outputs);

    OCTET_TRY_ALLOC(ctx->diag, outputs);
    for (uint32_t i = 0; i < n_outputs; i++)
        if (out[i].dtype != OCTET_DTYPE_UNDEFINED)
            OCTET_TRY(take_payload(g, n, in, &out[i], ctx->diag));
    if (n_outputs == 1)
        return out[0].dtype == OCTET_DTYPE_UNDEFINED ? OCTET_OK : fold_single(g, n, &out[0], ctx);
    octet_edit_remove_node(g, n->id);
    ctx->changes++;
    for (uint32_t i = 0; i < n_outputs; i++)
        if (outputs[i] != OCTET_NO_VALUE && out[i].dtype != OCTET_DTYPE_UNDEFINED &&
            octet_graph_value(g, outputs[i])->n_uses > 0) {
            OCTET_TRY(set_type(g, outputs[i], &out[i], ctx->diag));
            OCTET_TRY(octet_edit_make_initializer(g, outputs[i], &out[i], ctx->diag));
        }
    return OCTET_OK;
}

static octet_status evaluate(octet_graph *g, octet_node *n, octet_pass_ctx *ctx)
{
    const octet_allocator *allocator = &g->model->ctx->allocator;
    const octet_tensor **in =
        OCTET_ARENA_ARRAY(ctx->scratch, const octet_tensor *, (size_t)n->n_inputs + 1);
    octet_tensor *out = OCTET_ARENA_ARRAY(ctx->scratch, octet_tensor, (size_t)n->n_outputs + 1);
    octet_tensor *kept = OCTET_ARENA_ARRAY(ctx->scratch, octet_tensor, (size_t)n->n_outputs + 1);
    uint32_t n_outputs = n->n_outputs;
    size_t made_of, result = 0;
    octet_status status;

    if (in == NULL || out == NULL || kept == NULL)
        return octet_fail_nomem(ctx->diag);
    OCTET_TRY(read_inputs(g, n, in, &made_of, ctx->diag));
    if (swells(expected_bytes(octet_node_output(g, n, 0)), made_of))
        return OCTET_OK;
    status = octet_eval_node(g, n, in, n->n_inputs, out, n_outputs, ctx->diag);
    if (status != OCTET_OK) /* said again, with more context, by whoever runs the model */
        return status == OCTET_ERR_NOMEM ? status : OCTET_OK;
    for (uint32_t i = 0; i < n_outputs; i++)
        result += out[i].bytes;
    memcpy(kept, out, n_outputs * sizeof *out);
    if (!swells(result, made_of))
        status = fold_results(g, n, in[0], kept, ctx);
    for (uint32_t i = 0; i < n_outputs; i++)
        octet_tensor_deinit(&out[i], allocator);
    return status;
}

/* ---- Constant nodes */

static octet_status fold_constant_node(octet_graph *g, octet_node *n, octet_pass_ctx *ctx)
{
    octet_value *v = octet_node_output(g, n, 0);
    const void *data;
    octet_tensor t;

    if (v == NULL || (octet_value_is_output(v) && v->n_uses == 1) ||
        !octet_constant_payload(n, &t, &data))
        return OCTET_OK;
    t.data = octet_arena_alloc_aligned(&g->model->arena, t.bytes);
    OCTET_TRY_ALLOC(ctx->diag, t.data);
    if (t.bytes > 0)
        memcpy(t.data, data, t.bytes);
    return fold_single(g, n, &t, ctx);
}

static octet_status fold_node(octet_graph *g, octet_node *n, octet_pass_ctx *ctx)
{
    if (octet_node_is(n, "Constant"))
        return fold_constant_node(g, n, ctx);
    return is_candidate(g, n) ? evaluate(g, n, ctx) : OCTET_OK;
}

static octet_status run(octet_model *model, octet_pass_ctx *ctx)
{
    for (int round = 0; round < MAX_ROUNDS; round++) {
        uint32_t before = ctx->changes;
        known_list list = {.ctx = ctx};

        OCTET_TRY(octet_infer_types_and_tell(model->graph, remember, &list, ctx->diag));
        for (uint32_t i = 0; i < list.n; i++)
            OCTET_TRY(fold_known(&list.items[i], ctx));
        OCTET_TRY(octet_pass_each_node(model->graph, ctx, fold_node));
        if (ctx->changes == before)
            break;
    }
    return OCTET_OK;
}

const octet_pass octet_pass_fold_constants = {
    .name = "fold-constants",
    .summary = "compute what does not depend on the inputs",
    .run = run,
};
