/* annotate.c: from matches to units, sites and shared parameters
 * SPDX-License-Identifier: Apache-2.0
 *
 * Heavy units (conv, gemm, matmul) are always worth running in integers. Light units (add, pooling,
 * moves …) only between integers: their inputs must be quantized anyway and so must their output;
 * otherwise a Q/DQ pair would cost time and accuracy for nothing. Candidates are struck out until
 * nothing changes.
 */
#include "engine/annotate.h"

#include "engine/saturate.h"

#include <math.h>
#include <string.h>

static const char reason_no_pattern[] = "no pattern of the backend covers it";
static const char reason_unknown[] = "octet does not know this operator";
static const char reason_untyped[] = "the element type of its output is not known";
static const char reason_type[] = "its element type is not float32";
static const char reason_unobserved[] = "the backend does not observe it";
static const char reason_constant[] = "a constant it reads reaches too far for integers";
static const char reason_range[] = "a value it reads or makes reaches too far for integers";
static const char reason_output[] = "its output is not needed in integers";
static const char reason_inputs[] = "its inputs come in float";
static const char reason_branch[] = "calibration never computed it";

const octet_graph_notes *octet_annotation_notes(const octet_annotation *a, const octet_graph *g)
{
    uint32_t index = a->by_number[g->number];
    return index == OCTET_NO_SITE ? NULL : &a->graphs[index];
}

uint32_t octet_annotation_site(const octet_annotation *a, const octet_graph *g, octet_value_id v)
{
    const octet_graph_notes *notes = octet_annotation_notes(a, g);
    return notes == NULL || v == OCTET_NO_VALUE ? OCTET_NO_SITE : notes->site[v];
}

/* ---- units */

int octet_unit_element(const octet_unit *u, octet_node_id node)
{
    for (uint32_t i = 0; i < u->match.pattern->n_elements; i++)
        if (u->match.node[i] == node)
            return (int)i;
    return -1;
}

static const octet_node *last_node(const octet_unit *u)
{
    return octet_graph_node(u->g, u->match.last);
}

octet_value_id octet_unit_output(const octet_unit *u)
{
    return last_node(u)->outputs[0];
}

static bool is_inner(const octet_unit *u, octet_value_id v)
{
    octet_node_id producer = octet_graph_value(u->g, v)->producer;
    return producer != OCTET_NO_NODE && producer != u->match.last &&
           octet_unit_element(u, producer) >= 0;
}

static octet_role port_role(const octet_op *op, uint32_t index)
{
    uint32_t i = 0;
    while (i < index && i + 1 < OCTET_MAX_PORTS && op->in[i + 1].name != NULL &&
           !op->in[i].variadic)
        i++;
    return op->in[i].role;
}

octet_role octet_unit_role(const octet_unit *u, const octet_node *node, uint32_t index)
{
    octet_value_id v = node->inputs[index];
    int element = octet_unit_element(u, node->id);

    if (v == OCTET_NO_VALUE || is_inner(u, v))
        return OCTET_ROLE_PARAM;
    if (element >= 0 && u->match.pattern->elements[element].bias)
        return OCTET_ROLE_BIAS;
    octet_role role = port_role(node->op, index);
    if (role == OCTET_ROLE_WEIGHT && octet_value_constant(u->g, v) == NULL)
        role = OCTET_ROLE_DATA;
    if (role == OCTET_ROLE_DATA && octet_graph_value(u->g, v)->type.dtype != OCTET_DTYPE_FLOAT32)
        return OCTET_ROLE_PARAM;
    return role;
}

/* Calls visit for every activation (not constant) that enters the unit; stops when it returns
 * false. */
typedef bool (*visit_input)(const octet_annotation *a, const octet_unit *u, octet_value_id v,
                            void *user);

