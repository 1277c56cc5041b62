/* quantize.c: the whole job: prepare, annotate, calibrate, place Q/DQ
 * SPDX-License-Identifier: Apache-2.0
 */
#include "api/api.h"
#include "api/choose.h"

#include "base/hash.h"
#include "engine/embedded.h"
#include "engine/pass.h"
#include "graph/edit.h"

#include <stdio.h>
#include <string.h>

typedef struct job {
    octet_context *ctx;
    octet_model *model;
    octet_data *data;
    octet_quantize_options options;
    const octet_observer *observer;
    octet_backend *backend;
    octet_annotation *annotation;
    octet_calibration *calibration; /* NULL once its results are taken */
    octet_choosing choosing;
    int64_t samples;
    octet_data_feed feed;
    char calibration_hash[65];
    octet_text explanations;
    octet_report *report;
    bool quantized_io;
    uint32_t widened;
    octet_diag *diag;
} job;

static bool is_quantized_op(const octet_node *node)
{
    static const char *const exact[] = {"QuantizeLinear", "DequantizeLinear",      "ConvInteger",
                                        "MatMulInteger",  "DynamicQuantizeLinear", "QGemm",
                                        "MatMulNBits",    "DynamicQuantizeMatMul"};
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
        if (strcmp(node->op_type, exact[i]) == 0)
            return true;
    return strncmp(node->op_type, "QLinear", 7) == 0;
}

octet_status octet_check_float(const octet_graph *g, octet_diag *diag)
{
    char label[256];
    for (uint32_t i = 0; i < g->n_order; i++) {
        const octet_node *node = octet_graph_node(g, g->order[i]);
        if (!node->removed && is_quantized_op(node))
            return octet_fail(diag, OCTET_ERR_UNSUPPORTED, "the model is quantized already: %s",
                              octet_node_label(g, node, label, sizeof label));
        for (uint32_t a = 0; !node->removed && a < node->n_attrs; a++)
            for (uint32_t k = 0; node->attrs[a].graphs != NULL && k < node->attrs[a].count; k++)
                OCTET_TRY(octet_check_float(node->attrs[a].graphs[k], diag));
    }
    return OCTET_OK;
}

/* ---- steps */

static octet_status read_percentile(job *j)
{
    double *percentile = &j->options.percentile;

    if (j->observer != &octet_observer_percentile) {
        if (*percentile != 0.0)
            return octet_fail(j->diag, OCTET_ERR_INVALID_ARGUMENT,
                              "a percentile is given, but the method is '%s'", j->options.method);
        return OCTET_OK;
    }
    if (*percentile == 0.0)
        *percentile = OCTET_DEFAULT_PERCENTILE;
    if (!(*percentile >= 50.0 && *percentile <= 100.0))
        return octet_fail(j->diag, OCTET_ERR_INVALID_ARGUMENT,
                          "the percentile is not between 50 and 100");
    return OCTET_OK;
}

static octet_status open_method(job *j)
{
    const char *method = j->options.method != NULL ? j->options.method : "minmax";
    size_t n;
    const octet_observer *const *list = octet_observer_list(&n);
    const char *names[32];
    size_t n_names = 0;

    j->options.method = method;
    j->observer = octet_observer_find(method);
    if (j->observer != NULL)
        return read_percentile(j);
    for (; n_names < n && n_names < 32; n_names++)
        names[n_names] = list[n_names]->name;
    const char *near = octet_nearest(method, names, n_names);
    return octet_fail(j->diag, OCTET_ERR_INVALID_ARGUMENT, "no method is called '%s'; try '%s'",
                      method, near != NULL ? near : names[0]);
}

static octet_status read_io_dtype(job *j)
{
    const char *name = j->options.io_dtype;
    j->quantized_io = name != NULL && strcmp(name, "quantized") == 0;
    if (name == NULL || j->quantized_io || strcmp(name, "float") == 0)
        return OCTET_OK;
    return octet_fail(j->diag, OCTET_ERR_INVALID_ARGUMENT,
                      "the type of inputs and outputs is 'float' or 'quantized', not '%s'", name);
}

