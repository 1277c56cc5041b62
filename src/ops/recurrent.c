/* recurrent.c: what LSTM, GRU and RNN share
 * SPDX-License-Identifier: Apache-2.0
 *
 * A gate's input is (x W + Wb) + (h R + Rb); each product is one chain of fused multiply-adds in
 * the order of the elements of x or h.
 */
#include "ops/recurrent.h"
#include "ops/matmul_common.h"

#include <math.h>
#include <string.h>

/* Inputs; GRU and RNN end before INITIAL_C. */
enum { X, W, R, B, SEQUENCE_LENS, INITIAL_H, INITIAL_C, P };

typedef struct transposed {
    const float *w, *r; /* per direction: [input, gates * hidden] and [hidden, gates * hidden] */
} transposed;

typedef struct layer {
    int64_t steps, batch, input, hidden, directions, gates;
    bool batch_first, reverse_first;
    const int32_t *lengths; /* NULL: all are `steps` */
    transposed m;
    octet_activation f[2 * OCTET_MAX_ACTIVATIONS];
    const octet_cell *cell;
} layer;

/* ---- transposed weights */

static void transpose(const octet_tensor *t, float *out)
{
    size_t rows = (size_t)t->dims[1], columns = (size_t)t->dims[2];

    for (int64_t d = 0; d < t->dims[0]; d++) {
        const float *from = (const float *)t->data + (size_t)d * rows * columns;
        float *to = out + (size_t)d * rows * columns;

        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < columns; c++)
                to[c * rows + r] = from[r * columns + c];
    }
}

static bool is_weight(const octet_tensor *t)
{
    return t != NULL && t->dtype == OCTET_DTYPE_FLOAT32 && t->rank == 3;
}

octet_status octet_recurrent_prepare(const octet_graph *g, const octet_node *node,
                                     const octet_tensor *const *constant, const octet_kernels *k,
                                     octet_arena *arena, const void **state, octet_diag *diag)
{
    transposed *m;
    float *w, *r;

    (void)g, (void)k;
    if (node->n_inputs <= R || !is_weight(constant[W]) || !is_weight(constant[R]))
        return OCTET_OK;
    m = OCTET_ARENA_NEW(arena, transposed);
    w = octet_arena_alloc_aligned(arena, constant[W]->bytes);
    r = octet_arena_alloc_aligned(arena, constant[R]->bytes);
    OCTET_TRY_ALLOC(diag, m);
    OCTET_TRY_ALLOC(diag, w);
    OCTET_TRY_ALLOC(diag, r);
    transpose(constant[W], w);
    transpose(constant[R], r);
    *m = (transposed){w, r};
    *state = m;
    return OCTET_OK;
}

static octet_status find_weights(octet_eval *e, transposed *out)
{
    float *w, *r;

    if (e->state != NULL) {
        *out = *(const transposed *)e->state;
        return OCTET_OK;
    }
    w = octet_eval_scratch(e, e->in[W]->bytes);
    r = octet_eval_scratch(e, e->in[R]->bytes);
    OCTET_TRY_ALLOC(e->diag, w);
    OCTET_TRY_ALLOC(e->diag, r);
    transpose(e->in[W], w);
    transpose(e->in[R], r);
    *out = (transposed){w, r};
    return OCTET_OK;
}

/* ---- steps */

/* One step's: y (n) = v (hidden) R + bias. */
void octet_recurrence_product(const octet_recurrence *r, size_t from, size_t n, const float *v,
                              float *y)
{
    r->k->gemm_block_f32(&(octet_gemm_block){.m = 1,
                                             .n = n,
                                             .k = r->hidden,
                                             .a = v,
                                             .a_row = 1,
                                             .b = r->r + from,
                                             .b_panel = OCTET_GEMM_NR,
                                             .b_row = r->gates * r->hidden,
                                             .c = y,
                                             .first = 1,
                                             .bias = r->r_bias != NULL ? r->r_bias + from : NULL});
}

void octet_recurrence_clip(const octet_recurrence *r, size_t n, float *x)
{
    if (isfinite(r->clip))
        r->k->clip_f32(n, x, -r->clip, r->clip, x);
}

typedef struct buffers {
    float *h, *c; /* states of all samples */
    float *x;     /* the input's part of the gates, a row for each of X */
    float *y;     /* output Y, or NULL */
} buffers;

