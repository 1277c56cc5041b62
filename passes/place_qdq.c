/* place_qdq.c: writes a resolved annotation into the graph as Q/DQ
 * SPDX-License-Identifier: Apache-2.0
 *
 *     x -> Conv(w, b) -> Relu -> y        x -> Q -> DQ -> Conv(DQ(w8), DQ(b32)) -> Relu -> Q -> DQ
 * -> y
 *
 * A value that an integer unit makes is read through its DQ by everybody, so that the runtime can
 * fuse the unit with its Q; any other value is read through the DQ by integer units alone. Weight
 * scales are settled before anything is written: a bias that does not fit int32 enlarges the scale
 * of its channel, and every reader of that weight must see the same one. Then, if that is wanted,
 * weights that could make sums saturate are narrowed.
 */
#include "engine/place.h"

#include "base/parallel.h"
#include "engine/narrow.h"
#include "graph/edit.h"

#include <float.h>
#include <math.h>
#include <string.h>

typedef struct weight { /* one constant, quantized along one axis */
    octet_graph *g;
    octet_value_id value;
    int axis;      /* -1: per tensor */
    uint32_t next; /* the same value along another axis, NONE: none */
    octet_qspec spec;
    const octet_tensor *tensor; /* its elements are read through octet_constant_open */
    int64_t outer, channels, inner;
    float *scales;       /* channels, or one */
    bool *narrow;        /* of the same number: quantized to OCTET_NARROW_MIN and _MAX */
    bool wanted;         /* a unit will read it */
    int8_t *data;        /* quantized */
    octet_value_id read; /* its DQ's output, NO_VALUE: not written yet */
} weight;

typedef struct constants { /* per graph: what constants became */
    octet_graph *g;
    uint32_t *weight;         /* by value id: first of its weights */
    octet_value_id *constant; /* by value id: DQ output of an activation-like constant */
} constants;

typedef struct group_params { /* scale and zero point initializers shared by a group in one graph */
    octet_value_id scale, zero_point;
    const octet_graph *g;
} group_params;

typedef struct placer {
    octet_annotation *a;
    octet_arena *arena;
    weight *weights;
    uint32_t n_weights, weights_capacity;
    constants *graphs; /* one per annotated graph, same order */
    group_params *groups;
    octet_place_result *result;
    octet_diag *diag;
} placer;

#define NONE UINT32_MAX
static const char stamp[] = "place-qdq";

/* ---- small builders */

static octet_status name_after(placer *p, const octet_graph *g, octet_value_id v,
                               const char *suffix, const char **out)
{
    *out = octet_arena_printf(p->arena, "%s%s", octet_graph_value(g, v)->name, suffix);
    OCTET_TRY_ALLOC(p->diag, *out);
    return OCTET_OK;
}

static octet_status add_constant(placer *p, octet_graph *g, octet_value_id after,
                                 const char *suffix, octet_dtype dtype, int32_t rank,
                                 const int64_t *dims, void *data, octet_value_id *out)
{
    octet_tensor t;
    const char *name;
    OCTET_TRY(octet_tensor_describe(&t, dtype, rank, dims, p->diag));
    t.data = data;
    OCTET_TRY(name_after(p, g, after, suffix, &name));
    return octet_edit_add_initializer(g, name, &t, out, p->diag);
}

static octet_status add_scale(placer *p, octet_graph *g, octet_value_id after, const float *scales,
                              int64_t n, bool vector, octet_value_id *out)
{
    void *data = octet_arena_memdup(&p->a->model->arena, scales, (size_t)n * sizeof *scales);
    OCTET_TRY_ALLOC(p->diag, data);
    return add_constant(p, g, after, "_scale", OCTET_DTYPE_FLOAT32, vector ? 1 : 0, &n, data, out);
}