static bool for_each_activation(const octet_annotation *a, const octet_unit *u, visit_input visit,
                                void *user)
{
    for (uint32_t e = 0; e < u->match.pattern->n_elements; e++) {
        if (u->match.node[e] == OCTET_NO_NODE)
            continue;
        const octet_node *node = octet_graph_node(u->g, u->match.node[e]);
        for (uint32_t i = 0; i < node->n_inputs; i++)
            if (octet_unit_role(u, node, i) == OCTET_ROLE_DATA &&
                octet_value_constant(u->g, node->inputs[i]) == NULL &&
                !visit(a, u, node->inputs[i], user))
                return false;
    }
    return true;
}

/* Masks hold -inf or the lowest float: a range that no integer can share with anything else. */
#define USEFUL_LIMIT 1e30F
#define INFINITE_BITS 0x7f800000U

/* Of numbers that may be unaligned, without their signs: ordered as they are. NaN counts as 0. */
static uint32_t largest_bits(const char *data, int64_t n)
{
    uint32_t most = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, data + (size_t)i * sizeof bits, sizeof bits);
        bits &= INT32_MAX;
        bits = bits > INFINITE_BITS ? 0 : bits;
        most = bits > most ? bits : most;
    }
    return most;
}

static bool constant_useful(const octet_graph *g, octet_value_id v)
{
    const octet_tensor *t = octet_value_constant(g, v);
    const float limit = USEFUL_LIMIT;
    uint32_t limit_bits;
    if (t == NULL || t->dtype != OCTET_DTYPE_FLOAT32)
        return true;
    memcpy(&limit_bits, &limit, sizeof limit_bits);
    return largest_bits(t->data, octet_tensor_count(t)) <= limit_bits;
}

static bool constants_useful(const octet_unit *u)
{
    for (uint32_t e = 0; e < u->match.pattern->n_elements; e++) {
        if (u->match.node[e] == OCTET_NO_NODE)
            continue;
        const octet_node *node = octet_graph_node(u->g, u->match.node[e]);
        for (uint32_t i = 0; i < node->n_inputs; i++)
            if (octet_unit_role(u, node, i) == OCTET_ROLE_DATA &&
                !constant_useful(u->g, node->inputs[i]))
                return false;
    }
    return true;
}

/* Why a fresh match cannot run in integers whatever surrounds it, NULL if it can. */
static const char *ruled_out(const octet_unit *u)
{
    const octet_pattern *p = u->match.pattern;
    if (p->observation == OCTET_INPUT_OUTPUT_NOT_OBSERVED)
        return reason_unobserved;
    return p->between && !constants_useful(u) ? reason_constant : NULL;
}

static octet_status add_unit(octet_annotation *a, octet_graph_notes *notes,
                             const octet_match *match, octet_diag *diag)
{
    if (!octet_arena_grow(&a->arena, (void **)&a->units, &a->units_capacity, a->n_units + 1,
                          sizeof *a->units))
        return octet_fail_nomem(diag);
    octet_unit *u = &a->units[a->n_units];
    *u = (octet_unit){.g = notes->g, .match = *match, .config = match->pattern->configs[0]};
    u->reason = ruled_out(u);
    u->quantized = u->reason == NULL;
    for (uint32_t i = 0; i < match->pattern->n_elements; i++)
        if (match->node[i] != OCTET_NO_NODE)
            notes->unit[match->node[i]] = a->n_units;
    a->n_units++;
    return OCTET_OK;
}

static octet_status match_node(octet_annotation *a, octet_graph_notes *notes, octet_node_id node,
                               bool *claimed, octet_diag *diag)
{
    octet_match match;
    for (uint32_t p = 0; p < a->backend->n_patterns; p++) {
        if (!octet_match_pattern(notes->g, &a->backend->patterns[p], node, claimed, &match, NULL))
            continue;
        for (uint32_t i = 0; i < match.pattern->n_elements; i++)
            if (match.node[i] != OCTET_NO_NODE)
                claimed[match.node[i]] = true;
        return add_unit(a, notes, &match, diag);
    }
    return OCTET_OK;
}

static octet_status annotate_graph(octet_annotation *a, octet_graph *g, octet_diag *diag);

