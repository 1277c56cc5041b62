/* widen_half.c: compute in float32 what the model computes in 16 bits
 * SPDX-License-Identifier: Apache-2.0
 *
 *     float16 y = Relu(x)           ->  f = Cast<to = float>(x)   r = Relu(f)   y = Cast<to =
 * 10>(r)
 *
 * Only when a model is quantized: backends match operators on float32. Every value that is float16
 * or bfloat16 becomes float32, in subgraphs too, and constants are converted once. What a caller of
 * the model sees stays: its inputs and outputs keep names and types behind a Cast. So do the
 * operators that nothing is known of, and BitCast, which is about the bits. A model with values of
 * unknown type is left as it is, as one of them might meet a constant that was widened.
 */
#include "engine/walk.h"

#include <string.h>

#define STAMP "widen-half"

/* One graph; what the pass adds has higher ids and is right already. */
typedef struct widening {
    octet_graph *g;
    octet_node_id n_nodes;
    octet_value_id n_values;
    octet_pass_ctx *ctx;
} widening;

static bool is_half(const octet_value *v)
{
    return v->type.kind == OCTET_TYPE_TENSOR && octet_dtype_is_half(v->type.dtype);
}

static bool is_main(const octet_graph *g)
{
    return g->parent == NULL;
}

static bool node_stays(const octet_node *n)
{
    return n->op == NULL || octet_node_is(n, "BitCast");
}

/* What the caller, a node that stays or the file decides the type of. */
static bool value_stays(const octet_graph *g, const octet_value *v)
{
    const octet_node *producer = octet_value_producer(g, v);

    return (v->is_input && is_main(g)) || (v->is_initializer && v->constant == NULL) ||
           (producer != NULL && node_stays(producer));
}

/* ---- is there anything to do */

typedef struct survey {
    bool half, unknown;
} survey;

static bool is_live(const octet_value *v)
{
    return v->n_uses > 0 || v->is_input || v->producer != OCTET_NO_NODE;
}

static bool is_unknown(const octet_value *v)
{
    return v->type.kind == OCTET_TYPE_UNKNOWN ||
           (v->type.kind == OCTET_TYPE_TENSOR && v->type.dtype == OCTET_DTYPE_UNDEFINED);
}

static void look(const octet_graph *g, survey *s)
{
    octet_node *n;

    for (octet_value_id id = 0; id < g->n_values; id++) {
        const octet_value *v = octet_graph_value(g, id);

        s->half |= is_live(v) && is_half(v);
        s->unknown |= is_live(v) && is_unknown(v);
    }
    OCTET_FOR_EACH_NODE(g, n)
    {
        octet_subgraphs it = {0};
        const octet_graph *sub;

        while (!node_stays(n) && (sub = octet_node_next_subgraph(n, &it)) != NULL)
            look(sub, s);
    }
}

/* ---- casts */

/* A new value like v but of another type; v, not the copy, is told apart by its name. */
static octet_status add_like(widening *w, const octet_value *v, octet_dtype dtype,
                             const char *suffix, octet_value_id *out)
{
    const char *name = octet_arena_printf(w->ctx->scratch, "%s_%s", v->name, suffix);
    octet_type type = v->type;

    OCTET_TRY_ALLOC(w->ctx->diag, name);
    type.dtype = dtype;
    return octet_edit_add_value(w->g, name, &type, out, w->ctx->diag);
}

static octet_status add_cast(widening *w, octet_value_id from, octet_value_id to, octet_dtype dtype)
{
    const octet_attr attr = {.name = "to", .kind = OCTET_ATTR_INT, .i = (int64_t)dtype};
    const char *name =
        octet_arena_printf(w->ctx->scratch, "%s_cast", octet_graph_value(w->g, to)->name);
    octet_node_id made;

    OCTET_TRY_ALLOC(w->ctx->diag, name);
    const octet_node_desc desc = {
        .name = name,
        .op_type = "Cast",
        .inputs = &from,
        .n_inputs = 1,
        .outputs = &to,
        .n_outputs = 1,
        .attrs = &attr,
        .n_attrs = 1,
    };
    w->ctx->changes++;
    return octet_edit_add_node(w->g, &desc, STAMP, &made, w->ctx->diag);
}

