/* calibrate.c: runs samples through a model and feeds observers
 * SPDX-License-Identifier: Apache-2.0
 */
#include "calib/calibrate.h"

#include "base/parallel.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

typedef struct observation {
    const octet_graph *g;
    octet_value_id value;
    const octet_statistics *statistics;
    size_t offset; /* of its state */
    octet_lock lock;
} observation;

/* In place of a value's observation. CHECKED: looked at for NaN only. */
#define NONE UINT32_MAX
#define CHECKED (UINT32_MAX - 1)

typedef struct lane { /* one worker */
    octet_calibration *c;
    octet_worker *worker;
    octet_tensor *inputs;
    octet_diag diag;
    int64_t failed; /* sample index, INT64_MAX: none */
    octet_status status;
    bool not_finite;
} lane;

struct octet_calibration {
    octet_model *model;
    octet_plan *plan;
    octet_arena arena;
    observation *observations;
    uint32_t n_observations, capacity;
    uint32_t **tables; /* by the graph's number: observation of each value, NULL: of none */
    char *states;      /* of all observations: workers take turns at each */
    size_t states_size;
    bool ordered;
    const octet_feed *feed;
    lane *lanes;
    int n_lanes, sample_threads;
    uint32_t n_inputs;
    atomic_llong lowest_failed;
    atomic_llong done;
    int64_t samples;
    octet_memory memory;
};

/* ---- set up */

static octet_status check_inputs(octet_calibration *c, octet_diag *diag);

octet_status octet_calibration_create(octet_model *model, octet_calibration **out, octet_diag *diag)
{
    *out = NULL;
    octet_calibration *c = octet_mem_zalloc(&model->ctx->allocator, 1, sizeof *c);
    OCTET_TRY_ALLOC(diag, c);
    c->model = model;
    octet_arena_init(&c->arena, &model->ctx->allocator);
    octet_status status = octet_plan_create(model, &c->plan, diag);
    if (status == OCTET_OK)
        status = check_inputs(c, diag);
    if (status != OCTET_OK) {
        octet_calibration_destroy(c);
        return status;
    }
    *out = c;
    return OCTET_OK;
}

static octet_status get_table(octet_calibration *c, const octet_graph *g, uint32_t **out,
                              octet_diag *diag)
{
    *out = c->tables[g->number];
    if (*out != NULL)
        return OCTET_OK;
    *out = OCTET_ARENA_ARRAY(&c->arena, uint32_t, g->n_values);
    OCTET_TRY_ALLOC(diag, *out);
    for (uint32_t v = 0; v < g->n_values; v++)
        (*out)[v] = NONE;
    c->tables[g->number] = *out;
    return OCTET_OK;
}

static octet_status check_inputs(octet_calibration *c, octet_diag *diag)
{
    const octet_value_id *inputs = octet_plan_inputs(c->plan, &c->n_inputs);
    uint32_t *table;

    c->tables = OCTET_ARENA_ARRAY(&c->arena, uint32_t *, c->model->n_graphs);
    OCTET_TRY_ALLOC(diag, c->tables);
    OCTET_TRY(get_table(c, c->model->graph, &table, diag));
    for (uint32_t i = 0; i < c->n_inputs; i++) {
        if (octet_graph_value(c->model->graph, inputs[i])->type.dtype != OCTET_DTYPE_FLOAT32)
            continue;
        table[inputs[i]] = CHECKED;
        octet_plan_watch(c->plan, c->model->graph, inputs[i]);
    }
    return OCTET_OK;
}

octet_status octet_calibration_observe(octet_calibration *c, const octet_graph *g,
                                       octet_value_id value, const octet_statistics *statistics,
                                       uint32_t *number, octet_diag *diag)
{
    uint32_t *table;

    OCTET_TRY(get_table(c, g, &table, diag));
    if (table[value] < c->n_observations) {
        *number = table[value];
        return OCTET_OK;
    }
    if (!octet_arena_grow(&c->arena, (void **)&c->observations, &c->capacity, c->n_observations + 1,
                          sizeof *c->observations))
        return octet_fail_nomem(diag);
    c->observations[c->n_observations] =
        (observation){.g = g, .value = value, .statistics = statistics, .offset = c->states_size};
    c->states_size += (statistics->state_size + 15) & ~(size_t)15;
    c->ordered = c->ordered || statistics->ordered;
    table[value] = *number = c->n_observations++;
    if (statistics->range_only)
        octet_plan_watch_range(c->plan, g, value);
    else
        octet_plan_watch(c->plan, g, value);
    return OCTET_OK;
}