static octet_status annotate_subgraphs(octet_annotation *a, const octet_node *node,
                                       octet_diag *diag)
{
    for (uint32_t i = 0; i < node->n_attrs; i++)
        for (uint32_t k = 0; node->attrs[i].graphs != NULL && k < node->attrs[i].count; k++)
            OCTET_TRY(annotate_graph(a, node->attrs[i].graphs[k], diag));
    return OCTET_OK;
}

static octet_status annotate_graph(octet_annotation *a, octet_graph *g, octet_diag *diag)
{
    octet_graph_notes notes = {.g = g};
    notes.unit = OCTET_ARENA_ARRAY(&a->arena, uint32_t, g->n_nodes);
    notes.site = OCTET_ARENA_ARRAY(&a->arena, uint32_t, g->n_values);
    notes.reads = OCTET_ARENA_ARRAY(&a->arena, uint32_t, g->n_values);
    notes.heavy_reads = OCTET_ARENA_ARRAY(&a->arena, uint32_t, g->n_values);
    bool *claimed = OCTET_ARENA_ARRAY(&a->arena, bool, g->n_nodes);
    if (notes.unit == NULL || notes.site == NULL || notes.reads == NULL ||
        notes.heavy_reads == NULL || claimed == NULL ||
        !octet_arena_grow(&a->arena, (void **)&a->graphs, &a->graphs_capacity, a->n_graphs + 1,
                          sizeof *a->graphs))
        return octet_fail_nomem(diag);
    memset(notes.unit, 0xff, g->n_nodes * sizeof *notes.unit);
    memset(notes.site, 0xff, g->n_values * sizeof *notes.site);
    a->by_number[g->number] = a->n_graphs;
    a->graphs[a->n_graphs++] = notes;
    for (uint32_t i = 0; i < g->n_order; i++) {
        const octet_node *node = octet_graph_node(g, g->order[i]);
        if (node->removed)
            continue;
        if (!claimed[node->id])
            OCTET_TRY(match_node(a, &notes, node->id, claimed, diag));
        OCTET_TRY(annotate_subgraphs(a, node, diag));
    }
    return OCTET_OK;
}

/* ---- which units run in integers */

static const octet_unit *unit_of(const octet_annotation *a, const octet_graph *g,
                                 octet_node_id node)
{
    const octet_graph_notes *notes = octet_annotation_notes(a, g);
    uint32_t index = node == OCTET_NO_NODE ? OCTET_NO_SITE : notes->unit[node];
    return index == OCTET_NO_SITE ? NULL : &a->units[index];
}

static bool count_read(const octet_annotation *a, const octet_unit *u, octet_value_id v, void *user)
{
    const octet_graph_notes *notes = octet_annotation_notes(a, u->g);
    (void)user;
    notes->reads[v]++;
    notes->heavy_reads[v] += !u->match.pattern->between;
    return true;
}

static bool uncount_read(const octet_annotation *a, const octet_unit *u, octet_value_id v,
                         void *user)
{
    const octet_graph_notes *notes = octet_annotation_notes(a, u->g);
    (void)user;
    notes->reads[v]--;
    notes->heavy_reads[v] -= !u->match.pattern->between;
    return true;
}

static void leave_float(const octet_annotation *a, octet_unit *u, const char *reason)
{
    for_each_activation(a, u, uncount_read, NULL);
    u->quantized = false;
    u->reason = reason;
}

/* Some integer unit reads the value as an activation; heavy: only those that always run so count.
 */
static bool needed(const octet_annotation *a, const octet_graph *g, octet_value_id v, bool heavy)
{
    const octet_graph_notes *notes = octet_annotation_notes(a, g);
    return (heavy ? notes->heavy_reads[v] : notes->reads[v]) > 0;
}

static bool any_output_needed(const octet_annotation *a, const octet_unit *u)
{
    const octet_node *node = last_node(u);
    for (uint32_t i = 0; i < node->n_outputs; i++)
        if (node->outputs[i] != OCTET_NO_VALUE && needed(a, u->g, node->outputs[i], false))
            return true;
    return false;
}

