/* inline_functions.c: replace calls of model-local functions by their bodies
 * SPDX-License-Identifier: Apache-2.0
 *
 *     [a] y = local.Scale <f = 2.0> (x)       Scale <f> (v) => (w) { c = Constant <value_float =
 * @f> ()
 *  -> a/c = Constant <value_float = 2.0> ()                          w = Mul(v, c) }
 *     [a/Mul] y = Mul(x, a/c)
 *
 * This is what ONNX defines a call to mean. Names of what is inlined start with the name of the
 * call. The functions themselves go. A function that calls itself is not a model.
 */
#include "engine/clone.h"
#include "engine/walk.h"

#include <string.h>

#define STAMP "inline-functions"

typedef struct inliner {
    octet_model *model;
    octet_map index; /* "domain:name:overload" -> function */
    bool *active;    /* functions whose bodies are being inlined */
    uint32_t depth;
    uint64_t made;
    octet_pass_ctx *ctx;
} inliner;

typedef struct call {
    const octet_function *function;
    const octet_node *node;
} call;

static char *key(octet_arena *arena, const char *domain, const char *name, const char *overload)
{
    return octet_arena_printf(arena, "%s:%s:%s", domain, name, overload != NULL ? overload : "");
}

static const octet_attr *find(const octet_attr *attrs, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(attrs[i].name, name) == 0)
            return &attrs[i];
    return NULL;
}

static const octet_attr *bind(const void *user, const char *parameter)
{
    const call *c = user;
    const octet_attr *given = find(c->node->attrs, c->node->n_attrs, parameter);

    return given != NULL ? given
                         : find(c->function->attribute_defaults, c->function->n_attribute_defaults,
                                parameter);
}

/* What an output of the body must also be called: the body passes an input on, or one value twice.
 */
typedef struct alias {
    octet_value_id from, to;
} alias;

static octet_status add_alias(octet_graph *g, const char *prefix, alias a, octet_pass_ctx *ctx)
{
    char *name = octet_arena_printf(ctx->scratch, "%s/Identity", prefix);

    OCTET_TRY_ALLOC(ctx->diag, name);
    if (a.from == OCTET_NO_VALUE)
        return octet_fail(ctx->diag, OCTET_ERR_INVALID_MODEL,
                          "an output of the function is an input that was left out");
    octet_node_desc desc = {
        .name = name,
        .op_type = "Identity",
        .inputs = &a.from,
        .n_inputs = 1,
        .outputs = &a.to,
        .n_outputs = 1,
    };
    return octet_edit_add_node(g, &desc, STAMP, NULL, ctx->diag);
}

/* Binds formal inputs and outputs to those of the call; returns aliases to make afterwards. */
static octet_status bind_values(octet_clone *c, const octet_value_id *in, uint32_t n_in,
                                const octet_value_id *out, uint32_t n_out, alias *aliases,
                                uint32_t *n_aliases)
{
    const octet_graph *body = c->from;

    if (n_in > body->n_inputs || n_out > body->n_outputs)
        return octet_fail(c->diag, OCTET_ERR_INVALID_MODEL,
                          "%u inputs and %u outputs are given to a function of %u and %u", n_in,
                          n_out, body->n_inputs, body->n_outputs);
    for (uint32_t i = 0; i < body->n_inputs; i++)
        c->map[body->inputs[i]] = i < n_in ? in[i] : OCTET_NO_VALUE;
    *n_aliases = 0;
    for (uint32_t i = 0; i < n_out; i++) {
        octet_value_id *place = &c->map[body->outputs[i]];

        if (out[i] == OCTET_NO_VALUE)
            continue;
        if (*place == OCTET_CLONE_NEW)
            *place = out[i];
        else
            aliases[(*n_aliases)++] = (alias){.from = *place, .to = out[i]};
    }
    return OCTET_OK;
}

static octet_status replace_call(inliner *s, octet_graph *g, octet_node *n, const octet_function *f)
{
    octet_pass_ctx *ctx = s->ctx;
    octet_value_id *in =
        octet_arena_memdup(ctx->scratch, n->inputs, n->n_inputs * sizeof *n->inputs);
    octet_value_id *out =
        octet_arena_memdup(ctx->scratch, n->outputs, n->n_outputs * sizeof *n->outputs);
    alias *aliases = OCTET_ARENA_ARRAY(ctx->scratch, alias, (size_t)n->n_outputs + 1);
    uint32_t n_aliases;
    call site = {.function = f, .node = n};
    octet_clone c = {.from = f->body,
                     .to = g,
                     .prefix = n->name[0] != '\0' ? n->name : n->op_type,
                     .stamp = STAMP,
                     .bind = bind,
                     .bind_user = &site,
                     .made = &s->made,
                     .scratch = ctx->scratch,
                     .diag = ctx->diag};

    OCTET_TRY_ALLOC(ctx->diag, in);
    OCTET_TRY_ALLOC(ctx->diag, out);
    OCTET_TRY_ALLOC(ctx->diag, aliases);
    OCTET_TRY(octet_clone_init(&c));
    OCTET_TRY(bind_values(&c, in, n->n_inputs, out, n->n_outputs, aliases, &n_aliases));
    octet_edit_remove_node(g, n->id);
    OCTET_TRY(octet_clone_nodes(&c));
    for (uint32_t i = 0; i < n_aliases; i++)
        OCTET_TRY(add_alias(g, c.prefix, aliases[i], ctx));
    return OCTET_OK;
}