static octet_status add_zero_point(placer *p, octet_graph *g, octet_value_id after,
                                   octet_dtype dtype, int32_t zero_point, int64_t n, bool vector,
                                   octet_value_id *out)
{
    size_t bytes;
    if (!octet_dtype_bytes(dtype, n, &bytes))
        return octet_fail_nomem(p->diag);
    char *data = octet_arena_alloc_aligned(&p->a->model->arena, bytes);
    OCTET_TRY_ALLOC(p->diag, data);
    for (int64_t i = 0; i < n; i++)
        octet_convert(dtype, data + (size_t)i * (bytes / (size_t)n), OCTET_DTYPE_INT32, &zero_point,
                      0, 1);
    return add_constant(p, g, after, "_zero_point", dtype, vector ? 1 : 0, &n, data, out);
}

static octet_status add_like(placer *p, octet_graph *g, octet_value_id v, const char *suffix,
                             octet_dtype dtype, octet_value_id *out)
{
    octet_type type = octet_graph_value(g, v)->type;
    const char *name;
    type.kind = OCTET_TYPE_TENSOR;
    type.dtype = dtype;
    OCTET_TRY(name_after(p, g, v, suffix, &name));
    return octet_edit_add_value(g, name, &type, out, p->diag);
}

static octet_status add_linear(placer *p, octet_graph *g, const char *op, octet_value_id in,
                               octet_value_id scale, octet_value_id zero_point, int axis,
                               octet_value_id out)
{
    octet_value_id inputs[3] = {in, scale, zero_point};
    octet_attr attr = {.name = "axis", .kind = OCTET_ATTR_INT, .i = axis};
    const char *name = octet_arena_printf(p->arena, "%s_%s", octet_graph_value(g, in)->name, op);
    octet_node_id node;
    OCTET_TRY_ALLOC(p->diag, name);
    octet_node_desc desc = {
        .name = name,
        .op_type = op,
        .inputs = inputs,
        .n_inputs = zero_point == OCTET_NO_VALUE ? 2 : 3,
        .outputs = &out,
        .n_outputs = 1,
        .attrs = &attr,
        .n_attrs = axis >= 0 ? 1 : 0,
    };
    return octet_edit_add_node(g, &desc, stamp, &node, p->diag);
}

/* ---- weights */

static constants *constants_of(placer *p, const octet_graph *g)
{
    return &p->graphs[p->a->by_number[g->number]];
}

static void split_at_axis(weight *w)
{
    const octet_tensor *t = w->tensor;
    w->outer = w->inner = w->channels = 1;
    for (int32_t i = 0; i < t->rank; i++) {
        if (w->axis < 0 || i > w->axis)
            w->inner *= t->dims[i];
        else if (i < w->axis)
            w->outer *= t->dims[i];
        else
            w->channels = t->dims[i];
    }
}

static octet_status check_finite(const placer *p, const octet_graph *g, octet_value_id v,
                                 const octet_tensor *t, octet_diag *diag)
{
    const float *data = t->data;
    float min, max;
    int64_t n = octet_tensor_count(t);
    if (n == 0 || octet_context_kernels(p->a->model->ctx)->minmax_f32((size_t)n, data, &min, &max))
        return OCTET_OK;
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(data[i]))
            return octet_fail(diag, OCTET_ERR_INVALID_MODEL,
                              "initializer '%s' holds a NaN or an infinity at element %lld",
                              octet_graph_value(g, v)->name, (long long)i);
    return OCTET_OK;
}

static octet_status choose_scales(const placer *p, weight *w, octet_diag *diag)
{
    octet_constant_view view;
    OCTET_TRY(octet_constant_open(w->g, w->value, &view, diag));
    octet_status status = check_finite(p, w->g, w->value, &view.tensor, diag);
    if (status == OCTET_OK)
        octet_weight_scales(view.tensor.data, w->outer, w->channels, w->inner, &w->spec, w->scales);
    octet_constant_close(w->g, w->value, &view);
    return status;
}