/* Uses that go on with float32: all but those of nodes that stay and outputs of the model. */
static bool use_widens(const widening *w, const octet_use *use)
{
    if (use->kind == OCTET_USE_OUTPUT)
        return !is_main(w->g);
    return use->node >= w->n_nodes || !node_stays(octet_graph_node(w->g, use->node));
}

static bool any_use_widens(const widening *w, const octet_value *v)
{
    for (uint32_t i = 0; i < v->n_uses; i++)
        if (use_widens(w, &v->uses[i]))
            return true;
    return false;
}

/* Backwards, because each redirected use is replaced by the list's last one. */
static octet_status move_uses(widening *w, const octet_value *from, octet_value_id to)
{
    for (uint32_t i = from->n_uses; i-- > 0;)
        if (use_widens(w, &from->uses[i]))
            OCTET_TRY(octet_edit_redirect(w->g, from->id, &from->uses[i], to, w->ctx->diag));
    return OCTET_OK;
}

/* v stays what it is; its readers get a float32 copy. */
static octet_status cast_behind(widening *w, const octet_value *v)
{
    octet_value_id wide;

    if (!any_use_widens(w, v))
        return OCTET_OK;
    OCTET_TRY(add_like(w, v, OCTET_DTYPE_FLOAT32, "float", &wide));
    OCTET_TRY(move_uses(w, v, wide));
    return add_cast(w, v->id, wide, OCTET_DTYPE_FLOAT32);
}

/* An output of the model: its node computes in float32, and a Cast makes what is promised. */
static octet_status cast_before(widening *w, const octet_value *v)
{
    octet_node_id producer = v->producer;
    octet_value_id wide;

    OCTET_TRY(add_like(w, v, OCTET_DTYPE_FLOAT32, "float", &wide));
    OCTET_TRY(octet_edit_set_output(w->g, producer, v->producer_output, wide, w->ctx->diag));
    OCTET_TRY(move_uses(w, v, wide));
    return add_cast(w, wide, v->id, v->type.dtype);
}

/* ---- nodes that stay */

static octet_status narrow_use(widening *w, octet_value_id id, octet_use use)
{
    const octet_value *v = octet_graph_value(w->g, id);
    octet_value_id narrow;

    if (!is_half(v) || value_stays(w->g, v))
        return OCTET_OK;
    OCTET_TRY(add_like(w, v, v->type.dtype, "half", &narrow));
    OCTET_TRY(octet_edit_redirect(w->g, id, &use, narrow, w->ctx->diag));
    return add_cast(w, id, narrow, v->type.dtype);
}

static octet_status narrow_inputs(widening *w, const octet_node *n)
{
    for (uint32_t i = 0; i < n->n_inputs; i++)
        if (n->inputs[i] != OCTET_NO_VALUE)
            OCTET_TRY(narrow_use(w, n->inputs[i],
                                 (octet_use){.kind = OCTET_USE_INPUT, .node = n->id, .index = i}));
    for (uint32_t i = n->n_captures; i-- > 0;)
        OCTET_TRY(narrow_use(w, n->captures[i],
                             (octet_use){.kind = OCTET_USE_CAPTURE, .node = n->id, .index = i}));
    return OCTET_OK;
}

/* ---- values */

static octet_status widen_tensor(widening *w, const octet_tensor *from, octet_tensor *to)
{
    OCTET_TRY(octet_tensor_describe(to, OCTET_DTYPE_FLOAT32, from->rank, from->dims, w->ctx->diag));
    to->data = octet_arena_alloc_aligned(&w->g->model->arena, to->bytes);
    OCTET_TRY_ALLOC(w->ctx->diag, to->data);
    if (!octet_convert(to->dtype, to->data, from->dtype, from->data, 0, octet_tensor_count(from)))
        return octet_fail(w->ctx->diag, OCTET_ERR_UNSUPPORTED, "cannot compute with %s",
                          octet_dtype_get(from->dtype)->name);
    return OCTET_OK;
}

