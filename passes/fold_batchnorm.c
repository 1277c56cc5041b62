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
#include "engine/linear.h"
#include "engine/walk.h"

#include <math.h>

#define MAX_STEPS 16

/* A linear operator and the chain behind it, which amounts to y = scale·x + shift. */
typedef struct fold {
    octet_linear l;
    double *scale, *shift;
    double *mean, *var; /* room for one step */
    octet_node *steps[MAX_STEPS];
    uint32_t n_steps;
    octet_pass_ctx *ctx;
} fold;

/* ---- steps: y = scale·x + shift, written to m and a */

static bool step_batchnorm(const fold *f, const octet_node *s, uint32_t index, double *m, double *a)
{
    double epsilon = (double)octet_node_float(s, "epsilon", 1e-5f);

    if (index != 0 || s->n_inputs != 5 || octet_node_int(s, "training_mode", 0) != 0 ||
        (f->l.last_axis && octet_linear_rank(&f->l) != 2))
        return false;
    if (!octet_linear_vector(&f->l, s->inputs[1], m) ||
        !octet_linear_vector(&f->l, s->inputs[2], a) ||
        !octet_linear_vector(&f->l, s->inputs[3], f->mean) ||
        !octet_linear_vector(&f->l, s->inputs[4], f->var))
        return false;
    for (int64_t c = 0; c < f->l.channels; c++) {
        m[c] /= sqrt(f->var[c] + epsilon);
        a[c] -= f->mean[c] * m[c];
    }
    return true;
}

/* Constants: the other operand goes to one of m and a, `rest` to the other. */
static bool operand(const fold *f, const octet_node *s, uint32_t index, double *to, double *other,
                    double rest)
{
    if (s->n_inputs != 2 || !octet_linear_operand(&f->l, s->inputs[1 - index], to))
        return false;
    for (int64_t c = 0; c < f->l.channels; c++)
        other[c] = rest;
    return true;
}

static bool step_mul(const fold *f, const octet_node *s, uint32_t index, double *m, double *a)
{
    return operand(f, s, index, m, a, 0);
}

static bool step_div(const fold *f, const octet_node *s, uint32_t index, double *m, double *a)
{
    if (index != 0 || !operand(f, s, index, m, a, 0))
        return false;
    for (int64_t c = 0; c < f->l.channels; c++)
        m[c] = 1 / m[c];
    return true;
}

static bool step_add(const fold *f, const octet_node *s, uint32_t index, double *m, double *a)
{
    return operand(f, s, index, a, m, 1);
}

static bool step_sub(const fold *f, const octet_node *s, uint32_t index, double *m, double *a)
{
    if (!operand(f, s, index, a, m, index == 0 ? 1 : -1))
        return false;
    for (int64_t c = 0; c < f->l.channels && index == 0; c++)
        a[c] = -a[c];
    return true;
}

static const struct {
    const char *op;
    bool (*step)(const fold *f, const octet_node *s, uint32_t index, double *m, double *a);
} step_kinds[] = {
    {"BatchNormalization", step_batchnorm},
    {"Mul", step_mul},
    {"Div", step_div},
    {"Add", step_add},
    {"Sub", step_sub},
};

static bool step_of(const fold *f, const octet_node *s, uint32_t index, double *m, double *a)
{
    for (size_t i = 0; i < sizeof step_kinds / sizeof step_kinds[0]; i++)
        if (octet_node_is(s, step_kinds[i].op))
            return step_kinds[i].step(f, s, index, m, a);
    return false;
}