static octet_status find_weight(placer *p, octet_graph *g, octet_value_id v, int axis,
                                const octet_qspec *spec, uint32_t *out)
{
    constants *c = constants_of(p, g);
    for (uint32_t i = c->weight[v]; i != NONE; i = p->weights[i].next)
        if (p->weights[i].axis == axis) {
            *out = i;
            return OCTET_OK;
        }
    if (!octet_arena_grow(p->arena, (void **)&p->weights, &p->weights_capacity, p->n_weights + 1,
                          sizeof *p->weights))
        return octet_fail_nomem(p->diag);
    weight *w = &p->weights[p->n_weights];
    *w = (weight){.g = g,
                  .value = v,
                  .axis = axis,
                  .next = c->weight[v],
                  .spec = *spec,
                  .read = OCTET_NO_VALUE};
    w->tensor = octet_value_constant(g, v);
    split_at_axis(w);
    w->scales = OCTET_ARENA_ARRAY(p->arena, float, (size_t)w->channels);
    w->narrow = OCTET_ARENA_ARRAY(p->arena, bool, (size_t)w->channels);
    OCTET_TRY_ALLOC(p->diag, w->scales);
    OCTET_TRY_ALLOC(p->diag, w->narrow);
    memset(w->narrow, 0, (size_t)w->channels * sizeof *w->narrow);
    *out = c->weight[v] = p->n_weights++;
    return OCTET_OK;
}

/* Per-channel where the configuration says so and the operator names an axis; batches of matrices
 * share one scale. */
static int weight_axis(const octet_unit *u, const octet_node *node, int32_t rank)
{
    if (!u->config->weight.per_channel || node->op->quant.weight_axis == NULL || rank < 2)
        return -1;
    if (strcmp(node->op_type, "MatMul") == 0 && rank != 2)
        return -1;
    return node->op->quant.weight_axis(node, rank);
}

/* ---- what a unit's node reads */

typedef struct node_inputs {
    int data, weight, bias; /* input indices, -1: none */
} node_inputs;

/* The node of the unit that has the weight (the bias may be added by a later one). */
static const octet_node *weight_node(const octet_unit *u, node_inputs *in)
{
    for (uint32_t e = 0; e < u->match.pattern->n_elements; e++) {
        if (u->match.node[e] == OCTET_NO_NODE)
            continue;
        const octet_node *node = octet_graph_node(u->g, u->match.node[e]);
        *in = (node_inputs){-1, -1, -1};
        for (uint32_t i = 0; i < node->n_inputs; i++) {
            octet_role role = octet_unit_role(u, node, i);
            if (role == OCTET_ROLE_DATA && in->data < 0)
                in->data = (int)i;
            if (role == OCTET_ROLE_WEIGHT)
                in->weight = (int)i;
            if (role == OCTET_ROLE_BIAS)
                in->bias = (int)i;
        }
        if (in->weight >= 0)
            return node;
    }
    return NULL;
}

/* The node and input that read the unit's bias. */
static const octet_node *bias_node(const octet_unit *u, uint32_t *index)
{
    for (uint32_t e = 0; e < u->match.pattern->n_elements; e++) {
        if (u->match.node[e] == OCTET_NO_NODE)
            continue;
        const octet_node *node = octet_graph_node(u->g, u->match.node[e]);
        for (*index = 0; *index < node->n_inputs; (*index)++)
            if (octet_unit_role(u, node, *index) == OCTET_ROLE_BIAS)
                return node;
    }
    return NULL;
}

static bool unit_weight(placer *p, const octet_unit *u, uint32_t *weight_index, float *x_scale,
                        octet_status *status)
{
    node_inputs in;
    const octet_node *node = weight_node(u, &in);
    *status = OCTET_OK;
    if (node == NULL || in.data < 0 || u->config->weight.dtype == OCTET_DTYPE_UNDEFINED)
        return false;
    octet_value_id w = node->inputs[in.weight];
    int axis = weight_axis(u, node, octet_graph_value(u->g, w)->type.rank);
    *status = find_weight(p, u->g, w, axis, &u->config->weight, weight_index);
    uint32_t site = octet_annotation_site(p->a, u->g, node->inputs[in.data]);
    if (*status != OCTET_OK || site == OCTET_NO_SITE)
        return false;
    *x_scale = p->a->sites[site].params.scale;
    return true;
}

