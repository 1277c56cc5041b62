/* graph_fixture.h: small graphs built by name, for tests of the graph layer
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_TESTS_GRAPH_FIXTURE_H
#define OCTET_TESTS_GRAPH_FIXTURE_H

#include "graph/edit.h"
#include "support/check.h"

#include <stdio.h>

typedef struct fixture {
    octet_context *ctx;
    octet_model *model;
    octet_graph *g;
    octet_diag diag;
} fixture;

#define OK(f, call)                                                                                \
    do {                                                                                           \
        octet_status status_ = (call);                                                             \
        if (status_ != OCTET_OK)                                                                   \
            fail_msg("%s: %s", #call, (f)->diag.text);                                             \
    } while (0)

static inline void fixture_init(fixture *f)
{
    octet_context_options options = {.threads = 1};

    memset(f, 0, sizeof *f);
    assert_int_equal(octet_context_create(&options, &f->ctx), OCTET_OK);
    assert_int_equal(octet_model_create_empty(f->ctx, &f->model), OCTET_OK);
    assert_int_equal(octet_graph_create(f->model, NULL, OCTET_NO_NODE, "main", &f->g), OCTET_OK);
    f->model->graph = f->g;
    f->model->ir_version = 8;
    OK(f, octet_edit_set_opset(f->model, "", 13, &f->diag));
}

static inline void fixture_deinit(fixture *f)
{
    octet_model_destroy(f->model);
    octet_context_destroy(f->ctx);
}

static inline octet_graph *fixture_subgraph(fixture *f, octet_graph *parent, octet_node_id owner,
                                            const char *name)
{
    octet_graph *sub;

    OK(f, octet_graph_create(f->model, parent, owner, name, &sub));
    return sub;
}

/* The value of that name, made if there is none. */
static inline octet_value_id val(fixture *f, octet_graph *g, const char *name)
{
    octet_value_id id = octet_graph_find_value(g, name);

    if (id == OCTET_NO_VALUE)
        OK(f, octet_edit_add_named_value(g, name, &id, &f->diag));
    return id;
}

/* A list "a, b,, c" of value names; an empty one is left out. */
static inline uint32_t vals(fixture *f, octet_graph *g, const char *names, octet_value_id *out)
{
    char copy[256], *at = copy;
    uint32_t n = 0;

    snprintf(copy, sizeof copy, "%s", names);
    while (*at != '\0') {
        char *end = at + strcspn(at, ",");
        bool last = *end == '\0';

        *end = '\0';
        at += strspn(at, " ");
        out[n++] = *at == '\0' ? OCTET_NO_VALUE : val(f, g, at);
        at = last ? end : end + 1;
    }
    return n;
}

/* outputs = op (inputs), named as its first output. */
static inline octet_node_id node(fixture *f, octet_graph *g, const char *outputs, const char *op,
                                 const char *inputs)
{
    octet_value_id in[16], out[16];
    octet_node_desc desc = {.op_type = op, .inputs = in, .outputs = out};
    octet_node_id id = OCTET_NO_NODE;

    desc.n_inputs = vals(f, g, inputs, in);
    desc.n_outputs = vals(f, g, outputs, out);
    if (desc.n_outputs > 0 && out[0] != OCTET_NO_VALUE)
        desc.name = g->values[out[0]]->name;
    OK(f, octet_edit_add_node(g, &desc, NULL, &id, &f->diag));
    return id;
}

static inline void graph_input(fixture *f, octet_graph *g, const char *name)
{
    OK(f, octet_edit_add_graph_input(g, val(f, g, name), &f->diag));
}

static inline void graph_output(fixture *f, octet_graph *g, const char *name)
{
    OK(f, octet_edit_add_graph_output(g, val(f, g, name), &f->diag));
}

/* Attaches a finished subgraph. */
static inline void set_graph(fixture *f, octet_graph *g, octet_node_id owner, const char *name,
                             octet_graph *sub)
{
    octet_attr attr = {.name = name, .kind = OCTET_ATTR_GRAPH, .count = 1, .graphs = &sub};

    OK(f, octet_edit_set_attr(g, owner, &attr, &f->diag));
}

static inline void verify(fixture *f)
{
    OK(f, octet_graph_verify(f->g, OCTET_ERR_INTERNAL, &f->diag));
}

#endif
