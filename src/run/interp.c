/* interp.c: runs a sealed plan on one sample
 * SPDX-License-Identifier: Apache-2.0
 *
 * A frame holds the tensors of one activation of a graph; subgraphs get frames of their own whose
 * outer values are looked up in the parent's. Every tensor counts its reads down and is given back
 * to the pool at the last one.
 */
#include "run/buffers.h"
#include "run/plan.h"
#include "run/scratch.h"

#include <string.h>

typedef enum slot_state { SLOT_EMPTY, SLOT_OWNED, SLOT_BORROWED } slot_state;

typedef struct slot {
    octet_tensor t;
    slot_state state;
    uint32_t remaining; /* reads to come */
} slot;

typedef struct frame {
    const octet_graph_plan *gp;
    struct frame *parent;
    slot *slots; /* by value */
} frame;

struct octet_worker {
    const octet_plan *plan;
    octet_tap tap;
    void *user;
    octet_trace trace;
    void *trace_user;
    octet_buffers pool;
    octet_scratch scratch;
    frame main;
    int threads;
    uint32_t depth;
};

/* Scratch and subgraph results live until the end of the evaluation they were made in. */
typedef struct evaluation {
    struct octet_eval_host host; /* first: octet_eval.host points here */
    octet_worker *worker;
    frame *frame;
    uint64_t borrowed; /* outputs, by bit, whose storage is not the pool's */
} evaluation;

/* ---- slots */

static void drop_slot(octet_worker *w, slot *s)
{
    if (s->state == SLOT_OWNED)
        octet_buffers_give(&w->pool, s->t.data);
    s->state = SLOT_EMPTY;
}

static void count_down(octet_worker *w, slot *s)
{
    if (s->remaining > 0 && --s->remaining == 0)
        drop_slot(w, s);
}

static const octet_tensor *find_tensor(const frame *f, octet_value_id v)
{
    while (octet_graph_value(f->gp->g, v)->outer != OCTET_NO_VALUE) {
        v = octet_graph_value(f->gp->g, v)->outer;
        f = f->parent;
    }
    if (f->gp->constant[v] != NULL)
        return f->gp->constant[v];
    return f->slots[v].state != SLOT_EMPTY ? &f->slots[v].t : NULL;
}

static void reset_frame(octet_worker *w, frame *f)
{
    for (uint32_t v = 0; v < f->gp->n_values; v++) {
        drop_slot(w, &f->slots[v]);
        f->slots[v].remaining = f->gp->uses[v];
    }
}

static octet_status tap_value(octet_worker *w, const frame *f, octet_value_id v,
                              const octet_tensor *t, const octet_minmax *range, octet_diag *diag)
{
    if (w->tap == NULL || !f->gp->watched[v])
        return OCTET_OK;
    return w->tap(w->user, f->gp->g, v, t, range, diag);
}

/* ---- what operators ask for */

static octet_status check_size(const octet_worker *w, const octet_tensor *t, octet_diag *diag)
{
    if (t->bytes > w->plan->model->ctx->limits.max_tensor_bytes)
        return octet_fail(diag, OCTET_ERR_DATA,
                          "a tensor of %zu bytes passes the limit of %llu bytes", t->bytes,
                          (unsigned long long)w->plan->model->ctx->limits.max_tensor_bytes);
    return OCTET_OK;
}

static octet_status host_output(octet_eval *e, uint32_t index, const octet_tensor *description)
{
    evaluation *ev = (evaluation *)e->host;
    OCTET_TRY(check_size(ev->worker, description, e->diag));
    octet_buffers_give(&ev->worker->pool, e->out[index].data);
    e->out[index] = *description;
    e->out[index].data = octet_buffers_take(&ev->worker->pool, description->bytes);
    OCTET_TRY_ALLOC(e->diag, e->out[index].data);
    return OCTET_OK;
}

static void *host_scratch(octet_eval *e, size_t bytes)
{
    return octet_scratch_take(&((evaluation *)e->host)->worker->scratch, bytes);
}

/* The slot that holds input `input`, NULL when a constant or a converted copy does. */
static const slot *input_slot(const octet_eval *e, const frame *f, uint32_t input)
{
    octet_value_id v = e->node->inputs[input];

    for (; octet_graph_value(f->gp->g, v)->outer != OCTET_NO_VALUE; f = f->parent)
        v = octet_graph_value(f->gp->g, v)->outer;
    return f->gp->constant[v] == NULL && f->slots[v].t.data == e->in[input]->data ? &f->slots[v]
                                                                                  : NULL;
}