/* The bias as a vector that goes with the weight's scales, NULL if it does not. */
static octet_status unit_bias(placer *p, const octet_unit *u, const weight *w,
                              const octet_tensor **out)
{
    uint32_t index;
    const octet_node *node = bias_node(u, &index);
    *out = NULL;
    if (node == NULL || u->config->bias.dtype == OCTET_DTYPE_UNDEFINED)
        return OCTET_OK;
    const octet_tensor *t;
    OCTET_TRY(octet_value_constant_aligned(u->g, node->inputs[index], &t, p->diag));
    if (t != NULL && t->rank == 1 && t->dtype == OCTET_DTYPE_FLOAT32 &&
        (w->axis < 0 || t->dims[0] == w->channels))
        *out = t;
    return *out != NULL ? check_finite(p, u->g, node->inputs[index], t, p->diag) : OCTET_OK;
}

/* Visits every integer unit that has a weight. */
static octet_status for_each_weighted(placer *p,
                                      octet_status (*visit)(placer *p, const octet_unit *u,
                                                            weight *w, float x_scale))
{
    for (uint32_t i = 0; i < p->a->n_units; i++) {
        const octet_unit *u = &p->a->units[i];
        octet_status status = OCTET_OK;
        uint32_t index = 0;
        float x_scale = 0.0F;
        if (u->quantized && unit_weight(p, u, &index, &x_scale, &status))
            status = visit(p, u, &p->weights[index], x_scale);
        OCTET_TRY(status);
    }
    return OCTET_OK;
}

static octet_status want_weight(placer *p, const octet_unit *u, weight *w, float x_scale)
{
    (void)p;
    (void)u;
    (void)x_scale;
    w->wanted = true;
    return OCTET_OK;
}

/* ---- work on all weights side by side */

typedef octet_status (*weight_work)(const placer *p, weight *w, octet_diag *diag);

typedef struct weight_job {
    const placer *p;
    weight_work work;
} weight_job;

static octet_status run_weight(void *arg, size_t index, int worker, octet_diag *diag)
{
    const weight_job *j = arg;
    (void)worker;
    return j->work(j->p, &j->p->weights[index], diag);
}

static octet_status for_each_weight(placer *p, weight_work work)
{
    weight_job j = {p, work};
    return octet_parallel_try(p->n_weights, p->a->model->ctx->threads, run_weight, &j, p->diag);
}

static octet_status settle_weight(placer *p, const octet_unit *u, weight *w, float x_scale)
{
    const octet_tensor *bias;
    OCTET_TRY(unit_bias(p, u, w, &bias));
    if (bias != NULL)
        p->result->enlarged_channels += octet_enlarge_for_bias(
            w->scales, w->axis < 0 ? 1 : w->channels, bias->data, bias->dims[0], x_scale);
    return OCTET_OK;
}

static int8_t lowest(const weight *w, int64_t channel)
{
    return (int8_t)(w->narrow[channel] ? OCTET_NARROW_MIN : w->spec.qmin);
}

static int8_t highest(const weight *w, int64_t channel)
{
    return (int8_t)(w->narrow[channel] ? OCTET_NARROW_MAX : w->spec.qmax);
}

/* One channel's stretch: the kernel saturates at the type's ends, the specification may be
 * narrower. */
static void quantize_row(const octet_kernels *k, const weight *w, const float *x, int64_t channel,
                         int8_t *y)
{
    int8_t low = lowest(w, channel), high = highest(w, channel);
    k->quantize_f32_s8((size_t)w->inner, x, w->scales[channel], 0, y);
    for (int64_t i = 0; i < w->inner; i++) {
        y[i] = y[i] < low ? low : y[i];
        y[i] = y[i] > high ? high : y[i];
    }
}

