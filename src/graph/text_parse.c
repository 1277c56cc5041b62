/* text_parse.c: model, graphs, functions and nodes of the text syntax
 * SPDX-License-Identifier: Apache-2.0
 *
 * The grammar is that of onnx.parser, function for function.
 */
#include "graph/text_ast.h"

#include <string.h>

octet_status octet_ast_reserve(octet_parser *p, void *items, uint32_t *capacity, uint32_t need,
                               size_t size)
{
    void *array;

    memcpy(&array, items, sizeof array); /* items is the address of a typed pointer */
    if (!octet_arena_grow(p->lex.arena, &array, capacity, need, size))
        return octet_fail_nomem(p->lex.diag);
    memcpy(items, &array, sizeof array);
    return OCTET_OK;
}

octet_status octet_ast_enter(octet_parser *p)
{
    if (p->depth >= p->limits->max_depth)
        return OCTET_LEX_FAIL(&p->lex, p->lex.at, OCTET_ERR_INVALID_MODEL,
                              "nested deeper than %u levels", (unsigned)p->limits->max_depth);
    p->depth++;
    return OCTET_OK;
}

void octet_ast_leave(octet_parser *p)
{
    p->depth--;
}

/* ---- names */

static octet_status add_name(octet_parser *p, octet_ast_names *list, const char *text, size_t at)
{
    OCTET_TRY(OCTET_AST_RESERVE(p, list));
    list->items[list->count++] = (octet_ast_name){text, at};
    return OCTET_OK;
}

/* An entry may be empty if a comma follows: (,x) has two, (x,) one. */
static octet_status read_ids(octet_parser *p, octet_ast_names *list)
{
    octet_lex *lex = &p->lex;

    do {
        const char *name = "";
        int next = octet_lex_peek(lex);
        size_t at = lex->at;

        if (next == '"' || octet_lex_at_word(lex))
            OCTET_TRY(octet_lex_name(lex, &name));
        else if (next != ',')
            return OCTET_OK;
        OCTET_TRY(add_name(p, list, name, at));
    } while (octet_lex_match(lex, ','));
    return OCTET_OK;
}

/* ---- nodes */

static octet_status read_attrs(octet_parser *p, octet_ast_attrs *list)
{
    if (!octet_lex_match(&p->lex, '<'))
        return OCTET_OK;
    do {
        octet_ast_attr attr;

        OCTET_TRY(octet_ast_read_attr(p, &attr));
        OCTET_TRY(OCTET_AST_RESERVE(p, list));
        list->items[list->count++] = attr;
    } while (octet_lex_match(&p->lex, ','));
    return octet_lex_expect(&p->lex, '>');
}

/* com.microsoft.QLinearAdd:overload */
static octet_status read_operator(octet_parser *p, octet_ast_node *node)
{
    octet_lex *lex = &p->lex;

    OCTET_TRY(octet_lex_word(lex, &node->op_type));
    while (octet_lex_match(lex, '.')) {
        const char *dot = node->domain[0] != '\0' ? "." : "";

        node->domain = octet_arena_printf(lex->arena, "%s%s%s", node->domain, dot, node->op_type);
        OCTET_TRY_ALLOC(lex->diag, node->domain);
        OCTET_TRY(octet_lex_word(lex, &node->op_type));
    }
    return octet_lex_match(lex, ':') ? octet_lex_word(lex, &node->overload) : OCTET_OK;
}

static octet_status read_node(octet_parser *p, octet_ast_node *node)
{
    octet_lex *lex = &p->lex;

    octet_lex_peek(lex);
    *node = (octet_ast_node){.at = lex->at, .name = "", .domain = "", .overload = ""};
    if (p->n_nodes++ >= p->limits->max_nodes)
        return OCTET_LEX_FAIL(lex, node->at, OCTET_ERR_INVALID_MODEL, "more than %u nodes",
                              (unsigned)p->limits->max_nodes);
    if (octet_lex_match(lex, '[')) {
        if (octet_lex_peek(lex) != ']')
            OCTET_TRY(octet_lex_name(lex, &node->name));
        OCTET_TRY(octet_lex_expect(lex, ']'));
    }
    OCTET_TRY(read_ids(p, &node->outputs));
    OCTET_TRY(octet_lex_expect(lex, '='));
    OCTET_TRY(read_operator(p, node));
    OCTET_TRY(read_attrs(p, &node->attrs));
    OCTET_TRY(octet_lex_expect(lex, '('));
    OCTET_TRY(read_ids(p, &node->inputs));
    OCTET_TRY(octet_lex_expect(lex, ')'));
    return node->attrs.count == 0 ? read_attrs(p, &node->attrs) : OCTET_OK;
}

