/* quantize_text.h: models in text syntax, prepared, annotated and quantized, for tests
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_TESTS_QUANTIZE_TEXT_H
#define OCTET_TESTS_QUANTIZE_TEXT_H

#include "base/context.h"
#include "engine/annotate.h"
#include "engine/pass.h"
#include "graph/text.h"
#include "octet/octet.h"
#include "support/check.h"

#include <stdio.h>

#define TEXT_HEADER "<ir_version: 8, opset_import: [\"\" : 17]>\n"
#define EYE "float[2,2,1,1] w = {1, 0, 0, 1}"

typedef struct net {
    octet_context *ctx;
    octet_model *model;
    octet_graph *g;
    octet_backend *backend;
    octet_annotation *a;
    octet_diag diag;
} net;

/* The graph as it stands, types inferred, no pass run. */
static inline void net_read(net *n, const char *graph)
{
    octet_context_options options = {.threads = 1};
    char *text = malloc(strlen(graph) + sizeof TEXT_HEADER);

    memset(n, 0, sizeof *n);
    assert_non_null(text);
    memcpy(text, TEXT_HEADER, sizeof TEXT_HEADER);
    strcat(text, graph);
    assert_int_equal(octet_context_create(&options, &n->ctx), OCTET_OK);
    if (octet_text_read_model(n->ctx, text, strlen(text), &n->model, &n->diag) != OCTET_OK)
        fail_msg("%s\n%s", n->diag.text, text);
    free(text);
    n->g = n->model->graph;
    if (octet_model_prepare(n->ctx, n->model, "none") != OCTET_OK)
        fail_msg("%s", octet_context_message(n->ctx));
    if (octet_backend_open(&n->ctx->allocator, "ort-cpu", &n->backend, &n->diag) != OCTET_OK)
        fail_msg("%s", n->diag.text);
}

static inline void net_annotate(net *n, const char *graph)
{
    net_read(n, graph);
    if (octet_annotate(n->model, n->backend, &n->a, &n->diag) != OCTET_OK)
        fail_msg("%s", n->diag.text);
}

static inline void net_close(net *n)
{
    octet_annotation_destroy(n->a);
    octet_backend_destroy(n->backend);
    octet_model_destroy(n->model);
    octet_context_destroy(n->ctx);
}

static inline octet_node *net_node(const net *n, const char *name)
{
    octet_node_id id = octet_graph_find_node(n->g, name);

    if (id == OCTET_NO_NODE)
        fail_msg("there is no node '%s'", name);
    return octet_graph_node(n->g, id);
}

static inline octet_value_id net_value(const net *n, const char *name)
{
    octet_value_id id = octet_graph_find_value(n->g, name);

    if (id == OCTET_NO_VALUE)
        fail_msg("there is no value '%s'", name);
    return id;
}

static inline uint32_t net_site(const net *n, const char *value)
{
    return octet_annotation_site(n->a, n->g, net_value(n, value));
}

/* reason NULL: the node runs in integers. */
static inline void net_expect(const net *n, const char *node, const char *reason)
{
    const char *given = octet_annotation_reason(n->a, n->g, net_node(n, node)->id);

    if ((given == NULL) != (reason == NULL) ||
        (given != NULL && reason != NULL && strstr(given, reason) == NULL))
        fail_msg("node '%s': '%s' instead of '%s'", node, given != NULL ? given : "in integers",
                 reason != NULL ? reason : "in integers");
}

/* ---- the whole job on samples of one number for each element */

typedef struct net_samples {
    const float *values; /* one for each sample: element k of it is value · (k + 1) */
    int64_t count;
    int64_t elements;
    float room[64];
} net_samples;

/* Every input of the model has `elements` elements in its last dimension, all others are 1. */
static inline int net_next_sample(void *user, int64_t index, octet_input *inputs, unsigned n)
{
    net_samples *s = (net_samples *)user;

    if (index >= s->count)
        return 0;
    for (int64_t k = 0; k < s->elements; k++)
        s->room[k] = s->values[index] * (float)(k + 1);
    for (unsigned i = 0; i < n; i++)
        inputs[i] =
            (octet_input){.dtype = 1, .rank = 4, .dims = {1, s->elements, 1, 1}, .data = s->room};
    return 1;
}

/* Inputs are float[1,elements,1,1]. */
static inline octet_status net_quantize(net *n, const float *values, int64_t count,
                                        int64_t elements, octet_report **report)
{
    net_samples samples = {.values = values, .count = count, .elements = elements};
    octet_data *data;
    octet_status status =
        octet_data_from_callback(n->ctx, n->model, net_next_sample, &samples, &data);

    if (status != OCTET_OK)
        return status;
    status = octet_quantize(n->ctx, n->model, data, NULL, report);
    octet_data_close(data);
    return status;
}

static inline uint32_t net_count(const octet_graph *g, const char *op_type)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < g->n_order; i++) {
        const octet_node *node = octet_graph_node(g, g->order[i]);
        count += !node->removed && strcmp(node->op_type, op_type) == 0;
    }
    return count;
}

#endif
