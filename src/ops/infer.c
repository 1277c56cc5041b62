/* infer.c: types, shapes and known shape elements of all values of a graph
 * SPDX-License-Identifier: Apache-2.0
 *
 * One walk in order. Per graph there is a frame with what is known of each value: its type, and for
 * small integer tensors the elements ("shape values"), so that Shape → Gather → Concat → Reshape
 * chains keep numbers and symbols. A subgraph is walked when its owner is, with the owner's frame
 * as parent. What inference finds replaces what the file declares; what it does not know is taken
 * from there; the types of the main graph's inputs and outputs are never touched.
 */
#include "ops/common.h"

#include "graph/edit.h"

#include <string.h>

typedef struct infer_run {
    octet_arena arena; /* everything that inference makes but the final types */
    octet_infer_known known;
    void *user;
    octet_diag *diag;
    uint32_t depth, max_depth;
} infer_run;

typedef struct frame {
    infer_run *run;
    octet_graph *g;
    struct frame *parent;
    octet_type *types;         /* by value id; rank > OCTET_MAX_RANK is stored as unknown */
    const octet_sym **element; /* by value id */
    uint32_t *count;
} frame;

typedef struct call {
    octet_infer in; /* first: subgraph() gets a pointer to it */
    frame *frame;
} call;

static octet_status infer_graph(frame *f);
static octet_status frame_init(frame *f, infer_run *run, octet_graph *g, frame *parent);

/* ---- what is known of a value before its producer is reached */

/* Some exporters call every size they do not know "?": that is no name. Others declare it as 0
 * (doubt_zeros); where that is true, inference finds out. */
static bool is_name(const char *symbol)
{
    return symbol != NULL && symbol[0] != '\0' && strcmp(symbol, "?") != 0;
}

static octet_status usable(infer_run *run, const octet_type *t, bool doubt_zeros, octet_type *out)
{
    octet_dim *dims;

    *out = *t;
    if (t->kind != OCTET_TYPE_TENSOR) {
        out->dtype = OCTET_DTYPE_UNDEFINED;
        out->rank = -1;
    }
    if (out->rank > OCTET_MAX_RANK)
        out->rank = -1;
    if (out->rank < 0)
        out->dims = NULL;
    if (out->rank <= 0)
        return OCTET_OK;
    dims = octet_arena_memdup(&run->arena, t->dims, (size_t)out->rank * sizeof *dims);
    OCTET_TRY_ALLOC(run->diag, dims);
    for (int32_t i = 0; i < out->rank; i++) {
        if (!is_name(dims[i].symbol))
            dims[i].symbol = NULL;
        if (doubt_zeros && dims[i].size == 0)
            dims[i].size = -1;
    }
    out->dims = dims;
    return OCTET_OK;
}

static octet_status type_of_tensor(frame *f, const octet_tensor *t, octet_type *out)
{
    octet_dim *dims = OCTET_ARENA_ARRAY(&f->run->arena, octet_dim, (size_t)t->rank + 1);

    OCTET_TRY_ALLOC(f->run->diag, dims);
    for (int32_t i = 0; i < t->rank; i++)
        dims[i] = octet_dim_known(t->dims[i]);
    *out =
        (octet_type){.kind = OCTET_TYPE_TENSOR, .dtype = t->dtype, .rank = t->rank, .dims = dims};
    return OCTET_OK;
}

/* Payload of a Constant node's `value`, so that exporters' constants count before they are folded.
 */
static const octet_tensor *constant_of_node(const frame *f, octet_value_id id)
{
    const octet_node *n = octet_value_producer(f->g, octet_graph_value(f->g, id));
    const octet_attr *value;

    if (n == NULL || strcmp(n->op_type, "Constant") != 0 || n->domain[0] != '\0')
        return NULL;
    value = octet_node_attr(n, "value");
    return value == NULL ? NULL : value->tensor;
}

/* Small enough to copy when the file has it unaligned: lists of integers, and a few floats
 * (scales). */
static bool is_small(const octet_tensor *t)
{
    return t->bytes <= (octet_dtype_get(t->dtype)->kind == OCTET_KIND_FLOAT ? 1024u : 65536u);
}

