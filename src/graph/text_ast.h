/* text_ast.h: what a text says, before names are resolved
 * SPDX-License-Identifier: Apache-2.0
 *
 * A name may be used before the node that makes it is read, and in a subgraph it may then still
 * turn out to be local. So graphs are built from this form, not while reading. Everything lies in
 * the arena of the lexer, but for payloads, which lie in the model's.
 */
#ifndef OCTET_GRAPH_TEXT_AST_H
#define OCTET_GRAPH_TEXT_AST_H

#include "graph/text_lex.h"

typedef struct octet_ast_name {
    const char *text;
    size_t at; /* position in the text, for messages */
} octet_ast_name;

typedef struct octet_ast_names {
    octet_ast_name *items;
    uint32_t count, capacity;
} octet_ast_names;

typedef struct octet_ast_value {
    octet_ast_name name;
    octet_type type;      /* kind UNKNOWN: none was given */
    octet_tensor *tensor; /* it is an initializer */
} octet_ast_value;

typedef struct octet_ast_values {
    octet_ast_value *items;
    uint32_t count, capacity;
} octet_ast_values;

typedef struct octet_ast_attr {
    octet_attr attr;                 /* without graphs */
    struct octet_ast_graph **graphs; /* attr.count of them */
} octet_ast_attr;

typedef struct octet_ast_attrs {
    octet_ast_attr *items;
    uint32_t count, capacity;
} octet_ast_attrs;

typedef struct octet_ast_node {
    size_t at;
    const char *name, *domain, *op_type, *overload;
    octet_ast_names inputs, outputs; /* "" is left out */
    octet_ast_attrs attrs;
} octet_ast_node;

typedef struct octet_ast_nodes {
    octet_ast_node *items;
    uint32_t count, capacity;
} octet_ast_nodes;

typedef struct octet_ast_graph {
    const char *name;
    octet_ast_values inputs, outputs, entries; /* entries: initializers and value types */
    octet_ast_nodes nodes;
} octet_ast_graph;

typedef struct octet_ast_opsets {
    octet_opset *items;
    uint32_t count, capacity;
} octet_ast_opsets;

typedef struct octet_ast_pairs {
    octet_metadata *items;
    uint32_t count, capacity;
} octet_ast_pairs;

typedef struct octet_ast_header { /* of the model or a function */
    int64_t ir_version, model_version;
    const char *producer_name, *producer_version, *domain, *doc, *overload;
    octet_ast_opsets opsets;
    octet_ast_pairs metadata;
} octet_ast_header;

typedef struct octet_ast_function {
    octet_ast_header header;
    octet_ast_names attributes;
    octet_ast_attrs defaults;
    octet_ast_graph body;
} octet_ast_function;

typedef struct octet_ast_functions {
    octet_ast_function *items;
    uint32_t count, capacity;
} octet_ast_functions;

typedef struct octet_ast_model {
    octet_ast_header header;
    octet_ast_graph graph;
    octet_ast_functions functions;
} octet_ast_model;

typedef struct octet_parser {
    octet_lex lex;
    octet_arena *payloads;
    const octet_allocator *allocator;
    const octet_limits *limits;
    uint32_t depth, n_nodes;
} octet_parser;

/* Room for one more in a list; evaluates to a status. */
#define OCTET_AST_RESERVE(p, list)                                                                 \
    octet_ast_reserve((p), (void *)&(list)->items, &(list)->capacity, (list)->count + 1,           \
                      sizeof *(list)->items)
octet_status octet_ast_reserve(octet_parser *p, void *items, uint32_t *capacity, uint32_t need,
                               size_t size);

octet_status octet_ast_read_type(octet_parser *p, octet_type *out);
octet_status octet_ast_read_payload(octet_parser *p, const octet_type *type, size_t at,
                                    octet_tensor *out);
octet_status octet_ast_read_attr(octet_parser *p, octet_ast_attr *out);
octet_status octet_ast_read_graph(octet_parser *p, octet_ast_graph *out);
octet_status octet_ast_read_model(octet_parser *p, octet_ast_model *out);

/* One level of nesting more (less); refuses to pass the limit. */
octet_status octet_ast_enter(octet_parser *p);
void octet_ast_leave(octet_parser *p);

octet_status octet_ast_build(octet_lex *lex, const octet_ast_model *ast, octet_model *model);

#endif
