/* text_value.c: types, payloads and attributes of the text syntax
 * SPDX-License-Identifier: Apache-2.0
 */
#include "graph/text_ast.h"

#include <inttypes.h>
#include <string.h>

/* ---- types */

typedef struct dims {
    octet_dim *items;
    uint32_t count, capacity;
} dims;

static octet_status read_dim(octet_parser *p, octet_dim *out)
{
    octet_lex *lex = &p->lex;
    size_t at;

    *out = (octet_dim){.size = -1};
    if (octet_lex_match(lex, '?'))
        return OCTET_OK;
    if (octet_lex_peek(lex) == '"' || octet_lex_at_word(lex))
        return octet_lex_name(lex, &out->symbol);
    at = lex->at;
    OCTET_TRY(octet_lex_i64(lex, &out->size));
    if (out->size < -1)
        return OCTET_LEX_FAIL(lex, at, OCTET_ERR_INVALID_MODEL, "a dim is %" PRId64, out->size);
    return OCTET_OK;
}

/* [1,N,?], [] for an unknown rank, nothing for a scalar */
static octet_status read_shape(octet_parser *p, octet_type *out)
{
    octet_lex *lex = &p->lex;
    dims list = {0};

    out->rank = 0;
    if (!octet_lex_match(lex, '['))
        return OCTET_OK;
    if (octet_lex_match(lex, ']')) {
        out->rank = -1;
        return OCTET_OK;
    }
    do {
        octet_dim dim;

        OCTET_TRY(read_dim(p, &dim));
        OCTET_TRY(OCTET_AST_RESERVE(p, &list));
        list.items[list.count++] = dim;
    } while (octet_lex_match(lex, ','));
    if (list.count > INT32_MAX)
        return OCTET_LEX_FAIL(lex, lex->at, OCTET_ERR_INVALID_MODEL, "impossible rank");
    out->rank = (int32_t)list.count;
    out->dims = list.items;
    return octet_lex_expect(lex, ']');
}

static octet_status read_element_type(octet_parser *p, octet_dtype *out)
{
    octet_lex *lex = &p->lex;
    const char *word;
    size_t at;

    octet_lex_peek(lex);
    at = lex->at;
    OCTET_TRY(octet_lex_word(lex, &word));
    *out = octet_text_dtype(word);
    if (*out == OCTET_DTYPE_UNDEFINED)
        return OCTET_LEX_FAIL(lex, at, OCTET_ERR_MALFORMED, "'%s' is no element type", word);
    return OCTET_OK;
}

/* opaque (), opaque (name), opaque (some.domain, name) */
static octet_status read_opaque(octet_parser *p)
{
    octet_lex *lex = &p->lex;
    const char *word;

    OCTET_TRY(octet_lex_expect(lex, '('));
    if (octet_lex_match(lex, ')'))
        return OCTET_OK;
    do
        OCTET_TRY(octet_lex_word(lex, &word));
    while (octet_lex_match(lex, '.'));
    if (octet_lex_match(lex, ','))
        OCTET_TRY(octet_lex_word(lex, &word));
    return octet_lex_expect(lex, ')');
}

/* Types other than tensors are checked but not kept. */
static octet_status read_other_type(octet_parser *p, const char *word, size_t at)
{
    octet_lex *lex = &p->lex;
    bool is_map = strcmp(word, "map") == 0, is_sparse = strcmp(word, "sparse_tensor") == 0;
    octet_type element;
    octet_dtype dtype;

    if (strcmp(word, "opaque") == 0)
        return read_opaque(p);
    if (!is_map && !is_sparse && strcmp(word, "seq") != 0 && strcmp(word, "optional") != 0)
        return OCTET_LEX_FAIL(lex, at, OCTET_ERR_UNSUPPORTED, "type '%s'", word);
    OCTET_TRY(octet_lex_expect(lex, '('));
    if (is_map || is_sparse)
        OCTET_TRY(read_element_type(p, &dtype));
    if (is_map)
        OCTET_TRY(octet_lex_expect(lex, ','));
    if (is_sparse)
        OCTET_TRY(read_shape(p, &element));
    else
        OCTET_TRY(octet_ast_read_type(p, &element));
    return octet_lex_expect(lex, ')');
}

octet_status octet_ast_read_type(octet_parser *p, octet_type *out)
{
    octet_lex *lex = &p->lex;
    const char *word;
    size_t at;

    *out = (octet_type){.kind = OCTET_TYPE_TENSOR, .rank = -1};
    octet_lex_peek(lex);
    at = lex->at;
    OCTET_TRY(octet_lex_word(lex, &word));
    out->dtype = octet_text_dtype(word);
    if (out->dtype != OCTET_DTYPE_UNDEFINED)
        return read_shape(p, out);
    out->kind = OCTET_TYPE_OTHER;
    OCTET_TRY(octet_ast_enter(p));
    OCTET_TRY(read_other_type(p, word, at));
    octet_ast_leave(p);
    return OCTET_OK;
}