static octet_status widen_initializer(widening *w, const octet_value *v)
{
    octet_tensor wide;
    octet_value_id copy;

    OCTET_TRY(widen_tensor(w, v->constant, &wide));
    if (!is_main(w->g) || !octet_value_is_output(v))
        return octet_edit_make_initializer(w->g, v->id, &wide, w->ctx->diag);
    if (!any_use_widens(w, v))
        return OCTET_OK;
    OCTET_TRY(octet_edit_add_initializer(w->g, v->name, &wide, &copy, w->ctx->diag));
    return move_uses(w, v, copy);
}

static octet_status widen_value(widening *w, const octet_value *v)
{
    octet_type type = v->type;

    if (value_stays(w->g, v))
        return cast_behind(w, v);
    w->ctx->changes++;
    if (v->is_initializer)
        return widen_initializer(w, v);
    if (is_main(w->g) && octet_value_is_output(v) && v->producer != OCTET_NO_NODE)
        return cast_before(w, v);
    type.dtype = OCTET_DTYPE_FLOAT32;
    return octet_edit_set_type(w->g, v->id, &type, w->ctx->diag);
}

/* ---- attributes */

static bool names_dtype(const octet_node *n, const octet_attr *a)
{
    static const struct {
        const char *op, *attr;
    } table[] = {
        {"Cast", "to"},
        {"EyeLike", "dtype"},
        {"LayerNormalization", "stash_type"},
        {"RMSNormalization", "stash_type"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (octet_node_is(n, table[i].op) && strcmp(a->name, table[i].attr) == 0)
            return true;
    return false;
}

static octet_status widen_attr(widening *w, const octet_node *n, const octet_attr *a)
{
    octet_attr wide = *a;
    octet_tensor tensor;

    wide.origin = NULL;
    if (a->kind == OCTET_ATTR_TENSOR && a->tensor != NULL &&
        octet_dtype_is_half(a->tensor->dtype)) {
        OCTET_TRY(widen_tensor(w, a->tensor, &tensor));
        wide.tensor = &tensor;
    } else if (a->kind == OCTET_ATTR_INT && octet_dtype_is_half((octet_dtype)a->i) &&
               names_dtype(n, a)) {
        wide.i = OCTET_DTYPE_FLOAT32;
    } else {
        return OCTET_OK;
    }
    w->ctx->changes++;
    return octet_edit_set_attr(w->g, n->id, &wide, w->ctx->diag);
}

static octet_status widen_attrs(widening *w, const octet_node *n)
{
    for (uint32_t i = 0; i < n->n_attrs; i++)
        OCTET_TRY(widen_attr(w, n, &n->attrs[i]));
    return OCTET_OK;
}

/* ---- graphs */

static octet_status widen_graph(octet_graph *g, octet_pass_ctx *ctx)
{
    widening w = {.g = g, .n_nodes = g->n_nodes, .n_values = g->n_values, .ctx = ctx};
    octet_node *n;

    OCTET_FOR_EACH_NODE(g, n)
    {
        OCTET_TRY(node_stays(n) ? narrow_inputs(&w, n) : widen_attrs(&w, n));
    }
    for (octet_value_id id = 0; id < w.n_values; id++)
        if (is_half(octet_graph_value(g, id)))
            OCTET_TRY(widen_value(&w, octet_graph_value(g, id)));
    for (octet_node_id id = 0; id < w.n_nodes; id++) {
        octet_subgraphs it = {0};
        octet_graph *sub;

        n = octet_graph_node(g, id);
        while (!n->removed && !node_stays(n) && (sub = octet_node_next_subgraph(n, &it)) != NULL)
            OCTET_TRY(widen_graph(sub, ctx));
    }
    return OCTET_OK;
}

static octet_status run(octet_model *model, octet_pass_ctx *ctx)
{
    survey s = {0};

    if (ctx->widened == NULL)
        return OCTET_OK;
    look(model->graph, &s);
    if (!s.half || s.unknown)
        return OCTET_OK;
    OCTET_TRY(widen_graph(model->graph, ctx));
    *ctx->widened = ctx->changes;
    return OCTET_OK;
}

const octet_pass octet_pass_widen_half = {
    .name = "widen-half",
    .summary = "compute in float32 what is float16, when quantizing",
    .run = run,
};
