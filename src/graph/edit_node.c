/* edit_node.c: adding, changing and removing nodes and their attributes
 * SPDX-License-Identifier: Apache-2.0
 */
#include "graph/uses.h"

#include <assert.h>
#include <string.h>

#define NEW_ARRAY(model, type, n) OCTET_ARENA_ARRAY(&(model)->arena, type, n)

static octet_status copy_text(octet_model *model, const char *text, const char **out,
                              octet_diag *diag)
{
    *out = octet_arena_strdup(&model->arena, text != NULL ? text : "");
    OCTET_TRY_ALLOC(diag, *out);
    return OCTET_OK;
}

/* The default domain, on nearly every node, is not copied. */
static octet_status copy_domain(octet_graph *g, const char *domain, const char **out,
                                octet_diag *diag)
{
    if (domain == NULL || domain[0] == '\0' || strcmp(domain, "ai.onnx") == 0) {
        *out = "";
        return OCTET_OK;
    }
    return copy_text(g->model, domain, out, diag);
}

/* ---- attributes */

static octet_status copy_array(octet_model *model, const void *from, uint32_t count, size_t size,
                               void *to, octet_diag *diag)
{
    void *copy = octet_arena_memdup(&model->arena, from, count * size);

    OCTET_TRY_ALLOC(diag, copy);
    memcpy(to, &copy, sizeof copy);
    return OCTET_OK;
}

static octet_status copy_strings(octet_model *model, octet_attr *attr, octet_diag *diag)
{
    const char **copy = NEW_ARRAY(model, const char *, attr->count);

    OCTET_TRY_ALLOC(diag, copy);
    for (uint32_t i = 0; i < attr->count; i++)
        OCTET_TRY(copy_text(model, attr->strings[i], &copy[i], diag));
    attr->strings = copy;
    return OCTET_OK;
}

octet_status octet_edit_copy_attr(octet_model *model, const octet_attr *from, octet_attr *to,
                                  octet_diag *diag)
{
    *to = *from;
    OCTET_TRY(copy_text(model, from->name, &to->name, diag));
    if (from->reference != NULL)
        OCTET_TRY(copy_text(model, from->reference, &to->reference, diag));
    if (from->s != NULL) {
        to->s = octet_arena_memdup(&model->arena, from->s, from->s_length + 1);
        OCTET_TRY_ALLOC(diag, to->s);
    }
    if (from->floats != NULL)
        OCTET_TRY(copy_array(model, from->floats, from->count, sizeof(float), &to->floats, diag));
    if (from->ints != NULL)
        OCTET_TRY(copy_array(model, from->ints, from->count, sizeof(int64_t), &to->ints, diag));
    if (from->strings != NULL)
        OCTET_TRY(copy_strings(model, to, diag));
    if (from->tensor != NULL)
        OCTET_TRY(copy_array(model, from->tensor, 1, sizeof(octet_tensor), &to->tensor, diag));
    if (from->graphs != NULL)
        OCTET_TRY(
            copy_array(model, from->graphs, from->count, sizeof(octet_graph *), &to->graphs, diag));
    return OCTET_OK;
}

/* The subgraphs of an attribute become the node's, and what they read from outside its captures. */
static octet_status take_graphs(octet_graph *g, octet_node *n, const octet_attr *attr,
                                octet_diag *diag)
{
    for (uint32_t i = 0; attr->graphs != NULL && i < attr->count; i++) {
        octet_graph *sub = attr->graphs[i];

        assert(sub->parent == g);
        sub->owner = n->id;
        for (uint32_t j = 0; j < sub->n_values; j++) {
            if (sub->values[j]->outer != OCTET_NO_VALUE)
                OCTET_TRY(octet_uses_add_capture(g, n, sub->values[j]->outer, diag));
        }
    }
    return OCTET_OK;
}

octet_status octet_edit_set_attr(octet_graph *g, octet_node_id node, const octet_attr *attr,
                                 octet_diag *diag)
{
    octet_node *n = g->nodes[node];
    octet_attr copy, *attrs;
    uint32_t at = 0;
    bool had_graphs;

    OCTET_TRY(octet_edit_copy_attr(g->model, attr, &copy, diag));
    while (at < n->n_attrs && strcmp(n->attrs[at].name, attr->name) != 0)
        at++;
    if (at == n->n_attrs) {
        attrs = NEW_ARRAY(g->model, octet_attr, (size_t)n->n_attrs + 1);
        OCTET_TRY_ALLOC(diag, attrs);
        if (n->n_attrs != 0)
            memcpy(attrs, n->attrs, n->n_attrs * sizeof *attrs);
        n->attrs = attrs;
        n->n_attrs++;
    }
    had_graphs = n->attrs[at].graphs != NULL;
    n->attrs[at] = copy;
    OCTET_TRY(take_graphs(g, n, &copy, diag));
    if (had_graphs)
        octet_uses_release_captures(g, n);
    octet_mark_node(g, n);
    return OCTET_OK;
}