static bool host_share(octet_eval *e, uint32_t index, uint32_t input)
{
    evaluation *ev = (evaluation *)e->host;
    const slot *s = input_slot(e, ev->frame, input);

    if (s == NULL || s->state == SLOT_EMPTY || s->t.data == NULL || index >= 64)
        return false;
    e->out[index].data = s->t.data;
    if (s->state == SLOT_OWNED)
        octet_buffers_share(s->t.data);
    else
        ev->borrowed |= (uint64_t)1 << index;
    return true;
}

static octet_status run_frame(octet_worker *w, frame *f, octet_diag *diag);

static octet_status bind_subgraph_inputs(octet_worker *w, frame *f,
                                         const octet_tensor *const *inputs, uint32_t n,
                                         octet_diag *diag)
{
    const octet_graph *g = f->gp->g;
    if (n > g->n_inputs)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL,
                          "subgraph '%s' takes %u inputs but is given %u", g->name, g->n_inputs, n);
    for (uint32_t i = 0; i < n; i++) {
        slot *s = &f->slots[g->inputs[i]];
        if (inputs[i] == NULL)
            continue;
        s->t = *inputs[i];
        s->state = SLOT_BORROWED;
        OCTET_TRY(tap_value(w, f, g->inputs[i], &s->t, NULL, diag));
    }
    return OCTET_OK;
}

/* Results are copied into scratch of the calling evaluation: they may be constants, outer values or
 * the subgraph's own inputs, whose storage the caller is about to replace. */
static octet_status copy_subgraph_outputs(octet_eval *e, const frame *f, octet_tensor *outputs,
                                          uint32_t n)
{
    const octet_graph *g = f->gp->g;
    if (n > g->n_outputs)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL,
                          "subgraph '%s' has %u outputs but %u are wanted", g->name, g->n_outputs,
                          n);
    for (uint32_t i = 0; i < n; i++) {
        const octet_tensor *t = find_tensor(f, g->outputs[i]);
        if (t == NULL)
            return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED,
                              "output '%s' of subgraph '%s' is not a tensor",
                              octet_graph_value(g, g->outputs[i])->name, g->name);
        outputs[i] = *t;
        outputs[i].data = host_scratch(e, t->bytes);
        OCTET_TRY_ALLOC(e->diag, outputs[i].data);
        memcpy(outputs[i].data, t->data, t->bytes);
    }
    return OCTET_OK;
}

static octet_status host_subgraph(octet_eval *e, octet_graph *sub,
                                  const octet_tensor *const *inputs, uint32_t n_inputs,
                                  octet_tensor *outputs, uint32_t n_outputs)
{
    evaluation *ev = (evaluation *)e->host;
    octet_worker *w = ev->worker;
    frame f = {.gp = octet_plan_find(w->plan, sub), .parent = ev->frame};

    if (f.gp == NULL)
        return octet_fail(e->diag, OCTET_ERR_INTERNAL, "subgraph '%s' has no plan", sub->name);
    if (w->depth >= w->plan->model->ctx->limits.max_depth)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "subgraphs nest deeper than %u",
                          w->depth);
    f.slots = octet_mem_zalloc(&w->plan->model->ctx->allocator, f.gp->n_values, sizeof *f.slots);
    OCTET_TRY_ALLOC(e->diag, f.slots);
    reset_frame(w, &f);
    w->depth++;
    octet_status status = bind_subgraph_inputs(w, &f, inputs, n_inputs, e->diag);
    if (status == OCTET_OK)
        status = run_frame(w, &f, e->diag);
    if (status == OCTET_OK)
        status = copy_subgraph_outputs(e, &f, outputs, n_outputs);
    w->depth--;
    reset_frame(w, &f);
    octet_mem_free(&w->plan->model->ctx->allocator, f.slots);
    return status;
}

/* ---- half precision: operators that compute in float32 alone get converted inputs */

static octet_dtype half_type_of(const octet_eval *e)
{
    if (e->node->op->native_half)
        return OCTET_DTYPE_UNDEFINED;
    for (uint32_t i = 0; i < e->n_in; i++)
        if (e->in[i] != NULL && octet_dtype_is_half(e->in[i]->dtype))
            return e->in[i]->dtype;
    return OCTET_DTYPE_UNDEFINED;
}

