/* loop.c: Loop, Scan
 * SPDX-License-Identifier: Apache-2.0
 *
 * Both run a body again and again: some of its values are state handed from one round to the next,
 * some are collected over the rounds and stacked at the end.
 */
#include "ops/common.h"

#include <string.h>

/* A loop without end must not hang whoever runs a stranger's model. */
#define MAX_ROUNDS 1000000

static octet_graph *body_of(const octet_node *n)
{
    const octet_attr *a = octet_node_attr(n, "body");

    return a == NULL || a->graphs == NULL || a->count < 1 ? NULL : a->graphs[0];
}

/* ---- collected values */

typedef struct collected {
    octet_tensor *rounds; /* n of them, in scratch */
    uint32_t n, capacity;
} collected;

static octet_status collect(octet_eval *e, collected *c, const octet_tensor *t)
{
    if (c->n == c->capacity) {
        uint32_t capacity = c->capacity == 0 ? 16 : 2 * c->capacity;
        octet_tensor *grown = octet_eval_scratch(e, (size_t)capacity * sizeof *grown);

        OCTET_TRY_ALLOC(e->diag, grown);
        if (c->n > 0)
            memcpy(grown, c->rounds, (size_t)c->n * sizeof *grown);
        c->rounds = grown;
        c->capacity = capacity;
    }
    if (c->n > 0 && (t->dtype != c->rounds[0].dtype || t->rank != c->rounds[0].rank ||
                     memcmp(t->dims, c->rounds[0].dims, (size_t)t->rank * sizeof t->dims[0]) != 0))
        return octet_fail(e->diag, OCTET_ERR_DATA, "a collected value changes its shape");
    c->rounds[c->n++] = *t;
    return OCTET_OK;
}

/* Nothing was collected: an empty tensor of the type that the body declares. */
static octet_status stack_nothing(octet_eval *e, uint32_t index, const octet_type *t, int64_t axis)
{
    int64_t dims[OCTET_MAX_RANK] = {0};
    int32_t rank = t->kind == OCTET_TYPE_TENSOR && t->rank >= 0 ? t->rank : 0, at = 0;

    if (t->kind != OCTET_TYPE_TENSOR || rank >= OCTET_MAX_RANK)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "type of output %u is not known", index);
    OCTET_TRY(octet_axis_check(axis, rank + 1, &at, e->diag));
    for (int32_t i = 0; i < rank; i++)
        dims[i < at ? i : i + 1] = t->dims[i].size < 0 ? 0 : t->dims[i].size;
    return octet_eval_output(e, index, t->dtype, rank + 1, dims);
}

/* Output `index` = the rounds side by side along a new axis. */
static octet_status stack(octet_eval *e, uint32_t index, const collected *c, const octet_type *t,
                          int64_t axis, bool reverse)
{
    int64_t dims[OCTET_MAX_RANK + 1], to[OCTET_MAX_RANK + 1], inner_to[OCTET_MAX_RANK],
        from[OCTET_MAX_RANK];
    const octet_tensor *first = c->rounds;
    int32_t at = 0;
    size_t element;

    if (c->n == 0)
        return stack_nothing(e, index, t, axis);
    OCTET_TRY(octet_eval_element(e, first->dtype, &element));
    OCTET_TRY(octet_axis_check(axis, first->rank + 1, &at, e->diag));
    dims[at] = c->n;
    for (int32_t i = 0; i < first->rank; i++)
        dims[i < at ? i : i + 1] = first->dims[i];
    OCTET_TRY(octet_eval_output(e, index, first->dtype, first->rank + 1, dims));
    octet_strides(first->rank + 1, dims, element, to);
    octet_strides(first->rank, first->dims, element, from);
    for (int32_t i = 0; i < first->rank; i++)
        inner_to[i] = to[i < at ? i : i + 1];
    for (uint32_t r = 0; first->bytes > 0 && r < c->n; r++)
        octet_copy_nd(element, first->rank, first->dims,
                      (char *)e->out[index].data + (reverse ? c->n - 1 - r : r) * to[at], inner_to,
                      c->rounds[r].data, from);
    return OCTET_OK;
}