void octet_edit_remove_attr(octet_graph *g, octet_node_id node, const char *name)
{
    octet_node *n = g->nodes[node];
    bool had_graphs;

    for (uint32_t i = 0; i < n->n_attrs; i++) {
        if (strcmp(n->attrs[i].name, name) != 0)
            continue;
        had_graphs = n->attrs[i].graphs != NULL;
        n->n_attrs--;
        memmove(&n->attrs[i], &n->attrs[i + 1], (n->n_attrs - i) * sizeof n->attrs[0]);
        if (had_graphs)
            octet_uses_release_captures(g, n);
        octet_mark_node(g, n);
        return;
    }
}

octet_status octet_edit_set_int(octet_graph *g, octet_node_id node, const char *name, int64_t value,
                                octet_diag *diag)
{
    octet_attr attr = {.name = name, .kind = OCTET_ATTR_INT, .i = value};

    return octet_edit_set_attr(g, node, &attr, diag);
}

octet_status octet_edit_set_ints(octet_graph *g, octet_node_id node, const char *name,
                                 const int64_t *values, uint32_t n, octet_diag *diag)
{
    octet_attr attr = {.name = name, .kind = OCTET_ATTR_INTS, .ints = values, .count = n};

    return octet_edit_set_attr(g, node, &attr, diag);
}

octet_status octet_edit_set_float(octet_graph *g, octet_node_id node, const char *name, float value,
                                  octet_diag *diag)
{
    octet_attr attr = {.name = name, .kind = OCTET_ATTR_FLOAT, .f = value};

    return octet_edit_set_attr(g, node, &attr, diag);
}

octet_status octet_edit_set_string(octet_graph *g, octet_node_id node, const char *name,
                                   const char *value, octet_diag *diag)
{
    octet_attr attr = {
        .name = name, .kind = OCTET_ATTR_STRING, .s = value, .s_length = strlen(value)};

    return octet_edit_set_attr(g, node, &attr, diag);
}

/* ---- inputs and outputs */

/* Lengthens the input list to n; the new ones are left out. */
static octet_status extend_inputs(octet_graph *g, octet_node *node, uint32_t n, octet_diag *diag)
{
    octet_value_id *inputs = NEW_ARRAY(g->model, octet_value_id, n);
    uint32_t *slots = NEW_ARRAY(g->model, uint32_t, n);

    OCTET_TRY_ALLOC(diag, inputs);
    OCTET_TRY_ALLOC(diag, slots);
    for (uint32_t i = 0; i < n; i++) {
        bool old = i < node->n_inputs;

        inputs[i] = old ? node->inputs[i] : OCTET_NO_VALUE;
        slots[i] = old ? node->input_slots[i] : 0;
    }
    node->inputs = inputs;
    node->input_slots = slots;
    node->n_inputs = n;
    return OCTET_OK;
}

static void drop_input(octet_graph *g, octet_node *n, uint32_t index)
{
    if (n->inputs[index] != OCTET_NO_VALUE)
        octet_uses_remove(g, n->inputs[index], n->input_slots[index]);
    n->inputs[index] = OCTET_NO_VALUE;
}

octet_status octet_edit_set_input(octet_graph *g, octet_node_id node, uint32_t index,
                                  octet_value_id value, octet_diag *diag)
{
    octet_node *n = g->nodes[node];
    octet_use use = {.kind = OCTET_USE_INPUT, .node = node, .index = index};

    assert(!n->removed && (value == OCTET_NO_VALUE || value < g->n_values));
    if (index >= n->n_inputs)
        OCTET_TRY(extend_inputs(g, n, index + 1, diag));
    octet_mark_node(g, n);
    drop_input(g, n, index);
    if (value == OCTET_NO_VALUE)
        return OCTET_OK;
    OCTET_TRY(octet_uses_add(g, value, use, diag));
    n->inputs[index] = value;
    return OCTET_OK;
}