static octet_status constant_of(frame *f, octet_value_id id, const octet_tensor **out)
{
    const octet_tensor *t = octet_value_constant(f->g, id);
    octet_tensor *copy;

    *out = NULL;
    if (t != NULL)
        return is_small(t) ? octet_value_constant_aligned(f->g, id, out, f->run->diag) : OCTET_OK;
    t = constant_of_node(f, id);
    if (t == NULL || t->data == NULL || !is_small(t))
        return OCTET_OK;
    copy = octet_arena_memdup(&f->run->arena, t, sizeof *t);
    OCTET_TRY_ALLOC(f->run->diag, copy);
    copy->data = octet_arena_memdup(&f->run->arena, t->data, t->bytes);
    OCTET_TRY_ALLOC(f->run->diag, copy->data);
    *out = copy;
    return OCTET_OK;
}

static bool tracked(const octet_tensor *t)
{
    octet_dtype_kind kind = octet_dtype_get(t->dtype)->kind;

    return kind != OCTET_KIND_FLOAT && kind != OCTET_KIND_OTHER && t->dtype != OCTET_DTYPE_UINT64 &&
           octet_tensor_count(t) <= OCTET_MAX_SYMS;
}

/* Elements of a constant integer tensor, made when first asked for. */
static octet_status elements_of(frame *f, octet_value_id id, const octet_tensor *constant)
{
    int64_t numbers[OCTET_MAX_SYMS];
    octet_sym *element;
    int64_t n;

    if (f->element[id] != NULL || constant == NULL || !tracked(constant))
        return OCTET_OK;
    n = octet_tensor_count(constant);
    if (!octet_convert(OCTET_DTYPE_INT64, numbers, constant->dtype, constant->data, 0, n))
        return OCTET_OK;
    element = OCTET_ARENA_ARRAY(&f->run->arena, octet_sym, (size_t)n + 1);
    OCTET_TRY_ALLOC(f->run->diag, element);
    for (int64_t i = 0; i < n; i++)
        element[i] = octet_sym_known(numbers[i]);
    f->element[id] = element;
    f->count[id] = (uint32_t)n;
    return OCTET_OK;
}

static octet_status import_outer(frame *f, octet_value_id id)
{
    octet_value_id outer = octet_graph_value(f->g, id)->outer;

    if (f->parent->types[outer].kind != OCTET_TYPE_UNKNOWN)
        f->types[id] = f->parent->types[outer];
    f->element[id] = f->parent->element[outer];
    f->count[id] = f->parent->count[outer];
    return OCTET_OK;
}

static octet_status frame_init(frame *f, infer_run *run, octet_graph *g, frame *parent)
{
    size_t n = (size_t)g->n_values + 1;

    *f = (frame){.run = run, .g = g, .parent = parent};
    f->types = OCTET_ARENA_ARRAY(&run->arena, octet_type, n);
    f->element = OCTET_ARENA_ARRAY(&run->arena, const octet_sym *, n);
    f->count = OCTET_ARENA_ARRAY(&run->arena, uint32_t, n);
    if (f->types == NULL || f->element == NULL || f->count == NULL)
        return octet_fail_nomem(run->diag);
    for (octet_value_id id = 0; id < g->n_values; id++) {
        const octet_value *v = octet_graph_value(g, id);

        OCTET_TRY(usable(run, &v->type, !v->is_input, &f->types[id]));
        if (v->outer != OCTET_NO_VALUE && parent != NULL)
            OCTET_TRY(import_outer(f, id));
        else if (v->constant != NULL && !v->is_input && v->constant->rank <= OCTET_MAX_RANK)
            OCTET_TRY(type_of_tensor(f, v->constant, &f->types[id]));
    }
    return OCTET_OK;
}

/* ---- merging and storing */

/* What inference found, its gaps filled from what stood in the file; out may be known. */
static octet_status merge(infer_run *run, const octet_type *found, const octet_type *known,
                          octet_type *out)
{
    const octet_type before = *known, *declared = &before;
    octet_dim *dims;

    *out = *found;
    if (found->kind == OCTET_TYPE_UNKNOWN) {
        *out = *declared;
        return OCTET_OK;
    }
    if (found->kind != OCTET_TYPE_TENSOR || declared->kind != OCTET_TYPE_TENSOR)
        return OCTET_OK;
    if (found->dtype == OCTET_DTYPE_UNDEFINED)
        out->dtype = declared->dtype;
    if (found->rank < 0) {
        out->rank = declared->rank;
        out->dims = declared->dims;
    }
    if (found->rank <= 0 || found->rank != declared->rank)
        return OCTET_OK;
    dims = octet_arena_memdup(&run->arena, found->dims, (size_t)found->rank * sizeof *dims);
    OCTET_TRY_ALLOC(run->diag, dims);
    for (int32_t i = 0; i < found->rank; i++)
        if (dims[i].size < 0 && dims[i].symbol == NULL)
            dims[i] = declared->dims[i];
    out->dims = dims;
    return OCTET_OK;
}

