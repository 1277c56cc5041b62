/* graph.h: the graph IR
 * SPDX-License-Identifier: Apache-2.0
 *
 * A model owns a tree of graphs; all of them live in the model's arena. Nodes and values are named
 * by ids (indices into their graph's tables) that stay valid for the life of the graph; pointers to
 * them are stable too. Reading is free for everybody; changing goes through edit.h alone, which
 * keeps uses, captures and names consistent.
 */
#ifndef OCTET_GRAPH_GRAPH_H
#define OCTET_GRAPH_GRAPH_H

#include "base/arena.h"
#include "base/context.h"
#include "base/file.h"
#include "base/map.h"
#include "tensor/tensor.h"

typedef uint32_t octet_node_id;
typedef uint32_t octet_value_id;
#define OCTET_NO_NODE UINT32_MAX
#define OCTET_NO_VALUE UINT32_MAX

typedef struct octet_graph octet_graph;
typedef struct octet_model octet_model;
struct octet_op; /* src/ops/op.h */

/* ---- types */

typedef enum octet_type_kind {
    OCTET_TYPE_UNKNOWN, /* nothing is known */
    OCTET_TYPE_TENSOR,
    OCTET_TYPE_OTHER, /* sparse tensor, sequence, map, optional, opaque: carried by origin */
} octet_type_kind;

/* size >= 0: known. size -1: unknown; then symbol may name it ("batch"), equal symbols within a
 * model are equal sizes. A symbol is never replaced by the size one sample happens to have. */
typedef struct octet_dim {
    int64_t size;
    const char *symbol;
} octet_dim;

typedef struct octet_type {
    octet_type_kind kind;
    octet_dtype dtype; /* UNDEFINED: unknown */
    int32_t rank;      /* -1: unknown */
    const octet_dim *dims;
} octet_type;

/* ---- attributes */

typedef enum octet_attr_kind { /* values of AttributeProto.AttributeType */
                               OCTET_ATTR_UNDEFINED = 0,
                               OCTET_ATTR_FLOAT = 1,
                               OCTET_ATTR_INT = 2,
                               OCTET_ATTR_STRING = 3,
                               OCTET_ATTR_TENSOR = 4,
                               OCTET_ATTR_GRAPH = 5,
                               OCTET_ATTR_FLOATS = 6,
                               OCTET_ATTR_INTS = 7,
                               OCTET_ATTR_STRINGS = 8,
                               OCTET_ATTR_TENSORS = 9,
                               OCTET_ATTR_GRAPHS = 10,
                               OCTET_ATTR_SPARSE_TENSOR = 11,
                               OCTET_ATTR_SPARSE_TENSORS = 12,
                               OCTET_ATTR_TYPE_PROTO = 13,
                               OCTET_ATTR_TYPE_PROTOS = 14,
} octet_attr_kind;

typedef struct octet_attr {
    const char *name;
    octet_attr_kind kind;  /* kinds 11–14 and TENSORS/TYPE_PROTO*: only origin is set */
    const char *reference; /* ref_attr_name inside a function body, else NULL */
    uint32_t count;        /* of floats, ints, strings, graphs */
    float f;
    int64_t i;
    const char *s; /* NUL-terminated copy; s_length is authoritative */
    size_t s_length;
    const float *floats;
    const int64_t *ints;
    const char *const *strings;
    const octet_tensor *tensor;
    octet_graph **graphs; /* GRAPH has count 1 */
    const void *origin;   /* the AttributeProto it was read from, or NULL */
} octet_attr;

/* ---- nodes, values */

typedef enum octet_use_kind {
    OCTET_USE_INPUT,   /* input `index` of `node` */
    OCTET_USE_OUTPUT,  /* output `index` of the graph; node is OCTET_NO_NODE */
    OCTET_USE_CAPTURE, /* captures[index] of `node`: a subgraph of node reads the value */
} octet_use_kind;

typedef struct octet_use {
    octet_use_kind kind;
    octet_node_id node;
    uint32_t index;
} octet_use;