/* Channels side by side in memory: every element has a scale of its own. */
static void quantize_mixed(const weight *w, const float *x, int8_t *y)
{
    /* Adding and taking off 1.5 * 2^23 rounds small numbers to the nearest integer, ties to even;
     * unlike a call it can be vectorised. */
    const float shift = 12582912.0F;
    for (int64_t c = 0; c < w->channels; c++) {
        float q = x[c] / w->scales[c], low = (float)lowest(w, c), high = (float)highest(w, c);
        q = q > low ? q : low;
        q = q < high ? q : high;
        y[c] = (int8_t)(q + shift - shift);
    }
}

static octet_status quantize_weight(const placer *p, const weight *w, int8_t *y, octet_diag *diag)
{
    const octet_kernels *k = octet_context_kernels(p->a->model->ctx);
    octet_constant_view view;
    OCTET_TRY(octet_constant_open(w->g, w->value, &view, diag));
    const float *x = view.tensor.data;
    for (int64_t o = 0; w->inner == 1 && o < w->outer; o++)
        quantize_mixed(w, x + o * w->channels, y + o * w->channels);
    for (int64_t row = 0; w->inner != 1 && row < w->outer * w->channels; row++)
        quantize_row(k, w, x + row * w->inner, row % w->channels, y + row * w->inner);
    octet_constant_close(w->g, w->value, &view);
    return OCTET_OK;
}

static octet_status quantize_data(const placer *p, weight *w, octet_diag *diag)
{
    return w->wanted ? quantize_weight(p, w, w->data, diag) : OCTET_OK;
}

static octet_status quantize_weights(placer *p)
{
    for (uint32_t i = 0; i < p->n_weights; i++) {
        weight *w = &p->weights[i];
        if (!w->wanted)
            continue;
        w->data =
            octet_arena_alloc_aligned(&p->a->model->arena, (size_t)octet_tensor_count(w->tensor));
        OCTET_TRY_ALLOC(p->diag, w->data);
    }
    return for_each_weight(p, quantize_data);
}

/* For the products of this unit. */
static octet_status narrow_weight(placer *p, const octet_unit *u, weight *w, float x_scale)
{
    const octet_allocator *allocator = &p->a->model->ctx->allocator;
    const octet_tensor *t = w->tensor;
    octet_narrowing n = {.scales = w->scales, .narrow = w->narrow, .per_channel = w->axis >= 0};
    node_inputs in;
    octet_status status;

    (void)x_scale;
    if (!octet_reduction_of(weight_node(u, &in), t->rank, t->dims, &n.r) ||
        octet_dtype_get(u->config->input.dtype)->bits != 8)
        return OCTET_OK;
    int8_t *data = octet_mem_alloc(allocator, (size_t)octet_tensor_count(t), sizeof *data);
    OCTET_TRY_ALLOC(p->diag, data);
    status = quantize_weight(p, w, data, p->diag);
    if (status == OCTET_OK)
        p->result->narrowed_channels += octet_narrow(&n, data);
    octet_mem_free(allocator, data);
    return status;
}

static octet_status write_weight(placer *p, weight *w)
{
    octet_value_id quantized, scale, zero_point;
    bool vector = w->axis >= 0;

    OCTET_TRY(add_constant(p, w->g, w->value, "_quantized", w->spec.dtype, w->tensor->rank,
                           w->tensor->dims, w->data, &quantized));
    OCTET_TRY(add_scale(p, w->g, w->value, w->scales, vector ? w->channels : 1, vector, &scale));
    OCTET_TRY(add_zero_point(p, w->g, w->value, w->spec.dtype, 0, vector ? w->channels : 1, vector,
                             &zero_point));
    OCTET_TRY(add_like(p, w->g, w->value, "_dequantized", OCTET_DTYPE_FLOAT32, &w->read));
    OCTET_TRY(
        add_linear(p, w->g, "DequantizeLinear", quantized, scale, zero_point, w->axis, w->read));
    p->result->weights++;
    return OCTET_OK;
}