/* ---- Loop */

static octet_status infer_body(octet_infer *in, octet_graph *body)
{
    octet_dim *none = octet_infer_new_dims(in, 0);
    octet_type *types = OCTET_ARENA_ARRAY(in->arena, octet_type, (size_t)in->n_in + 2);
    const octet_type **list =
        OCTET_ARENA_ARRAY(in->arena, const octet_type *, (size_t)in->n_in + 2);

    if (none == NULL || types == NULL || list == NULL)
        return octet_fail_nomem(in->diag);
    for (uint32_t i = 0; i < in->n_in || i < 2; i++) {
        /* State may change its shape from round to round: only the type is sure. */
        types[i] = (octet_type){.kind = OCTET_TYPE_TENSOR,
                                .dtype = i == 0   ? OCTET_DTYPE_INT64
                                         : i == 1 ? OCTET_DTYPE_BOOL
                                                  : octet_infer_dtype(in, i),
                                .rank = i < 2 ? 0 : -1,
                                .dims = i < 2 ? none : NULL};
        list[i] = i < 2 || octet_infer_dtype(in, i) != OCTET_DTYPE_UNDEFINED ? &types[i] : NULL;
    }
    return in->subgraph(in, body, list, in->n_in < 2 ? 2 : in->n_in);
}

/* Output `index` = `length` rounds of type t along a new axis. */
static octet_status infer_stacked(octet_infer *in, uint32_t index, const octet_type *t,
                                  int64_t axis, octet_dim length)
{
    octet_dim *dims;
    int32_t at;

    if (t->kind != OCTET_TYPE_TENSOR)
        return OCTET_OK;
    octet_infer_set(in, index, t->dtype, -1, NULL);
    if (t->rank < 0 || t->rank >= OCTET_MAX_RANK)
        return OCTET_OK;
    OCTET_TRY(octet_axis_check(axis, t->rank + 1, &at, in->diag));
    dims = octet_infer_new_dims(in, t->rank + 1);
    OCTET_TRY_ALLOC(in->diag, dims);
    dims[at] = length;
    for (int32_t i = 0; i < t->rank; i++)
        dims[i < at ? i : i + 1] = t->dims[i];
    octet_infer_set(in, index, t->dtype, t->rank + 1, dims);
    return OCTET_OK;
}

static octet_status infer_loop(octet_infer *in)
{
    octet_graph *body = body_of(in->node);
    uint32_t states = in->n_in < 2 ? 0 : in->n_in - 2;

    if (body == NULL || body->n_inputs != states + 2 || body->n_outputs != in->n_out + 1 ||
        in->n_out < states)
        return octet_infer_fail(in, "the body's inputs and outputs do not suit the loop");
    OCTET_TRY(infer_body(in, body));
    for (uint32_t i = 0; i < in->n_out; i++) {
        const octet_type *t = &octet_graph_value(body, body->outputs[i + 1])->type;

        if (i >= states)
            OCTET_TRY(infer_stacked(in, i, t, 0, octet_dim_unknown()));
        else if (octet_infer_has(in, i + 2))
            OCTET_TRY(octet_infer_join(in, i, in->in[i + 2], t));
    }
    return OCTET_OK;
}

typedef struct loop {
    octet_graph *body;
    uint32_t states, n_body_in, n_body_out;
    int64_t round;
    uint8_t go;
    octet_tensor round_tensor, go_tensor;
    octet_tensor *state;     /* current values */
    octet_tensor *result;    /* of one round */
    const octet_tensor **in; /* of one round */
    collected *scans;
} loop;

