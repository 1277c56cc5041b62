/* fold_batchnorm.c: fold what scales and shifts channels into the linear operator before it
 * SPDX-License-Identifier: Apache-2.0
 *
 *     c = Conv(x, w, b)   n = BatchNormalization(c, gamma, beta, mean, var)
 *  -> n = Conv(x, w·m, b·m + a)         m = gamma / sqrt(var + epsilon), a = beta - mean·m
 *
 * and the same with ConvTranspose and Gemm, and with MatMul, which keeps its sum in an Add behind
 * it. A Mul, Div, Add or Sub with a constant for each channel (or one for all) is folded like a
 * BatchNormalization, and any chain of them at once: factors are gathered in double and each weight
 * is rounded once. Every value in between must have no other use. A BatchNormalization in front of
 * a Conv is not folded: where the Conv pads, the zeros are added after it.
 */
#include "engine/walk.h"

#include <math.h>
#include <string.h>

#define MAX_STEPS 16

/* The linear operator: y = weight·x + bias. The weight's elements are groups × rows × per_group ×
 * inner and belong to output channel (group, index in per_group). */
typedef struct linear {
    octet_graph *g;
    octet_node *n;
    octet_value *weight;
    const octet_tensor *payload; /* of the weight, aligned */
    int64_t channels, per_group, inner, rows;
    bool last_axis; /* channels are the last dim of y; else dim 1 */
    bool matmul;    /* no bias of its own */
    double *scale, *shift;
    octet_node *steps[MAX_STEPS];
    uint32_t n_steps;
    octet_pass_ctx *ctx;
} linear;

/* ---- the operator */

static bool shape_conv(linear *l, const octet_tensor *w)
{
    l->per_group = l->channels = w->rank >= 3 ? w->dims[0] : 0;
    l->rows = 1;
    return w->rank >= 3;
}

/* [in, out / group, …] */
static bool shape_conv_transpose(linear *l, const octet_tensor *w)
{
    int64_t groups = octet_node_int(l->n, "group", 1);

    if (w->rank < 3 || groups < 1 || w->dims[0] % groups != 0 ||
        !octet_mul_i64(w->dims[1], groups, &l->channels))
        return false;
    l->per_group = w->dims[1];
    l->rows = w->dims[0] / groups;
    return true;
}

static bool shape_gemm(linear *l, const octet_tensor *w)
{
    bool transposed = octet_node_int(l->n, "transB", 0) != 0;

    if (w->rank != 2)
        return false;
    l->per_group = l->channels = w->dims[transposed ? 0 : 1];
    l->rows = transposed ? 1 : w->dims[0];
    return true;
}

static bool shape_matmul(linear *l, const octet_tensor *w)
{
    if (w->rank < 2)
        return false;
    l->per_group = l->channels = w->dims[w->rank - 1];
    l->rows = octet_tensor_count(w) / (l->channels > 0 ? l->channels : 1);
    l->last_axis = l->matmul = true;
    return true;
}

static const struct {
    const char *op;
    bool (*shape)(linear *l, const octet_tensor *w);
} operators[] = {
    {"Conv", shape_conv},
    {"ConvTranspose", shape_conv_transpose},
    {"Gemm", shape_gemm},
    {"MatMul", shape_matmul},
};

static bool is_linear(linear *l)
{
    octet_value *weight = octet_node_input(l->g, l->n, 1);
    const octet_tensor *w = weight == NULL ? NULL : octet_value_constant(l->g, weight->id);
    size_t i = 0, n = sizeof operators / sizeof operators[0];

    while (i < n && !octet_node_is(l->n, operators[i].op))
        i++;
    if (i == n || w == NULL || octet_dtype_get(w->dtype)->kind != OCTET_KIND_FLOAT ||
        octet_tensor_count(w) <= 0 || !operators[i].shape(l, w))
        return false;
    l->weight = weight;
    l->payload = w;
    l->inner = strcmp(operators[i].op, "MatMul") == 0 ? 1 : 0;
    if (l->inner == 0) /* what is left after rows, channels and groups */
        l->inner = octet_tensor_count(w) / (l->rows * l->channels);
    return true;
}

/* Rank of the operator's result, -1 when unknown. */
static int32_t result_rank(const linear *l)
{
    return l->matmul ? octet_value_rank(octet_node_output(l->g, l->n, 0)) : l->payload->rank;
}

/* ---- constants for each channel */

