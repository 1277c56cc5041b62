/* match.c: finds a pattern's nodes in a graph
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/match.h"

#include "engine/walk.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct attempt {
    const octet_graph *g;
    const octet_pattern *pattern;
    const bool *claimed;
    octet_match *match;
    octet_match_failure *failure;
} attempt;

static bool refuse(const attempt *a, const octet_element *el, const char *fmt, ...)
    OCTET_PRINTF(3, 4);

static bool refuse(const attempt *a, const octet_element *el, const char *fmt, ...)
{
    va_list args;
    a->failure->element = el->as;
    va_start(args, fmt);
    vsnprintf(a->failure->text, sizeof a->failure->text, fmt, args);
    va_end(args);
    return false;
}

int octet_port_index(const octet_op *op, const char *name)
{
    for (int i = 0; op != NULL && i < OCTET_MAX_PORTS && op->in[i].name != NULL; i++)
        if (strcmp(op->in[i].name, name) == 0)
            return i;
    return -1;
}

static bool clip_bound(const octet_graph *g, const octet_node *node, uint32_t index, float *out)
{
    const octet_value *v = octet_node_input(g, node, index);
    if (v == NULL)
        return true;
    const octet_tensor *t = octet_value_constant(g, v->id);
    if (t == NULL || octet_tensor_count(t) != 1)
        return false;
    *out = (float)octet_tensor_f64_at(t, 0);
    return true;
}

bool octet_clip_bounds(const octet_graph *g, const octet_node *node, float bounds[2])
{
    bounds[0] = -INFINITY;
    bounds[1] = INFINITY;
    return strcmp(node->op_type, "Clip") == 0 && clip_bound(g, node, 1, &bounds[0]) &&
           clip_bound(g, node, 2, &bounds[1]) && bounds[0] <= 0.0F && bounds[1] > 0.0F;
}

/* "Relu" is ai.onnx; "com.microsoft::Gelu" names the domain. */
static bool same_op(const char *wanted, const octet_node *node)
{
    const char *colons = strstr(wanted, "::");
    if (colons == NULL)
        return node->domain[0] == '\0' && strcmp(wanted, node->op_type) == 0;
    return strlen(node->domain) == (size_t)(colons - wanted) &&
           strncmp(wanted, node->domain, (size_t)(colons - wanted)) == 0 &&
           strcmp(colons + 2, node->op_type) == 0;
}

static bool op_fits(const octet_element *el, const octet_node *node)
{
    for (uint32_t i = 0; i < el->n_ops; i++)
        if (same_op(el->ops[i], node))
            return true;
    return false;
}

static bool number_fits(const octet_attr_rule *rule, double x)
{
    for (uint32_t i = 0; i < rule->n_numbers; i++)
        if (rule->numbers[i] == x)
            return true;
    return false;
}

static bool string_fits(const octet_attr_rule *rule, const char *s)
{
    for (uint32_t i = 0; s != NULL && i < rule->n_strings; i++)
        if (strcmp(rule->strings[i], s) == 0)
            return true;
    return false;
}

static bool attr_fits(const octet_attr_rule *rule, const octet_node *node)
{
    const octet_attr *attr = octet_node_attr(node, rule->name);
    if (attr == NULL)
        return rule->has_default && (rule->n_strings > 0 ? string_fits(rule, rule->default_string)
                                                         : number_fits(rule, rule->default_number));
    if (attr->kind == OCTET_ATTR_STRING)
        return string_fits(rule, attr->s);
    if (attr->kind == OCTET_ATTR_FLOAT)
        return number_fits(rule, (double)attr->f);
    if (attr->kind == OCTET_ATTR_INT)
        return number_fits(rule, (double)attr->i);
    bool fits = attr->kind == OCTET_ATTR_INTS;
    for (uint32_t i = 0; fits && i < attr->count; i++)
        fits = number_fits(rule, (double)attr->ints[i]);
    return fits;
}

/* An accumulator takes one number for each output channel; a Gemm's C may be of other shapes. */
static bool bias_port_fits(const attempt *a, const octet_element *el, const octet_node *node,
                           uint32_t port, octet_value_id bias)
{
    const octet_tensor *t = octet_value_constant(a->g, bias);
    const octet_value *y = octet_node_output(a->g, node, 0);

    if (y == NULL || node->op->in[port].role != OCTET_ROLE_BIAS || !octet_node_is(node, "Gemm") ||
        (t->rank == 1 && y->type.rank == 2 && y->type.dims[1].size == t->dims[0]))
        return true;
    return refuse(a, el, "input %s is not a vector with one element for each column",
                  node->op->in[port].name);
}

static bool ports_fit(const attempt *a, const octet_element *el, const octet_node *node)
{
    for (uint32_t i = 0; i < el->n_constant; i++) {
        int port = octet_port_index(node->op, el->constant[i]);
        const octet_value *v = port < 0 ? NULL : octet_node_input(a->g, node, (uint32_t)port);
        if (v != NULL && octet_value_constant(a->g, v->id) == NULL)
            return refuse(a, el, "input %s is not a constant", el->constant[i]);
        if (v != NULL && !bias_port_fits(a, el, node, (uint32_t)port, v->id))
            return false;
    }
    for (uint32_t i = 0; i < el->n_absent; i++) {
        int port = octet_port_index(node->op, el->absent[i]);
        if (port >= 0 && octet_node_input(a->g, node, (uint32_t)port) != NULL)
            return refuse(a, el, "input %s is given", el->absent[i]);
    }
    return true;
}