/* ---- running */

static bool is_finite(const octet_tensor *t)
{
    for (int64_t i = 0; i < octet_tensor_count(t); i++)
        if (!isfinite(octet_tensor_f64_at(t, i)))
            return false;
    return true;
}

/* A constant that brings the NaN with it: the sample is not to blame. */
static const char *broken_constant(const octet_graph *g, const octet_node *producer)
{
    for (uint32_t i = 0; i < producer->n_inputs; i++) {
        octet_value_id v = producer->inputs[i];
        const octet_tensor *t = v == OCTET_NO_VALUE ? NULL : octet_value_constant(g, v);
        if (t != NULL && octet_dtype_get(t->dtype)->kind == OCTET_KIND_FLOAT && !is_finite(t))
            return octet_graph_value(g, v)->name;
    }
    return NULL;
}

static octet_status report_not_finite(const octet_graph *g, octet_value_id value, octet_diag *diag)
{
    const octet_value *v = octet_graph_value(g, value);
    const octet_node *producer = octet_value_producer(g, v);
    const char *broken = producer != NULL ? broken_constant(g, producer) : NULL;
    char label[256] = "an input of the model";

    if (producer != NULL)
        octet_node_label(g, producer, label, sizeof label);
    return octet_fail(diag, OCTET_ERR_DATA, "tensor '%s' (%s%s) holds a NaN or an infinity%s%s%s",
                      v->name, producer != NULL ? "made by " : "", label,
                      broken != NULL ? ", as does initializer '" : "", broken != NULL ? broken : "",
                      broken != NULL ? "'" : "");
}

static octet_minmax range_of(const octet_tensor *t, const octet_kernels *k)
{
    octet_minmax range = OCTET_MINMAX_EMPTY;

    range.not_finite =
        !k->minmax_f32((size_t)octet_tensor_count(t), t->data, &range.min, &range.max);
    return range;
}

static octet_observing observing(const octet_calibration *c, octet_diag *diag)
{
    return (octet_observing){octet_plan_kernels(c->plan), &c->model->ctx->allocator, diag};
}

/* One state serves all workers: mergeable statistics do not mind whose tensor comes first, and
 * memory does not grow with the number of threads. */
static octet_status observe(octet_calibration *c, observation *o, const octet_tensor *t,
                            const octet_minmax *range, octet_diag *diag)
{
    const octet_observing with = observing(c, diag);

    octet_lock_take(&o->lock);
    octet_status status = o->statistics->observe(c->states + o->offset, t, range, &with);
    octet_lock_give(&o->lock);
    return status;
}

static octet_status tap(void *user, const octet_graph *g, octet_value_id value,
                        const octet_tensor *t, const octet_minmax *known, octet_diag *diag)
{
    lane *l = user;
    octet_calibration *c = l->c;
    uint32_t number = c->tables[g->number][value];
    octet_minmax range;

    if (t->dtype != OCTET_DTYPE_FLOAT32 || octet_tensor_count(t) == 0)
        return OCTET_OK;
    range = known != NULL ? *known : range_of(t, octet_plan_kernels(c->plan));
    if (range.not_finite) {
        l->not_finite = true;
        return report_not_finite(g, value, diag);
    }
    if (number == CHECKED)
        return OCTET_OK;
    return observe(c, &c->observations[number], t, &range, diag);
}

static void lane_failed(lane *l, int64_t index, octet_status status)
{
    octet_calibration *c = l->c;

    l->failed = index;
    l->status = status;
    long long lowest = atomic_load(&c->lowest_failed);
    while (index < lowest && !atomic_compare_exchange_weak(&c->lowest_failed, &lowest, index))
        ;
}

/* The feed names the sample when it fails; here it is named when the model does. */
static octet_status run_inputs(const lane *l, octet_worker *worker, int64_t index, int threads,
                               octet_diag *diag)
{
    const octet_calibration *c = l->c;
    char name[256];
    octet_status status = octet_worker_run(worker, l->inputs, c->n_inputs, threads, NULL, diag);

    return octet_note(diag, status, "sample '%s'",
                      c->feed->name(c->feed->user, index, name, sizeof name));
}

