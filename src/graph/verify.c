/* verify.c: every invariant of graph.h, checked
 * SPDX-License-Identifier: Apache-2.0
 *
 * Uses are checked from the user's side through its slot; that no list holds more than its users
 * account for follows from counting.
 */
#include "graph/uses.h"

#include <stdio.h>
#include <string.h>

typedef struct checker {
    const octet_graph *g;
    octet_status code;
    octet_diag *diag;
    uint64_t n_uses;  /* found on users' sides */
    uint32_t *marked; /* value -> node + 1 whose subgraph reads it */
    uint8_t *ordered; /* node -> stands in order */
    octet_node_id *order;
} checker;

static octet_status check_graph(const octet_graph *g, octet_status code, octet_diag *diag);

#define FAIL(c, ...) octet_fail((c)->diag, (c)->code, __VA_ARGS__)
#define LABEL(c, n) octet_node_label((c)->g, (n), (char[OCTET_LABEL]){0}, OCTET_LABEL)

/* ---- values */

static octet_status check_origin(checker *c, const octet_value *v)
{
    int makers = (v->producer != OCTET_NO_NODE) + (v->outer != OCTET_NO_VALUE) +
                 (v->is_input || v->is_initializer);
    const octet_node *n;

    if (makers > 1)
        return FAIL(c, "value '%s' is made in more than one way", v->name);
    if (v->constant != NULL && !v->is_initializer)
        return FAIL(c, "value '%s' has a payload but is no initializer", v->name);
    if (v->producer == OCTET_NO_NODE)
        return OCTET_OK;
    if (v->producer >= c->g->n_nodes)
        return FAIL(c, "value '%s' is made by node #%u, which does not exist", v->name,
                    (unsigned)v->producer);
    n = c->g->nodes[v->producer];
    if (n->removed || v->producer_output >= n->n_outputs || n->outputs[v->producer_output] != v->id)
        return FAIL(c, "value '%s' is not an output of its producer %s", v->name, LABEL(c, n));
    return OCTET_OK;
}

static octet_status check_outer(checker *c, const octet_value *v)
{
    const octet_graph *parent = c->g->parent;

    if (v->outer == OCTET_NO_VALUE)
        return OCTET_OK;
    if (parent == NULL || v->outer >= parent->n_values)
        return FAIL(c, "value '%s' stands for an outer value that does not exist", v->name);
    if (strcmp(v->name, parent->values[v->outer]->name) != 0)
        return FAIL(c, "value '%s' stands for '%s' but has another name", v->name,
                    parent->values[v->outer]->name);
    return OCTET_OK;
}

static octet_status check_type(checker *c, const octet_value *v)
{
    if (v->type.rank < -1 || (v->type.rank > 0 && v->type.dims == NULL))
        return FAIL(c, "the type of '%s' has rank %d without dims", v->name, (int)v->type.rank);
    for (int32_t i = 0; i < v->type.rank; i++) {
        if (v->type.dims[i].size < -1)
            return FAIL(c, "dim %d of '%s' is %lld", (int)i, v->name,
                        (long long)v->type.dims[i].size);
    }
    return OCTET_OK;
}

static octet_status check_values(checker *c)
{
    const octet_graph *g = c->g;

    for (uint32_t i = 0; i < g->n_values; i++) {
        const octet_value *v = g->values[i];

        if (v->id != i)
            return FAIL(c, "value #%u has the id %u", (unsigned)i, (unsigned)v->id);
        /* A stand-in that nobody reads any more has given its name back. */
        bool named = v->n_uses != 0 || v->producer != OCTET_NO_NODE || v->is_input ||
                     v->is_initializer || v->outer != OCTET_NO_VALUE;
        if (named && octet_map_get(&g->names, v->name) != i)
            return FAIL(c, "duplicate value name '%s'", v->name);
        OCTET_TRY(check_origin(c, v));
        OCTET_TRY(check_outer(c, v));
        OCTET_TRY(check_type(c, v));
    }
    return OCTET_OK;
}

/* ---- uses */

/* `use` by `user` ("node 'x' (Op)" or "graph 'g'") of value `id`, remembered to stand at `slot`. */
static octet_status check_use(checker *c, octet_use use, octet_value_id id, uint32_t slot,
                              const char *user)
{
    const octet_value *v;
    const octet_use *found;

    if (id >= c->g->n_values)
        return FAIL(c, "%s reads value #%u, which does not exist", user, (unsigned)id);
    v = c->g->values[id];
    if (v->producer == OCTET_NO_NODE && v->outer == OCTET_NO_VALUE && !v->is_input &&
        !v->is_initializer)
        return FAIL(c, "%s reads '%s', which nothing makes", user, v->name);
    found = slot < v->n_uses ? &v->uses[slot] : NULL;
    if (found == NULL || found->kind != use.kind || found->node != use.node ||
        found->index != use.index)
        return FAIL(c, "%s reads '%s', whose list of uses does not say so", user, v->name);
    c->n_uses++;
    return OCTET_OK;
}

