/* upgrade_opset.c: bring ai.onnx to the opset the other passes and the descriptors speak
 * SPDX-License-Identifier: Apache-2.0
 *
 *     <opset 9>  y = Unsqueeze <axes = [0]> (x)
 *  -> <opset 13> y = Unsqueeze (x, y_axes)
 *
 * Only upwards, and only nodes whose meaning differs between the two opsets are touched; the rules
 * are in upgrade/rules.c. Model-local functions have been inlined before.
 */
#include "upgrade/upgrade.h"

#include "base/context.h"

#include <string.h>

#define NEWEST_OPSET 28 /* the newest whose changes upgrade/rules.c has been checked against */

/* A node that waits for types. */
typedef struct waiting {
    octet_graph *g;
    octet_node *n;
    const char *op; /* its operator and inputs while the stand-in takes their place, else NULL */
    octet_value_id *inputs;
    uint32_t n_inputs;
    int64_t from; /* version up to which typed rules do not apply */
    struct waiting *next;
} waiting;

typedef struct upgrade_state {
    octet_pass_ctx *ctx;
    int64_t from, target;
    waiting *first, **last;
} upgrade_state;

static octet_status apply(octet_graph *g, octet_node *n, const octet_upgrade_rule *rule,
                          octet_pass_ctx *ctx)
{
    char label[256];
    octet_upgrade u = {.g = g, .n = n, .rule = rule, .scratch = ctx->scratch, .diag = ctx->diag};

    OCTET_TRY_NOTE(ctx->diag, rule->apply(&u), "%s", octet_node_label(g, n, label, sizeof label));
    ctx->changes++;
    return OCTET_OK;
}

/* Applies the rules of a phase after version `from`; a rule may turn the node into another
 * operator. */
static octet_status apply_all(octet_graph *g, octet_node *n, int64_t from, int64_t target,
                              octet_upgrade_phase phase, octet_pass_ctx *ctx)
{
    const octet_upgrade_rule *rule;

    for (int64_t at = from; (rule = octet_upgrade_next(n->op_type, at, target, phase)) != NULL;
         at = rule->version)
        if (phase == OCTET_UPGRADE_PLAIN || rule->attr == NULL ||
            octet_node_attr(n, rule->attr) != NULL)
            OCTET_TRY(apply(g, n, rule, ctx));
    return OCTET_OK;
}

static octet_status stand_in(waiting *w, const char *op, octet_pass_ctx *ctx)
{
    octet_node *n = w->n;

    if (n->n_inputs == 0)
        return OCTET_OK;
    w->op = n->op_type;
    w->n_inputs = n->n_inputs;
    w->inputs = octet_arena_memdup(ctx->scratch, n->inputs, n->n_inputs * sizeof *n->inputs);
    OCTET_TRY_ALLOC(ctx->diag, w->inputs);
    octet_value_id x = n->inputs[0];
    OCTET_TRY(octet_edit_set_inputs(w->g, n->id, &x, 1, ctx->diag));
    return octet_edit_set_op(w->g, n->id, op, NULL, ctx->diag);
}

/* Puts n on the list if a typed rule is for it. */
static octet_status wait_for_types(upgrade_state *s, octet_graph *g, octet_node *n)
{
    const octet_upgrade_rule *rule;
    int64_t at = s->from;

    while ((rule = octet_upgrade_next(n->op_type, at, s->target, OCTET_UPGRADE_TYPED)) != NULL &&
           rule->attr != NULL && octet_node_attr(n, rule->attr) == NULL)
        at = rule->version;
    if (rule == NULL)
        return OCTET_OK;
    waiting *w = OCTET_ARENA_NEW(s->ctx->scratch, waiting);
    OCTET_TRY_ALLOC(s->ctx->diag, w);
    *w = (waiting){.g = g, .n = n, .from = at};
    *s->last = w;
    s->last = &w->next;
    return rule->stand_in == NULL ? OCTET_OK : stand_in(w, rule->stand_in, s->ctx);
}

static octet_status plain(upgrade_state *s, octet_graph *g)
{
    octet_node *n;

    OCTET_FOR_EACH_NODE(g, n)
    {
        octet_subgraphs it = {0};
        octet_graph *sub;

        while ((sub = octet_node_next_subgraph(n, &it)) != NULL)
            OCTET_TRY(plain(s, sub));
        if (n->domain[0] != '\0')
            continue;
        OCTET_TRY(apply_all(g, n, s->from, s->target, OCTET_UPGRADE_PLAIN, s->ctx));
        OCTET_TRY(wait_for_types(s, g, n));
    }
    return OCTET_OK;
}

static octet_status restore(const waiting *w, octet_diag *diag)
{
    if (w->op == NULL)
        return OCTET_OK;
    OCTET_TRY(octet_edit_set_op(w->g, w->n->id, w->op, NULL, diag));
    return octet_edit_set_inputs(w->g, w->n->id, w->inputs, w->n_inputs, diag);
}

static octet_status typed(upgrade_state *s, octet_model *model)
{
    octet_diag *diag = s->ctx->diag;

    if (s->first == NULL)
        return OCTET_OK;
    OCTET_TRY(octet_graph_sort(model->graph, diag));
    octet_ops_resolve(model->graph);
    OCTET_TRY(octet_infer_types(model->graph, diag));
    for (const waiting *w = s->first; w != NULL; w = w->next)
        OCTET_TRY(restore(w, diag));
    for (const waiting *w = s->first; w != NULL; w = w->next)
        OCTET_TRY(apply_all(w->g, w->n, w->from, s->target, OCTET_UPGRADE_TYPED, s->ctx));
    return OCTET_OK;
}

static octet_status run(octet_model *model, octet_pass_ctx *ctx)
{
    int64_t version = octet_model_opset(model, "");
    upgrade_state s = {.ctx = ctx, .from = version < 1 ? 1 : version, .target = ctx->min_opset};

    s.last = &s.first;
    if (version > NEWEST_OPSET)
        octet_log(model->ctx, OCTET_LOG_WARN,
                  "opset %lld of ai.onnx is newer than %d, the newest known to this version",
                  (long long)version, NEWEST_OPSET);
    if (version >= s.target)
        return OCTET_OK;
    OCTET_TRY(plain(&s, model->graph));
    OCTET_TRY(octet_edit_set_opset(model, "", s.target, ctx->diag));
    OCTET_TRY(typed(&s, model));
    ctx->changes++;
    return OCTET_OK;
}

const octet_pass octet_pass_upgrade_opset = {
    .name = "upgrade-opset",
    .summary = "bring ai.onnx to the opset that is needed",
    .run = run,
};