static bool made_in_integers(const octet_annotation *a, const octet_graph *g, octet_value_id v)
{
    const octet_value *value = octet_graph_value(g, v);
    const octet_unit *u = unit_of(a, g, value->producer);
    return u != NULL && u->quantized && value->producer == u->match.last;
}

static bool is_graph_input(const octet_graph *g, octet_value_id v)
{
    return octet_graph_value(g, v)->is_input;
}

/* Product of the known dimensions: good enough to tell a per-channel factor from a feature map. */
static double extent(const octet_graph *g, octet_value_id v)
{
    const octet_type *type = &octet_graph_value(g, v)->type;
    double product = 1.0;
    for (int32_t i = 0; i < type->rank; i++)
        if (type->dims[i].size > 0)
            product *= (double)type->dims[i].size;
    return product;
}

typedef struct input_census {
    uint32_t ready, late;
} input_census;

/* Quantizing an input for this unit alone is cheap when it is much smaller than the output. */
#define SMALL_SHARE 4.0

static bool take_census(const octet_annotation *a, const octet_unit *u, octet_value_id v,
                        void *user)
{
    input_census *census = user;
    bool shares = u->match.pattern->observation == OCTET_OUTPUT_SHARE_OBSERVER_WITH_INPUT;
    if (made_in_integers(a, u->g, v) || needed(a, u->g, v, true) ||
        (shares && (u->match.pattern->from_float || is_graph_input(u->g, v))))
        census->ready++;
    else if (extent(u->g, v) * SMALL_SHARE > extent(u->g, octet_unit_output(u)))
        census->late++;
    return true;
}

static bool inputs_ready(const octet_annotation *a, const octet_unit *u)
{
    input_census census = {0, 0};
    for_each_activation(a, u, take_census, &census);
    return census.ready > 0 && census.late == 0;
}

/* What is struck out for its output has no integer readers left, so nothing follows forwards: three
 * rounds are the most it takes. */
static bool strike_out(octet_annotation *a)
{
    bool changed = false;
    for (uint32_t i = a->n_units; i-- > 0;) {
        octet_unit *u = &a->units[i];
        if (u->quantized && u->match.pattern->between && !any_output_needed(a, u)) {
            leave_float(a, u, reason_output);
            changed = true;
        }
    }
    for (uint32_t i = 0; i < a->n_units; i++) {
        octet_unit *u = &a->units[i];
        if (u->quantized && u->match.pattern->between && !inputs_ready(a, u)) {
            leave_float(a, u, reason_inputs);
            changed = true;
        }
    }
    return changed;
}

/* ---- sites */

static octet_status add_site(octet_annotation *a, octet_graph *g, octet_value_id v,
                             const octet_qspec *spec, uint32_t *out, octet_diag *diag)
{
    const octet_graph_notes *notes = octet_annotation_notes(a, g);
    *out = notes->site[v];
    if (*out != OCTET_NO_SITE)
        return OCTET_OK;
    if (!octet_arena_grow(&a->arena, (void **)&a->sites, &a->sites_capacity, a->n_sites + 1,
                          sizeof *a->sites))
        return octet_fail_nomem(diag);
    a->sites[a->n_sites] = (octet_site){.g = g, .value = v, .spec = *spec, .group = a->n_sites};
    *out = notes->site[v] = a->n_sites++;
    return OCTET_OK;
}

typedef struct site_maker {
    octet_annotation *a;
    octet_diag *diag;
    octet_status status;
} site_maker;

static bool make_input_site(const octet_annotation *a, const octet_unit *u, octet_value_id v,
                            void *user)
{
    site_maker *maker = user;
    uint32_t site;
    (void)a;
    maker->status = add_site(maker->a, u->g, v, &u->config->input, &site, maker->diag);
    return maker->status == OCTET_OK;
}

