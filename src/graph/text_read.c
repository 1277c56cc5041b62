/* text_read.c: graphs from ONNX text
 * SPDX-License-Identifier: Apache-2.0
 *
 * All values of a graph are made before its nodes, so that a node may stand before what it reads
 * and subgraphs find what they capture; then the nodes are sorted.
 */
#include "graph/edit.h"
#include "graph/text_ast.h"

#include <string.h>

typedef struct builder {
    octet_lex *lex;
    octet_model *model;
    octet_diag *diag;
} builder;

static octet_status build_graph(builder *b, const octet_ast_graph *ast, octet_graph *parent,
                                octet_graph **out);

/* ---- values */

static octet_status declare(builder *b, octet_graph *g, octet_value_id id, const octet_type *type)
{
    octet_value *v = g->values[id];

    if (type->kind == OCTET_TYPE_UNKNOWN || v->outer != OCTET_NO_VALUE)
        return OCTET_OK;
    OCTET_TRY(octet_edit_set_type(g, id, type, b->diag));
    v->declared = true;
    v->type_changed = false;
    return OCTET_OK;
}

static octet_status add_named(builder *b, octet_graph *g, const octet_ast_name *name,
                              octet_value_id *out)
{
    return octet_lex_locate(b->lex, name->at,
                            octet_edit_add_named_value(g, name->text, out, b->diag));
}

static octet_status add_initializer(builder *b, octet_graph *g, const octet_ast_value *ast)
{
    octet_value_id id = octet_graph_find_value(g, ast->name.text);

    if (id != OCTET_NO_VALUE && g->values[id]->is_initializer)
        return OCTET_LEX_FAIL(b->lex, ast->name.at, OCTET_ERR_INVALID_MODEL,
                              "duplicate initializer '%s'", ast->name.text);
    if (id == OCTET_NO_VALUE)
        OCTET_TRY(add_named(b, g, &ast->name, &id));
    OCTET_TRY(octet_edit_make_initializer(g, id, ast->tensor, b->diag));
    g->values[id]->type_changed = false;
    return OCTET_OK;
}

static octet_status add_inputs(builder *b, octet_graph *g, const octet_ast_graph *ast)
{
    for (uint32_t i = 0; i < ast->inputs.count; i++) {
        octet_value_id id;

        OCTET_TRY(add_named(b, g, &ast->inputs.items[i].name, &id));
        OCTET_TRY(octet_edit_add_graph_input(g, id, b->diag));
        OCTET_TRY(declare(b, g, id, &ast->inputs.items[i].type));
    }
    return OCTET_OK;
}

static octet_status add_initializers(builder *b, octet_graph *g, const octet_ast_values *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->items[i].tensor != NULL)
            OCTET_TRY(add_initializer(b, g, &list->items[i]));
    }
    return OCTET_OK;
}

static octet_status add_node_outputs(builder *b, octet_graph *g, const octet_ast_node *node)
{
    for (uint32_t i = 0; i < node->outputs.count; i++) {
        octet_value_id id;

        if (node->outputs.items[i].text[0] != '\0')
            OCTET_TRY(add_named(b, g, &node->outputs.items[i], &id));
    }
    return OCTET_OK;
}

static octet_status add_values(builder *b, octet_graph *g, const octet_ast_graph *ast)
{
    OCTET_TRY(add_inputs(b, g, ast));
    OCTET_TRY(add_initializers(b, g, &ast->inputs));
    OCTET_TRY(add_initializers(b, g, &ast->entries));
    for (uint32_t i = 0; i < ast->nodes.count; i++)
        OCTET_TRY(add_node_outputs(b, g, &ast->nodes.items[i]));
    for (uint32_t i = 0; i < ast->entries.count; i++) {
        octet_value_id id = octet_graph_find_value(g, ast->entries.items[i].name.text);

        if (id != OCTET_NO_VALUE && ast->entries.items[i].tensor == NULL)
            OCTET_TRY(declare(b, g, id, &ast->entries.items[i].type));
    }
    return OCTET_OK;
}

static octet_status resolve(builder *b, octet_graph *g, const octet_ast_name *name,
                            octet_value_id *out)
{
    OCTET_TRY(octet_edit_resolve(g, name->text, out, b->diag));
    if (*out == OCTET_NO_VALUE)
        return OCTET_LEX_FAIL(b->lex, name->at, OCTET_ERR_INVALID_MODEL,
                              "'%s' is made by no node, input or initializer", name->text);
    return OCTET_OK;
}

static octet_status add_outputs(builder *b, octet_graph *g, const octet_ast_graph *ast)
{
    for (uint32_t i = 0; i < ast->outputs.count; i++) {
        octet_value_id id;

        OCTET_TRY(resolve(b, g, &ast->outputs.items[i].name, &id));
        OCTET_TRY(octet_edit_add_graph_output(g, id, b->diag));
        OCTET_TRY(declare(b, g, id, &ast->outputs.items[i].type));
    }
    return OCTET_OK;
}