/* A lane keeps its first failure: indices only grow, so it is the lane's lowest. */
static void run_sample(void *user, size_t i, int worker)
{
    octet_calibration *c = user;
    lane *l = &c->lanes[worker];
    int64_t index = (int64_t)i;
    bool end = false;

    if (index > atomic_load(&c->lowest_failed))
        return;
    octet_status status = c->feed->get(c->feed->user, index, worker, l->inputs, &end, &l->diag);
    if (status == OCTET_OK)
        status = run_inputs(l, l->worker, index, c->sample_threads, &l->diag);
    c->feed->release(c->feed->user, worker);
    if (status != OCTET_OK)
        lane_failed(l, index, status);
    long long done = atomic_fetch_add(&c->done, 1) + 1;
    if (c->feed->progress != NULL && worker == 0)
        c->feed->progress(c->feed->user, done);
}

/* Unknown count: samples are fetched one after the other, each run before the next is read. */
static void run_stream(octet_calibration *c, int threads)
{
    lane *l = &c->lanes[0];

    for (int64_t index = 0;; index++) {
        bool end = false;
        octet_status status = c->feed->get(c->feed->user, index, 0, l->inputs, &end, &l->diag);
        if (status == OCTET_OK && end)
            return;
        if (status == OCTET_OK)
            status = run_inputs(l, l->worker, index, threads, &l->diag);
        c->feed->release(c->feed->user, 0);
        if (status != OCTET_OK) {
            lane_failed(l, index, status);
            return;
        }
        atomic_fetch_add(&c->done, 1);
        if (c->feed->progress != NULL)
            c->feed->progress(c->feed->user, index + 1);
    }
}

/* The tensor that was caught is the first *observed* one; this finds the first of all. */
static octet_status find_first(void *user, const octet_graph *g, octet_value_id value,
                               const octet_tensor *t, const octet_minmax *known, octet_diag *diag)
{
    const octet_calibration *c = user;
    (void)known;
    if (t->dtype != OCTET_DTYPE_FLOAT32 || octet_tensor_count(t) == 0 ||
        !range_of(t, octet_plan_kernels(c->plan)).not_finite)
        return OCTET_OK;
    return report_not_finite(g, value, diag);
}

static void name_first_tensor(octet_calibration *c, lane *l)
{
    octet_plan *plan = NULL;
    octet_worker *worker = NULL;
    octet_diag diag = {0};
    bool end = false;

    if (c->feed->count < 0 || octet_plan_create(c->model, &plan, &diag) != OCTET_OK)
        return;
    octet_plan_watch_all(plan);
    octet_status status = octet_plan_seal(plan, false, &diag);
    if (status == OCTET_OK)
        status = octet_worker_create(plan, find_first, c, &worker, &diag);
    if (status == OCTET_OK) {
        status = c->feed->get(c->feed->user, l->failed, 0, l->inputs, &end, &diag);
        if (status == OCTET_OK)
            status = run_inputs(l, worker, l->failed, 1, &diag);
        c->feed->release(c->feed->user, 0);
        if (status == OCTET_ERR_DATA) {
            l->diag = diag;
            lane_failed(l, l->failed, status);
        }
    }
    octet_worker_destroy(worker);
    octet_plan_destroy(plan);
}

static octet_status first_failure(octet_calibration *c, octet_diag *diag)
{
    lane *first = NULL;
    for (int i = 0; i < c->n_lanes; i++)
        if (c->lanes[i].failed != INT64_MAX &&
            (first == NULL || c->lanes[i].failed < first->failed))
            first = &c->lanes[i];
    if (first == NULL)
        return OCTET_OK;
    if (first->not_finite)
        name_first_tensor(c, first);
    if (diag != NULL)
        *diag = first->diag;
    return first->status;
}