static int64_t length_of(const layer *l, int64_t sample)
{
    return l->lengths == NULL ? l->steps : l->lengths[sample];
}

/* Step s of direction d for one sample. */
static void run_step(const layer *l, const octet_recurrence *r, const buffers *b, int64_t d,
                     int64_t s, int64_t sample)
{
    bool reverse = d == 1 || l->reverse_first;
    int64_t t = reverse ? length_of(l, sample) - 1 - s : s;
    size_t bytes = r->hidden * sizeof(float);
    size_t row = (size_t)(l->batch_first ? sample * l->steps + t : t * l->batch + sample);
    size_t out = (size_t)(l->batch_first ? (sample * l->steps + t) * l->directions + d
                                         : (t * l->directions + d) * l->batch + sample);
    float *h = b->h + (size_t)sample * r->hidden, *c = b->c + (size_t)sample * r->hidden;

    l->cell->step(r, b->x + row * r->gates * r->hidden, h, c);
    if (b->y != NULL)
        memcpy(b->y + out * r->hidden, h, bytes);
}

/* Copies the states of direction d between a tensor [directions, batch, hidden] (or batch first)
 * and a buffer [batch, hidden]. */
static void move_state(const layer *l, int64_t d, float *tensor, float *buffer, bool out)
{
    size_t bytes = (size_t)l->hidden * sizeof(float);

    for (int64_t b = 0; b < l->batch; b++) {
        int64_t at = l->batch_first ? b * l->directions + d : d * l->batch + b;
        float *there = tensor + at * l->hidden, *here = buffer + b * l->hidden;
        memcpy(out ? there : here, out ? here : there, bytes);
    }
}

static void load_state(const octet_eval *e, const layer *l, uint32_t input, int64_t d,
                       float *buffer)
{
    const octet_tensor *t = octet_eval_input(e, input);

    if (t != NULL)
        move_state(l, d, t->data, buffer, false);
    else
        memset(buffer, 0, (size_t)(l->batch * l->hidden) * sizeof *buffer);
}

/* The input's part of the gates, for all steps of all samples at once. */
static octet_status multiply_input(octet_eval *e, const layer *l, size_t n, const float *bias,
                                   int64_t d, float *out)
{
    octet_matmul_panels panels = {NULL, NULL};

    return octet_matmul_f32(e, &panels,
                            &(octet_matmul_job){
                                .m = (size_t)(l->steps * l->batch),
                                .n = n,
                                .k = (size_t)l->input,
                                .a = {e->in[X]->data, (size_t)l->input, 1},
                                .b = {l->m.w + (size_t)(d * l->input) * n, n, 1},
                                .bias = bias,
                                .c = out,
                            });
}

static octet_status run_direction(octet_eval *e, const layer *l, octet_recurrence *r,
                                  const buffers *b, int64_t d)
{
    const octet_tensor *bias = octet_eval_input(e, B), *p = octet_eval_input(e, P);
    size_t n = r->gates * r->hidden;
    const float *w_bias = bias == NULL ? NULL : (const float *)bias->data + (size_t)d * 2 * n;

    r->r = l->m.r + (size_t)d * r->hidden * n;
    r->r_bias = w_bias == NULL ? NULL : w_bias + n;
    r->peephole = p == NULL || !l->cell->has_state
                      ? NULL
                      : (const float *)p->data + (size_t)d * 3 * r->hidden;
    memcpy(r->f, l->f + (size_t)d * l->cell->activations, l->cell->activations * sizeof *r->f);
    load_state(e, l, INITIAL_H, d, b->h);
    if (l->cell->has_state)
        load_state(e, l, INITIAL_C, d, b->c);
    OCTET_TRY(multiply_input(e, l, n, w_bias, d, b->x));
    for (int64_t s = 0; s < l->steps; s++)
        for (int64_t sample = 0; sample < l->batch; sample++)
            if (s < length_of(l, sample))
                run_step(l, r, b, d, s, sample);
    if (octet_eval_wants(e, 1))
        move_state(l, d, e->out[1].data, b->h, true);
    if (l->cell->has_state && octet_eval_wants(e, 2))
        move_state(l, d, e->out[2].data, b->c, true);
    return OCTET_OK;
}

/* ---- shapes */