static octet_status widen(octet_eval *e, const octet_tensor *t, const octet_tensor **out)
{
    octet_tensor *wide = host_scratch(e, sizeof *wide);
    OCTET_TRY_ALLOC(e->diag, wide);
    OCTET_TRY(octet_tensor_describe(wide, OCTET_DTYPE_FLOAT32, t->rank, t->dims, e->diag));
    wide->data = host_scratch(e, wide->bytes);
    OCTET_TRY_ALLOC(e->diag, wide->data);
    octet_convert(wide->dtype, wide->data, t->dtype, t->data, 0, octet_tensor_count(t));
    *out = wide;
    return OCTET_OK;
}

static octet_status narrow(octet_eval *e, uint32_t index, octet_dtype dtype)
{
    octet_tensor wide = e->out[index], description;
    OCTET_TRY(octet_tensor_describe(&description, dtype, wide.rank, wide.dims, e->diag));
    e->out[index].data = NULL;
    octet_status status = host_output(e, index, &description);
    if (status == OCTET_OK)
        octet_convert(dtype, e->out[index].data, wide.dtype, wide.data, 0,
                      octet_tensor_count(&wide));
    octet_buffers_give(&((evaluation *)e->host)->worker->pool, wide.data);
    return status;
}

static octet_status narrow_outputs(octet_eval *e, octet_dtype half)
{
    for (uint32_t i = 0; i < e->n_out; i++) {
        if (e->out[i].data == NULL || e->out[i].dtype != OCTET_DTYPE_FLOAT32)
            continue;
        const octet_value *v = octet_node_output(e->g, e->node, i);
        octet_dtype declared = v != NULL ? v->type.dtype : OCTET_DTYPE_UNDEFINED;
        if (declared != OCTET_DTYPE_FLOAT32)
            OCTET_TRY(narrow(e, i, octet_dtype_is_half(declared) ? declared : half));
    }
    return OCTET_OK;
}

static octet_status widen_inputs(octet_eval *e, const octet_tensor **in)
{
    for (uint32_t i = 0; i < e->n_in; i++)
        if (in[i] != NULL && octet_dtype_is_half(in[i]->dtype))
            OCTET_TRY(widen(e, in[i], &in[i]));
    return OCTET_OK;
}

/* ---- nodes */

static octet_status evaluate(octet_eval *e, const octet_tensor **in)
{
    octet_dtype half = half_type_of(e);
    if (half != OCTET_DTYPE_UNDEFINED)
        OCTET_TRY(widen_inputs(e, in));
    OCTET_TRY(octet_eval_run(e));
    if (half != OCTET_DTYPE_UNDEFINED)
        OCTET_TRY(narrow_outputs(e, half));
    return OCTET_OK;
}

static octet_status gather_inputs(const frame *f, const octet_node *node, const octet_tensor **in,
                                  octet_diag *diag)
{
    for (uint32_t i = 0; i < node->n_inputs; i++) {
        in[i] = NULL;
        if (node->inputs[i] == OCTET_NO_VALUE)
            continue;
        in[i] = find_tensor(f, node->inputs[i]);
        if (in[i] == NULL)
            return octet_fail(diag, OCTET_ERR_UNSUPPORTED, "input '%s' is not a numeric tensor",
                              octet_graph_value(f->gp->g, node->inputs[i])->name);
    }
    return OCTET_OK;
}

static bool is_borrowed(const evaluation *ev, uint32_t index)
{
    return index < 64 && (ev->borrowed >> index & 1) != 0;
}

static void give_output(const evaluation *ev, const octet_tensor *out, uint32_t index)
{
    if (!is_borrowed(ev, index))
        octet_buffers_give(&ev->worker->pool, out[index].data);
}

/* The value that output `index` becomes. */
static octet_value_id output_value(const frame *f, const octet_node *node, uint32_t index)
{
    const octet_fusion *fusion = f->gp->fused[node->id];

    return fusion != NULL && index == 0 ? fusion->output : node->outputs[index];
}

/* What a node made on its way to output 0 and did not store. */
static octet_status tap_inner(const evaluation *ev, const octet_node *node, const octet_tensor *out,
                              const octet_fused *fused, octet_diag *diag)
{
    octet_tensor t = *out;

    if (!fused->times_input || !fused->want_factor)
        return OCTET_OK;
    t.data = NULL;
    return tap_value(ev->worker, ev->frame, ev->frame->gp->fused[node->id]->inner, &t,
                     &fused->factor, diag);
}