static bool same_dim(octet_dim a, octet_dim b)
{
    bool unnamed = a.size < 0 && b.size < 0 && a.symbol == NULL && b.symbol == NULL;

    return unnamed || octet_dim_equal(a, b);
}

static bool same_type(const octet_type *a, const octet_type *b)
{
    if (a->kind != b->kind || a->dtype != b->dtype || a->rank != b->rank)
        return false;
    for (int32_t i = 0; i < a->rank; i++)
        if (!same_dim(a->dims[i], b->dims[i]))
            return false;
    return true;
}

/* The interface of the main graph is the user's; the rest of the model gets what is known. */
static bool is_interface(const frame *f, const octet_value *v)
{
    bool declared = v->type.kind == OCTET_TYPE_OTHER ||
                    (v->type.kind == OCTET_TYPE_TENSOR && v->type.dtype != OCTET_DTYPE_UNDEFINED);

    return f->g->parent == NULL && declared && (v->is_input || octet_value_is_output(v));
}

static octet_status store_type(frame *f, octet_value_id id)
{
    const octet_value *v = octet_graph_value(f->g, id);
    const octet_type *t = &f->types[id];

    if (t->kind == OCTET_TYPE_UNKNOWN || is_interface(f, v) || same_type(t, &v->type))
        return OCTET_OK;
    if (v->type.kind == OCTET_TYPE_TENSOR && v->type.rank > OCTET_MAX_RANK)
        return OCTET_OK;
    return octet_edit_set_type(f->g, id, t, f->run->diag);
}

static octet_status tell(frame *f, octet_value_id id)
{
    const octet_type *t = &f->types[id];

    if (f->run->known == NULL || f->element[id] == NULL || t->dtype == OCTET_DTYPE_UNDEFINED ||
        t->rank < 0)
        return OCTET_OK;
    for (uint32_t i = 0; i < f->count[id]; i++)
        if (!octet_sym_is_number(f->element[id][i]))
            return OCTET_OK;
    return f->run->known(f->run->user, f->g, id, f->element[id], f->count[id]);
}

/* Elements must agree with the shape; a model that contradicts itself is not trusted with either.
 */
static bool elements_fit(const octet_type *t, uint32_t count)
{
    octet_dim n = t->rank < 0 ? octet_dim_unknown() : octet_dim_product(t->dims, t->rank);

    return t->kind == OCTET_TYPE_TENSOR && (n.size < 0 || n.size == (int64_t)count);
}

static octet_status store_output(frame *f, octet_value_id id, const octet_type *found,
                                 const octet_sym *element, uint32_t count)
{
    octet_type clean;

    OCTET_TRY(usable(f->run, found, false, &clean));
    OCTET_TRY(merge(f->run, &clean, &f->types[id], &f->types[id]));
    if (element != NULL && elements_fit(&f->types[id], count)) {
        f->element[id] = element;
        f->count[id] = count;
    }
    OCTET_TRY(store_type(f, id));
    return tell(f, id);
}

/* ---- subgraphs */

static octet_status infer_subgraph(frame *parent, octet_graph *sub, const octet_type *const *inputs,
                                   uint32_t n)
{
    infer_run *run = parent->run;
    frame f;

    if (sub == NULL || run->depth >= run->max_depth)
        return OCTET_OK;
    OCTET_TRY(frame_init(&f, run, sub, parent));
    for (uint32_t i = 0; i < sub->n_inputs && i < n; i++) {
        octet_type clean;

        if (inputs[i] == NULL)
            continue;
        OCTET_TRY(usable(run, inputs[i], false, &clean));
        OCTET_TRY(merge(run, &clean, &f.types[sub->inputs[i]], &f.types[sub->inputs[i]]));
    }
    run->depth++;
    OCTET_TRY(infer_graph(&f));
    run->depth--;
    return OCTET_OK;
}

static octet_status subgraph_callback(octet_infer *self, octet_graph *sub,
                                      const octet_type *const *inputs, uint32_t n)
{
    return infer_subgraph(((call *)self)->frame, sub, inputs, n);
}

/* Bodies of operators that octet does not know. */
static octet_status infer_unknown_bodies(frame *f, const octet_node *n)
{
    for (uint32_t a = 0; a < n->n_attrs; a++)
        for (uint32_t i = 0; n->attrs[a].graphs != NULL && i < n->attrs[a].count; i++)
            OCTET_TRY(infer_subgraph(f, n->attrs[a].graphs[i], NULL, 0));
    return OCTET_OK;
}

/* ---- one node */