static octet_status place_bias(placer *p, const octet_unit *u, const weight *w, float x_scale)
{
    const octet_tensor *bias;
    uint32_t index = 0;
    const octet_node *node = bias_node(u, &index);
    octet_value_id quantized, scale, read;

    OCTET_TRY(unit_bias(p, u, w, &bias));
    if (bias == NULL)
        return OCTET_OK;
    octet_value_id v = node->inputs[index];
    int64_t n = bias->dims[0], n_scales = w->axis < 0 ? 1 : n;
    int32_t *data = octet_arena_alloc_aligned(&p->a->model->arena, (size_t)n * sizeof *data);
    float *scales = OCTET_ARENA_ARRAY(p->arena, float, (size_t)n_scales);
    OCTET_TRY_ALLOC(p->diag, data);
    OCTET_TRY_ALLOC(p->diag, scales);
    for (int64_t c = 0; c < n; c++) {
        /* A product below the normal numbers, even 0, belongs to a bias of 0. */
        float s = fmaxf(x_scale * w->scales[w->axis < 0 ? 0 : c], FLT_MIN);
        scales[w->axis < 0 ? 0 : c] = s;
        data[c] = (int32_t)octet_quantize_one(((const float *)bias->data)[c],
                                              &(octet_qparams){s, 0}, &u->config->bias);
    }
    OCTET_TRY(add_constant(p, u->g, v, "_quantized", OCTET_DTYPE_INT32, 1, &n, data, &quantized));
    OCTET_TRY(add_scale(p, u->g, quantized, scales, n_scales, w->axis >= 0, &scale));
    OCTET_TRY(add_like(p, u->g, v, "_dequantized", OCTET_DTYPE_FLOAT32, &read));
    OCTET_TRY(add_linear(p, u->g, "DequantizeLinear", quantized, scale, OCTET_NO_VALUE,
                         w->axis >= 0 ? 0 : -1, read));
    p->result->biases++;
    return octet_edit_set_input(u->g, node->id, index, read, p->diag);
}

static octet_status place_weight(placer *p, const octet_unit *u, weight *w, float x_scale)
{
    node_inputs in;
    const octet_node *node = weight_node(u, &in);
    OCTET_TRY(place_bias(p, u, w, x_scale));
    if (w->read == OCTET_NO_VALUE)
        OCTET_TRY(write_weight(p, w));
    return octet_edit_set_input(u->g, node->id, (uint32_t)in.weight, w->read, p->diag);
}

/* ---- constants that are read like activations (the other side of an Add) */

static octet_status place_constant(placer *p, const octet_unit *u, octet_value_id v,
                                   octet_value_id *read)
{
    weight view = {.g = u->g, .value = v, .axis = -1, .spec = u->config->input};
    octet_value_id quantized, scale, zero_point;
    octet_range range = {0.0F, 0.0F};

    OCTET_TRY(octet_value_constant_aligned(u->g, v, &view.tensor, p->diag));
    OCTET_TRY(check_finite(p, u->g, v, view.tensor, p->diag));
    int64_t n = octet_tensor_count(view.tensor);
    const float *x = view.tensor->data;
    for (int64_t i = 0; i < n; i++) {
        range.min = fminf(range.min, x[i]);
        range.max = fmaxf(range.max, x[i]);
    }
    octet_qparams params = octet_qparams_from_range(range.min, range.max, &view.spec);
    uint8_t *data = octet_arena_alloc_aligned(&p->a->model->arena, (size_t)n);
    OCTET_TRY_ALLOC(p->diag, data);
    for (int64_t i = 0; i < n; i++)
        data[i] = (uint8_t)octet_quantize_one(x[i], &params, &view.spec);
    OCTET_TRY(add_constant(p, u->g, v, "_quantized", view.spec.dtype, view.tensor->rank,
                           view.tensor->dims, data, &quantized));
    OCTET_TRY(add_scale(p, u->g, v, &params.scale, 1, false, &scale));
    OCTET_TRY(
        add_zero_point(p, u->g, v, view.spec.dtype, params.zero_point, 1, false, &zero_point));
    OCTET_TRY(add_like(p, u->g, v, "_dequantized", OCTET_DTYPE_FLOAT32, read));
    OCTET_TRY(add_linear(p, u->g, "DequantizeLinear", quantized, scale, zero_point, -1, *read));
    p->result->weights++;
    return OCTET_OK;
}