typedef struct octet_node {
    octet_node_id id;
    bool removed;                 /* tombstone */
    bool changed;                 /* differs from origin: the writer must build it anew */
    const char *name;             /* never NULL; "" when the file gives none */
    const char *op_type, *domain; /* domain "" is ai.onnx ("ai.onnx" is canonicalised) */
    const char *overload, *doc;   /* "" when absent */
    octet_value_id *inputs;       /* OCTET_NO_VALUE: optional input left out */
    octet_value_id *outputs;      /* OCTET_NO_VALUE: optional output left out */
    octet_attr *attrs;
    octet_value_id *captures; /* values of this graph that the node's subgraphs read; unique */
    uint32_t n_inputs, n_outputs, n_attrs, n_captures;
    uint32_t captures_capacity;
    uint32_t *input_slots, *capture_slots; /* where each use stands in its value's uses; edit.h */
    const struct octet_op *op; /* descriptor for the model's opset, NULL if there is none */
    const char *stamp;         /* pass that made it, NULL if it came from the file */
    const void *origin;        /* NodeProto, read by src/onnx only */
} octet_node;

typedef struct octet_value {
    octet_value_id id;
    const char *name; /* unique in its graph; never NULL; an outer value has its parent's */
    octet_type type;
    bool is_input;       /* listed in graph inputs (an initializer may be, in old models) */
    bool is_initializer; /* constant is set, or it is a string / sparse initializer with origin only
                          */
    bool declared;       /* its type stands in the file (input, output, value_info) */
    bool type_changed;   /* differs from type_origin */
    octet_node_id producer; /* OCTET_NO_NODE for inputs, initializers, outer values */
    uint32_t producer_output;
    octet_value_id outer; /* in a subgraph: the parent graph's value it stands for; else NO_VALUE */
    const octet_tensor *constant; /* payload of an initializer; its data may be unaligned */
    octet_use *uses;
    uint32_t n_uses, uses_capacity;
    uint32_t n_output_uses;  /* how many of them are graph outputs */
    const void *type_origin; /* ValueInfoProto */
    const void *init_origin; /* TensorProto or SparseTensorProto */
} octet_value;

struct octet_graph {
    octet_model *model;
    octet_graph *parent; /* NULL for the main graph and function bodies */
    octet_node_id owner; /* in parent */
    const char *name, *doc;
    octet_node **nodes; /* by id, tombstones included */
    octet_value **values;
    uint32_t n_nodes, nodes_capacity, n_values, values_capacity;
    octet_node_id *order; /* how nodes are written and run: read it with OCTET_FOR_EACH_NODE, it may
                             hold tombstones until the next octet_graph_sort */
    uint32_t n_order, order_capacity;
    octet_value_id *inputs, *outputs;
    uint32_t n_inputs, n_outputs, inputs_capacity, outputs_capacity, output_slots_capacity;
    uint32_t *output_slots;       /* as input_slots of a node */
    octet_value_id *initializers; /* live ones in file order, then in order of making */
    uint32_t n_initializers, initializers_capacity;
    octet_map names;      /* value name -> id */
    octet_map node_names; /* node name -> id, non-empty names, first one wins */
    const void *origin;   /* GraphProto */
    octet_graph *next;    /* in the model's list of all graphs */
    uint32_t number;      /* in order of making, for side tables by graph */
};

typedef struct octet_opset {
    const char *domain;
    int64_t version;
} octet_opset;

typedef struct octet_function { /* model-local function */
    const char *domain, *name, *overload;
    octet_graph *body; /* inputs and outputs are formal parameters; attributes use `reference` */
    const char *const *attributes; /* names of attribute parameters without default */
    uint32_t n_attributes;
    const octet_attr *attribute_defaults;
    uint32_t n_attribute_defaults;
    octet_opset *opsets;
    uint32_t n_opsets;
    bool removed;
    const void *origin; /* FunctionProto */
} octet_function;

typedef struct octet_metadata {
    const char *key, *value;
} octet_metadata;

struct octet_model {
    octet_context *ctx;
    octet_arena arena; /* everything of the IR */
    int64_t ir_version;
    const char *producer_name, *producer_version, *domain, *doc;
    int64_t model_version;
    octet_opset *opsets;
    uint32_t n_opsets;
    octet_metadata *metadata; /* added ones; the file's own are carried by origin */
    uint32_t n_metadata;
    octet_function *functions;
    uint32_t n_functions;
    octet_graph *graph;
    octet_graph *graphs; /* every graph ever made, newest first, for destroy */
    uint32_t n_graphs;
    /* Every value (node) name of any graph, with the suffix to try next when it is wanted again:
     * new names collide neither with ancestors' nor with subgraphs' and are found in constant time.
     */
    octet_map value_names, node_names;
    bool loading;        /* set by readers while they build: changes are not marked on nodes */
    uint64_t file_bytes; /* size of the model file and its external data */
    const void *origin;  /* ModelProto; src/onnx */
    void (*origin_destroy)(octet_model *model); /* set by the loader */
    void *loaded;                               /* loader's state: maps, load arena */
    /* Set by the loader: the memory of these pages, if a file's, is not needed now. */
    void (*forget)(octet_model *model, const void *data, size_t bytes);
};