/* scale and shift become those of the chain with one more step, if they stay finite. */
static bool compose(fold *f, const double *m, const double *a)
{
    for (int64_t c = 0; c < f->l.channels; c++)
        if (!isfinite(f->scale[c] * m[c]) || !isfinite(f->shift[c] * m[c] + a[c]))
            return false;
    for (int64_t c = 0; c < f->l.channels; c++) {
        f->scale[c] *= m[c];
        f->shift[c] = f->shift[c] * m[c] + a[c];
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

static void gather_steps(fold *f, double *m, double *a)
{
    octet_node *last = f->l.n, *s;
    uint32_t index;

    while (f->n_steps < MAX_STEPS && unused_beyond_first(f->l.g, last) &&
           (s = octet_sole_consumer(f->l.g, octet_node_output(f->l.g, last, 0), &index)) != NULL &&
           unused_beyond_first(f->l.g, s) && step_of(f, s, index, m, a) && compose(f, m, a)) {
        f->steps[f->n_steps++] = s;
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
static bool worth_folding(const fold *f)
{
    bool scaled = !is_all(f->scale, f->l.channels, 1);

    if (f->n_steps == 0)
        return false;
    if (scaled && is_uniform(f->scale, f->l.channels) && !octet_value_single_use(f->l.weight))
        return false;
    return f->l.bias_port || f->n_steps > 1 || !octet_node_is(f->steps[0], "Add");
}

/* The bias the operator has already, as shift; false if it is no constant for each channel. */
static bool bias_of(fold *f)
{
    octet_value_id bias = !f->l.bias_port ? OCTET_NO_VALUE : octet_node_input_id(f->l.n, 2);
    double beta = octet_node_is(f->l.n, "Gemm") ? (double)octet_node_float(f->l.n, "beta", 1) : 1;

    if (bias == OCTET_NO_VALUE)
        return true;
    if (octet_node_is(f->l.n, "Gemm")) {
        if (!octet_linear_operand(&f->l, bias, f->shift))
            return false;
    } else if (!octet_linear_vector(&f->l, bias, f->shift)) {
        return false;
    }
    for (int64_t c = 0; c < f->l.channels; c++)
        f->shift[c] *= beta;
    return true;
}

/* Input `index` of n becomes the constant t: in place where nothing else uses it. */
static octet_status replace_input(fold *f, octet_node *n, uint32_t index, const char *name,
                                  const octet_tensor *t)
{
    octet_value *old = octet_node_input(f->l.g, n, index);
    octet_value_id id;

    if (old != NULL && old->is_initializer && octet_value_single_use(old))
        return octet_edit_make_initializer(f->l.g, old->id, t, f->ctx->diag);
    OCTET_TRY(
        octet_edit_add_initializer(f->l.g, old != NULL ? old->name : name, t, &id, f->ctx->diag));
    return octet_edit_set_input(f->l.g, n->id, index, id, f->ctx->diag);
}

static octet_status fold_weight(fold *f)
{
    octet_tensor t = *f->l.payload;

    if (is_all(f->scale, f->l.channels, 1))
        return OCTET_OK;
    t.data = octet_arena_alloc_aligned(&f->l.g->model->arena, t.bytes);
    OCTET_TRY_ALLOC(f->ctx->diag, t.data);
    if (!octet_linear_scale(&f->l, f->scale, t.data))
        return octet_fail(f->ctx->diag, OCTET_ERR_UNSUPPORTED, "cannot compute with %s",
                          octet_dtype_get(t.dtype)->name);
    return replace_input(f, f->l.n, 1, NULL, &t);
}

/* Input `index` of n becomes the shift. */
static octet_status set_bias(fold *f, octet_node *n, uint32_t index)
{
    char *name = octet_arena_printf(f->ctx->scratch, "%s_bias", f->l.n->name);
    octet_tensor t;

    OCTET_TRY_ALLOC(f->ctx->diag, name);
    OCTET_TRY(octet_tensor_describe(&t, f->l.payload->dtype, 1, &f->l.channels, f->ctx->diag));
    t.data = octet_arena_alloc_aligned(&f->l.g->model->arena, t.bytes);
    OCTET_TRY_ALLOC(f->ctx->diag, t.data);
    if (!octet_convert(t.dtype, t.data, OCTET_DTYPE_FLOAT64, f->shift, 0, f->l.channels))
        return octet_fail(f->ctx->diag, OCTET_ERR_UNSUPPORTED, "cannot compute with %s",
                          octet_dtype_get(t.dtype)->name);
    return replace_input(f, n, index, name, &t);
}

static octet_status fold_bias(fold *f)
{
    if (octet_node_input(f->l.g, f->l.n, 2) == NULL && is_all(f->shift, f->l.channels, 0))
        return OCTET_OK;
    if (octet_node_attr(f->l.n, "beta") != NULL)
        octet_edit_remove_attr(f->l.g, f->l.n->id, "beta");
    return set_bias(f, f->l.n, 2);
}

/* An Add that is one of the steps stays behind a MatMul. */
static octet_node *surviving_add(const fold *f)
{
    for (uint32_t i = 0; i < f->n_steps; i++)
        if (octet_node_is(f->steps[i], "Add"))
            return f->steps[i];
    return NULL;
}

static octet_status add_behind(fold *f, octet_value_id product, octet_value_id result)
{
    char *name = octet_arena_printf(f->ctx->scratch, "%s_add", f->l.n->name);
    octet_value_id inputs[2] = {product, product};
    octet_node_id made;

    OCTET_TRY_ALLOC(f->ctx->diag, name);
    octet_node_desc desc = {
        .name = name,
        .op_type = "Add",
        .inputs = inputs,
        .n_inputs = 2,
        .outputs = &result,
        .n_outputs = 1,
    };
    OCTET_TRY(octet_edit_add_node(f->l.g, &desc, "fold-batchnorm", &made, f->ctx->diag));
    OCTET_TRY(octet_edit_set_input(f->l.g, made, 1, OCTET_NO_VALUE, f->ctx->diag));
    return set_bias(f, octet_graph_node(f->l.g, made), 1);
}

/* The chain goes; its last value is made by the operator, or by the Add behind a MatMul. */
static octet_status rewire(fold *f)
{
    octet_value_id product = f->l.n->outputs[0], result = f->steps[f->n_steps - 1]->outputs[0];
    octet_node *add = !f->l.bias_port ? surviving_add(f) : NULL;
    bool shifted = !f->l.bias_port && !is_all(f->shift, f->l.channels, 0);

    if (!shifted)
        add = NULL;
    for (uint32_t i = 0; i < f->n_steps; i++)
        if (f->steps[i] != add)
            octet_edit_remove_node(f->l.g, f->steps[i]->id);
    if (!shifted)
        return octet_edit_set_output(f->l.g, f->l.n->id, 0, result, f->ctx->diag);
    if (add == NULL)
        return add_behind(f, product, result);
    uint32_t constant = octet_value_constant(f->l.g, add->inputs[0]) != NULL ? 0 : 1;
    OCTET_TRY(octet_edit_set_input(f->l.g, add->id, 1 - constant, product, f->ctx->diag));
    OCTET_TRY(set_bias(f, add, constant));
    return add->outputs[0] == result
               ? OCTET_OK
               : octet_edit_set_output(f->l.g, add->id, 0, result, f->ctx->diag);
}

static octet_status visit(octet_graph *g, octet_node *n, octet_pass_ctx *ctx)
{
    fold f = {.ctx = ctx};

    if (!octet_linear_init(&f.l, g, n))
        return OCTET_OK;
    size_t channels = (size_t)f.l.channels;
    double *work = OCTET_ARENA_ARRAY(ctx->scratch, double, 6 * channels);
    OCTET_TRY_ALLOC(ctx->diag, work);
    f.scale = work;
    f.shift = work + channels;
    f.mean = work + 4 * channels;
    f.var = work + 5 * channels;
    for (size_t c = 0; c < channels; c++)
        f.scale[c] = 1;
    if (!bias_of(&f))
        return OCTET_OK;
    gather_steps(&f, work + 2 * channels, work + 3 * channels);
    if (!worth_folding(&f))
        return OCTET_OK;
    ctx->changes += f.n_steps;
    OCTET_TRY(fold_weight(&f));
    if (f.l.bias_port)
        OCTET_TRY(fold_bias(&f));
    return rewire(&f);
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