/* Elements of a constant that broadcasts along the channels alone, one for each. */
static bool per_channel(const linear *l, octet_value_id id, double *out)
{
    const octet_tensor *t = id == OCTET_NO_VALUE ? NULL : octet_value_constant(l->g, id);
    int32_t rank = result_rank(l);

    if (t == NULL || t->dtype != l->payload->dtype || (t->rank > rank && t->rank > 1))
        return false;
    int32_t axis = t->rank - (l->last_axis ? 1 : rank - 1);
    for (int32_t i = 0; i < t->rank; i++)
        if (t->dims[i] != 1 && (i != axis || t->dims[i] != l->channels))
            return false;
    bool one = octet_tensor_count(t) == 1;
    for (int64_t c = 0; c < l->channels; c++)
        out[c] = octet_tensor_f64_at(t, one ? 0 : c);
    return true;
}

/* Parameter of a BatchNormalization. */
static bool channel_vector(const linear *l, octet_value_id id, double *out)
{
    const octet_tensor *t = id == OCTET_NO_VALUE ? NULL : octet_value_constant(l->g, id);

    if (t == NULL || t->rank != 1 || t->dims[0] != l->channels ||
        octet_dtype_get(t->dtype)->kind != OCTET_KIND_FLOAT)
        return false;
    for (int64_t c = 0; c < l->channels; c++)
        out[c] = octet_tensor_f64_at(t, c);
    return true;
}

/* ---- steps: y = scale·x + shift, written to m and a */

static bool step_batchnorm(const linear *l, const octet_node *s, uint32_t index, double *m,
                           double *a)
{
    double epsilon = (double)octet_node_float(s, "epsilon", 1e-5f);
    double *mean = OCTET_ARENA_ARRAY(l->ctx->scratch, double, (size_t)l->channels);
    double *var = OCTET_ARENA_ARRAY(l->ctx->scratch, double, (size_t)l->channels);

    if (index != 0 || s->n_inputs != 5 || octet_node_int(s, "training_mode", 0) != 0 ||
        (l->last_axis && result_rank(l) != 2) || mean == NULL || var == NULL)
        return false;
    if (!channel_vector(l, s->inputs[1], m) || !channel_vector(l, s->inputs[2], a) ||
        !channel_vector(l, s->inputs[3], mean) || !channel_vector(l, s->inputs[4], var))
        return false;
    for (int64_t c = 0; c < l->channels; c++) {
        m[c] /= sqrt(var[c] + epsilon);
        a[c] -= mean[c] * m[c];
    }
    return true;
}

/* Constants: the other operand goes to one of m and a, `rest` to the other. */
static bool operand(const linear *l, const octet_node *s, uint32_t index, double *to, double *other,
                    double rest)
{
    if (s->n_inputs != 2 || !per_channel(l, s->inputs[1 - index], to))
        return false;
    for (int64_t c = 0; c < l->channels; c++)
        other[c] = rest;
    return true;
}

static bool step_mul(const linear *l, const octet_node *s, uint32_t index, double *m, double *a)
{
    return operand(l, s, index, m, a, 0);
}

static bool step_div(const linear *l, const octet_node *s, uint32_t index, double *m, double *a)
{
    if (index != 0 || !operand(l, s, index, m, a, 0))
        return false;
    for (int64_t c = 0; c < l->channels; c++)
        m[c] = 1 / m[c];
    return true;
}

static bool step_add(const linear *l, const octet_node *s, uint32_t index, double *m, double *a)
{
    return operand(l, s, index, a, m, 1);
}

static bool step_sub(const linear *l, const octet_node *s, uint32_t index, double *m, double *a)
{
    if (!operand(l, s, index, a, m, index == 0 ? 1 : -1))
        return false;
    for (int64_t c = 0; c < l->channels && index == 0; c++)
        a[c] = -a[c];
    return true;
}

static const struct {
    const char *op;
    bool (*step)(const linear *l, const octet_node *s, uint32_t index, double *m, double *a);
} step_kinds[] = {
    {"BatchNormalization", step_batchnorm},
    {"Mul", step_mul},
    {"Div", step_div},
    {"Add", step_add},
    {"Sub", step_sub},
};

static bool step_of(const linear *l, const octet_node *s, uint32_t index, double *m, double *a)
{
    for (size_t i = 0; i < sizeof step_kinds / sizeof step_kinds[0]; i++)
        if (octet_node_is(s, step_kinds[i].op))
            return step_kinds[i].step(l, s, index, m, a);
    return false;
}

/* scale and shift become those of the chain with one more step, if they stay finite. */
static bool compose(linear *l, const double *m, const double *a)
{
    for (int64_t c = 0; c < l->channels; c++)
        if (!isfinite(l->scale[c] * m[c]) || !isfinite(l->shift[c] * m[c] + a[c]))
            return false;
    for (int64_t c = 0; c < l->channels; c++) {
        l->scale[c] *= m[c];
        l->shift[c] = l->shift[c] * m[c] + a[c];
    }
    return true;
}

static bool unused_beyond_first(const octet_graph *g, const octet_node *n)
{
    for (uint32_t i = 1; i < n->n_outputs; i++)
        if (octet_node_output(g, n, i) != NULL && octet_node_output(g, n, i)->n_uses > 0)
            return false;
    return octet_node_output(g, n, 0) != NULL;
}