static octet_status place_node_constants(placer *p, const octet_unit *u, const octet_node *node)
{
    constants *c = constants_of(p, u->g);
    for (uint32_t i = 0; i < node->n_inputs; i++) {
        octet_value_id v = node->inputs[i];
        if (octet_unit_role(u, node, i) != OCTET_ROLE_DATA || octet_value_constant(u->g, v) == NULL)
            continue;
        if (c->constant[v] == OCTET_NO_VALUE)
            OCTET_TRY(place_constant(p, u, v, &c->constant[v]));
        OCTET_TRY(octet_edit_set_input(u->g, node->id, i, c->constant[v], p->diag));
    }
    return OCTET_OK;
}

static octet_status place_constants(placer *p)
{
    for (uint32_t i = 0; i < p->a->n_units; i++) {
        const octet_unit *u = &p->a->units[i];
        for (uint32_t e = 0; u->quantized && e < u->match.pattern->n_elements; e++)
            if (u->match.node[e] != OCTET_NO_NODE)
                OCTET_TRY(place_node_constants(p, u, octet_graph_node(u->g, u->match.node[e])));
    }
    return OCTET_OK;
}

/* ---- activations */

static bool reads_in_integers(const octet_annotation *a, const octet_graph *g, const octet_use *use)
{
    if (use->kind != OCTET_USE_INPUT)
        return false;
    uint32_t unit = octet_annotation_notes(a, g)->unit[use->node];
    if (unit == OCTET_NO_SITE || !a->units[unit].quantized)
        return false;
    return octet_unit_role(&a->units[unit], octet_graph_node(g, use->node), use->index) ==
           OCTET_ROLE_DATA;
}

static bool made_in_integers(const octet_annotation *a, const octet_site *site)
{
    octet_node_id producer = octet_graph_value(site->g, site->value)->producer;
    if (!site->made_quantized || producer == OCTET_NO_NODE)
        return false;
    uint32_t unit = octet_annotation_notes(a, site->g)->unit[producer];
    return unit != OCTET_NO_SITE && a->units[unit].quantized;
}

static bool site_lives(const octet_annotation *a, const octet_site *site)
{
    const octet_value *v = octet_graph_value(site->g, site->value);
    if (made_in_integers(a, site))
        return true;
    for (uint32_t i = 0; i < v->n_uses; i++)
        if (reads_in_integers(a, site->g, &v->uses[i]))
            return true;
    return false;
}

/* Members of a group in the same graph share the two initializers. */
static octet_status site_params(placer *p, const octet_site *site, group_params **out)
{
    group_params *gp = &p->groups[site->group];
    *out = gp;
    if (gp->g == site->g)
        return OCTET_OK;
    gp->g = site->g;
    OCTET_TRY(add_scale(p, site->g, site->value, &site->params.scale, 1, false, &gp->scale));
    return add_zero_point(p, site->g, site->value, site->spec.dtype, site->params.zero_point, 1,
                          false, &gp->zero_point);
}

static octet_status redirect_readers(placer *p, const octet_site *site, octet_value_id read)
{
    const octet_value *v = octet_graph_value(site->g, site->value);
    bool left;

    if (made_in_integers(p->a, site))
        return octet_edit_replace_value(site->g, site->value, read, &left, p->diag);
    for (uint32_t i = v->n_uses; i-- > 0;) {
        octet_use use = v->uses[i];
        if (reads_in_integers(p->a, site->g, &use))
            OCTET_TRY(octet_edit_redirect(site->g, site->value, &use, read, p->diag));
    }
    return OCTET_OK;
}