/* ---- nodes */

static octet_status resolve_ids(builder *b, octet_graph *g, const octet_ast_names *names,
                                octet_value_id **out)
{
    octet_value_id *ids = OCTET_ARENA_ARRAY(b->lex->arena, octet_value_id, names->count);

    OCTET_TRY_ALLOC(b->diag, ids);
    for (uint32_t i = 0; i < names->count; i++) {
        ids[i] = OCTET_NO_VALUE;
        if (names->items[i].text[0] != '\0')
            OCTET_TRY(resolve(b, g, &names->items[i], &ids[i]));
    }
    *out = ids;
    return OCTET_OK;
}

/* g NULL: defaults of a function, which have no graphs. */
static octet_status build_attrs(builder *b, octet_graph *g, const octet_ast_attrs *list,
                                octet_attr **out)
{
    octet_attr *attrs = OCTET_ARENA_ARRAY(b->lex->arena, octet_attr, list->count);

    OCTET_TRY_ALLOC(b->diag, attrs);
    for (uint32_t i = 0; i < list->count; i++) {
        const octet_ast_attr *ast = &list->items[i];

        attrs[i] = ast->attr;
        if (ast->graphs == NULL)
            continue;
        attrs[i].graphs = OCTET_ARENA_ARRAY(b->lex->arena, octet_graph *, ast->attr.count);
        OCTET_TRY_ALLOC(b->diag, attrs[i].graphs);
        for (uint32_t j = 0; j < ast->attr.count; j++)
            OCTET_TRY(build_graph(b, ast->graphs[j], g, &attrs[i].graphs[j]));
    }
    *out = attrs;
    return OCTET_OK;
}

static octet_status build_node(builder *b, octet_graph *g, const octet_ast_node *ast)
{
    octet_node_desc desc = {.name = ast->name,
                            .op_type = ast->op_type,
                            .domain = ast->domain,
                            .n_inputs = ast->inputs.count,
                            .n_outputs = ast->outputs.count,
                            .n_attrs = ast->attrs.count,
                            .keep_name = true};
    octet_value_id *inputs, *outputs;
    octet_attr *attrs;
    octet_node_id id;

    OCTET_TRY(build_attrs(b, g, &ast->attrs, &attrs));
    OCTET_TRY(resolve_ids(b, g, &ast->inputs, &inputs));
    OCTET_TRY(resolve_ids(b, g, &ast->outputs, &outputs));
    desc.attrs = attrs;
    desc.inputs = inputs;
    desc.outputs = outputs;
    OCTET_TRY(octet_lex_locate(b->lex, ast->at, octet_edit_add_node(g, &desc, NULL, &id, b->diag)));
    if (ast->overload[0] == '\0')
        return OCTET_OK;
    g->nodes[id]->overload = octet_arena_strdup(&b->model->arena, ast->overload);
    OCTET_TRY_ALLOC(b->diag, g->nodes[id]->overload);
    return OCTET_OK;
}

/* ---- graphs, functions, the model */

static octet_status build_graph(builder *b, const octet_ast_graph *ast, octet_graph *parent,
                                octet_graph **out)
{
    octet_node_id owner = parent != NULL ? parent->n_nodes : OCTET_NO_NODE;

    if (octet_graph_create(b->model, parent, owner, ast->name, out) != OCTET_OK)
        return octet_fail_nomem(b->diag);
    OCTET_TRY(add_values(b, *out, ast));
    for (uint32_t i = 0; i < ast->nodes.count; i++)
        OCTET_TRY(build_node(b, *out, &ast->nodes.items[i]));
    return add_outputs(b, *out, ast);
}

static octet_status copy_text(builder *b, const char *text, const char **out)
{
    *out = octet_arena_strdup(&b->model->arena, text);
    OCTET_TRY_ALLOC(b->diag, *out);
    return OCTET_OK;
}

static octet_status copy_domain(builder *b, const char *text, const char **out)
{
    return copy_text(b, strcmp(text, "ai.onnx") == 0 ? "" : text, out);
}

static octet_status copy_opsets(builder *b, const octet_ast_opsets *list, octet_opset **out,
                                uint32_t *count)
{
    octet_opset *opsets = OCTET_ARENA_ARRAY(&b->model->arena, octet_opset, list->count);

    OCTET_TRY_ALLOC(b->diag, opsets);
    for (uint32_t i = 0; i < list->count; i++) {
        opsets[i].version = list->items[i].version;
        OCTET_TRY(copy_domain(b, list->items[i].domain, &opsets[i].domain));
    }
    *out = opsets;
    *count = list->count;
    return OCTET_OK;
}