octet_status octet_edit_set_inputs(octet_graph *g, octet_node_id node, const octet_value_id *inputs,
                                   uint32_t n, octet_diag *diag)
{
    octet_node *self = g->nodes[node];

    if (n > self->n_inputs)
        OCTET_TRY(extend_inputs(g, self, n, diag));
    for (uint32_t i = 0; i < n; i++)
        OCTET_TRY(octet_edit_set_input(g, node, i, inputs[i], diag));
    for (uint32_t i = n; i < self->n_inputs; i++)
        drop_input(g, self, i);
    self->n_inputs = n;
    octet_mark_node(g, self);
    return OCTET_OK;
}

/* Makes the node the producer of a value that has none yet. */
static octet_status claim_output(octet_graph *g, octet_node *n, uint32_t index,
                                 octet_value_id value, octet_diag *diag)
{
    octet_value *v;
    char label[OCTET_LABEL];

    n->outputs[index] = value;
    if (value == OCTET_NO_VALUE)
        return OCTET_OK;
    v = g->values[value];
    if (v->producer != OCTET_NO_NODE || v->is_input || v->is_initializer ||
        v->outer != OCTET_NO_VALUE) {
        n->outputs[index] = OCTET_NO_VALUE;
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "%s makes '%s', which is made already",
                          octet_node_label(g, n, label, sizeof label), v->name);
    }
    v->producer = n->id;
    v->producer_output = index;
    return OCTET_OK;
}

static void drop_output(octet_graph *g, octet_node *n, uint32_t index)
{
    if (n->outputs[index] != OCTET_NO_VALUE)
        g->values[n->outputs[index]]->producer = OCTET_NO_NODE;
    n->outputs[index] = OCTET_NO_VALUE;
}

octet_status octet_edit_set_output(octet_graph *g, octet_node_id node, uint32_t index,
                                   octet_value_id value, octet_diag *diag)
{
    octet_node *n = g->nodes[node];
    octet_value_id *outputs;

    if (index >= n->n_outputs) {
        outputs = NEW_ARRAY(g->model, octet_value_id, (size_t)index + 1);
        OCTET_TRY_ALLOC(diag, outputs);
        for (uint32_t i = 0; i <= index; i++)
            outputs[i] = i < n->n_outputs ? n->outputs[i] : OCTET_NO_VALUE;
        n->outputs = outputs;
        n->n_outputs = index + 1;
    }
    octet_mark_node(g, n);
    drop_output(g, n, index);
    return claim_output(g, n, index, value, diag);
}

void octet_edit_trim_outputs(octet_graph *g, octet_node_id node)
{
    octet_node *n = g->nodes[node];

    while (n->n_outputs > 0 && n->outputs[n->n_outputs - 1] == OCTET_NO_VALUE)
        n->n_outputs--;
    octet_mark_node(g, n);
}

/* ---- nodes */

static void lower(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
    }
}

/* The final name of a node, entered into both maps. */
static octet_status name_node(octet_graph *g, octet_node *n, const char *wanted, bool keep,
                              octet_diag *diag)
{
    octet_map *used = &g->model->node_names;
    char *by_type = NULL;

    if (wanted == NULL && !keep) {
        by_type = octet_arena_strdup(&g->model->arena, n->op_type);
        OCTET_TRY_ALLOC(diag, by_type);
        lower(by_type);
        wanted = by_type;
    }
    if (!keep)
        OCTET_TRY(octet_names_unique(g->model, used, wanted, &n->name, diag));
    else
        OCTET_TRY(copy_text(g->model, wanted, &n->name, diag));
    if (n->name[0] == '\0')
        return OCTET_OK;
    if (octet_map_get(used, n->name) == OCTET_MAP_NONE && !octet_map_set(used, n->name, 1))
        return octet_fail_nomem(diag);
    if (octet_map_get(&g->node_names, n->name) == OCTET_MAP_NONE &&
        !octet_map_set(&g->node_names, n->name, n->id))
        return octet_fail_nomem(diag);
    return OCTET_OK;
}

static octet_status connect(octet_graph *g, octet_node *n, const octet_node_desc *desc,
                            octet_diag *diag)
{
    n->outputs = NEW_ARRAY(g->model, octet_value_id, desc->n_outputs);
    OCTET_TRY_ALLOC(diag, n->outputs);
    for (n->n_outputs = 0; n->n_outputs < desc->n_outputs; n->n_outputs++)
        OCTET_TRY(claim_output(g, n, n->n_outputs, desc->outputs[n->n_outputs], diag));
    OCTET_TRY(extend_inputs(g, n, desc->n_inputs, diag));
    for (uint32_t i = 0; i < desc->n_inputs; i++) {
        octet_use use = {.kind = OCTET_USE_INPUT, .node = n->id, .index = i};

        if (desc->inputs[i] == OCTET_NO_VALUE)
            continue;
        assert(desc->inputs[i] < g->n_values);
        OCTET_TRY(octet_uses_add(g, desc->inputs[i], use, diag));
        n->inputs[i] = desc->inputs[i];
    }
    return OCTET_OK;
}