static octet_status read_nodes(octet_parser *p, octet_ast_nodes *list)
{
    OCTET_TRY(octet_lex_expect(&p->lex, '{'));
    while (!octet_lex_match(&p->lex, '}')) {
        octet_ast_node node;

        OCTET_TRY(read_node(p, &node));
        OCTET_TRY(OCTET_AST_RESERVE(p, list));
        list->items[list->count++] = node;
    }
    return OCTET_OK;
}

/* ---- values */

/* [type] name [= payload] */
static octet_status read_value(octet_parser *p, bool initializers, octet_ast_value *out)
{
    octet_lex *lex = &p->lex;
    size_t at;

    *out = (octet_ast_value){.type = {.rank = -1}};
    octet_lex_peek(lex);
    at = lex->at;
    if (octet_lex_at_type(lex))
        OCTET_TRY(octet_ast_read_type(p, &out->type));
    octet_lex_peek(lex);
    out->name.at = lex->at;
    OCTET_TRY(octet_lex_name(lex, &out->name.text));
    if (out->name.text[0] == '\0')
        return OCTET_LEX_FAIL(lex, out->name.at, OCTET_ERR_INVALID_MODEL, "a value has no name");
    if (!initializers || !octet_lex_match(lex, '='))
        return OCTET_OK;
    out->tensor = OCTET_ARENA_NEW(lex->arena, octet_tensor);
    OCTET_TRY_ALLOC(lex->diag, out->tensor);
    return octet_ast_read_payload(p, &out->type, at, out->tensor);
}

static octet_status read_values(octet_parser *p, char open, char close, bool initializers,
                                octet_ast_values *list)
{
    OCTET_TRY(octet_lex_expect(&p->lex, open));
    if (octet_lex_match(&p->lex, close))
        return OCTET_OK;
    do {
        octet_ast_value value;

        OCTET_TRY(read_value(p, initializers, &value));
        OCTET_TRY(OCTET_AST_RESERVE(p, list));
        list->items[list->count++] = value;
    } while (octet_lex_match(&p->lex, ','));
    return octet_lex_expect(&p->lex, close);
}

/* ---- graphs */

/* (inputs) => (outputs) <entries> { nodes }: graphs may have initializers, functions not. */
static octet_status read_body(octet_parser *p, bool is_graph, octet_ast_graph *out)
{
    octet_lex *lex = &p->lex;

    if (octet_lex_peek(lex) == '(' || !is_graph)
        OCTET_TRY(read_values(p, '(', ')', is_graph, &out->inputs));
    OCTET_TRY(octet_lex_expect(lex, '='));
    OCTET_TRY(octet_lex_expect_here(lex, '>'));
    OCTET_TRY(read_values(p, '(', ')', false, &out->outputs));
    if (octet_lex_peek(lex) == '<')
        OCTET_TRY(read_values(p, '<', '>', is_graph, &out->entries));
    return read_nodes(p, &out->nodes);
}

octet_status octet_ast_read_graph(octet_parser *p, octet_ast_graph *out)
{
    *out = (octet_ast_graph){0};
    OCTET_TRY(octet_ast_enter(p));
    OCTET_TRY(octet_lex_name(&p->lex, &out->name));
    OCTET_TRY(read_body(p, true, out));
    octet_ast_leave(p);
    return OCTET_OK;
}

/* ---- headers */

static octet_status read_opsets(octet_parser *p, octet_ast_opsets *list)
{
    octet_lex *lex = &p->lex;

    OCTET_TRY(octet_lex_expect(lex, '['));
    if (octet_lex_match(lex, ']'))
        return OCTET_OK;
    do {
        octet_opset opset;

        OCTET_TRY(octet_lex_plain_string(lex, &opset.domain));
        OCTET_TRY(octet_lex_expect(lex, ':'));
        OCTET_TRY(octet_lex_i64(lex, &opset.version));
        OCTET_TRY(OCTET_AST_RESERVE(p, list));
        list->items[list->count++] = opset;
    } while (octet_lex_match(lex, ','));
    return octet_lex_expect(lex, ']');
}

static octet_status read_metadata(octet_parser *p, octet_ast_pairs *list)
{
    octet_lex *lex = &p->lex;

    OCTET_TRY(octet_lex_expect(lex, '['));
    if (octet_lex_match(lex, ']'))
        return OCTET_OK;
    do {
        octet_metadata pair;

        OCTET_TRY(octet_lex_plain_string(lex, &pair.key));
        OCTET_TRY(octet_lex_expect(lex, ':'));
        OCTET_TRY(octet_lex_plain_string(lex, &pair.value));
        OCTET_TRY(OCTET_AST_RESERVE(p, list));
        list->items[list->count++] = pair;
    } while (octet_lex_match(lex, ','));
    return octet_lex_expect(lex, ']');
}

