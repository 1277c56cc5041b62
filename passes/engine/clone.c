/* clone.c: copies of nodes and subgraphs in another graph
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/clone.h"

octet_status octet_clone_init(octet_clone *c)
{
    c->map = OCTET_ARENA_ARRAY(c->scratch, octet_value_id, (size_t)c->from->n_values + 1);
    OCTET_TRY_ALLOC(c->diag, c->map);
    for (uint32_t i = 0; i < c->from->n_values; i++)
        c->map[i] = OCTET_CLONE_NEW;
    return OCTET_OK;
}

static char *prefixed(const octet_clone *c, const char *name)
{
    return octet_arena_printf(c->scratch, "%s/%s", c->prefix, name);
}

octet_status octet_clone_value(octet_clone *c, octet_value_id id, octet_value_id *out)
{
    const octet_value *v;

    *out = OCTET_NO_VALUE;
    if (id == OCTET_NO_VALUE)
        return OCTET_OK;
    v = octet_graph_value(c->from, id);
    if (c->map[id] == OCTET_CLONE_NEW) {
        char *name = prefixed(c, v->name);
        bool typed = v->type.kind == OCTET_TYPE_TENSOR;

        OCTET_TRY_ALLOC(c->diag, name);
        OCTET_TRY(octet_edit_add_value(c->to, name, typed ? &v->type : NULL, &c->map[id], c->diag));
    }
    *out = c->map[id];
    return OCTET_OK;
}

static octet_status values(octet_clone *c, const octet_value_id *ids, uint32_t n,
                           octet_value_id **out)
{
    *out = OCTET_ARENA_ARRAY(c->scratch, octet_value_id, (size_t)n + 1);
    OCTET_TRY_ALLOC(c->diag, *out);
    for (uint32_t i = 0; i < n; i++)
        OCTET_TRY(octet_clone_value(c, ids[i], &(*out)[i]));
    return OCTET_OK;
}

/* ---- subgraphs */

static octet_status initializer(octet_clone *c, octet_value_id id)
{
    const octet_value *v = octet_graph_value(c->from, id);
    octet_value_id copy;

    OCTET_TRY(octet_clone_value(c, id, &copy));
    OCTET_TRY(octet_edit_make_initializer(c->to, copy, v->constant, c->diag));
    octet_graph_value(c->to, copy)->init_origin = v->init_origin;
    return OCTET_OK;
}

octet_status octet_clone_initializers(octet_clone *c)
{
    for (uint32_t i = 0; i < c->from->n_initializers; i++)
        OCTET_TRY(initializer(c, c->from->initializers[i]));
    return OCTET_OK;
}

/* Values of the graph around become captures of their copies there. */
static octet_status captures(octet_clone *c, octet_clone *around)
{
    for (uint32_t i = 0; i < c->from->n_values; i++) {
        octet_value_id outer = c->from->values[i]->outer, copy;

        if (outer == OCTET_NO_VALUE)
            continue;
        OCTET_TRY(octet_clone_value(around, outer, &copy));
        c->map[i] = OCTET_NO_VALUE;
        if (copy != OCTET_NO_VALUE)
            OCTET_TRY(octet_edit_capture(c->to, copy, &c->map[i], c->diag));
    }
    return OCTET_OK;
}

static octet_status interface(octet_clone *c)
{
    octet_value_id copy;

    for (uint32_t i = 0; i < c->from->n_inputs; i++) {
        OCTET_TRY(octet_clone_value(c, c->from->inputs[i], &copy));
        OCTET_TRY(octet_edit_add_graph_input(c->to, copy, c->diag));
    }
    return octet_clone_initializers(c);
}

static octet_status outputs(octet_clone *c)
{
    octet_value_id copy;

    for (uint32_t i = 0; i < c->from->n_outputs; i++) {
        OCTET_TRY(octet_clone_value(c, c->from->outputs[i], &copy));
        if (copy == OCTET_NO_VALUE)
            return octet_fail(c->diag, OCTET_ERR_INVALID_MODEL,
                              "output of a subgraph is an input that was left out");
        OCTET_TRY(octet_edit_add_graph_output(c->to, copy, c->diag));
    }
    return OCTET_OK;
}

static octet_status subgraph(octet_clone *around, octet_graph *from, octet_node_id owner,
                             octet_graph **out)
{
    octet_clone c = *around;

    OCTET_TRY(octet_graph_create(around->to->model, around->to, owner, from->name, out));
    c.from = from;
    c.to = *out;
    OCTET_TRY(octet_clone_init(&c));
    OCTET_TRY(captures(&c, around));
    OCTET_TRY(interface(&c));
    OCTET_TRY(octet_clone_nodes(&c));
    return outputs(&c);
}

/* ---- nodes */

static octet_status graph_attr(octet_clone *c, const octet_attr *attr, octet_node_id owner)
{
    octet_attr copy = *attr;

    copy.origin = NULL;
    copy.graphs = OCTET_ARENA_ARRAY(c->scratch, octet_graph *, (size_t)attr->count + 1);
    OCTET_TRY_ALLOC(c->diag, copy.graphs);
    for (uint32_t i = 0; i < attr->count; i++)
        OCTET_TRY(subgraph(c, attr->graphs[i], owner, &copy.graphs[i]));
    return octet_edit_set_attr(c->to, owner, &copy, c->diag);
}

/* A reference becomes what it stands for, under the name it has here. */
static octet_status attribute(octet_clone *c, const octet_attr *attr, octet_node_id owner)
{
    const octet_attr *bound = attr;
    octet_attr copy;

    if (attr->reference != NULL)
        bound = c->bind == NULL ? NULL : c->bind(c->bind_user, attr->reference);
    if (bound == NULL)
        return OCTET_OK;
    if (bound->graphs != NULL && bound == attr)
        return graph_attr(c, attr, owner);
    if (bound->graphs != NULL)
        return octet_fail(c->diag, OCTET_ERR_UNSUPPORTED,
                          "graphs as parameters of functions are not supported");
    copy = *bound;
    copy.name = attr->name;
    return octet_edit_set_attr(c->to, owner, &copy, c->diag);
}

static octet_status node(octet_clone *c, const octet_node *n)
{
    octet_value_id *in, *out;
    octet_node_id id;
    uint32_t limit = c->to->model->ctx->limits.max_nodes;
    char *name = prefixed(c, n->name[0] != '\0' ? n->name : n->op_type);

    OCTET_TRY_ALLOC(c->diag, name);
    if (++*c->made > limit && limit > 0)
        return octet_fail(c->diag, OCTET_ERR_UNSUPPORTED, "more than %u nodes", limit);
    OCTET_TRY(values(c, n->inputs, n->n_inputs, &in));
    OCTET_TRY(values(c, n->outputs, n->n_outputs, &out));
    octet_node_desc desc = {
        .name = name,
        .op_type = n->op_type,
        .domain = n->domain,
        .inputs = in,
        .n_inputs = n->n_inputs,
        .outputs = out,
        .n_outputs = n->n_outputs,
        .doc = n->doc,
    };
    OCTET_TRY(octet_edit_add_node(c->to, &desc, c->stamp, &id, c->diag));
    octet_graph_node(c->to, id)->overload = n->overload;
    for (uint32_t i = 0; i < n->n_attrs; i++)
        OCTET_TRY(attribute(c, &n->attrs[i], id));
    return OCTET_OK;
}

octet_status octet_clone_nodes(octet_clone *c)
{
    const octet_node *n;

    OCTET_FOR_EACH_NODE(c->from, n)
    {
        OCTET_TRY(node(c, n));
    }
    return OCTET_OK;
}