static octet_status direction_of(const octet_node *node, int64_t *directions, bool *reverse,
                                 octet_diag *diag)
{
    const char *text = octet_node_string(node, "direction", "forward");

    *directions = strcmp(text, "bidirectional") == 0 ? 2 : 1;
    *reverse = strcmp(text, "reverse") == 0;
    if (*directions == 1 && !*reverse && strcmp(text, "forward") != 0)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "direction '%.40s' is unknown", text);
    return OCTET_OK;
}

static octet_status check_dims(octet_eval *e, uint32_t index, int32_t rank, const int64_t *dims)
{
    const octet_tensor *t = octet_eval_input(e, index);
    const char *name = e->node->op->in[index].name;
    octet_dtype dtype = index == SEQUENCE_LENS ? OCTET_DTYPE_INT32 : OCTET_DTYPE_FLOAT32;

    if (t == NULL)
        return OCTET_OK;
    if (t->dtype != dtype)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "%s: element type %s is not supported",
                          name, octet_dtype_get(t->dtype)->name);
    if (t->rank != rank)
        return octet_fail(e->diag, OCTET_ERR_DATA, "%s has %d dims instead of %d", name,
                          (int)t->rank, (int)rank);
    for (int32_t i = 0; i < rank; i++)
        if (t->dims[i] != dims[i])
            return octet_fail(e->diag, OCTET_ERR_DATA,
                              "%s has size %lld on axis %d instead of %lld", name,
                              (long long)t->dims[i], (int)i, (long long)dims[i]);
    return OCTET_OK;
}

static octet_status check_lengths(octet_eval *e, layer *l)
{
    const octet_tensor *t = octet_eval_input(e, SEQUENCE_LENS);

    l->lengths = t == NULL ? NULL : t->data;
    for (int64_t b = 0; t != NULL && b < l->batch; b++)
        if (l->lengths[b] < 0 || l->lengths[b] > l->steps)
            return octet_fail(e->diag, OCTET_ERR_DATA, "sequence length %d is not in [0, %lld]",
                              (int)l->lengths[b], (long long)l->steps);
    return OCTET_OK;
}

static octet_status check_shapes(octet_eval *e, layer *l)
{
    const octet_tensor *x = e->in[X], *r = e->in[R];
    int64_t d, g, first, second;

    if (x->rank != 3 || r->rank != 3)
        return octet_fail(e->diag, OCTET_ERR_DATA, "X and R do not have 3 dims");
    l->steps = x->dims[l->batch_first ? 1 : 0];
    l->batch = x->dims[l->batch_first ? 0 : 1];
    l->input = x->dims[2];
    l->hidden = r->dims[2];
    l->gates = l->cell->gates;
    if (l->hidden > INT32_MAX || octet_node_int(e->node, "hidden_size", l->hidden) != l->hidden)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "hidden_size does not agree with R");
    d = l->directions;
    g = l->gates * l->hidden;
    first = l->batch_first ? l->batch : d;
    second = l->batch_first ? d : l->batch;
    OCTET_TRY(check_dims(e, X, 3, x->dims));
    OCTET_TRY(check_dims(e, W, 3, (int64_t[]){d, g, l->input}));
    OCTET_TRY(check_dims(e, R, 3, (int64_t[]){d, g, l->hidden}));
    OCTET_TRY(check_dims(e, B, 2, (int64_t[]){d, 2 * g}));
    OCTET_TRY(check_dims(e, SEQUENCE_LENS, 1, (int64_t[]){l->batch}));
    OCTET_TRY(check_dims(e, INITIAL_H, 3, (int64_t[]){first, second, l->hidden}));
    if (l->cell->has_state) {
        OCTET_TRY(check_dims(e, INITIAL_C, 3, (int64_t[]){first, second, l->hidden}));
        OCTET_TRY(check_dims(e, P, 2, (int64_t[]){d, 3 * l->hidden}));
    }
    return check_lengths(e, l);
}

static octet_status make_outputs(octet_eval *e, const layer *l)
{
    int64_t d = l->directions, h = l->hidden, b = l->batch, t = l->steps;
    uint32_t states = l->cell->has_state ? 2 : 1;

    if (octet_eval_wants(e, 0)) {
        OCTET_TRY(
            octet_eval_output(e, 0, OCTET_DTYPE_FLOAT32, 4,
                              l->batch_first ? (int64_t[]){b, t, d, h} : (int64_t[]){t, d, b, h}));
        memset(e->out[0].data, 0, e->out[0].bytes); /* steps beyond a sample's length */
    }
    for (uint32_t i = 1; i <= states; i++)
        if (octet_eval_wants(e, i))
            OCTET_TRY(
                octet_eval_output(e, i, OCTET_DTYPE_FLOAT32, 3,
                                  l->batch_first ? (int64_t[]){b, d, h} : (int64_t[]){d, b, h}));
    return OCTET_OK;
}