static bool rank_fits(const attempt *a, const octet_element *el, const octet_node *node)
{
    if (el->min_rank == 0 && el->max_rank == 0)
        return true;
    const octet_value *v = octet_node_input(a->g, node, 0);
    if (v == NULL || v->type.rank < 0)
        return refuse(a, el, "the rank of its input is not known");
    if (v->type.rank < el->min_rank || (el->max_rank > 0 && v->type.rank > el->max_rank))
        return refuse(a, el, "its input has rank %d, the pattern takes %d to %d", v->type.rank,
                      el->min_rank, el->max_rank);
    return true;
}

static bool outputs_fit(const attempt *a, const octet_element *el, const octet_node *node)
{
    uint32_t used = 0, most = el->max_outputs > 0 ? el->max_outputs : 1;
    for (uint32_t i = 0; i < node->n_outputs; i++) {
        const octet_value *v = octet_node_output(a->g, node, i);
        if (v != NULL && v->n_uses > 0) {
            used++;
            if (i >= most)
                return refuse(a, el, "output %u is used", i);
        }
    }
    return used > 0 || refuse(a, el, "no output is used");
}

/* Real operators compute in float32; anything else stays as it is. */
static bool types_fit(const attempt *a, const octet_element *el, const octet_node *node)
{
    const octet_value *v = octet_node_output(a->g, node, 0);
    octet_dtype dtype = v != NULL ? v->type.dtype : OCTET_DTYPE_UNDEFINED;
    if (dtype == OCTET_DTYPE_FLOAT32)
        return true;
    return refuse(a, el, "its output is %s, not float", octet_dtype_get(dtype)->name);
}

static bool bias_fits(const attempt *a, const octet_element *el, const octet_node *node,
                      octet_value_id chain)
{
    if (!el->bias)
        return true;
    if (node->n_inputs != 2)
        return refuse(a, el, "it does not have two inputs");
    octet_value_id other = node->inputs[node->inputs[0] == chain ? 1 : 0];
    const octet_tensor *t = other == OCTET_NO_VALUE ? NULL : octet_value_constant(a->g, other);
    const octet_value *chain_value = octet_graph_value(a->g, chain);
    if (t == NULL)
        return refuse(a, el, "its other input is not a constant");
    int32_t rank = chain_value->type.rank;
    if (t->rank != 1 || rank < 1 || chain_value->type.dims[rank - 1].size != t->dims[0])
        return refuse(a, el, "its other input is not a vector of the last axis' length");
    return true;
}

/* A Clip vanishes into the quantized range when its bounds are constants around zero. */
static bool clip_fits(const attempt *a, const octet_element *el, const octet_node *node)
{
    float bounds[2];
    if (!el->clip_to_range || strcmp(node->op_type, "Clip") != 0 ||
        octet_clip_bounds(a->g, node, bounds))
        return true;
    return refuse(a, el, "its bounds are not constants around zero");
}

static bool node_fits(const attempt *a, const octet_element *el, octet_node_id id)
{
    const octet_node *node = octet_graph_node(a->g, id);
    if (!op_fits(el, node))
        return refuse(a, el, "operator %s is not in the pattern", node->op_type);
    if (a->claimed != NULL && a->claimed[id])
        return refuse(a, el, "the node belongs to another unit");
    if (node->op == NULL)
        return refuse(a, el, "octet has no descriptor for this operator");
    for (uint32_t i = 0; i < el->n_attrs; i++)
        if (!attr_fits(&el->attrs[i], node))
            return refuse(a, el, "attribute %s has a value the pattern does not take",
                          el->attrs[i].name);
    return ports_fit(a, el, node) && rank_fits(a, el, node) && outputs_fit(a, el, node) &&
           types_fit(a, el, node) && clip_fits(a, el, node);
}

/* The single reader of the value that `from` makes. */
static bool follow(const attempt *a, const octet_element *el, octet_node_id from,
                   octet_node_id *out)
{
    const octet_node *node = octet_graph_node(a->g, from);
    const octet_value *v = octet_node_output(a->g, node, 0);

    if (v == NULL || v->n_uses != 1)
        return refuse(a, el, "the value before it is used %u times", v == NULL ? 0 : v->n_uses);
    if (v->uses[0].kind != OCTET_USE_INPUT)
        return refuse(a, el, "the value before it is a graph output or read by a subgraph");
    *out = v->uses[0].node;
    return node_fits(a, el, *out) && bias_fits(a, el, octet_graph_node(a->g, *out), v->id);
}

/* The element that stands for `index` when optional ones before it are absent. */
static octet_node_id source(const attempt *a, const octet_element *el)
{
    int from = el->from;
    while (a->match->node[from] == OCTET_NO_NODE)
        from = a->pattern->elements[from].from;
    return a->match->node[from];
}

bool octet_match_pattern(const octet_graph *g, const octet_pattern *pattern, octet_node_id root,
                         const bool *claimed, octet_match *out, octet_match_failure *failure)
{
    octet_match_failure ignored;
    attempt a = {g, pattern, claimed, out, failure != NULL ? failure : &ignored};

    a.failure->element = NULL;
    a.failure->text[0] = '\0';
    out->pattern = pattern;
    if (!node_fits(&a, &pattern->elements[0], root))
        return false;
    out->node[0] = out->last = root;
    for (uint32_t i = 1; i < pattern->n_elements; i++) {
        const octet_element *el = &pattern->elements[i];
        out->node[i] = OCTET_NO_NODE;
        octet_node_id next = OCTET_NO_NODE;
        if (follow(&a, el, source(&a, el), &next))
            out->node[i] = out->last = next;
        else if (!el->optional)
            return false;
    }
    a.failure->text[0] = '\0';
    return true;
}