static uint32_t group_of(const octet_annotation *a, uint32_t site)
{
    while (a->sites[site].group != site)
        site = a->sites[site].group;
    return site;
}

static void join(octet_annotation *a, uint32_t x, uint32_t y)
{
    uint32_t gx = group_of(a, x), gy = group_of(a, y);
    a->sites[gx > gy ? gx : gy].group = gx < gy ? gx : gy;
}

static void describe_output(const octet_unit *u, octet_site *site)
{
    const octet_pattern *p = u->match.pattern;
    const octet_node *last = last_node(u);
    float bounds[2];

    site->made_quantized = true;
    if (p->overwrite_output_qparams) {
        site->fixed = true;
        site->params = p->output_qparams;
    }
    int element = octet_unit_element(u, last->id);
    if (element > 0 && strcmp(last->op_type, "Relu") == 0)
        site->zero_point_min = true;
    if (element > 0 && p->elements[element].clip_to_range &&
        octet_clip_bounds(u->g, last, bounds)) {
        site->clipped = true;
        site->clip_min = bounds[0];
        site->clip_max = bounds[1];
    }
}

/* A runtime takes the Relu or Clip that ends a unit into the integers only with a Q behind it, and
 * without one leaves the whole unit in float. Behind a graph's output there is no such fusion. */
static bool act_needs_output(const octet_unit *u, octet_value_id v)
{
    const octet_value *value = octet_graph_value(u->g, v);
    int last = octet_unit_element(u, u->match.last);
    return u->match.pattern->elements[last].clip_to_range && value->n_uses > value->n_output_uses;
}

static octet_status make_output_sites(octet_annotation *a, const octet_unit *u, octet_diag *diag)
{
    const octet_node *last = last_node(u);
    for (uint32_t i = 0; i < last->n_outputs; i++) {
        octet_value_id v = last->outputs[i];
        uint32_t site;
        if (v == OCTET_NO_VALUE || octet_graph_value(u->g, v)->n_uses == 0)
            continue;
        if (u->match.pattern->output_optional && !needed(a, u->g, v, false) &&
            !act_needs_output(u, v))
            continue;
        OCTET_TRY(add_site(a, u->g, v, &u->config->output, &site, diag));
        describe_output(u, &a->sites[site]);
    }
    return OCTET_OK;
}

static bool join_input(const octet_annotation *a, const octet_unit *u, octet_value_id v, void *user)
{
    site_maker *maker = user;
    const octet_node *last = last_node(u);
    uint32_t in = octet_annotation_site(a, u->g, v);
    for (uint32_t i = 0; i < last->n_outputs; i++) {
        uint32_t out = octet_annotation_site(a, u->g, last->outputs[i]);
        if (out != OCTET_NO_SITE)
            join(maker->a, in, out);
    }
    return true;
}

static bool dim_kept(const octet_dim *d, const octet_type *in)
{
    if (d->size > 0)
        return true;
    for (int32_t i = 0; d->symbol != NULL && i < in->rank; i++)
        if (in->dims[i].symbol == d->symbol)
            return true;
    return false;
}

/* The output holds something whenever the input does. */
static bool never_empty(const octet_type *out, const octet_type *in)
{
    for (int32_t i = 0; i < out->rank; i++)
        if (!dim_kept(&out->dims[i], in))
            return false;
    return out->rank >= 0;
}

static bool read_is_site(const octet_annotation *a, const octet_unit *u, octet_value_id v,
                         void *user)
{
    uint32_t site = octet_annotation_site(a, u->g, v);
    (void)user;
    /* Stand-ins may be computed where the body that reads them never runs. */
    return site != OCTET_NO_SITE && octet_graph_value(u->g, v)->outer == OCTET_NO_VALUE;
}