static octet_status expand_nodes(inliner *s, octet_graph *g, uint32_t first);

/* Inlines f at n, then the calls in what has become of it. */
static octet_status expand(inliner *s, octet_graph *g, octet_node *n, uint32_t index)
{
    const octet_function *f = &s->model->functions[index];
    uint32_t first = g->n_nodes, limit = s->model->ctx->limits.max_depth;
    char label[256];

    octet_node_label(g, n, label, sizeof label);
    if (s->active[index])
        return octet_fail(s->ctx->diag, OCTET_ERR_INVALID_MODEL, "function '%s' calls itself",
                          f->name);
    if (limit > 0 && s->depth >= limit)
        return octet_fail(s->ctx->diag, OCTET_ERR_UNSUPPORTED, "functions are nested too deeply");
    s->active[index] = true;
    s->depth++;
    OCTET_TRY_NOTE(s->ctx->diag, replace_call(s, g, n, f), "%s", label);
    OCTET_TRY(expand_nodes(s, g, first));
    s->depth--;
    s->active[index] = false;
    s->ctx->changes++;
    for (uint32_t i = 0; i < f->n_opsets; i++)
        if (octet_model_opset(s->model, f->opsets[i].domain) == 0)
            OCTET_TRY(octet_edit_set_opset(s->model, f->opsets[i].domain, f->opsets[i].version,
                                           s->ctx->diag));
    return OCTET_OK;
}

static octet_status expand_node(inliner *s, octet_graph *g, octet_node *n)
{
    char *wanted = key(s->ctx->scratch, n->domain, n->op_type, n->overload);
    octet_subgraphs it = {0};
    octet_graph *sub;

    OCTET_TRY_ALLOC(s->ctx->diag, wanted);
    uint32_t index = octet_map_get(&s->index, wanted);
    if (index != OCTET_MAP_NONE)
        return expand(s, g, n, index);
    while ((sub = octet_node_next_subgraph(n, &it)) != NULL)
        OCTET_TRY(expand_nodes(s, sub, 0));
    return OCTET_OK;
}

/* Calls among the nodes from id `first` on. */
static octet_status expand_nodes(inliner *s, octet_graph *g, uint32_t first)
{
    uint32_t end = g->n_nodes; /* later ones are looked at by the expansion that adds them */

    for (uint32_t i = first; i < end; i++)
        if (!g->nodes[i]->removed)
            OCTET_TRY(expand_node(s, g, g->nodes[i]));
    return OCTET_OK;
}

static octet_status index_functions(inliner *s)
{
    for (uint32_t i = 0; i < s->model->n_functions; i++) {
        const octet_function *f = &s->model->functions[i];
        char *name = key(s->ctx->scratch, f->domain, f->name, f->overload);

        if (f->removed)
            continue;
        OCTET_TRY_ALLOC(s->ctx->diag, name);
        if (!octet_map_set(&s->index, name, i))
            return octet_fail_nomem(s->ctx->diag);
    }
    return OCTET_OK;
}

static octet_status run(octet_model *model, octet_pass_ctx *ctx)
{
    inliner s = {.model = model, .ctx = ctx};

    if (model->n_functions == 0)
        return OCTET_OK;
    s.active = OCTET_ARENA_ARRAY(ctx->scratch, bool, model->n_functions);
    OCTET_TRY_ALLOC(ctx->diag, s.active);
    octet_map_init(&s.index, &model->ctx->allocator);
    octet_status status = index_functions(&s);
    if (status == OCTET_OK)
        status = expand_nodes(&s, model->graph, 0);
    octet_map_deinit(&s.index);
    for (uint32_t i = 0; i < model->n_functions; i++)
        model->functions[i].removed = true;
    return status;
}

const octet_pass octet_pass_inline_functions = {
    .name = "inline-functions",
    .summary = "replace calls of model-local functions by their bodies",
    .run = run,
};