static octet_status check_inputs(checker *c, const octet_node *n)
{
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        octet_use use = {.kind = OCTET_USE_INPUT, .node = n->id, .index = i};

        if (n->inputs[i] != OCTET_NO_VALUE)
            OCTET_TRY(check_use(c, use, n->inputs[i], n->input_slots[i], LABEL(c, n)));
    }
    return OCTET_OK;
}

static octet_status check_outputs(checker *c, const octet_node *n)
{
    for (uint32_t i = 0; i < n->n_outputs; i++) {
        const octet_value *v;

        if (n->outputs[i] == OCTET_NO_VALUE)
            continue;
        if (n->outputs[i] >= c->g->n_values)
            return FAIL(c, "%s makes value #%u, which does not exist", LABEL(c, n),
                        (unsigned)n->outputs[i]);
        v = c->g->values[n->outputs[i]];
        if (v->producer != n->id || v->producer_output != i)
            return FAIL(c, "%s makes '%s', which does not say so", LABEL(c, n), v->name);
    }
    return OCTET_OK;
}

/* Marks what one subgraph of n reads from outside. */
static octet_status mark_reads(checker *c, const octet_node *n, const octet_graph *sub)
{
    if (sub->parent != c->g || sub->owner != n->id || sub->model != c->g->model)
        return FAIL(c, "graph '%s' is a subgraph of %s but has another owner", sub->name,
                    LABEL(c, n));
    for (uint32_t i = 0; i < sub->n_values; i++) {
        octet_value_id outer = sub->values[i]->outer;

        if (outer != OCTET_NO_VALUE && outer < c->g->n_values)
            c->marked[outer] = n->id + 1;
    }
    return OCTET_OK;
}

/* After this, marks that remain are reads without a capture. */
static octet_status check_captures(checker *c, const octet_node *n)
{
    for (uint32_t i = 0; i < n->n_captures; i++) {
        octet_use use = {.kind = OCTET_USE_CAPTURE, .node = n->id, .index = i};
        octet_value_id v = n->captures[i];

        OCTET_TRY(check_use(c, use, v, n->capture_slots[i], LABEL(c, n)));
        if (c->marked[v] != n->id + 1)
            return FAIL(c, "%s captures '%s' twice or without a subgraph that reads it",
                        LABEL(c, n), c->g->values[v]->name);
        c->marked[v] = 0;
    }
    return OCTET_OK;
}

static octet_status check_marks(checker *c, const octet_node *n, const octet_graph *sub)
{
    for (uint32_t i = 0; i < sub->n_values; i++) {
        octet_value_id outer = sub->values[i]->outer;

        if (outer != OCTET_NO_VALUE && outer < c->g->n_values && c->marked[outer] == n->id + 1)
            return FAIL(c, "a subgraph of %s reads '%s', which is not among its captures",
                        LABEL(c, n), sub->values[i]->name);
    }
    return OCTET_OK;
}

static octet_status check_subgraphs(checker *c, const octet_node *n)
{
    octet_subgraphs it = {0};
    const octet_graph *sub;

    while ((sub = octet_node_next_subgraph(n, &it)) != NULL)
        OCTET_TRY(mark_reads(c, n, sub));
    OCTET_TRY(check_captures(c, n));
    it = (octet_subgraphs){0};
    while ((sub = octet_node_next_subgraph(n, &it)) != NULL) {
        OCTET_TRY(check_marks(c, n, sub));
        OCTET_TRY_NOTE(c->diag, check_graph(sub, c->code, c->diag), "subgraph '%s' of %s",
                       sub->name, LABEL(c, n));
    }
    return OCTET_OK;
}

static octet_status check_nodes(checker *c)
{
    for (uint32_t i = 0; i < c->g->n_nodes; i++) {
        const octet_node *n = c->g->nodes[i];

        if (n->id != i)
            return FAIL(c, "node #%u has the id %u", (unsigned)i, (unsigned)n->id);
        if (n->removed)
            continue;
        if (!c->ordered[i])
            return FAIL(c, "%s is missing in the order", LABEL(c, n));
        OCTET_TRY(check_inputs(c, n));
        OCTET_TRY(check_outputs(c, n));
        OCTET_TRY(check_subgraphs(c, n));
    }
    return OCTET_OK;
}