/* Every value of the outputs is one of an activation that the unit reads. */
static bool only_moves(const octet_annotation *a, const octet_unit *u)
{
    const octet_node *node = last_node(u);
    bool joins = strcmp(node->op_type, "Concat") == 0;

    if (u->match.pattern->n_elements != 1 || !for_each_activation(a, u, read_is_site, NULL))
        return false;
    for (uint32_t i = 0; joins && i < node->n_inputs; i++)
        if (octet_value_constant(u->g, node->inputs[i]) != NULL)
            return false;
    return joins || (node->op->quant.observe == OCTET_OBSERVE_SHARED &&
                     strcmp(node->op_type, "ScatterND") != 0);
}

static void cover_outputs(octet_annotation *a, const octet_unit *u)
{
    const octet_node *node = last_node(u);

    if (!only_moves(a, u) || octet_annotation_site(a, u->g, node->inputs[0]) == OCTET_NO_SITE)
        return;
    for (uint32_t i = 0; i < node->n_outputs; i++) {
        uint32_t site = octet_annotation_site(a, u->g, node->outputs[i]);
        if (site != OCTET_NO_SITE)
            a->sites[site].covered = strcmp(node->op_type, "Concat") == 0 ||
                                     never_empty(&octet_graph_value(u->g, node->outputs[i])->type,
                                                 &octet_graph_value(u->g, node->inputs[0])->type);
    }
}

static octet_status make_sites(octet_annotation *a, octet_diag *diag)
{
    site_maker maker = {a, diag, OCTET_OK};

    for (uint32_t i = 0; i < a->n_units; i++) {
        const octet_unit *u = &a->units[i];
        if (!u->quantized)
            continue;
        for_each_activation(a, u, make_input_site, &maker);
        OCTET_TRY(maker.status);
        OCTET_TRY(make_output_sites(a, u, diag));
        if (u->match.pattern->observation == OCTET_OUTPUT_SHARE_OBSERVER_WITH_INPUT)
            for_each_activation(a, u, join_input, &maker);
    }
    for (uint32_t i = 0; i < a->n_units; i++)
        if (a->units[i].quantized &&
            a->units[i].match.pattern->observation == OCTET_OUTPUT_SHARE_OBSERVER_WITH_INPUT)
            cover_outputs(a, &a->units[i]);
    for (uint32_t i = 0; i < a->n_sites; i++) {
        octet_site *first = &a->sites[group_of(a, i)];
        a->sites[i].group = group_of(a, i);
        first->shared = first->shared || first != &a->sites[i];
    }
    return OCTET_OK;
}

static octet_status choose_units(octet_annotation *a, octet_diag *diag)
{
    size_t n = a->model->n_graphs;

    a->by_number = OCTET_ARENA_ARRAY(&a->arena, uint32_t, n);
    OCTET_TRY_ALLOC(diag, a->by_number);
    memset(a->by_number, 0xff, n * sizeof *a->by_number);
    OCTET_TRY(annotate_graph(a, a->model->graph, diag));
    for (uint32_t i = 0; i < a->n_units; i++)
        for_each_activation(a, &a->units[i], count_read, NULL);
    while (strike_out(a))
        ;
    return OCTET_OK;
}

octet_status octet_annotate(octet_model *model, const octet_backend *backend,
                            octet_annotation **out, octet_diag *diag)
{
    const octet_allocator *allocator = &model->ctx->allocator;
    *out = NULL;
    octet_annotation *a = octet_mem_zalloc(allocator, 1, sizeof *a);
    OCTET_TRY_ALLOC(diag, a);
    octet_arena_init(&a->arena, allocator);
    a->model = model;
    a->backend = backend;
    octet_status status = choose_units(a, diag);
    if (status == OCTET_OK)
        status = make_sites(a, diag);
    if (status != OCTET_OK) {
        octet_annotation_destroy(a);
        return status;
    }
    *out = a;
    return OCTET_OK;
}

void octet_annotation_destroy(octet_annotation *a)
{
    if (a == NULL)
        return;
    const octet_allocator allocator = a->model->ctx->allocator;
    octet_arena_deinit(&a->arena);
    octet_mem_free(&allocator, a);
}

/* ---- after calibration */