/* ---- payloads */

static octet_status add_integer(octet_parser *p, const octet_text_unit *unit,
                                const octet_lex_number *number, size_t at, octet_text *bytes)
{
    uint64_t bits = number->negative ? 0 - number->magnitude : number->magnitude;
    uint64_t limit = number->negative ? 0 - (uint64_t)unit->min : (uint64_t)unit->max;
    uint8_t raw[8];

    if (unit->bytes == 8 && unit->is_signed)
        limit = (uint64_t)INT64_MAX + number->negative;
    else if (unit->bytes == 8)
        limit = number->negative ? 0 : UINT64_MAX;
    if (number->is_float || !number->fits || number->magnitude > limit)
        return OCTET_LEX_FAIL(&p->lex, at, OCTET_ERR_INVALID_MODEL,
                              "'%s' is no value of this element type", number->text);
    for (size_t i = 0; i < unit->bytes; i++)
        raw[i] = (uint8_t)(bits >> (8 * i));
    octet_text_add_bytes(bytes, (const char *)raw, unit->bytes);
    return OCTET_OK;
}

static octet_status add_float(octet_parser *p, const octet_text_unit *unit,
                              const octet_lex_number *number, size_t at, octet_text *bytes)
{
    bool ok;
    double d;
    float f;

    if (unit->bytes == sizeof f) {
        ok = octet_parse_f32(number->text, &f);
        if (ok)
            octet_text_add_bytes(bytes, (const char *)&f, sizeof f);
    } else {
        ok = octet_parse_f64(number->text, &d);
        if (ok)
            octet_text_add_bytes(bytes, (const char *)&d, sizeof d);
    }
    if (!ok)
        return OCTET_LEX_FAIL(&p->lex, at, OCTET_ERR_MALFORMED, "'%s' is no number or out of range",
                              number->text);
    return OCTET_OK;
}

/* Stops as soon as there are more than the shape has, so memory follows the text, not its claims.
 */
static octet_status read_elements(octet_parser *p, const octet_text_unit *unit, size_t limit,
                                  octet_text *bytes)
{
    octet_lex *lex = &p->lex;

    OCTET_TRY(octet_lex_expect(lex, '{'));
    if (octet_lex_match(lex, '}'))
        return OCTET_OK;
    do {
        octet_lex_number number;
        size_t at;

        octet_lex_peek(lex);
        at = lex->at;
        OCTET_TRY(octet_lex_number_at(lex, &number));
        if (unit->is_float)
            OCTET_TRY(add_float(p, unit, &number, at, bytes));
        else
            OCTET_TRY(add_integer(p, unit, &number, at, bytes));
        if (bytes->failed)
            return octet_fail_nomem(lex->diag);
        if (bytes->length > limit)
            return OCTET_LEX_FAIL(lex, at, OCTET_ERR_INVALID_MODEL,
                                  "more elements than the shape has");
    } while (octet_lex_match(lex, ','));
    return octet_lex_expect(lex, '}');
}

static octet_status describe(octet_parser *p, const octet_type *type, size_t at, octet_tensor *out)
{
    octet_lex *lex = &p->lex;
    int64_t sizes[OCTET_MAX_RANK];

    if (type->kind != OCTET_TYPE_TENSOR || type->rank < 0 || type->rank > OCTET_MAX_RANK)
        return OCTET_LEX_FAIL(lex, at, OCTET_ERR_INVALID_MODEL,
                              "a payload needs a tensor type of known rank up to %d",
                              OCTET_MAX_RANK);
    for (int32_t i = 0; i < type->rank; i++) {
        sizes[i] = type->dims[i].size;
        if (sizes[i] < 0)
            return OCTET_LEX_FAIL(lex, at, OCTET_ERR_INVALID_MODEL, "a payload needs known dims");
    }
    return octet_lex_locate(lex, at,
                            octet_tensor_describe(out, type->dtype, type->rank, sizes, lex->diag));
}

octet_status octet_ast_read_payload(octet_parser *p, const octet_type *type, size_t at,
                                    octet_tensor *out)
{
    octet_lex *lex = &p->lex;
    octet_text_unit unit = octet_text_unit_of(type->dtype);
    octet_text bytes;
    octet_status status;

    OCTET_TRY(describe(p, type, at, out));
    if (unit.bytes == 0)
        return OCTET_LEX_FAIL(lex, at, OCTET_ERR_UNSUPPORTED, "payloads of strings");
    if (octet_lex_peek(lex) == '[')
        return OCTET_LEX_FAIL(lex, lex->at, OCTET_ERR_UNSUPPORTED, "external data");
    octet_text_init(&bytes, p->allocator);
    status = read_elements(p, &unit, out->bytes, &bytes);
    if (status == OCTET_OK && bytes.length != out->bytes)
        status =
            OCTET_LEX_FAIL(lex, at, OCTET_ERR_INVALID_MODEL, "%zu elements, but the shape has %zu",
                           bytes.length / unit.bytes, out->bytes / unit.bytes);
    if (status == OCTET_OK) {
        out->data = octet_arena_alloc_aligned(p->payloads, out->bytes);
        if (out->data == NULL)
            status = octet_fail_nomem(lex->diag);
        else if (bytes.length != 0)
            memcpy(out->data, bytes.data, bytes.length);
    }
    octet_text_deinit(&bytes);
    return status;
}