static octet_status loop_init(octet_eval *e, loop *l)
{
    uint32_t states = e->n_in < 2 ? 0 : e->n_in - 2;
    size_t scans_bytes;

    *l = (loop){.body = body_of(e->node), .states = states, .go = 1};
    if (l->body == NULL || l->body->n_inputs != states + 2 || e->n_out < states ||
        l->body->n_outputs != e->n_out + 1)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL,
                          "the body's inputs and outputs do not suit the loop");
    l->n_body_in = states + 2;
    l->n_body_out = e->n_out + 1;
    scans_bytes = ((size_t)(e->n_out - states) + 1) * sizeof *l->scans;
    l->state = octet_eval_scratch(e, ((size_t)states + 1) * sizeof *l->state);
    l->result = octet_eval_scratch(e, (size_t)l->n_body_out * sizeof *l->result);
    l->in = octet_eval_scratch(e, (size_t)l->n_body_in * sizeof *l->in);
    l->scans = octet_eval_scratch(e, scans_bytes);
    if (l->state == NULL || l->result == NULL || l->in == NULL || l->scans == NULL)
        return octet_fail_nomem(e->diag);
    memset(l->scans, 0, scans_bytes);
    for (uint32_t i = 0; i < states; i++) {
        if (e->in[i + 2] == NULL)
            return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "input %u is missing", i + 2);
        l->state[i] = *e->in[i + 2];
        l->in[i + 2] = &l->state[i];
    }
    OCTET_TRY(octet_tensor_describe(&l->round_tensor, OCTET_DTYPE_INT64, 0, NULL, e->diag));
    OCTET_TRY(octet_tensor_describe(&l->go_tensor, OCTET_DTYPE_BOOL, 0, NULL, e->diag));
    l->round_tensor.data = &l->round;
    l->go_tensor.data = &l->go;
    l->in[0] = &l->round_tensor;
    l->in[1] = &l->go_tensor;
    return OCTET_OK;
}

static octet_status loop_round(octet_eval *e, loop *l)
{
    OCTET_TRY(octet_eval_subgraph(e, l->body, l->in, l->n_body_in, l->result, l->n_body_out));
    if (octet_tensor_count(&l->result[0]) != 1)
        return octet_fail(e->diag, OCTET_ERR_DATA, "the body's condition is not a single bool");
    l->go = octet_tensor_i64_at(&l->result[0], 0) != 0;
    for (uint32_t i = 0; i < l->states; i++)
        l->state[i] = l->result[i + 1];
    for (uint32_t i = l->states + 1; i < l->n_body_out; i++)
        OCTET_TRY(collect(e, &l->scans[i - l->states - 1], &l->result[i]));
    return OCTET_OK;
}

static octet_status eval_loop(octet_eval *e)
{
    int64_t limit, go;
    loop l;

    OCTET_TRY(loop_init(e, &l));
    OCTET_TRY(octet_eval_int(e, 0, INT64_MAX, &limit));
    OCTET_TRY(octet_eval_int(e, 1, 1, &go));
    l.go = go != 0;
    for (; l.go && l.round < limit; l.round++) {
        if (l.round >= MAX_ROUNDS)
            return octet_fail(e->diag, OCTET_ERR_DATA, "the loop does not end");
        OCTET_TRY(loop_round(e, &l));
    }
    for (uint32_t i = 0; i < l.states; i++)
        OCTET_TRY(octet_eval_copy(e, i, &l.state[i]));
    for (uint32_t i = l.states; i < e->n_out; i++)
        OCTET_TRY(stack(e, i, &l.scans[i - l.states],
                        &octet_graph_value(l.body, l.body->outputs[i + 1])->type, 0, false));
    return OCTET_OK;
}

/* ---- Scan */

typedef struct scan {
    octet_graph *body;
    uint32_t states, inputs, n_in, n_out;
    int64_t length;
} scan;

/* Entry i of an attribute that lists one number per scanned value. */
static int64_t listed(const octet_node *n, const char *name, uint32_t i)
{
    uint32_t count;
    const int64_t *list = octet_node_ints(n, name, &count);

    return list == NULL || i >= count ? 0 : list[i];
}

static bool scan_layout(const octet_node *n, uint32_t n_in, uint32_t n_out, scan *s)
{
    int64_t inputs = octet_node_int(n, "num_scan_inputs", 0);

    *s = (scan){.body = body_of(n), .n_in = n_in, .n_out = n_out, .length = -1};
    if (s->body == NULL || inputs < 1 || inputs > n_in)
        return false;
    s->inputs = (uint32_t)inputs;
    s->states = n_in - s->inputs;
    return s->body->n_inputs == n_in && s->body->n_outputs == n_out && n_out >= s->states;
}