static octet_status copy_parameters(builder *b, const octet_ast_function *ast, octet_function *f)
{
    const char **names = OCTET_ARENA_ARRAY(&b->model->arena, const char *, ast->attributes.count);
    octet_attr *defaults = OCTET_ARENA_ARRAY(&b->model->arena, octet_attr, ast->defaults.count);
    octet_attr *attrs;

    OCTET_TRY_ALLOC(b->diag, names);
    OCTET_TRY_ALLOC(b->diag, defaults);
    for (uint32_t i = 0; i < ast->attributes.count; i++)
        OCTET_TRY(copy_text(b, ast->attributes.items[i].text, &names[i]));
    OCTET_TRY(build_attrs(b, NULL, &ast->defaults, &attrs));
    for (uint32_t i = 0; i < ast->defaults.count; i++)
        OCTET_TRY(octet_edit_copy_attr(b->model, &attrs[i], &defaults[i], b->diag));
    f->attributes = names;
    f->n_attributes = ast->attributes.count;
    f->attribute_defaults = defaults;
    f->n_attribute_defaults = ast->defaults.count;
    return OCTET_OK;
}

static octet_status build_function(builder *b, const octet_ast_function *ast, octet_function *f)
{
    OCTET_TRY(copy_domain(b, ast->header.domain, &f->domain));
    OCTET_TRY(copy_text(b, ast->body.name, &f->name));
    OCTET_TRY(copy_text(b, ast->header.overload, &f->overload));
    OCTET_TRY(copy_opsets(b, &ast->header.opsets, &f->opsets, &f->n_opsets));
    OCTET_TRY(copy_parameters(b, ast, f));
    OCTET_TRY(build_graph(b, &ast->body, NULL, &f->body));
    OCTET_TRY(copy_text(b, ast->header.doc, &f->body->doc));
    OCTET_TRY(octet_graph_sort(f->body, b->diag));
    return octet_graph_verify(f->body, OCTET_ERR_INVALID_MODEL, b->diag);
}

static octet_status build_functions(builder *b, const octet_ast_functions *list)
{
    octet_model *model = b->model;

    model->functions = OCTET_ARENA_ARRAY(&model->arena, octet_function, list->count);
    OCTET_TRY_ALLOC(b->diag, model->functions);
    for (uint32_t i = 0; i < list->count; i++) {
        OCTET_TRY_NOTE(b->diag, build_function(b, &list->items[i], &model->functions[i]),
                       "function '%s'", list->items[i].body.name);
        model->n_functions++;
    }
    return OCTET_OK;
}

static octet_status copy_header(builder *b, const octet_ast_header *h)
{
    octet_model *m = b->model;

    m->ir_version = h->ir_version;
    m->model_version = h->model_version;
    OCTET_TRY(copy_text(b, h->producer_name, &m->producer_name));
    OCTET_TRY(copy_text(b, h->producer_version, &m->producer_version));
    OCTET_TRY(copy_text(b, h->domain, &m->domain));
    OCTET_TRY(copy_text(b, h->doc, &m->doc));
    m->metadata = OCTET_ARENA_ARRAY(&m->arena, octet_metadata, h->metadata.count);
    OCTET_TRY_ALLOC(b->diag, m->metadata);
    for (; m->n_metadata < h->metadata.count; m->n_metadata++) {
        octet_metadata *entry = &m->metadata[m->n_metadata];

        OCTET_TRY(copy_text(b, h->metadata.items[m->n_metadata].key, &entry->key));
        OCTET_TRY(copy_text(b, h->metadata.items[m->n_metadata].value, &entry->value));
    }
    return copy_opsets(b, &h->opsets, &m->opsets, &m->n_opsets);
}

static octet_status build_model(builder *b, const octet_ast_model *ast)
{
    OCTET_TRY(copy_header(b, &ast->header));
    OCTET_TRY(build_graph(b, &ast->graph, NULL, &b->model->graph));
    OCTET_TRY(octet_graph_sort(b->model->graph, b->diag));
    OCTET_TRY(octet_graph_verify(b->model->graph, OCTET_ERR_INVALID_MODEL, b->diag));
    return build_functions(b, &ast->functions);
}

static octet_status read_model(octet_parser *p, octet_model *model)
{
    builder b = {.lex = &p->lex, .model = model, .diag = p->lex.diag};
    octet_ast_model ast;

    OCTET_TRY(octet_ast_read_model(p, &ast));
    return build_model(&b, &ast);
}

octet_status octet_text_read_model(octet_context *ctx, const char *text, size_t length,
                                   octet_model **out, octet_diag *diag)
{
    octet_arena scratch;
    octet_parser p = {.lex = {.text = text, .length = length, .arena = &scratch, .diag = diag},
                      .allocator = &ctx->allocator,
                      .limits = &ctx->limits};
    octet_status status;

    if (octet_model_create_empty(ctx, out) != OCTET_OK)
        return octet_fail_nomem(diag);
    octet_arena_init(&scratch, &ctx->allocator);
    p.payloads = &(*out)->arena;
    (*out)->loading = true;
    status = read_model(&p, *out);
    (*out)->loading = false;
    octet_arena_deinit(&scratch);
    if (status == OCTET_OK)
        return OCTET_OK;
    octet_model_destroy(*out);
    *out = NULL;
    return status;
}