/* ---- attributes */

static octet_status parse_float(octet_parser *p, const octet_lex_number *number, size_t at,
                                octet_attr *out)
{
    out->kind = OCTET_ATTR_FLOAT;
    if (octet_parse_f32(number->text, &out->f))
        return OCTET_OK;
    return OCTET_LEX_FAIL(&p->lex, at, OCTET_ERR_MALFORMED, "'%s' is no number or out of range",
                          number->text);
}

static octet_status read_number(octet_parser *p, octet_attr_kind expected, octet_attr *out)
{
    octet_lex *lex = &p->lex;
    octet_lex_number number;
    size_t at = lex->at;

    OCTET_TRY(octet_lex_number_at(lex, &number));
    if (number.is_float || expected == OCTET_ATTR_FLOAT)
        return parse_float(p, &number, at, out);
    out->kind = OCTET_ATTR_INT;
    if (octet_parse_i64(number.text, &out->i))
        return OCTET_OK;
    return OCTET_LEX_FAIL(lex, at, OCTET_ERR_MALFORMED, "'%s' is no 64-bit integer", number.text);
}

static octet_status read_attr_tensor(octet_parser *p, octet_attr *out)
{
    octet_lex *lex = &p->lex;
    octet_tensor *tensor = OCTET_ARENA_NEW(lex->arena, octet_tensor);
    size_t at = lex->at;
    const char *name;
    octet_type type;
    int next;

    OCTET_TRY_ALLOC(lex->diag, tensor);
    OCTET_TRY(octet_ast_read_type(p, &type));
    next = octet_lex_peek(lex);
    if (next != '{' && next != '=' && !octet_lex_at_word(lex))
        return OCTET_LEX_FAIL(lex, at, OCTET_ERR_UNSUPPORTED, "a type as attribute");
    if (octet_lex_at_word(lex))
        OCTET_TRY(octet_lex_word(lex, &name)); /* a tensor's own name means nothing here */
    octet_lex_match(lex, '=');
    out->kind = OCTET_ATTR_TENSOR;
    out->tensor = tensor;
    return octet_ast_read_payload(p, &type, at, tensor);
}

static octet_status read_attr_graph(octet_parser *p, octet_ast_attr *out)
{
    octet_ast_graph *graph = OCTET_ARENA_NEW(p->lex.arena, octet_ast_graph);

    OCTET_TRY_ALLOC(p->lex.diag, graph);
    out->graphs = OCTET_ARENA_NEW(p->lex.arena, octet_ast_graph *);
    OCTET_TRY_ALLOC(p->lex.diag, out->graphs);
    out->graphs[0] = graph;
    out->attr.count = 1;
    out->attr.kind = OCTET_ATTR_GRAPH;
    return octet_ast_read_graph(p, graph);
}

/* One value; `expected` UNDEFINED: any kind. A reference has the expected kind. */
static octet_status read_single(octet_parser *p, octet_attr_kind expected, octet_ast_attr *out)
{
    octet_lex *lex = &p->lex;
    octet_attr *attr = &out->attr;
    int next = octet_lex_peek(lex);

    if (octet_lex_at_type(lex))
        return read_attr_tensor(p, attr);
    if (octet_lex_at_word(lex) && !octet_lex_at_float(lex))
        return read_attr_graph(p, out);
    if (next == '"') {
        attr->kind = OCTET_ATTR_STRING;
        return octet_lex_string(lex, &attr->s, &attr->s_length);
    }
    if (octet_lex_match(lex, '@')) {
        attr->kind = expected;
        return octet_lex_name(lex, &attr->reference);
    }
    return read_number(p, expected, attr);
}

static octet_status check_kind(octet_parser *p, size_t at, octet_attr_kind expected,
                               octet_attr_kind found)
{
    const char *name = octet_text_attr_kind(found);

    if (expected == OCTET_ATTR_UNDEFINED || expected == found)
        return OCTET_OK;
    return OCTET_LEX_FAIL(&p->lex, at, OCTET_ERR_MALFORMED, "expected type '%s' but found '%s'",
                          octet_text_attr_kind(expected), name != NULL ? name : "reference");
}