static octet_status infer_slice(octet_infer *in, const octet_type *t, int64_t axis, octet_type *out,
                                octet_dim *length)
{
    octet_dim *dims = octet_infer_new_dims(in, t->rank);
    int32_t at, rank = 0;

    OCTET_TRY_ALLOC(in->diag, dims);
    OCTET_TRY(octet_axis_check(axis, t->rank, &at, in->diag));
    *length = t->dims[at];
    for (int32_t i = 0; i < t->rank; i++)
        if (i != at)
            dims[rank++] = t->dims[i];
    *out = (octet_type){.kind = OCTET_TYPE_TENSOR, .dtype = t->dtype, .rank = rank, .dims = dims};
    return OCTET_OK;
}

static octet_status infer_scan(octet_infer *in)
{
    octet_dim length = octet_dim_unknown();
    octet_type *types = OCTET_ARENA_ARRAY(in->arena, octet_type, (size_t)in->n_in + 1);
    const octet_type **list =
        OCTET_ARENA_ARRAY(in->arena, const octet_type *, (size_t)in->n_in + 1);
    scan s;

    if (types == NULL || list == NULL)
        return octet_fail_nomem(in->diag);
    if (!scan_layout(in->node, in->n_in, in->n_out, &s))
        return octet_infer_fail(in, "the body's inputs and outputs do not suit the scan");
    for (uint32_t i = 0; i < in->n_in; i++) {
        const octet_type *t = octet_infer_shape(in, i);

        list[i] = t == NULL ? NULL : i < s.states ? t : &types[i];
        if (t != NULL && i >= s.states)
            OCTET_TRY(infer_slice(in, t, listed(in->node, "scan_input_axes", i - s.states),
                                  &types[i], &length));
    }
    OCTET_TRY(in->subgraph(in, s.body, list, in->n_in));
    for (uint32_t i = 0; i < in->n_out; i++) {
        const octet_type *t = &octet_graph_value(s.body, s.body->outputs[i])->type;

        if (i < s.states)
            in->out[i] = *t;
        else
            OCTET_TRY(infer_stacked(in, i, t, listed(in->node, "scan_output_axes", i - s.states),
                                    length));
    }
    return OCTET_OK;
}

static octet_status find_length(octet_eval *e, scan *s)
{
    for (uint32_t i = s->states; i < s->n_in; i++) {
        int32_t at = 0;

        OCTET_TRY(octet_axis_check(listed(e->node, "scan_input_axes", i - s->states),
                                   e->in[i]->rank, &at, e->diag));
        if (s->length >= 0 && e->in[i]->dims[at] != s->length)
            return octet_fail(e->diag, OCTET_ERR_DATA, "scanned inputs differ in length");
        s->length = e->in[i]->dims[at];
    }
    if (s->length > MAX_ROUNDS)
        return octet_fail(e->diag, OCTET_ERR_DATA, "%lld steps are too many", (long long)s->length);
    return OCTET_OK;
}

/* Step `round` of scanned input i as a dense tensor in scratch. */
static octet_status slice(octet_eval *e, const scan *s, uint32_t i, int64_t round,
                          octet_tensor *out)
{
    const octet_tensor *x = e->in[i];
    int64_t all[OCTET_MAX_RANK], from[OCTET_MAX_RANK], to[OCTET_MAX_RANK], dims[OCTET_MAX_RANK];
    bool backwards = listed(e->node, "scan_input_directions", i - s->states) != 0;
    int32_t at = 0, rank = 0;
    size_t element;

    OCTET_TRY(octet_eval_element(e, x->dtype, &element));
    OCTET_TRY(
        octet_axis_check(listed(e->node, "scan_input_axes", i - s->states), x->rank, &at, e->diag));
    octet_strides(x->rank, x->dims, element, all);
    for (int32_t d = 0; d < x->rank; d++)
        if (d != at) {
            dims[rank] = x->dims[d];
            from[rank++] = all[d];
        }
    OCTET_TRY(octet_tensor_describe(out, x->dtype, rank, dims, e->diag));
    out->data = octet_eval_scratch(e, out->bytes);
    OCTET_TRY_ALLOC(e->diag, out->data);
    octet_strides(rank, dims, element, to);
    octet_copy_nd(element, rank, dims, out->data, to,
                  (const char *)x->data + (backwards ? s->length - 1 - round : round) * all[at],
                  from);
    return OCTET_OK;
}

