/* run.c: every sample through the interpreter
 * SPDX-License-Identifier: Apache-2.0
 *
 * Samples are computed in rounds of one per thread and handed to the sink in order.
 */
#include "api/api.h"

#include "base/parallel.h"
#include "data/npy.h"

#include <string.h>

typedef struct run_job run_job;

typedef struct run_lane {
    const run_job *job;
    octet_worker *worker;
    octet_tensor *inputs;
    const octet_tensor **outputs;
    octet_tensor *taps; /* copies; dtype UNDEFINED: not computed for this sample */
    size_t *capacity;   /* bytes behind each */
    octet_status status;
    octet_diag diag;
} run_lane;

struct run_job {
    octet_context *ctx;
    octet_model *model;
    octet_plan *plan;
    octet_data_feed feed;
    run_lane *lanes;
    int n_lanes;
    int64_t first; /* sample of lane 0 in this round */
    octet_output_view *views;
    octet_value_id *taps;
    uint32_t n_taps;
    uint32_t *tap_of; /* by value id of the main graph; n_taps: none */
    octet_run_sink sink;
    void *user;
};

static void run_one(void *arg, size_t index, int worker)
{
    run_job *j = arg;
    run_lane *l = &j->lanes[index];
    uint32_t n;
    (void)worker;
    octet_plan_inputs(j->plan, &n);
    for (uint32_t i = 0; i < j->n_taps; i++)
        l->taps[i].dtype = OCTET_DTYPE_UNDEFINED;
    l->status = octet_worker_run(l->worker, l->inputs, n, 1, l->outputs, &l->diag);
}

static octet_status sample_note(run_job *j, int64_t index, octet_status status, octet_diag *diag)
{
    char name[256];
    return octet_note(diag, status, "sample '%s'",
                      j->feed.feed.name(&j->feed, index, name, sizeof name));
}

static octet_output_view view_of(const run_job *j, octet_value_id v, const octet_tensor *t)
{
    return (octet_output_view){
        .name = octet_graph_value(j->model->graph, v)->name,
        .dtype = (int)t->dtype,
        .rank = t->rank,
        .dims = t->dims,
        .data = t->data,
        .bytes = t->bytes,
    };
}

static octet_status deliver(run_job *j, int64_t index, const run_lane *l)
{
    const octet_graph *g = j->model->graph;
    uint32_t n = g->n_outputs;
    char name[256];

    for (uint32_t i = 0; i < g->n_outputs; i++) {
        const octet_tensor *t = l->outputs[i];
        if (t == NULL)
            return octet_fail(&j->ctx->diag, OCTET_ERR_UNSUPPORTED, "output '%s' is not a tensor",
                              octet_graph_value(g, g->outputs[i])->name);
        j->views[i] = view_of(j, g->outputs[i], t);
    }
    for (uint32_t i = 0; i < j->n_taps; i++)
        if (l->taps[i].dtype != OCTET_DTYPE_UNDEFINED)
            j->views[n++] = view_of(j, j->taps[i], &l->taps[i]);
    if (j->sink(j->user, index, j->feed.feed.name(&j->feed, index, name, sizeof name), j->views,
                n) != 0)
        return octet_fail(&j->ctx->diag, OCTET_ERR_IO, "the outputs could not be taken");
    return OCTET_OK;
}

/* One sample per lane; *n is how many there were. */
static octet_status load_round(run_job *j, int *n, bool *end)
{
    int64_t count = j->feed.feed.count;
    for (*n = 0; *n < j->n_lanes && !*end; ++*n) {
        int64_t index = j->first + *n;
        if (count >= 0 && index >= count) {
            *end = true;
            break;
        }
        octet_status status =
            j->feed.feed.get(&j->feed, index, *n, j->lanes[*n].inputs, end, &j->ctx->diag);
        if (status != OCTET_OK)
            return status;
        if (*end)
            break;
    }
    return OCTET_OK;
}

static octet_status run_round(run_job *j, bool *end)
{
    int n;
    octet_status loaded = load_round(j, &n, end), status = OCTET_OK;
    octet_diag load_diag = j->ctx->diag;

    /* What comes before a sample that cannot be read is delivered, however many there are. */
    octet_parallel_for((size_t)n, j->n_lanes, run_one, j);
    for (int i = 0; i < n; i++) {
        if (status == OCTET_OK && j->lanes[i].status != OCTET_OK) {
            j->ctx->diag = j->lanes[i].diag;
            status = sample_note(j, j->first + i, j->lanes[i].status, &j->ctx->diag);
        }
        if (status == OCTET_OK)
            status = deliver(j, j->first + i, &j->lanes[i]);
    }
    for (int i = 0; i < j->n_lanes; i++)
        j->feed.feed.release(&j->feed, i);
    j->first += n;
    if (status == OCTET_OK && loaded != OCTET_OK) {
        j->ctx->diag = load_diag;
        return loaded;
    }
    if (status == OCTET_OK && j->feed.feed.progress != NULL)
        j->feed.feed.progress(&j->feed, j->first);
    return status;
}