static void widen(octet_range *into, const octet_range *r)
{
    into->min = fminf(into->min, r->min);
    into->max = fmaxf(into->max, r->max);
}

/* The group's range and constraints gather in its first site. */
static void gather_group(octet_annotation *a, uint32_t i)
{
    octet_site *site = &a->sites[i], *first = &a->sites[site->group];
    if (!first->gathered)
        first->range = site->range;
    else
        widen(&first->range, &site->range);
    first->gathered = true;
    if (site->fixed && !first->fixed) {
        first->fixed = true;
        first->params = site->params;
    }
    first->zero_point_min = first->zero_point_min || site->zero_point_min;
    if (site->clipped && !first->clipped) {
        first->clipped = true;
        first->clip_min = site->clip_min;
        first->clip_max = site->clip_max;
    }
}

/* sigmoid(x) * 256 rounds to 0 below and to 255 or more above: ln(511). */
#define SIGMOID_END 6.2364F

/* Without a quantized product its step is not known: a share of the range that 10 bits would have.
 */
#define FLOAT_PRODUCT_STEPS 1024.0F

static octet_saturation saturation_range(const octet_annotation *a, const octet_site *site)
{
    octet_saturation s = octet_saturation_of(site->g, site->value);
    if (s.kind == OCTET_SATURATION_SILU) {
        uint32_t product = octet_annotation_site(a, site->g, s.product);
        float steps = product != OCTET_NO_SITE ? 255.0F : FLOAT_PRODUCT_STEPS;
        s.lo = -octet_silu_floor(fmaxf(site->range.max, 0.0F) / steps / 2.0F);
        s.hi = INFINITY;
    } else if (s.kind == OCTET_SATURATION_SIGMOID) {
        const octet_value *v = octet_graph_value(site->g, site->value);
        const octet_unit *u = unit_of(a, site->g, v->uses[0].node);
        s.lo = u != NULL && u->quantized ? -SIGMOID_END : -INFINITY;
        s.hi = -s.lo;
    }
    return s;
}

/* Values beyond what the readers can tell apart get no steps of their own. */
static void trim_saturated(const octet_annotation *a, const octet_site *site, octet_range *range)
{
    octet_saturation s = saturation_range(a, site);
    if (s.kind == OCTET_SATURATION_NONE || site->shared)
        return;
    range->min = fmaxf(range->min, s.lo);
    range->max = fminf(range->max, s.hi);
}

/* Parameters that suit one member must not cut off what another one holds: only that one's operator
 * loses by giving them up. `slack` is for rounding. */
static bool holds_group(const octet_site *site, float lo, float hi, float slack)
{
    return !site->shared || (site->range.min >= lo - slack && site->range.max <= hi + slack);
}

static bool fixed_holds_group(const octet_site *site)
{
    float scale = site->params.scale;
    float lo = (float)(site->spec.qmin - site->params.zero_point) * scale;
    float hi = (float)(site->spec.qmax - site->params.zero_point) * scale;
    return holds_group(site, lo, hi, scale);
}

static void choose_params(const octet_annotation *a, octet_site *site)
{
    if (site->has_choice)
        site->range = site->choice;
    octet_range range = site->range;
    if (site->fixed && fixed_holds_group(site))
        return;
    trim_saturated(a, site, &range);
    if (site->zero_point_min && holds_group(site, 0.0F, INFINITY, 0.0F))
        range.min = fmaxf(range.min, 0.0F);
    site->clipped = site->clipped && holds_group(site, site->clip_min, site->clip_max, 0.0F);
    if (site->clipped) {
        range.min = fmaxf(range.min, site->clip_min);
        range.max = fminf(range.max, site->clip_max);
    }
    site->params = octet_qparams_from_range(range.min, range.max, &site->spec);
    if (site->clipped)
        octet_qparams_fit_inside(&site->params, &site->spec, site->clip_min, site->clip_max);
}

typedef struct observed { /* by site */
    const octet_range *ranges;
    const bool *seen;
} observed;