static octet_status place_site(placer *p, const octet_site *site)
{
    octet_value_id quantized, read;
    group_params *params;

    OCTET_TRY(site_params(p, site, &params));
    OCTET_TRY(add_like(p, site->g, site->value, "_quantized", site->spec.dtype, &quantized));
    OCTET_TRY(add_like(p, site->g, site->value, "_dequantized", OCTET_DTYPE_FLOAT32, &read));
    OCTET_TRY(add_linear(p, site->g, "DequantizeLinear", quantized, params->scale,
                         params->zero_point, -1, read));
    OCTET_TRY(redirect_readers(p, site, read));
    p->result->pairs++;
    return add_linear(p, site->g, "QuantizeLinear", site->value, params->scale, params->zero_point,
                      -1, quantized);
}

/* Liveness is settled for all before the first is placed: placing changes who reads what. */
static octet_status place_sites(placer *p)
{
    bool *lives = OCTET_ARENA_ARRAY(p->arena, bool, p->a->n_sites + 1);
    OCTET_TRY_ALLOC(p->diag, lives);
    for (uint32_t i = 0; i < p->a->n_sites; i++)
        lives[i] = site_lives(p->a, &p->a->sites[i]);
    for (uint32_t i = 0; i < p->a->n_sites; i++)
        if (lives[i])
            OCTET_TRY(place_site(p, &p->a->sites[i]));
    return OCTET_OK;
}

static octet_status init_tables(placer *p)
{
    octet_annotation *a = p->a;
    p->graphs = OCTET_ARENA_ARRAY(p->arena, constants, a->n_graphs);
    p->groups = OCTET_ARENA_ARRAY(p->arena, group_params, a->n_sites + 1);
    OCTET_TRY_ALLOC(p->diag, p->graphs);
    OCTET_TRY_ALLOC(p->diag, p->groups);
    for (uint32_t i = 0; i < a->n_graphs; i++) {
        constants *c = &p->graphs[i];
        c->g = a->graphs[i].g;
        c->weight = OCTET_ARENA_ARRAY(p->arena, uint32_t, c->g->n_values);
        c->constant = OCTET_ARENA_ARRAY(p->arena, octet_value_id, c->g->n_values);
        OCTET_TRY_ALLOC(p->diag, c->weight);
        OCTET_TRY_ALLOC(p->diag, c->constant);
        memset(c->weight, 0xff, c->g->n_values * sizeof *c->weight);
        memset(c->constant, 0xff, c->g->n_values * sizeof *c->constant);
    }
    return OCTET_OK;
}

static octet_status place_weights(placer *p, const octet_place_options *options)
{
    OCTET_TRY(for_each_weighted(p, want_weight));
    OCTET_TRY(for_each_weight(p, choose_scales));
    OCTET_TRY(for_each_weighted(p, settle_weight));
    if (options->avoid_saturation)
        OCTET_TRY(for_each_weighted(p, narrow_weight));
    OCTET_TRY(quantize_weights(p));
    return for_each_weighted(p, place_weight);
}

octet_status octet_place_qdq(octet_annotation *a, const octet_place_options *options,
                             octet_place_result *out, octet_diag *diag)
{
    octet_arena scratch;
    octet_arena_init(&scratch, &a->model->ctx->allocator);
    placer p = {.a = a, .arena = &scratch, .result = out, .diag = diag};

    *out = (octet_place_result){0};
    octet_status status = init_tables(&p);
    if (status == OCTET_OK)
        status = place_weights(&p, options);
    if (status == OCTET_OK)
        status = place_constants(&p);
    if (status == OCTET_OK)
        status = place_sites(&p);
    octet_arena_deinit(&scratch);
    return status;
}