/* ---- lists of the graph */

static octet_status check_order(checker *c)
{
    for (uint32_t i = 0; i < c->g->n_order; i++) {
        octet_node_id id = c->g->order[i];

        if (id >= c->g->n_nodes)
            return FAIL(c, "the order holds node #%u, which does not exist", (unsigned)id);
        if (c->ordered[id])
            return FAIL(c, "%s stands twice in the order", LABEL(c, c->g->nodes[id]));
        c->ordered[id] = 1;
    }
    return OCTET_OK;
}

static octet_status check_list(checker *c, const char *what, const octet_value_id *list,
                               uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (list[i] >= c->g->n_values)
            return FAIL(c, "graph %s %u is value #%u, which does not exist", what, (unsigned)i,
                        (unsigned)list[i]);
    }
    return OCTET_OK;
}

/* The lists of inputs and of initializers agree with the flags of values. */
static octet_status check_interface(checker *c)
{
    const octet_graph *g = c->g;
    uint32_t inputs = 0, initializers = 0;

    OCTET_TRY(check_list(c, "input", g->inputs, g->n_inputs));
    OCTET_TRY(check_list(c, "output", g->outputs, g->n_outputs));
    OCTET_TRY(check_list(c, "initializer", g->initializers, g->n_initializers));
    for (uint32_t i = 0; i < g->n_inputs; i++) {
        if (!g->values[g->inputs[i]]->is_input)
            return FAIL(c, "graph input '%s' is not marked as one", g->values[g->inputs[i]]->name);
    }
    for (uint32_t i = 0; i < g->n_initializers; i++) {
        const octet_value *v = g->values[g->initializers[i]];

        if (!v->is_initializer)
            return FAIL(c, "initializer '%s' is not marked as one", v->name);
    }
    for (uint32_t i = 0; i < g->n_values; i++) {
        inputs += g->values[i]->is_input;
        initializers += g->values[i]->is_initializer;
    }
    if (inputs != g->n_inputs || initializers != g->n_initializers)
        return FAIL(c, "graph '%s' lists an input or initializer twice or not at all", g->name);
    return OCTET_OK;
}

static octet_status check_graph_outputs(checker *c)
{
    for (uint32_t i = 0; i < c->g->n_outputs; i++) {
        octet_use use = {.kind = OCTET_USE_OUTPUT, .node = OCTET_NO_NODE, .index = i};
        octet_value_id id = c->g->outputs[i];
        char user[OCTET_LABEL];

        snprintf(user, sizeof user, "output %u of graph '%s'", (unsigned)i, c->g->name);
        OCTET_TRY(check_use(c, use, id, c->g->output_slots[i], user));
    }
    return OCTET_OK;
}

static octet_status check_counts(checker *c)
{
    uint64_t total = 0;

    for (uint32_t i = 0; i < c->g->n_values; i++)
        total += c->g->values[i]->n_uses;
    if (total != c->n_uses)
        return FAIL(c, "graph '%s' lists %llu uses of its values but has %llu", c->g->name,
                    (unsigned long long)total, (unsigned long long)c->n_uses);
    return OCTET_OK;
}

static octet_status check_all(checker *c)
{
    uint32_t count;

    OCTET_TRY(check_interface(c));
    OCTET_TRY(check_values(c));
    OCTET_TRY(check_order(c));
    OCTET_TRY(check_nodes(c));
    OCTET_TRY(check_graph_outputs(c));
    OCTET_TRY(check_counts(c));
    return octet_topo_order(c->g, c->order, &count, c->code, c->diag);
}

static octet_status check_graph(const octet_graph *g, octet_status code, octet_diag *diag)
{
    const octet_allocator *allocator = &g->model->ctx->allocator;
    checker c = {.g = g, .code = code, .diag = diag};
    octet_status status;

    c.marked = octet_mem_zalloc(allocator, g->n_values, sizeof *c.marked);
    c.ordered = octet_mem_zalloc(allocator, g->n_nodes, 1);
    c.order = octet_mem_alloc(allocator, g->n_order, sizeof *c.order);
    if (c.marked != NULL && c.ordered != NULL && c.order != NULL)
        status = check_all(&c);
    else
        status = octet_fail_nomem(diag);
    octet_mem_free(allocator, c.marked);
    octet_mem_free(allocator, c.ordered);
    octet_mem_free(allocator, c.order);
    return status;
}

octet_status octet_graph_verify(const octet_graph *g, octet_status code, octet_diag *diag)
{
    return check_graph(g, code, diag);
}