/* ---- values between */

static octet_status keep_tap(void *user, const octet_graph *g, octet_value_id value,
                             const octet_tensor *t, const octet_minmax *range, octet_diag *diag)
{
    run_lane *l = user;
    const run_job *j = l->job;
    uint32_t i = g == j->model->graph ? j->tap_of[value] : j->n_taps;

    (void)range;
    if (i >= j->n_taps)
        return OCTET_OK;
    void *data = l->taps[i].data;
    if (t->bytes > l->capacity[i]) {
        octet_mem_free(&j->ctx->allocator, data);
        l->taps[i].data = data = octet_mem_zalloc(&j->ctx->allocator, 1, t->bytes);
        l->capacity[i] = data != NULL ? t->bytes : 0;
        OCTET_TRY_ALLOC(diag, data);
    }
    l->taps[i] = *t;
    l->taps[i].data = data;
    if (t->bytes > 0)
        memcpy(data, t->data, t->bytes);
    return OCTET_OK;
}

static bool is_quantized(const octet_value *v)
{
    return v->producer != OCTET_NO_NODE &&
           (v->type.dtype == OCTET_DTYPE_UINT8 || v->type.dtype == OCTET_DTYPE_INT8);
}

static void add_tap(run_job *j, octet_value_id v)
{
    if (octet_value_is_output(octet_graph_value(j->model->graph, v)) || j->tap_of[v] != UINT32_MAX)
        return;
    j->tap_of[v] = j->n_taps;
    j->taps[j->n_taps++] = v;
    octet_plan_watch(j->plan, j->model->graph, v);
}

static octet_status add_taps_named(run_job *j, const char *name)
{
    const octet_graph *g = j->model->graph;
    octet_value_id v = octet_graph_find_value(g, name);

    if (v == OCTET_NO_VALUE && strcmp(name, "quantized") != 0)
        return octet_fail(&j->ctx->diag, OCTET_ERR_INVALID_ARGUMENT, "there is no value '%s'",
                          name);
    if (v != OCTET_NO_VALUE) {
        const octet_value *value = octet_graph_value(g, v);

        if (!value->is_initializer && !value->is_input && value->producer == OCTET_NO_NODE)
            return octet_fail(&j->ctx->diag, OCTET_ERR_INVALID_ARGUMENT,
                              "value '%s' is not computed in this profile", name);
        if (value->is_initializer)
            return octet_fail(&j->ctx->diag, OCTET_ERR_INVALID_ARGUMENT, "value '%s' is a constant",
                              name);
        add_tap(j, v);
        return OCTET_OK;
    }
    for (uint32_t i = 0; i < g->n_values; i++)
        if (is_quantized(octet_graph_value(g, i)))
            add_tap(j, i);
    return OCTET_OK;
}

static octet_status choose_taps(run_job *j, const octet_run_options *options, octet_arena *arena)
{
    uint32_t n = j->model->graph->n_values;

    if (options == NULL || options->n_taps == 0)
        return OCTET_OK;
    j->taps = OCTET_ARENA_ARRAY(arena, octet_value_id, (size_t)n + 1);
    j->tap_of = OCTET_ARENA_ARRAY(arena, uint32_t, (size_t)n + 1);
    OCTET_TRY_ALLOC(&j->ctx->diag, j->taps);
    OCTET_TRY_ALLOC(&j->ctx->diag, j->tap_of);
    memset(j->tap_of, 0xff, n * sizeof *j->tap_of);
    for (size_t i = 0; i < options->n_taps; i++)
        OCTET_TRY(add_taps_named(j, options->taps[i]));
    return OCTET_OK;
}