static bool site_seen(const octet_annotation *a, const octet_unit *u, octet_value_id v, void *user)
{
    const observed *o = user;
    uint32_t site = octet_annotation_site(a, u->g, v);
    return site == OCTET_NO_SITE || o->seen[site];
}

static bool range_useful(const octet_annotation *a, const octet_unit *u, octet_value_id v,
                         void *user)
{
    const observed *o = user;
    uint32_t site = octet_annotation_site(a, u->g, v);
    if (site == OCTET_NO_SITE || !o->seen[site])
        return true;
    return o->ranges[site].min > -USEFUL_LIMIT && o->ranges[site].max < USEFUL_LIMIT;
}

/* Units with an activation or output that does not fit go back to float. */
static void set_back(octet_annotation *a, observed *o, visit_input fits, bool light_only,
                     const char *reason)
{
    for (uint32_t i = 0; i < a->n_units; i++) {
        octet_unit *u = &a->units[i];
        if (!u->quantized || (light_only && !u->match.pattern->between))
            continue;
        if (!for_each_activation(a, u, fits, o) || !fits(a, u, octet_unit_output(u), o))
            leave_float(a, u, reason);
    }
}

typedef struct covering {
    octet_range *ranges;
    bool *seen;
    uint32_t site; /* the covered one */
} covering;

static bool cover_with(const octet_annotation *a, const octet_unit *u, octet_value_id v, void *user)
{
    covering *c = user;
    uint32_t from = octet_annotation_site(a, u->g, v);

    if (!c->seen[from])
        return true;
    if (!c->seen[c->site])
        c->ranges[c->site] = c->ranges[from];
    else
        widen(&c->ranges[c->site], &c->ranges[from]);
    c->seen[c->site] = true;
    return true;
}

/* Units stand in the order in which they run. */
void octet_annotation_cover(const octet_annotation *a, octet_range *ranges, bool *seen)
{
    for (uint32_t i = 0; i < a->n_units; i++) {
        const octet_unit *u = &a->units[i];
        const octet_node *node = last_node(u);
        for (uint32_t k = 0; u->quantized && k < node->n_outputs; k++) {
            covering c = {ranges, seen, octet_annotation_site(a, u->g, node->outputs[k])};
            if (c.site == OCTET_NO_SITE || !a->sites[c.site].covered)
                continue;
            seen[c.site] = false;
            for_each_activation(a, u, cover_with, &c);
        }
    }
}

void octet_annotation_resolve(octet_annotation *a, const octet_range *ranges, const bool *seen)
{
    observed o = {ranges, seen};
    set_back(a, &o, site_seen, false, reason_branch);
    set_back(a, &o, range_useful, true, reason_range); /* masks that are computed */
    for (uint32_t i = 0; i < a->n_sites; i++) {
        a->sites[i].range = a->sites[i].observed = ranges[i];
        if (seen[i])
            gather_group(a, i);
    }
    for (uint32_t i = 0; i < a->n_sites; i++)
        if (a->sites[i].group == i)
            choose_params(a, &a->sites[i]);
    for (uint32_t i = 0; i < a->n_sites; i++)
        a->sites[i].params = a->sites[a->sites[i].group].params;
}

static const char *reason_unmatched(const octet_graph *g, const octet_node *node)
{
    const octet_value *out = octet_node_output(g, node, 0);
    if (node->op == NULL)
        return reason_unknown;
    if (out != NULL && out->type.dtype == OCTET_DTYPE_UNDEFINED)
        return reason_untyped;
    if (out != NULL && out->type.dtype != OCTET_DTYPE_FLOAT32)
        return reason_type;
    return reason_no_pattern;
}

const char *octet_annotation_reason(const octet_annotation *a, const octet_graph *g,
                                    octet_node_id node)
{
    const octet_unit *u = unit_of(a, g, node);
    if (u == NULL)
        return reason_unmatched(g, octet_graph_node(g, node));
    return u->quantized ? NULL : u->reason;
}