static void gather_steps(linear *l, double *m, double *a)
{
    octet_node *last = l->n, *s;
    uint32_t index;

    while (l->n_steps < MAX_STEPS && unused_beyond_first(l->g, last) &&
           (s = octet_sole_consumer(l->g, octet_node_output(l->g, last, 0), &index)) != NULL &&
           unused_beyond_first(l->g, s) && step_of(l, s, index, m, a) && compose(l, m, a)) {
        l->steps[l->n_steps++] = s;
        last = s;
    }
}

/* ---- folding */

static bool is_all(const double *x, int64_t n, double value)
{
    for (int64_t i = 0; i < n; i++)
        if (x[i] != value)
            return false;
    return true;
}

static bool is_uniform(const double *x, int64_t n)
{
    return is_all(x, n, x[0]);
}

/* A MatMul keeps its one Add; a factor for all channels is not worth a second copy of a weight. */
static bool worth_folding(const linear *l)
{
    bool scaled = !is_all(l->scale, l->channels, 1);

    if (l->n_steps == 0)
        return false;
    if (scaled && is_uniform(l->scale, l->channels) && !octet_value_single_use(l->weight))
        return false;
    return !l->matmul || scaled || l->n_steps > 1;
}

/* The bias the operator has already, as shift; false if it is no constant for each channel. */
static bool bias_of(linear *l)
{
    octet_value_id bias = l->matmul ? OCTET_NO_VALUE : octet_node_input_id(l->n, 2);
    double beta = octet_node_is(l->n, "Gemm") ? (double)octet_node_float(l->n, "beta", 1) : 1;

    if (bias == OCTET_NO_VALUE)
        return true;
    if (octet_node_is(l->n, "Gemm")) {
        if (!per_channel(l, bias, l->shift))
            return false;
    } else if (!channel_vector(l, bias, l->shift)) {
        return false;
    }
    for (int64_t c = 0; c < l->channels; c++)
        l->shift[c] *= beta;
    return true;
}

/* dst[i] = src[i] · scale of its channel */
static bool scale_weights(const linear *l, void *dst)
{
    const octet_tensor *w = l->payload;
    int64_t count = octet_tensor_count(w), k = 0, channel = 0, row = 0, first = 0;
    double chunk[512];
    const int64_t capacity = 512;
    size_t element = w->bytes / (size_t)count;

    for (int64_t at = 0; at < count; at += capacity) {
        int64_t n = count - at < capacity ? count - at : capacity;

        if (!octet_convert(OCTET_DTYPE_FLOAT64, chunk, w->dtype, w->data, at, n))
            return false;
        for (int64_t i = 0; i < n; i++) {
            chunk[i] *= l->scale[first + channel];
            if (++k < l->inner)
                continue;
            k = 0;
            if (++channel < l->per_group)
                continue;
            channel = 0;
            if (++row < l->rows || l->channels == l->per_group)
                continue;
            row = 0;
            first += first + l->per_group < l->channels ? l->per_group : 0;
        }
        if (!octet_convert(w->dtype, (char *)dst + (size_t)at * element, OCTET_DTYPE_FLOAT64, chunk,
                           0, n))
            return false;
    }
    return true;
}

/* Input `index` of n becomes the constant t: in place where nothing else uses it. */
static octet_status replace_input(linear *l, octet_node *n, uint32_t index, const char *name,
                                  const octet_tensor *t)
{
    octet_value *old = octet_node_input(l->g, n, index);
    octet_value_id id;

    if (old != NULL && old->is_initializer && octet_value_single_use(old))
        return octet_edit_make_initializer(l->g, old->id, t, l->ctx->diag);
    OCTET_TRY(
        octet_edit_add_initializer(l->g, old != NULL ? old->name : name, t, &id, l->ctx->diag));
    return octet_edit_set_input(l->g, n->id, index, id, l->ctx->diag);
}

static octet_status fold_weight(linear *l)
{
    octet_tensor t = *l->payload;

    if (is_all(l->scale, l->channels, 1))
        return OCTET_OK;
    t.data = octet_arena_alloc_aligned(&l->g->model->arena, t.bytes);
    OCTET_TRY_ALLOC(l->ctx->diag, t.data);
    if (!scale_weights(l, t.data))
        return octet_fail(l->ctx->diag, OCTET_ERR_UNSUPPORTED, "cannot compute with %s",
                          octet_dtype_get(t.dtype)->name);
    return replace_input(l, l->n, 1, NULL, &t);
}