static octet_status describe(octet_graph *g, octet_node *n, const octet_node_desc *desc,
                             const char *stamp, octet_diag *diag)
{
    OCTET_TRY(copy_text(g->model, desc->op_type, &n->op_type, diag));
    OCTET_TRY(copy_domain(g, desc->domain, &n->domain, diag));
    n->overload = "";
    n->doc = "";
    if (desc->doc != NULL && desc->doc[0] != '\0')
        OCTET_TRY(copy_text(g->model, desc->doc, &n->doc, diag));
    if (stamp != NULL)
        OCTET_TRY(copy_text(g->model, stamp, &n->stamp, diag));
    OCTET_TRY(name_node(g, n, desc->name, desc->keep_name, diag));
    n->attrs = NEW_ARRAY(g->model, octet_attr, desc->n_attrs);
    OCTET_TRY_ALLOC(diag, n->attrs);
    for (; n->n_attrs < desc->n_attrs; n->n_attrs++)
        OCTET_TRY(
            octet_edit_copy_attr(g->model, &desc->attrs[n->n_attrs], &n->attrs[n->n_attrs], diag));
    return OCTET_OK;
}

octet_status octet_edit_add_node(octet_graph *g, const octet_node_desc *desc, const char *stamp,
                                 octet_node_id *out, octet_diag *diag)
{
    octet_node *n;

    if (g->n_nodes == OCTET_NO_NODE)
        return octet_fail(diag, OCTET_ERR_UNSUPPORTED, "graph '%s' has too many nodes", g->name);
    OCTET_GROW(diag, g, g->nodes, g->nodes_capacity, g->n_nodes + 1);
    OCTET_GROW(diag, g, g->order, g->order_capacity, g->n_order + 1);
    n = OCTET_ARENA_NEW(&g->model->arena, octet_node);
    OCTET_TRY_ALLOC(diag, n);
    n->id = g->n_nodes;
    g->nodes[g->n_nodes++] = n;
    g->order[g->n_order++] = n->id;
    n->name = n->op_type = n->domain = "";
    OCTET_TRY(describe(g, n, desc, stamp, diag));
    OCTET_TRY(connect(g, n, desc, diag));
    for (uint32_t i = 0; i < n->n_attrs; i++)
        OCTET_TRY(take_graphs(g, n, &n->attrs[i], diag));
    octet_mark_graph(g);
    if (out != NULL)
        *out = n->id;
    return OCTET_OK;
}

void octet_edit_remove_node(octet_graph *g, octet_node_id node)
{
    octet_node *n = g->nodes[node];

    if (n->removed)
        return;
    for (uint32_t i = 0; i < n->n_inputs; i++)
        drop_input(g, n, i);
    for (uint32_t i = 0; i < n->n_outputs; i++)
        drop_output(g, n, i);
    while (n->n_captures > 0)
        octet_uses_remove_capture(g, n, n->n_captures - 1);
    if (n->name[0] != '\0' && octet_map_get(&g->node_names, n->name) == node)
        octet_map_remove(&g->node_names, n->name);
    n->removed = true;
    octet_mark_graph(g);
}

octet_status octet_edit_set_op(octet_graph *g, octet_node_id node, const char *op_type,
                               const char *domain, octet_diag *diag)
{
    octet_node *n = g->nodes[node];

    OCTET_TRY(copy_text(g->model, op_type, &n->op_type, diag));
    OCTET_TRY(copy_domain(g, domain, &n->domain, diag));
    n->overload = "";
    n->op = NULL;
    octet_mark_node(g, n);
    return OCTET_OK;
}

octet_status octet_edit_set_node_name(octet_graph *g, octet_node_id node, const char *name,
                                      octet_diag *diag)
{
    octet_node *n = g->nodes[node];

    if (strcmp(n->name, name) == 0)
        return OCTET_OK;
    if (n->name[0] != '\0' && octet_map_get(&g->node_names, n->name) == node)
        octet_map_remove(&g->node_names, n->name);
    octet_mark_node(g, n);
    return name_node(g, n, name, false, diag);
}