/* An empty model (no graph). */
octet_status octet_model_create_empty(octet_context *ctx, octet_model **out);
OCTET_API void octet_model_destroy(octet_model *model); /* NULL is fine; as in octet/model.h */
octet_status octet_graph_create(octet_model *model, octet_graph *parent, octet_node_id owner,
                                const char *name, octet_graph **out);

static inline octet_node *octet_graph_node(const octet_graph *g, octet_node_id id)
{
    return g->nodes[id];
}
static inline octet_value *octet_graph_value(const octet_graph *g, octet_value_id id)
{
    return g->values[id];
}

/* for (each live node of g in order): `n` is an octet_node * variable. The body may remove nodes;
 * nodes it adds are not visited. It must not sort. */
#define OCTET_FOR_EACH_NODE(g, n)                                                                  \
    for (uint32_t n##_at_ = 0, n##_end_ = (g)->n_order;                                            \
         ((n) = octet_graph_next_node((g), &n##_at_, n##_end_)) != NULL;)

static inline octet_node *octet_graph_next_node(const octet_graph *g, uint32_t *at, uint32_t end)
{
    while (*at < end) {
        octet_node *n = g->nodes[g->order[(*at)++]];
        if (!n->removed)
            return n;
    }
    return NULL;
}

/* Subgraphs of a node in attribute order:
 *     octet_subgraphs it = {0};
 *     while ((sub = octet_node_next_subgraph(n, &it)) != NULL) */
typedef struct octet_subgraphs {
    uint32_t attr, index;
} octet_subgraphs;
octet_graph *octet_node_next_subgraph(const octet_node *n, octet_subgraphs *it);

/* Value of input/output `index`, NULL when left out or beyond the list. */
octet_value *octet_node_input(const octet_graph *g, const octet_node *n, uint32_t index);
octet_value *octet_node_output(const octet_graph *g, const octet_node *n, uint32_t index);
octet_value_id octet_graph_find_value(const octet_graph *g, const char *name); /* or NO_VALUE */
octet_node_id octet_graph_find_node(const octet_graph *g, const char *name);
octet_node *octet_value_producer(const octet_graph *g, const octet_value *v); /* or NULL */

/* Version of a domain in the model's imports, 0 if it is not imported. */
int64_t octet_model_opset(const octet_model *model, const char *domain);

/* The initializer behind a value: looks through outer captures to the graph that holds it. NULL if
 * the value is not an initializer with a payload, or is also a graph input that a caller may
 * override (IR version >= 4). */
const octet_tensor *octet_value_constant(const octet_graph *g, octet_value_id id);
/* The same with data aligned for its element type and never NULL: an unaligned file slice is copied
 * into the model's arena once. Not thread-safe. */
octet_status octet_value_constant_aligned(octet_graph *g, octet_value_id id,
                                          const octet_tensor **out, octet_diag *diag);

/* A constant's elements for a short while: aligned, in a copy of their own where the file's slice
 * is not. Closing gives the copy and the file's pages back; what is read again later comes from the
 * file. tensor.data is NULL for a value that is not constant. */
typedef struct octet_constant_view {
    octet_tensor tensor;
    void *copy;
} octet_constant_view;

octet_status octet_constant_open(const octet_graph *g, octet_value_id id, octet_constant_view *out,
                                 octet_diag *diag);
void octet_constant_close(const octet_graph *g, octet_value_id id, octet_constant_view *view);

/* How often a value is used as node input, graph output or capture. */
static inline bool octet_value_single_use(const octet_value *v)
{
    return v->n_uses == 1;
}
bool octet_value_is_output(const octet_value *v);

/* ---- attributes: NULL / default when absent. Names are compared with strcmp. */
const octet_attr *octet_node_attr(const octet_node *n, const char *name);
int64_t octet_node_int(const octet_node *n, const char *name, int64_t fallback);
float octet_node_float(const octet_node *n, const char *name, float fallback);
const char *octet_node_string(const octet_node *n, const char *name, const char *fallback);
/* *count 0 and NULL when absent. */
const int64_t *octet_node_ints(const octet_node *n, const char *name, uint32_t *count);
const float *octet_node_floats(const octet_node *n, const char *name, uint32_t *count);

/* "node 'conv3' (Conv)" or, unnamed, "node #17 (Conv) that makes 'x'"; for messages. */
const char *octet_node_label(const octet_graph *g, const octet_node *n, char *buffer, size_t size);

#endif
