/* lower_qdq.c: make the integer operators that a runtime makes of a QDQ model
 * SPDX-License-Identifier: Apache-2.0
 *
 *     y = Q(Conv(DQ(x), DQ(w), DQ(b)))  ->  y = QLinearConv(x, …, w, …, b)
 *
 * The order is that of ONNX Runtime's optimizer: products take up their Add, quantization is moved
 * through operators that move elements, biases become integers, signed activations unsigned, and
 * then each node between DQ and Q is looked at. Values that a QuantizeLinear made keep their names.
 * Not part of preparation: it is what a runtime does with the finished model.
 */
#include "lower/lower.h"

#include <string.h>

typedef struct lowering {
    octet_lower_rules rules;
    octet_lower_told told;
    void *user;
} lowering;

typedef struct step {
    octet_status (*run)(octet_graph *g, octet_pass_ctx *ctx);
    bool ort_only;
} step;

static const step steps[] = {
    {octet_lower_products, false}, {octet_lower_propagate, false},   {octet_lower_biases, false},
    {octet_lower_signs, true},     {octet_lower_activations, false},
};

static const octet_lower_rule *const families[] = {octet_lower_heavy, octet_lower_light,
                                                   octet_lower_moved};

static octet_lower_visit *rule_for(const octet_node *n)
{
    for (size_t f = 0; f < sizeof families / sizeof families[0]; f++)
        for (const octet_lower_rule *r = families[f]; r->op_type != NULL; r++)
            if (octet_node_is(n, r->op_type))
                return r->visit;
    return NULL;
}

static bool some_q_reads(const octet_graph *g, const octet_node *n)
{
    const octet_value *v = octet_node_output(g, n, 0);

    for (uint32_t i = 0; v != NULL && i < v->n_uses; i++)
        if (v->uses[i].kind == OCTET_USE_INPUT && v->uses[i].index == OCTET_Q_X &&
            octet_is_q(octet_graph_node(g, v->uses[i].node)))
            return true;
    return false;
}

static octet_status gather(octet_group *group)
{
    octet_node *n = group->node;

    group->dq = OCTET_ARENA_ARRAY(group->ctx->scratch, octet_node *, (size_t)n->n_inputs + 3);
    OCTET_TRY_ALLOC(group->ctx->diag, group->dq);
    memset(group->dq, 0, ((size_t)n->n_inputs + 3) * sizeof *group->dq);
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        group->n_inputs += n->inputs[i] != OCTET_NO_VALUE;
        group->dq[i] = octet_dq_of(group->g, n, i);
        group->n_dq += group->dq[i] != NULL;
    }
    group->q = octet_only_q(group->g, n, 0);
    group->some_q = some_q_reads(group->g, n);
    return OCTET_OK;
}

/* A Relu or Clip is taken for part of the node before it; one that was not redundant keeps that
 * node float, whether a QuantizeLinear follows or not. */
static bool activation_follows(const octet_graph *g, const octet_node *n)
{
    uint32_t input;
    const octet_node *next = octet_sole_consumer(g, octet_node_output(g, n, 0), &input);
    const octet_value *v = next != NULL ? octet_node_output(g, next, 0) : NULL;

    return v != NULL && (octet_node_is(next, "Relu") || octet_node_is(next, "Clip")) &&
           octet_value_single_use(v) && v->uses[0].kind == OCTET_USE_INPUT;
}

static octet_status visit(octet_graph *g, octet_node *n, const lowering *l, octet_pass_ctx *ctx)
{
    octet_group group = {
        .g = g, .node = n, .ctx = ctx, .signed_allowed = l->rules == OCTET_LOWER_FIXED};
    octet_lower_visit *rule = rule_for(n);
    octet_verdict verdict = {NULL, NULL};

    if (octet_is_q(n) || octet_is_dq(n))
        return OCTET_OK;
    OCTET_TRY(gather(&group));
    if (group.n_dq == 0)
        return OCTET_OK;
    if (rule != NULL && activation_follows(g, n))
        verdict.why = "its Relu or Clip does more than the QuantizeLinear behind it";
    else if (rule != NULL)
        OCTET_TRY(rule(&group, &verdict));
    else
        verdict.why = "the operator has no integer kernel";
    if (l->told != NULL)
        l->told(l->user, g, n, verdict.became, verdict.why);
    return OCTET_OK;
}

static octet_status lower_graph(octet_graph *g, const lowering *l, octet_pass_ctx *ctx)
{
    octet_node *n;

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (steps[i].ort_only && l->rules != OCTET_LOWER_ORT)
            continue;
        OCTET_TRY(steps[i].run(g, ctx));
        OCTET_TRY(octet_graph_sort(g, ctx->diag));
    }
    OCTET_FOR_EACH_NODE(g, n)
    {
        octet_subgraphs it = {0};
        octet_graph *sub;

        OCTET_TRY(visit(g, n, l, ctx));
        while ((sub = octet_node_next_subgraph(n, &it)) != NULL)
            OCTET_TRY(lower_graph(sub, l, ctx));
    }
    return OCTET_OK;
}

static octet_status run_rules(octet_model *model, const lowering *l, octet_pass_ctx *ctx)
{
    uint32_t removed;

    OCTET_TRY(lower_graph(model->graph, l, ctx));
    return octet_graph_remove_dead(model->graph, &removed, ctx->diag);
}

static octet_status run_ort(octet_model *model, octet_pass_ctx *ctx)
{
    const lowering l = {.rules = OCTET_LOWER_ORT};

    return run_rules(model, &l, ctx);
}

const octet_pass octet_pass_lower_qdq = {
    .name = "lower-qdq",
    .summary = "make the integer operators ONNX Runtime makes of a QDQ model",
    .run = run_ort,
};

octet_status octet_lower(octet_model *model, octet_lower_rules rules, octet_lower_told told,
                         void *user, octet_diag *diag)
{
    const lowering l = {rules, told, user};
    octet_arena scratch;

    if (rules == OCTET_LOWER_NONE)
        return OCTET_OK;
    octet_arena_init(&scratch, &model->ctx->allocator);
    octet_pass_ctx ctx = {.scratch = &scratch, .diag = diag};
    octet_status status = run_rules(model, &l, &ctx);
    octet_arena_deinit(&scratch);
    if (status == OCTET_OK)
        status = octet_pass_settle(model, diag);
    return octet_note(diag, status, "pass '%s'", octet_pass_lower_qdq.name);
}