/* Input `index` of n becomes the shift. */
static octet_status set_bias(linear *l, octet_node *n, uint32_t index)
{
    char *name = octet_arena_printf(l->ctx->scratch, "%s_bias", l->n->name);
    octet_tensor t;

    OCTET_TRY_ALLOC(l->ctx->diag, name);
    OCTET_TRY(octet_tensor_describe(&t, l->payload->dtype, 1, &l->channels, l->ctx->diag));
    t.data = octet_arena_alloc_aligned(&l->g->model->arena, t.bytes);
    OCTET_TRY_ALLOC(l->ctx->diag, t.data);
    if (!octet_convert(t.dtype, t.data, OCTET_DTYPE_FLOAT64, l->shift, 0, l->channels))
        return octet_fail(l->ctx->diag, OCTET_ERR_UNSUPPORTED, "cannot compute with %s",
                          octet_dtype_get(t.dtype)->name);
    return replace_input(l, n, index, name, &t);
}

static octet_status fold_bias(linear *l)
{
    if (octet_node_input(l->g, l->n, 2) == NULL && is_all(l->shift, l->channels, 0))
        return OCTET_OK;
    if (octet_node_attr(l->n, "beta") != NULL)
        octet_edit_remove_attr(l->g, l->n->id, "beta");
    return set_bias(l, l->n, 2);
}

/* An Add that is one of the steps stays behind a MatMul. */
static octet_node *surviving_add(const linear *l)
{
    for (uint32_t i = 0; i < l->n_steps; i++)
        if (octet_node_is(l->steps[i], "Add"))
            return l->steps[i];
    return NULL;
}

static octet_status add_behind(linear *l, octet_value_id product, octet_value_id result)
{
    char *name = octet_arena_printf(l->ctx->scratch, "%s_add", l->n->name);
    octet_value_id inputs[2] = {product, product};
    octet_node_id made;

    OCTET_TRY_ALLOC(l->ctx->diag, name);
    octet_node_desc desc = {
        .name = name,
        .op_type = "Add",
        .inputs = inputs,
        .n_inputs = 2,
        .outputs = &result,
        .n_outputs = 1,
    };
    OCTET_TRY(octet_edit_add_node(l->g, &desc, "fold-batchnorm", &made, l->ctx->diag));
    OCTET_TRY(octet_edit_set_input(l->g, made, 1, OCTET_NO_VALUE, l->ctx->diag));
    return set_bias(l, octet_graph_node(l->g, made), 1);
}

/* The chain goes; its last value is made by the operator, or by the Add behind a MatMul. */
static octet_status rewire(linear *l)
{
    octet_value_id product = l->n->outputs[0], result = l->steps[l->n_steps - 1]->outputs[0];
    octet_node *add = l->matmul ? surviving_add(l) : NULL;
    bool shifted = l->matmul && !is_all(l->shift, l->channels, 0);

    if (!shifted)
        add = NULL;
    for (uint32_t i = 0; i < l->n_steps; i++)
        if (l->steps[i] != add)
            octet_edit_remove_node(l->g, l->steps[i]->id);
    if (!shifted)
        return octet_edit_set_output(l->g, l->n->id, 0, result, l->ctx->diag);
    if (add == NULL)
        return add_behind(l, product, result);
    uint32_t constant = octet_value_constant(l->g, add->inputs[0]) != NULL ? 0 : 1;
    OCTET_TRY(octet_edit_set_input(l->g, add->id, 1 - constant, product, l->ctx->diag));
    OCTET_TRY(set_bias(l, add, constant));
    return add->outputs[0] == result
               ? OCTET_OK
               : octet_edit_set_output(l->g, add->id, 0, result, l->ctx->diag);
}

static octet_status visit(octet_graph *g, octet_node *n, octet_pass_ctx *ctx)
{
    linear l = {.g = g, .n = n, .ctx = ctx};

    if (!is_linear(&l))
        return OCTET_OK;
    double *work = OCTET_ARENA_ARRAY(ctx->scratch, double, 4 * (size_t)l.channels);
    OCTET_TRY_ALLOC(ctx->diag, work);
    l.scale = work;
    l.shift = work + l.channels;
    for (int64_t c = 0; c < l.channels; c++)
        l.scale[c] = 1;
    if (!bias_of(&l))
        return OCTET_OK;
    gather_steps(&l, work + 2 * l.channels, work + 3 * l.channels);
    if (!worth_folding(&l))
        return OCTET_OK;
    ctx->changes += l.n_steps;
    OCTET_TRY(fold_weight(&l));
    if (!l.matmul)
        OCTET_TRY(fold_bias(&l));
    return rewire(&l);
}

static octet_status run(octet_model *model, octet_pass_ctx *ctx)
{
    return octet_pass_each_node(model->graph, ctx, visit);
}

const octet_pass octet_pass_fold_batchnorm = {
    .name = "fold-batchnorm",
    .summary = "fold BatchNormalization and the like into Conv, Gemm and MatMul",
    .run = run,
};