static octet_status store_outputs(const evaluation *ev, const octet_node *node, octet_tensor *out,
                                  const octet_fused *fused, octet_diag *diag)
{
    octet_worker *w = ev->worker;
    octet_status status = tap_inner(ev, node, &out[0], fused, diag);

    for (uint32_t i = 0; i < node->n_outputs; i++) {
        octet_value_id v = output_value(ev->frame, node, i);
        if (out[i].data == NULL)
            continue;
        if (v == OCTET_NO_VALUE) {
            give_output(ev, out, i);
            continue;
        }
        slot *s = &ev->frame->slots[v];
        drop_slot(w, s);
        s->t = out[i];
        s->state = is_borrowed(ev, i) ? SLOT_BORROWED : SLOT_OWNED;
        if (status == OCTET_OK)
            status = tap_value(w, ev->frame, v, &s->t,
                               i == 0 && fused->has_range ? &fused->range : NULL, diag);
        if (s->remaining == 0)
            drop_slot(w, s);
    }
    return status;
}

static void release_reads(octet_worker *w, frame *f, const octet_node *node)
{
    for (uint32_t i = 0; i < node->n_inputs; i++)
        if (node->inputs[i] != OCTET_NO_VALUE)
            count_down(w, &f->slots[node->inputs[i]]);
    for (uint32_t i = 0; i < node->n_captures; i++)
        count_down(w, &f->slots[node->captures[i]]);
}

static octet_fused fused_of(const octet_worker *w, const frame *f, const octet_node *node)
{
    const octet_fusion *fusion = f->gp->fused[node->id];
    octet_value_id v = node->n_outputs > 0 ? output_value(f, node, 0) : OCTET_NO_VALUE;
    octet_fused fused = {.act = OCTET_ACT_NONE};

    if (fusion != NULL)
        fused = fusion->how;
    fused.want_range = w->tap != NULL && v != OCTET_NO_VALUE && f->gp->watched[v];
    fused.want_factor = fused.times_input && w->tap != NULL && f->gp->watched[fusion->inner];
    fused.range = fused.factor = OCTET_MINMAX_EMPTY;
    return fused;
}

static octet_status run_node_with(octet_worker *w, frame *f, const octet_node *node,
                                  const octet_tensor **in, octet_tensor *out, octet_diag *diag)
{
    evaluation ev = {
        .host = {host_output, host_share, host_scratch, host_subgraph}, .worker = w, .frame = f};
    octet_fused fused = fused_of(w, f, node);
    size_t mark = w->scratch.used;
    octet_eval e = {
        .g = f->gp->g,
        .node = node,
        .in = in,
        .n_in = node->n_inputs,
        .out = out,
        .n_out = node->n_outputs,
        .k = w->plan->kernels,
        .threads = w->threads,
        .opset = octet_model_opset(f->gp->g->model, node->domain),
        .state = f->gp->state[node->id],
        .arith = w->plan->arith,
        .fused = node->op->fuses ? &fused : NULL,
        .diag = diag,
        .host = &ev.host,
    };

    octet_status status = gather_inputs(f, node, in, diag);
    if (status == OCTET_OK)
        status = evaluate(&e, in);
    octet_scratch_return_to(&w->scratch, mark);
    if (status != OCTET_OK) {
        for (uint32_t i = 0; i < node->n_outputs; i++)
            give_output(&ev, out, i);
        return status;
    }
    return store_outputs(&ev, node, out, &fused, diag);
}

#define FEW_PORTS 16

static octet_status run_node(octet_worker *w, frame *f, const octet_node *node, octet_diag *diag)
{
    const octet_tensor *few_in[FEW_PORTS];
    octet_tensor few_out[FEW_PORTS];
    const octet_allocator *allocator = &w->plan->model->ctx->allocator;
    const octet_tensor **in = few_in;
    octet_tensor *out = few_out;

    if (node->op == NULL)
        return octet_report_unknown_op(f->gp->g, node, diag);
    if (node->n_inputs > FEW_PORTS)
        in = octet_mem_alloc(allocator, node->n_inputs, sizeof(octet_tensor *));
    if (node->n_outputs > FEW_PORTS)
        out = octet_mem_alloc(allocator, node->n_outputs, sizeof *out);
    octet_status status = OCTET_ERR_NOMEM;
    if (in != NULL && out != NULL) {
        memset(out, 0, node->n_outputs * sizeof *out);
        status = run_node_with(w, f, node, in, out, diag);
    } else {
        octet_fail_nomem(diag);
    }
    if (in != few_in)
        octet_mem_free(allocator, (void *)in);
    if (out != few_out)
        octet_mem_free(allocator, out);
    if (status == OCTET_OK)
        release_reads(w, f, node);
    return status;
}