static octet_status make_lanes(octet_calibration *c, int n, octet_diag *diag)
{
    c->lanes = OCTET_ARENA_ARRAY(&c->arena, lane, (size_t)n);
    OCTET_TRY_ALLOC(diag, c->lanes);
    for (; c->n_lanes < n; c->n_lanes++) {
        lane *l = &c->lanes[c->n_lanes];
        l->c = c;
        l->failed = INT64_MAX;
        l->inputs = OCTET_ARENA_ARRAY(&c->arena, octet_tensor, c->n_inputs + 1);
        OCTET_TRY_ALLOC(diag, l->inputs);
        OCTET_TRY(octet_worker_create(c->plan, tap, l, &l->worker, diag));
    }
    return OCTET_OK;
}

static void add_memory(octet_memory *sum, octet_memory m)
{
    sum->live += m.live;
    sum->held += m.held;
    sum->scratch += m.scratch;
}

octet_status octet_calibration_run(octet_calibration *c, const octet_feed *feed, int threads,
                                   octet_diag *diag)
{
    c->feed = feed;
    atomic_init(&c->lowest_failed, INT64_MAX);
    atomic_init(&c->done, 0);
    int lanes = c->ordered || feed->count < threads ? 1 : threads;
    c->sample_threads = lanes == 1 ? threads : 1;
    OCTET_TRY(octet_plan_seal(c->plan, false, diag));
    c->states = octet_arena_alloc(&c->arena, 1, c->states_size + 1);
    OCTET_TRY_ALLOC(diag, c->states);
    OCTET_TRY(make_lanes(c, lanes, diag));
    if (feed->count < 0)
        run_stream(c, threads);
    else
        octet_parallel_for((size_t)feed->count, lanes, run_sample, c);
    OCTET_TRY(first_failure(c, diag));
    c->samples = atomic_load(&c->done);
    if (feed->progress != NULL)
        feed->progress(feed->user, c->samples);
    c->memory.packed = octet_plan_packed_bytes(c->plan);
    for (int i = 0; i < c->n_lanes; i++)
        add_memory(&c->memory, octet_worker_memory(c->lanes[i].worker));
    return OCTET_OK;
}

int64_t octet_calibration_samples(const octet_calibration *c)
{
    return c->samples;
}

octet_memory octet_calibration_memory(const octet_calibration *c)
{
    return c->memory;
}

bool octet_calibration_extent(const octet_calibration *c, uint32_t number, octet_range *out)
{
    const observation *o = &c->observations[number];
    return o->statistics->extent(c->states + o->offset, out);
}

static octet_status merge_all(const octet_calibration *c, const uint32_t *numbers, size_t n,
                              void *into, const octet_observing *with)
{
    for (size_t i = 0; i < n; i++) {
        const observation *o = &c->observations[numbers[i]];
        OCTET_TRY(o->statistics->merge(into, c->states + o->offset, with));
    }
    return OCTET_OK;
}

octet_status octet_calibration_choose(const octet_calibration *c, const uint32_t *numbers, size_t n,
                                      const octet_observer *observer, const octet_qspec *spec,
                                      const octet_range_options *options, octet_choice *out,
                                      octet_diag *diag)
{
    const octet_statistics *statistics = observer->statistics;
    const octet_observing with = observing(c, diag);

    if (n == 1)
        return observer->choose(c->states + c->observations[numbers[0]].offset, spec, options,
                                &with, out);
    void *merged = octet_mem_zalloc(with.allocator, 1, statistics->state_size);
    OCTET_TRY_ALLOC(diag, merged);
    octet_status status = merge_all(c, numbers, n, merged, &with);
    if (status == OCTET_OK)
        status = observer->choose(merged, spec, options, &with, out);
    if (statistics->deinit != NULL)
        statistics->deinit(merged, with.allocator);
    octet_mem_free(with.allocator, merged);
    return status;
}

static void free_states(octet_calibration *c)
{
    for (uint32_t i = 0; c->states != NULL && i < c->n_observations; i++) {
        const observation *o = &c->observations[i];
        if (o->statistics->deinit != NULL)
            o->statistics->deinit(c->states + o->offset, &c->model->ctx->allocator);
    }
}

void octet_calibration_destroy(octet_calibration *c)
{
    if (c == NULL)
        return;
    const octet_allocator allocator = c->model->ctx->allocator;
    for (int i = 0; i < c->n_lanes; i++)
        octet_worker_destroy(c->lanes[i].worker);
    free_states(c);
    octet_plan_destroy(c->plan);
    octet_arena_deinit(&c->arena);
    octet_mem_free(&allocator, c);
}