static octet_status make_lanes(run_job *j, octet_arena *arena)
{
    uint32_t n_inputs;
    octet_diag *diag = &j->ctx->diag;

    octet_plan_inputs(j->plan, &n_inputs);
    j->views = OCTET_ARENA_ARRAY(arena, octet_output_view,
                                 (size_t)j->model->graph->n_outputs + j->n_taps + 1);
    j->lanes = OCTET_ARENA_ARRAY(arena, run_lane, (size_t)j->ctx->threads);
    OCTET_TRY_ALLOC(diag, j->views);
    OCTET_TRY_ALLOC(diag, j->lanes);
    for (; j->n_lanes < j->ctx->threads; j->n_lanes++) {
        run_lane *l = &j->lanes[j->n_lanes];
        l->inputs = OCTET_ARENA_ARRAY(arena, octet_tensor, n_inputs + 1);
        l->outputs = OCTET_ARENA_ARRAY(arena, const octet_tensor *, j->model->graph->n_outputs + 1);
        l->taps = OCTET_ARENA_ARRAY(arena, octet_tensor, (size_t)j->n_taps + 1);
        l->capacity = OCTET_ARENA_ARRAY(arena, size_t, (size_t)j->n_taps + 1);
        l->job = j;
        OCTET_TRY_ALLOC(diag, l->inputs);
        OCTET_TRY_ALLOC(diag, l->outputs);
        OCTET_TRY_ALLOC(diag, l->taps);
        OCTET_TRY_ALLOC(diag, l->capacity);
        OCTET_TRY(
            octet_worker_create(j->plan, j->n_taps > 0 ? keep_tap : NULL, l, &l->worker, diag));
    }
    return OCTET_OK;
}

static octet_status run_job_all(run_job *j, octet_arena *arena, octet_data *data,
                                const octet_run_options *options, octet_progress progress)
{
    octet_diag *diag = &j->ctx->diag;
    const octet_profile *profile;
    bool end = false;

    OCTET_TRY(octet_profile_find(options != NULL ? options->as : NULL, &profile, diag));
    OCTET_TRY(octet_lower(j->model, profile->rules, NULL, NULL, diag));
    OCTET_TRY(octet_plan_create(j->model, &j->plan, diag));
    octet_plan_set_arith(j->plan, profile->arith);
    OCTET_TRY(choose_taps(j, options, arena));
    OCTET_TRY(octet_plan_seal(j->plan, true, diag));
    OCTET_TRY(make_lanes(j, arena));
    OCTET_TRY(octet_data_feed_init(&j->feed, data, j->ctx->threads, progress, j->user, diag));
    while (!end)
        OCTET_TRY(run_round(j, &end));
    return OCTET_OK;
}

octet_status octet_model_run(octet_context *ctx, octet_model *model, octet_data *data,
                             const octet_run_options *options, octet_run_sink sink,
                             octet_progress progress, void *user)
{
    run_job j = {.ctx = ctx, .model = model, .sink = sink, .user = user};
    octet_arena arena;

    octet_arena_init(&arena, &ctx->allocator);
    octet_status status = run_job_all(&j, &arena, data, options, progress);
    for (int i = 0; i < j.n_lanes; i++) {
        octet_worker_destroy(j.lanes[i].worker);
        for (uint32_t t = 0; t < j.n_taps; t++)
            octet_mem_free(&ctx->allocator, j.lanes[i].taps[t].data);
    }
    if (j.feed.data != NULL)
        octet_data_feed_deinit(&j.feed);
    octet_plan_destroy(j.plan);
    octet_arena_deinit(&arena);
    return status;
}

octet_status octet_write_npz(octet_context *ctx, const char *path, const octet_output_view *outputs,
                             size_t n)
{
    octet_tensor *tensors = octet_mem_zalloc(&ctx->allocator, n + 1, sizeof *tensors);
    octet_npz_entry *entries = octet_mem_zalloc(&ctx->allocator, n + 1, sizeof *entries);
    octet_status status = OCTET_OK;

    if (tensors == NULL || entries == NULL)
        status = octet_fail_nomem(&ctx->diag);
    for (size_t i = 0; status == OCTET_OK && i < n; i++) {
        status = octet_tensor_describe(&tensors[i], (octet_dtype)outputs[i].dtype, outputs[i].rank,
                                       outputs[i].dims, &ctx->diag);
        memcpy(&tensors[i].data, &outputs[i].data, sizeof tensors[i].data);
        entries[i] = (octet_npz_entry){outputs[i].name, &tensors[i]};
    }
    if (status == OCTET_OK)
        status = octet_npz_write(path, entries, (uint32_t)n, &ctx->diag);
    octet_mem_free(&ctx->allocator, tensors);
    octet_mem_free(&ctx->allocator, entries);
    return status;
}