enum { IN_MODEL = 1, IN_FUNCTION = 2 };

/* One line `key: value` of a header. */
static octet_status read_entry(octet_parser *p, unsigned where, octet_ast_header *h)
{
    const struct {
        const char *key;
        unsigned where;
        const char **text;
        int64_t *number;
    } entries[] = {
        {"ir_version", IN_MODEL, NULL, &h->ir_version},
        {"model_version", IN_MODEL, NULL, &h->model_version},
        {"producer_name", IN_MODEL, &h->producer_name, NULL},
        {"producer_version", IN_MODEL, &h->producer_version, NULL},
        {"domain", IN_MODEL | IN_FUNCTION, &h->domain, NULL},
        {"doc_string", IN_MODEL | IN_FUNCTION, &h->doc, NULL},
        {"overload", IN_FUNCTION, &h->overload, NULL},
    };
    octet_lex *lex = &p->lex;
    const char *key;
    size_t at;

    octet_lex_peek(lex);
    at = lex->at;
    OCTET_TRY(octet_lex_word(lex, &key));
    OCTET_TRY(octet_lex_expect(lex, ':'));
    if (strcmp(key, "opset_import") == 0)
        return read_opsets(p, &h->opsets);
    if (strcmp(key, "metadata_props") == 0 && where == IN_MODEL)
        return read_metadata(p, &h->metadata);
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        if (strcmp(key, entries[i].key) != 0 || (entries[i].where & where) == 0)
            continue;
        if (entries[i].number != NULL)
            return octet_lex_i64(lex, entries[i].number);
        return octet_lex_plain_string(lex, entries[i].text);
    }
    return OCTET_LEX_FAIL(lex, at, OCTET_ERR_MALFORMED, "unknown key '%s'", key);
}

static octet_status read_header(octet_parser *p, unsigned where, octet_ast_header *h)
{
    *h = (octet_ast_header){
        .producer_name = "", .producer_version = "", .domain = "", .doc = "", .overload = ""};
    if (!octet_lex_match(&p->lex, '<'))
        return OCTET_OK;
    do
        OCTET_TRY(read_entry(p, where, h));
    while (octet_lex_match(&p->lex, ','));
    return octet_lex_expect(&p->lex, '>');
}

/* ---- functions */

/* <alpha, axis: int = 1> */
static octet_status read_parameters(octet_parser *p, octet_ast_function *f)
{
    octet_lex *lex = &p->lex;

    if (!octet_lex_match(lex, '<'))
        return OCTET_OK;
    do {
        octet_ast_attr attr;
        const char *name;
        size_t at;
        int next;

        octet_lex_peek(lex);
        at = lex->at;
        OCTET_TRY(octet_lex_name(lex, &name));
        next = octet_lex_peek(lex);
        if (next != ':' && next != '=') {
            OCTET_TRY(add_name(p, &f->attributes, name, at));
            continue;
        }
        lex->at = at;
        OCTET_TRY(octet_ast_read_attr(p, &attr));
        if (attr.graphs != NULL)
            return OCTET_LEX_FAIL(lex, at, OCTET_ERR_UNSUPPORTED,
                                  "a graph as default of a function attribute");
        OCTET_TRY(OCTET_AST_RESERVE(p, &f->defaults));
        f->defaults.items[f->defaults.count++] = attr;
    } while (octet_lex_match(lex, ','));
    return octet_lex_expect(lex, '>');
}

static octet_status read_function(octet_parser *p, octet_ast_function *f)
{
    *f = (octet_ast_function){0};
    OCTET_TRY(read_header(p, IN_FUNCTION, &f->header));
    OCTET_TRY(octet_lex_name(&p->lex, &f->body.name));
    OCTET_TRY(read_parameters(p, f));
    return read_body(p, false, &f->body);
}

octet_status octet_ast_read_model(octet_parser *p, octet_ast_model *out)
{
    *out = (octet_ast_model){0};
    OCTET_TRY(read_header(p, IN_MODEL, &out->header));
    OCTET_TRY(octet_ast_read_graph(p, &out->graph));
    while (octet_lex_peek(&p->lex) >= 0) {
        octet_ast_function function;

        OCTET_TRY(read_function(p, &function));
        OCTET_TRY(OCTET_AST_RESERVE(p, &out->functions));
        out->functions.items[out->functions.count++] = function;
    }
    return OCTET_OK;
}
