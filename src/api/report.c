/* report.c: what a quantization did, for people and programs
 * SPDX-License-Identifier: Apache-2.0
 *
 * A report owns an arena of its own and outlives model and annotation.
 */
#include "api/api.h"

#include <stdlib.h>
#include <string.h>

typedef struct report {
    octet_report view; /* first: what the caller holds */
    octet_arena arena;
    octet_report_reason *reasons;
    uint32_t reasons_capacity;
    const char **warnings;
    uint32_t warnings_capacity;
} report;

bool octet_report_is_heavy(const octet_node *node)
{
    static const char *const ops[] = {"Conv", "ConvTranspose", "Gemm", "MatMul",
                                      "LSTM", "GRU",           "RNN"};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (strcmp(node->op_type, ops[i]) == 0)
            return true;
    return false;
}

/* Shape arithmetic and comparisons are nobody's concern here. */
static bool computes_floats(const octet_graph *g, const octet_node *node)
{
    for (uint32_t i = 0; i < node->n_outputs; i++) {
        const octet_value *v = octet_node_output(g, node, i);
        if (v != NULL && octet_dtype_get(v->type.dtype)->kind == OCTET_KIND_FLOAT)
            return true;
    }
    return false;
}

static bool count_reason(report *r, const octet_node *node, const char *reason)
{
    for (size_t i = 0; i < r->view.n_reasons; i++)
        if (strcmp(r->reasons[i].op_type, node->op_type) == 0 &&
            strcmp(r->reasons[i].reason, reason) == 0) {
            r->reasons[i].count++;
            return true;
        }
    if (!octet_arena_grow(&r->arena, (void **)&r->reasons, &r->reasons_capacity,
                          (uint32_t)r->view.n_reasons + 1, sizeof *r->reasons))
        return false;
    octet_report_reason *entry = &r->reasons[r->view.n_reasons++];
    entry->op_type = octet_arena_strdup(&r->arena, node->op_type);
    entry->reason = octet_arena_strdup(&r->arena, reason);
    entry->example = octet_arena_strdup(&r->arena, node->name);
    entry->count = 1;
    return entry->op_type != NULL && entry->reason != NULL && entry->example != NULL;
}

static bool count_nodes(report *r, const octet_annotation *a, const octet_graph *g)
{
    for (uint32_t i = 0; i < g->n_order; i++) {
        const octet_node *node = octet_graph_node(g, g->order[i]);
        if (node->removed || !computes_floats(g, node))
            continue;
        const char *reason = octet_annotation_reason(a, g, node->id);
        unsigned heavy = octet_report_is_heavy(node) ? 1 : 0;
        if (reason == NULL) {
            r->view.nodes_integer++;
            r->view.heavy_integer += heavy;
            continue;
        }
        r->view.nodes_float++;
        r->view.heavy_float += heavy;
        if (!count_reason(r, node, reason))
            return false;
    }
    return true;
}

static int by_count(const void *x, const void *y)
{
    const octet_report_reason *a = x, *b = y;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    int order = strcmp(a->op_type, b->op_type);
    return order != 0 ? order : strcmp(a->reason, b->reason);
}

static bool list_tensors(report *r, const octet_annotation *a)
{
    octet_report_tensor *list = OCTET_ARENA_ARRAY(&r->arena, octet_report_tensor, a->n_sites + 1);
    if (list == NULL)
        return false;
    for (uint32_t i = 0; i < a->n_sites; i++) {
        const octet_site *site = &a->sites[i];
        list[i] = (octet_report_tensor){
            .name = octet_arena_strdup(&r->arena, octet_graph_value(site->g, site->value)->name),
            .min = site->observed.min,
            .max = site->observed.max,
            .scale = site->params.scale,
            .zero_point = site->params.zero_point,
        };
        if (list[i].name == NULL)
            return false;
    }
    r->view.tensors = list;
    r->view.n_tensors = a->n_sites;
    return true;
}

static bool copy_texts(report *r, const octet_report_builder *from)
{
    const char *explanations = from->explanations->data != NULL ? from->explanations->data : "";
    r->view.explanations = octet_arena_strdup(&r->arena, explanations);
    r->view.backend = octet_arena_strdup(&r->arena, from->annotation->backend->name);
    r->view.method = octet_arena_strdup(&r->arena, from->options->method);
    memcpy(r->view.calibration_sha256, from->calibration_hash, sizeof r->view.calibration_sha256);
    return r->view.explanations != NULL && r->view.backend != NULL && r->view.method != NULL;
}

static void copy_memory(report *r, octet_memory m)
{
    r->view.tensor_bytes = m.live;
    r->view.held_bytes = m.held;
    r->view.scratch_bytes = m.scratch;
    r->view.packed_bytes = m.packed;
}

octet_status octet_report_create(const octet_report_builder *from, octet_report **out,
                                 octet_diag *diag)
{
    const octet_annotation *a = from->annotation;
    *out = NULL;
    report *r = octet_mem_zalloc(&a->model->ctx->allocator, 1, sizeof *r);
    OCTET_TRY_ALLOC(diag, r);
    octet_arena_init(&r->arena, &a->model->ctx->allocator);
    r->view.samples = octet_calibration_samples(from->calibration);
    copy_memory(r, octet_calibration_memory(from->calibration));
    r->view.percentile = from->options->percentile;
    bool ok = copy_texts(r, from) && list_tensors(r, a);
    for (uint32_t i = 0; ok && i < a->n_graphs; i++)
        ok = count_nodes(r, a, a->graphs[i].g);
    if (!ok) {
        octet_report_free(&r->view);
        return octet_fail_nomem(diag);
    }
    if (r->view.n_reasons > 1)
        qsort(r->reasons, r->view.n_reasons, sizeof *r->reasons, by_count);
    r->view.reasons = r->reasons;
    *out = &r->view;
    return OCTET_OK;
}

void octet_report_set_placed(octet_report *view, const octet_place_result *placed)
{
    view->pairs = placed->pairs;
    view->weights = placed->weights;
    view->biases = placed->biases;
    view->narrowed_channels = placed->narrowed_channels;
}

octet_status octet_report_warn(octet_report *view, const char *text)
{
    report *r = (report *)view;
    const char *copy = octet_arena_strdup(&r->arena, text);
    if (copy == NULL || !octet_arena_grow(&r->arena, (void **)&r->warnings, &r->warnings_capacity,
                                          (uint32_t)view->n_warnings + 1, sizeof *r->warnings))
        return OCTET_ERR_NOMEM;
    r->warnings[view->n_warnings++] = copy;
    view->warnings = r->warnings;
    return OCTET_OK;
}

void octet_report_free(octet_report *view)
{
    if (view == NULL)
        return;
    report *r = (report *)view;
    const octet_allocator allocator = r->arena.allocator;
    octet_arena_deinit(&r->arena);
    octet_mem_free(&allocator, r);
}