static octet_status gather_inputs(frame *f, const octet_node *n, octet_infer *in)
{
    octet_arena *arena = &f->run->arena;
    size_t size = (size_t)n->n_inputs + 1;
    const octet_type **types = OCTET_ARENA_ARRAY(arena, const octet_type *, size);
    const octet_tensor **constant = OCTET_ARENA_ARRAY(arena, const octet_tensor *, size);
    const octet_sym **value = OCTET_ARENA_ARRAY(arena, const octet_sym *, size);
    uint32_t *count = OCTET_ARENA_ARRAY(arena, uint32_t, size);

    if (types == NULL || constant == NULL || value == NULL || count == NULL)
        return octet_fail_nomem(f->run->diag);
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        octet_value_id id = n->inputs[i];

        if (id == OCTET_NO_VALUE)
            continue;
        OCTET_TRY(constant_of(f, id, &constant[i]));
        OCTET_TRY(elements_of(f, id, constant[i]));
        types[i] = &f->types[id];
        value[i] = f->element[id];
        count[i] = f->count[id];
    }
    in->in = types;
    in->n_in = n->n_inputs;
    in->constant = constant;
    in->shape_value = value;
    in->shape_count = count;
    return OCTET_OK;
}

static octet_status call_init(call *c, frame *f, const octet_node *n)
{
    octet_arena *arena = &f->run->arena;
    size_t size = (size_t)n->n_outputs + 1;

    *c = (call){.frame = f,
                .in = {.g = f->g,
                       .node = n,
                       .n_out = n->n_outputs,
                       .out = OCTET_ARENA_ARRAY(arena, octet_type, size),
                       .out_value = OCTET_ARENA_ARRAY(arena, const octet_sym *, size),
                       .out_count = OCTET_ARENA_ARRAY(arena, uint32_t, size),
                       .arena = arena,
                       .opset = octet_model_opset(f->g->model, n->domain),
                       .diag = f->run->diag,
                       .subgraph = subgraph_callback}};
    if (c->in.out == NULL || c->in.out_value == NULL || c->in.out_count == NULL)
        return octet_fail_nomem(f->run->diag);
    return gather_inputs(f, n, &c->in);
}

/* In a branch or body a contradiction may sit where control never goes; the main graph always runs.
 */
static bool tolerated(const frame *f, octet_status status)
{
    return status == OCTET_ERR_UNSUPPORTED ||
           (f->g->parent != NULL &&
            (status == OCTET_ERR_INVALID_MODEL || status == OCTET_ERR_DATA));
}

static octet_status infer_node(frame *f, const octet_node *n)
{
    char label[256];
    octet_status status;
    call c;

    if (n->op == NULL || n->op->infer == NULL)
        return infer_unknown_bodies(f, n);
    OCTET_TRY(call_init(&c, f, n));
    status = n->op->infer(&c.in);
    if (status != OCTET_OK && !tolerated(f, status))
        return octet_note(f->run->diag, status, "%s",
                          octet_node_label(f->g, n, label, sizeof label));
    for (uint32_t i = 0; status == OCTET_OK && i < n->n_outputs; i++)
        if (n->outputs[i] != OCTET_NO_VALUE)
            OCTET_TRY(
                store_output(f, n->outputs[i], &c.in.out[i], c.in.out_value[i], c.in.out_count[i]));
    return OCTET_OK;
}

static octet_status infer_graph(frame *f)
{
    octet_graph *g = f->g;
    octet_node *n;

    for (octet_value_id id = 0; id < g->n_values; id++) {
        const octet_value *v = octet_graph_value(g, id);

        if (v->outer != OCTET_NO_VALUE || v->is_input || v->constant != NULL)
            OCTET_TRY(store_type(f, id));
    }
    OCTET_FOR_EACH_NODE(g, n)
    {
        OCTET_TRY(infer_node(f, n));
    }
    return OCTET_OK;
}

octet_status octet_infer_types_and_tell(octet_graph *g, octet_infer_known known, void *user,
                                        octet_diag *diag)
{
    infer_run run = {.known = known, .user = user, .diag = diag};
    octet_status status;
    frame f;

    octet_arena_init(&run.arena, &g->model->ctx->allocator);
    run.max_depth = g->model->ctx->limits.max_depth;
    status = frame_init(&f, &run, g, NULL);
    if (status == OCTET_OK)
        status = infer_graph(&f);
    octet_arena_deinit(&run.arena);
    return status;
}

octet_status octet_infer_types(octet_graph *g, octet_diag *diag)
{
    return octet_infer_types_and_tell(g, NULL, NULL, diag);
}