static octet_status run_frame(octet_worker *w, frame *f, octet_diag *diag)
{
    for (uint32_t i = 0; i < f->gp->n_order; i++) {
        const octet_node *node = octet_graph_node(f->gp->g, f->gp->order[i]);
        octet_status status = run_node(w, f, node, diag);
        if (status != OCTET_OK) {
            char label[256];
            if (node->op == NULL)
                return status;
            return octet_note(diag, status, "%s",
                              octet_node_label(f->gp->g, node, label, sizeof label));
        }
        if (w->trace != NULL)
            w->trace(w->trace_user, f->gp->g, node);
    }
    return OCTET_OK;
}

/* ---- workers */

octet_status octet_worker_create(const octet_plan *plan, octet_tap tap, void *user,
                                 octet_worker **out, octet_diag *diag)
{
    const octet_allocator *allocator = &plan->model->ctx->allocator;
    *out = NULL;
    octet_worker *w = octet_mem_zalloc(allocator, 1, sizeof *w);
    OCTET_TRY_ALLOC(diag, w);
    w->plan = plan;
    w->tap = tap;
    w->user = user;
    octet_buffers_init(&w->pool, allocator);
    octet_scratch_init(&w->scratch, allocator);
    w->main.gp = plan->graphs[0];
    w->main.slots = octet_mem_zalloc(allocator, w->main.gp->n_values, sizeof *w->main.slots);
    if (w->main.slots == NULL) {
        octet_mem_free(allocator, w);
        return octet_fail_nomem(diag);
    }
    *out = w;
    return OCTET_OK;
}

void octet_worker_destroy(octet_worker *w)
{
    if (w == NULL)
        return;
    const octet_allocator *allocator = &w->plan->model->ctx->allocator;
    reset_frame(w, &w->main);
    octet_buffers_deinit(&w->pool);
    octet_scratch_deinit(&w->scratch);
    octet_mem_free(allocator, w->main.slots);
    octet_mem_free(allocator, w);
}

static octet_status bind_inputs(octet_worker *w, const octet_tensor *inputs, uint32_t n,
                                octet_diag *diag)
{
    const octet_plan *plan = w->plan;
    if (n != plan->n_inputs)
        return octet_fail(diag, OCTET_ERR_DATA, "the model has %u inputs but %u are given",
                          plan->n_inputs, n);
    for (uint32_t i = 0; i < n; i++) {
        octet_value_id v = plan->inputs[i];
        slot *s = &w->main.slots[v];
        OCTET_TRY(octet_check_input(plan->model->graph, v, &inputs[i], diag));
        s->t = inputs[i];
        s->state = SLOT_BORROWED;
        OCTET_TRY(tap_value(w, &w->main, v, &s->t, NULL, diag));
    }
    return OCTET_OK;
}

octet_status octet_worker_run(octet_worker *w, const octet_tensor *inputs, uint32_t n_inputs,
                              int threads, const octet_tensor **outputs, octet_diag *diag)
{
    const octet_graph *g = w->main.gp->g;

    w->threads = threads;
    w->depth = 0;
    reset_frame(w, &w->main);
    octet_buffers_begin(&w->pool);
    OCTET_TRY(bind_inputs(w, inputs, n_inputs, diag));
    OCTET_TRY(run_frame(w, &w->main, diag));
    for (uint32_t i = 0; outputs != NULL && i < g->n_outputs; i++)
        outputs[i] = find_tensor(&w->main, g->outputs[i]);
    return OCTET_OK;
}

void octet_worker_trace(octet_worker *w, octet_trace trace, void *user)
{
    w->trace = trace;
    w->trace_user = user;
}

octet_memory octet_worker_memory(const octet_worker *w)
{
    return (octet_memory){
        .live = w->pool.peak_live, .held = w->pool.peak_held, .scratch = w->scratch.peak};
}