static octet_status prepare(job *j)
{
    octet_pipeline_options options = {.widened = &j->widened};

    OCTET_TRY(open_method(j));
    OCTET_TRY(read_io_dtype(j));
    if (j->options.backend == NULL)
        j->options.backend = "ort-cpu";
    OCTET_TRY(octet_backend_open(&j->ctx->allocator, j->options.backend, &j->backend, j->diag));
    OCTET_TRY(octet_check_float(j->model->graph, j->diag));
    OCTET_TRY(octet_passes_run(j->model, &options, j->diag));
    OCTET_TRY(octet_check_float(j->model->graph, j->diag)); /* functions are inlined now */
    OCTET_TRY(octet_check_known(j->model->graph, j->diag));
    return octet_annotate(j->model, j->backend, &j->annotation, j->diag);
}

static bool any_quantized(const octet_annotation *a)
{
    for (uint32_t i = 0; i < a->n_units; i++)
        if (a->units[i].quantized)
            return true;
    return false;
}

/* Says what stands in the way: the first heavy node if there is one, else the first node. */
static octet_status refuse_nothing(job *j)
{
    const octet_graph *g = j->model->graph;
    const octet_node *named = NULL;
    char label[256];

    for (uint32_t i = 0; i < g->n_order; i++) {
        const octet_node *node = octet_graph_node(g, g->order[i]);
        if (!node->removed &&
            (named == NULL || (octet_report_is_heavy(node) && !octet_report_is_heavy(named))))
            named = node;
    }
    if (named == NULL)
        return octet_fail(j->diag, OCTET_ERR_UNSUPPORTED, "the model has no nodes to quantize");
    return octet_fail(j->diag, OCTET_ERR_UNSUPPORTED,
                      "nothing in the model would run in integers on '%s'; %s: %s",
                      j->backend->name, octet_node_label(g, named, label, sizeof label),
                      octet_annotation_reason(j->annotation, g, named->id));
}

static octet_status calibrate(job *j)
{
    OCTET_TRY(octet_calibration_create(j->model, &j->calibration, j->diag));
    j->choosing = (octet_choosing){
        .annotation = j->annotation,
        .calibration = j->calibration,
        .observer = j->observer,
        .options = {.percentile = j->options.percentile},
        .threads = j->ctx->threads,
    };
    OCTET_TRY(octet_choose_observed(&j->choosing, j->diag));
    OCTET_TRY(octet_data_feed_init(&j->feed, j->data, j->ctx->threads, j->options.progress,
                                   j->options.user, j->diag));
    OCTET_TRY(octet_calibration_run(j->calibration, &j->feed.feed, j->ctx->threads, j->diag));
    j->samples = octet_calibration_samples(j->calibration);
    if (j->samples == 0)
        return octet_fail(j->diag, OCTET_ERR_DATA, "there is no sample to calibrate with");
    octet_data_feed_hash(&j->feed, j->calibration_hash);
    return octet_choose_ranges(&j->choosing, j->diag);
}

/* The first graph, subgraphs included, that has a node of the name; NULL: none. */
static const octet_graph *find_node(const octet_annotation *a, const char *name, octet_node_id *out)
{
    for (uint32_t i = 0; i < a->n_graphs; i++) {
        *out = octet_graph_find_node(a->graphs[i].g, name);
        if (*out != OCTET_NO_NODE && !octet_graph_node(a->graphs[i].g, *out)->removed)
            return a->graphs[i].g;
    }
    return NULL;
}

static octet_status explain(job *j)
{
    for (size_t i = 0; i < j->options.n_explain; i++) {
        octet_node_id node;
        const octet_graph *g = find_node(j->annotation, j->options.explain[i], &node);
        if (g == NULL)
            octet_text_add(&j->explanations, "node '%s'\n  is not in the prepared model\n",
                           j->options.explain[i]);
        else
            OCTET_TRY(octet_explain(j->annotation, g, node, &j->explanations, j->diag));
    }
    return OCTET_OK;
}

/* ---- provenance */