static octet_attr_kind element_kind(octet_attr_kind list)
{
    return list >= OCTET_ATTR_FLOATS && list <= OCTET_ATTR_GRAPHS
               ? (octet_attr_kind)(list - OCTET_ATTR_FLOATS + OCTET_ATTR_FLOAT)
               : list;
}

/* Elements of a list, all of one kind, gathered in the array that fits. */
typedef struct gathered {
    octet_attr_kind kind; /* of an element */
    uint32_t count;
    struct {
        float *items;
        uint32_t capacity;
    } floats;
    struct {
        int64_t *items;
        uint32_t capacity;
    } ints;
    struct {
        const char **items;
        uint32_t capacity;
    } strings;
    struct {
        octet_ast_graph **items;
        uint32_t capacity;
    } graphs;
} gathered;

#define GATHER(p, list, field, value)                                                              \
    do {                                                                                           \
        OCTET_TRY(octet_ast_reserve((p), (void *)&(list)->field.items, &(list)->field.capacity,    \
                                    (list)->count + 1, sizeof *(list)->field.items));              \
        (list)->field.items[(list)->count++] = (value);                                            \
    } while (0)

static octet_status gather(octet_parser *p, size_t at, const octet_ast_attr *one, gathered *list)
{
    if (list->count > 0)
        OCTET_TRY(check_kind(p, at, list->kind, one->attr.kind));
    list->kind = one->attr.kind;
    if (one->attr.reference != NULL)
        return OCTET_LEX_FAIL(&p->lex, at, OCTET_ERR_UNSUPPORTED, "references in lists");
    switch (list->kind) {
    case OCTET_ATTR_FLOAT:
        GATHER(p, list, floats, one->attr.f);
        return OCTET_OK;
    case OCTET_ATTR_INT:
        GATHER(p, list, ints, one->attr.i);
        return OCTET_OK;
    case OCTET_ATTR_STRING:
        if (strlen(one->attr.s) != one->attr.s_length)
            return OCTET_LEX_FAIL(&p->lex, at, OCTET_ERR_MALFORMED,
                                  "this string holds a zero byte");
        GATHER(p, list, strings, one->attr.s);
        return OCTET_OK;
    case OCTET_ATTR_GRAPH:
        GATHER(p, list, graphs, one->graphs[0]);
        return OCTET_OK;
    default:
        return OCTET_LEX_FAIL(&p->lex, at, OCTET_ERR_UNSUPPORTED, "lists of tensors");
    }
}

static octet_status read_list(octet_parser *p, octet_attr_kind declared, octet_ast_attr *out)
{
    octet_lex *lex = &p->lex;
    octet_attr_kind expected = element_kind(declared);
    gathered list = {0};

    if (octet_lex_peek(lex) == ']' && expected == declared)
        return OCTET_LEX_FAIL(lex, lex->at, OCTET_ERR_MALFORMED,
                              "an empty list needs a type such as ': ints'");
    while (octet_lex_peek(lex) != ']') {
        octet_ast_attr one = {0};
        size_t at = lex->at;

        OCTET_TRY(read_single(p, expected, &one));
        OCTET_TRY(check_kind(p, at, expected, one.attr.kind));
        OCTET_TRY(gather(p, at, &one, &list));
        if (!octet_lex_match(lex, ','))
            break;
    }
    out->attr.kind = list.count == 0
                         ? declared
                         : (octet_attr_kind)(list.kind - OCTET_ATTR_FLOAT + OCTET_ATTR_FLOATS);
    out->attr.count = list.count;
    out->attr.floats = list.floats.items;
    out->attr.ints = list.ints.items;
    out->attr.strings = list.strings.items;
    out->graphs = list.graphs.items;
    return octet_lex_expect(lex, ']');
}

octet_status octet_ast_read_attr(octet_parser *p, octet_ast_attr *out)
{
    octet_lex *lex = &p->lex;
    octet_attr_kind declared = OCTET_ATTR_UNDEFINED;
    const char *word;
    size_t at;

    *out = (octet_ast_attr){0};
    OCTET_TRY(octet_lex_word(lex, &out->attr.name));
    if (octet_lex_match(lex, ':')) {
        octet_lex_peek(lex);
        at = lex->at;
        OCTET_TRY(octet_lex_word(lex, &word));
        declared = octet_text_attr_kind_of(word);
        if (declared == OCTET_ATTR_UNDEFINED)
            return OCTET_LEX_FAIL(lex, at, OCTET_ERR_MALFORMED, "'%s' is no attribute type", word);
    }
    OCTET_TRY(octet_lex_expect(lex, '='));
    if (octet_lex_match(lex, '['))
        return read_list(p, declared, out);
    octet_lex_peek(lex);
    at = lex->at;
    OCTET_TRY(read_single(p, declared, out));
    return check_kind(p, at, declared, out->attr.kind);
}