static octet_status make_buffers(octet_eval *e, layer *l, octet_recurrence *r, buffers *b)
{
    size_t gates = r->gates * r->hidden, states = (size_t)l->batch * r->hidden, bytes;

    b->h = octet_eval_scratch(e, (2 * states + 2 * gates + 1) * sizeof *b->h);
    OCTET_TRY_ALLOC(e->diag, b->h);
    b->c = b->h + states;
    r->scratch = b->c + states;
    b->x = octet_mul_size((size_t)(l->steps * l->batch) + 1, gates * sizeof *b->x, &bytes)
               ? octet_eval_scratch(e, bytes)
               : NULL;
    OCTET_TRY_ALLOC(e->diag, b->x);
    b->y = octet_eval_wants(e, 0) ? e->out[0].data : NULL;
    return OCTET_OK;
}

octet_status octet_recurrent_eval(octet_eval *e, const octet_cell *cell)
{
    layer l = {.cell = cell, .batch_first = octet_node_int(e->node, "layout", 0) != 0};
    octet_recurrence r = {.k = e->k};
    buffers b;

    OCTET_TRY(octet_eval_require(e, 3));
    OCTET_TRY(direction_of(e->node, &l.directions, &l.reverse_first, e->diag));
    OCTET_TRY(check_shapes(e, &l));
    OCTET_TRY(octet_activations_read(e->node, (uint32_t)l.directions, cell->activations,
                                     cell->fallback, l.f, e->diag));
    OCTET_TRY(find_weights(e, &l.m));
    OCTET_TRY(make_outputs(e, &l));
    r.hidden = (size_t)l.hidden;
    r.gates = cell->gates;
    r.clip = octet_node_float(e->node, "clip", INFINITY);
    r.coupled = octet_node_int(e->node, "input_forget", 0) != 0;
    r.linear_before_reset = octet_node_int(e->node, "linear_before_reset", 0) != 0;
    OCTET_TRY(make_buffers(e, &l, &r, &b));
    for (int64_t d = 0; d < l.directions; d++)
        OCTET_TRY(run_direction(e, &l, &r, &b, d));
    return OCTET_OK;
}

/* ---- inference */

static octet_dim hidden_of(octet_infer *in)
{
    const octet_type *r = octet_infer_shape(in, R);
    int64_t attribute = octet_node_int(in->node, "hidden_size", -1);

    if (attribute > 0)
        return octet_dim_known(attribute);
    return r != NULL && r->rank == 3 ? r->dims[2] : octet_dim_unknown();
}

octet_status octet_recurrent_infer(octet_infer *in)
{
    const octet_type *x = octet_infer_shape(in, X);
    octet_dim *y = octet_infer_new_dims(in, 4), *h = octet_infer_new_dims(in, 3);
    bool batch_first = octet_node_int(in->node, "layout", 0) != 0, reverse;
    octet_dtype dtype = octet_infer_dtype(in, X);
    octet_dim batch = octet_dim_unknown(), steps = octet_dim_unknown(), d;
    int64_t directions;

    OCTET_TRY_ALLOC(in->diag, y);
    OCTET_TRY_ALLOC(in->diag, h);
    OCTET_TRY(direction_of(in->node, &directions, &reverse, in->diag));
    if (x != NULL && x->rank != 3)
        return octet_infer_fail(in, "X has %d dims instead of 3", (int)x->rank);
    if (x != NULL) {
        steps = x->dims[batch_first ? 1 : 0];
        batch = x->dims[batch_first ? 0 : 1];
    }
    d = octet_dim_known(directions);
    y[0] = batch_first ? batch : steps;
    y[1] = batch_first ? steps : d;
    y[2] = batch_first ? d : batch;
    h[0] = batch_first ? batch : d;
    h[1] = batch_first ? d : batch;
    y[3] = h[2] = hidden_of(in);
    octet_infer_set(in, 0, dtype, 4, y);
    for (uint32_t i = 1; i < in->n_out; i++)
        octet_infer_set(in, i, dtype, 3, h);
    return OCTET_OK;
}