static octet_status scan_round(octet_eval *e, const scan *s, int64_t round, octet_tensor *in,
                               const octet_tensor **list, octet_tensor *result, collected *scans)
{
    for (uint32_t i = s->states; i < s->n_in; i++)
        OCTET_TRY(slice(e, s, i, round, &in[i]));
    OCTET_TRY(octet_eval_subgraph(e, s->body, list, s->n_in, result, s->n_out));
    for (uint32_t i = 0; i < s->states; i++)
        in[i] = result[i];
    for (uint32_t i = s->states; i < s->n_out; i++)
        OCTET_TRY(collect(e, &scans[i - s->states], &result[i]));
    return OCTET_OK;
}

static octet_status eval_scan(octet_eval *e)
{
    const octet_tensor **list;
    octet_tensor *in, *result;
    collected *scans;
    scan s;

    OCTET_TRY(octet_eval_require(e, e->n_in));
    if (!scan_layout(e->node, e->n_in, e->n_out, &s))
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL,
                          "the body's inputs and outputs do not suit the scan");
    OCTET_TRY(find_length(e, &s));
    list = octet_eval_scratch(e, ((size_t)s.n_in + 1) * sizeof *list);
    in = octet_eval_scratch(e, ((size_t)s.n_in + 1) * sizeof *in);
    result = octet_eval_scratch(e, ((size_t)s.n_out + 1) * sizeof *result);
    scans = octet_eval_scratch(e, ((size_t)s.n_out + 1) * sizeof *scans);
    if (list == NULL || in == NULL || result == NULL || scans == NULL)
        return octet_fail_nomem(e->diag);
    memset(scans, 0, ((size_t)s.n_out + 1) * sizeof *scans);
    for (uint32_t i = 0; i < s.n_in; i++) {
        in[i] = *e->in[i];
        list[i] = &in[i];
    }
    for (int64_t round = 0; round < s.length; round++)
        OCTET_TRY(scan_round(e, &s, round, in, list, result, scans));
    for (uint32_t i = 0; i < s.states; i++)
        OCTET_TRY(octet_eval_copy(e, i, &in[i]));
    for (uint32_t i = s.states; i < s.n_out; i++)
        OCTET_TRY(stack(e, i, &scans[i - s.states],
                        &octet_graph_value(s.body, s.body->outputs[i])->type,
                        listed(e->node, "scan_output_axes", i - s.states),
                        listed(e->node, "scan_output_directions", i - s.states) != 0));
    return OCTET_OK;
}

const octet_op octet_op_loop = {
    .domain = "",
    .name = "Loop",
    .since = 13,
    .in = {{.name = "M", .role = OCTET_ROLE_SHAPE, .optional = true},
           {.name = "cond", .role = OCTET_ROLE_PARAM, .optional = true},
           {.name = "v_initial", .role = OCTET_ROLE_DATA, .variadic = true}},
    .out = {{.name = "v_final_and_scan_outputs", .role = OCTET_ROLE_DATA, .variadic = true}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .native_half = true,
    .infer = infer_loop,
    .eval = eval_loop,
};

const octet_op octet_op_scan = {
    .domain = "",
    .name = "Scan",
    .since = 13,
    .in = {{.name = "initial_state_and_scan_inputs", .role = OCTET_ROLE_DATA, .variadic = true}},
    .out = {{.name = "final_state_and_scan_outputs", .role = OCTET_ROLE_DATA, .variadic = true}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .native_half = true,
    .infer = infer_scan,
    .eval = eval_scan,
};