static octet_status add_metadata(job *j)
{
    octet_sha256 hash;
    uint8_t digest[32];
    char hex[65], samples[32], percentile[32];
    const struct {
        const char *key, *value;
    } entries[] = {
        {"octet.version", octet_version()},
        {"octet.backend", j->backend->name},
        {"octet.method", j->options.method},
        {"octet.configuration_sha256", hex},
        {"octet.calibration_sha256", j->calibration_hash},
        {"octet.calibration_samples", samples},
    };

    octet_sha256_init(&hash);
    octet_sha256_add(&hash, j->backend->digest, sizeof j->backend->digest);
    octet_sha256_add(&hash, j->options.method, strlen(j->options.method) + 1);
    if (j->options.percentile != 0.0) {
        octet_print_f64(j->options.percentile, percentile);
        octet_sha256_add(&hash, percentile, strlen(percentile) + 1);
    }
    octet_sha256_add(&hash, j->quantized_io ? "quantized" : "float", j->quantized_io ? 9 : 5);
    if (j->options.avoid_saturation)
        octet_sha256_add(&hash, "avoid-saturation", 16);
    octet_sha256_finish(&hash, digest);
    octet_sha256_hex(digest, hex);
    snprintf(samples, sizeof samples, "%lld", (long long)j->samples);
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        OCTET_TRY(octet_edit_set_metadata(j->model, entries[i].key, entries[i].value, j->diag));
    return OCTET_OK;
}

static octet_status place(job *j)
{
    const octet_place_options options = {.avoid_saturation = j->options.avoid_saturation};
    octet_place_result placed;
    uint32_t removed;

    OCTET_TRY(octet_place_qdq(j->annotation, &options, &placed, j->diag));
    if (j->quantized_io)
        OCTET_TRY(octet_quantize_io(j->model, j->diag));
    OCTET_TRY(octet_graph_remove_dead(j->model->graph, &removed, j->diag));
    OCTET_TRY(octet_graph_sort(j->model->graph, j->diag));
    OCTET_TRY(octet_graph_verify(j->model->graph, OCTET_ERR_INTERNAL, j->diag));
    octet_report_set_placed(j->report, &placed);
    octet_raise_ir_version(j->model);
    return add_metadata(j);
}

static const char widened_warning[] =
    "the model computes in float16; it was widened to float32, and what stays float runs in that";

static octet_status warn(job *j)
{
    char coarse[160];

    if (j->widened > 0 && octet_report_warn(j->report, widened_warning) != OCTET_OK)
        return octet_fail_nomem(j->diag);
    snprintf(coarse, sizeof coarse,
             "of %u tensors most values are so much smaller than the largest that a step of their "
             "range is resolved by fewer than %d bins",
             (unsigned)j->choosing.coarse, OCTET_BINS_PER_STEP);
    if (j->choosing.coarse > 0 && octet_report_warn(j->report, coarse) != OCTET_OK)
        return octet_fail_nomem(j->diag);
    return OCTET_OK;
}

static octet_status report(job *j)
{
    octet_report_builder builder = {
        .annotation = j->annotation,
        .calibration = j->calibration,
        .options = &j->options,
        .calibration_hash = j->calibration_hash,
        .explanations = &j->explanations,
    };
    OCTET_TRY(octet_report_create(&builder, &j->report, j->diag));
    return warn(j);
}

static octet_status run_job(job *j)
{
    OCTET_TRY(prepare(j));
    OCTET_TRY(explain(j));
    if (!any_quantized(j->annotation))
        return refuse_nothing(j);
    OCTET_TRY(calibrate(j));
    if (!any_quantized(j->annotation))
        return refuse_nothing(j);
    OCTET_TRY(report(j));
    octet_calibration_destroy(j->calibration); /* makes room for the result */
    j->calibration = NULL;
    return place(j);
}

octet_status octet_quantize(octet_context *ctx, octet_model *model, octet_data *data,
                            const octet_quantize_options *options, octet_report **out)
{
    job j = {.ctx = ctx, .model = model, .data = data, .diag = &ctx->diag};

    if (out != NULL)
        *out = NULL;
    if (options != NULL)
        j.options = *options;
    octet_text_init(&j.explanations, &ctx->allocator);
    octet_status status = run_job(&j);
    if (j.feed.data != NULL)
        octet_data_feed_deinit(&j.feed);
    octet_calibration_destroy(j.calibration);
    octet_annotation_destroy(j.annotation);
    octet_backend_destroy(j.backend);
    octet_text_deinit(&j.explanations);
    if (status == OCTET_OK && out != NULL)
        *out = j.report;
    else
        octet_report_free(j.report);
    return status;
}

const char *octet_method_name(size_t index)
{
    size_t n;
    const octet_observer *const *list = octet_observer_list(&n);
    return index < n ? list[index]->name : NULL;
}

const char *octet_method_summary(size_t index)
{
    size_t n;
    const octet_observer *const *list = octet_observer_list(&n);
    return index < n ? list[index]->summary : NULL;
}
