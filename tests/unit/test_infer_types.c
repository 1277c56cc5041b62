/* test_infer_types.c: types, symbols and known shape elements
 * SPDX-License-Identifier: Apache-2.0
 */
#include "graph/edit.h"
#include "graph/text.h"
#include "octet/context.h"
#include "ops/common.h"
#include "support/check.h"

#include <stdio.h>

typedef struct model {
    octet_context *ctx;
    octet_model *m;
    octet_diag diag;
} model;

static void open_model(model *x, const char *text)
{
    octet_context_options options = {.threads = 1};

    memset(x, 0, sizeof *x);
    assert_int_equal(octet_context_create(&options, &x->ctx), OCTET_OK);
    if (octet_text_read_model(x->ctx, text, strlen(text), &x->m, &x->diag) != OCTET_OK)
        fail_msg("%s\n%s", x->diag.text, text);
    octet_ops_resolve(x->m->graph);
}

static void close_model(model *x)
{
    octet_model_destroy(x->m);
    octet_context_destroy(x->ctx);
}

/* "float[N,3,?]", "?" where nothing is known, "int64?" without a shape. */
static void print_type(const octet_type *t, char *out, size_t size)
{
    size_t at;

    if (t->kind != OCTET_TYPE_TENSOR) {
        snprintf(out, size, "?");
        return;
    }
    at = (size_t)snprintf(out, size, "%s%s",
                          t->dtype == OCTET_DTYPE_UNDEFINED ? "?" : octet_dtype_get(t->dtype)->name,
                          t->rank < 0 ? "?" : "[");
    for (int32_t i = 0; i < t->rank; i++) {
        if (t->dims[i].size >= 0)
            at += (size_t)snprintf(out + at, size - at, "%s%lld", i > 0 ? "," : "",
                                   (long long)t->dims[i].size);
        else
            at += (size_t)snprintf(out + at, size - at, "%s%s", i > 0 ? "," : "",
                                   t->dims[i].symbol == NULL ? "?" : t->dims[i].symbol);
    }
    if (t->rank >= 0)
        snprintf(out + at, size - at, "]");
}

/* A graph of inputs and nodes; the type of its value v is asked for. The output is a dummy. */
static const struct {
    const char *inputs, *nodes, *expected;
} cases[] = {
    /* symbols survive where sizes stay, and only there */
    {"float[N,3,8,W] x", "v = Relu(x)", "float[N,3,8,W]"},
    {"float[N,3,8,W] x, float[N,1,8,W] y", "v = Mul(x, y)", "float[N,3,8,W]"},
    {"float[N,1] x, float[1,M] y", "v = Add(x, y)", "float[N,M]"},
    {"float[N] x, float[M] y", "v = Add(x, y)", "float[?]"},
    {"float[N] x, float[5] y", "v = Add(x, y)", "float[5]"},
    {"float[N,2,M] x", "v = Transpose <perm = [2, 0, 1]> (x)", "float[M,N,2]"},
    {"float[N,2,M] x", "v = Transpose(x)", "float[M,2,N]"},
    {"float[N,2,3] x", "v = Flatten(x)", "float[N,6]"},
    {"float[2,3,N] x", "v = Flatten <axis = 2> (x)", "float[6,N]"},
    {"float[N,M] x", "v = Flatten <axis = 2> (x)", "float[?,1]"},
    /* Reshape */
    {"float[N,4,6] x", "t = Constant <value_ints = [0, -1]> () v = Reshape(x, t)", "float[N,24]"},
    {"float[N,4,6] x", "t = Constant <value_ints = [-1, 24]> () v = Reshape(x, t)", "float[N,24]"},
    {"float[N,4,6] x", "t = Constant <value_ints = [-1, 12]> () v = Reshape(x, t)", "float[?,12]"},
    {"float[N,M] x", "s = Shape(x) v = Reshape(x, s)", "float[N,M]"},
    {"float[N,4,M] x", "t = Constant <value_ints = [0, 2, -1, 0]> () v = Reshape(x, t)",
     "float[N,2,?,?]"},
    {"float[N,?,4] x", "t = Constant <value_ints = [0, 0, 2, -1]> () v = Reshape(x, t)",
     "float[N,?,2,2]"},
    {"float[0,3] x", "t = Constant <value_ints = [0, -1]> () v = Reshape <allowzero = 1> (x, t)",
     "float[0,?]"},
    {"float[2,3] x", "t = Constant <value_ints : ints = []> () v = Reshape(x, t)", "float[]"},
    {"float[2,3] x, int64[4] t", "v = Reshape(x, t)", "float[?,?,?,?]"},
    {"float[2,3] x, int64[k] t", "v = Reshape(x, t)", "float?"},
    /* shape arithmetic with symbols */
    {"float[N,4,6] x",
     "z = Constant <value_int = 0> () m = Constant <value_ints = [-1]> () a = Constant "
     "<value_ints = [0]> () s = Shape(x) n = Gather(s, z) u = Unsqueeze(n, a) "
     "t = Concat <axis = 0> (u, m) v = Reshape(x, t)",
     "float[N,24]"},
    {"float[N,8,W] x",
     "s = Shape <start = 1, end = 2> (x) two = Constant <value_int = 2> () h = Div(s, two) "
     "m = Constant <value_ints = [-1]> () t = Concat <axis = 0> (h, m) v = Reshape(x, t)",
     "float[4,?]"},
    {"float[N,8] x", "s = Shape(x) v = ConstantOfShape(s)", "float[N,8]"},
    {"float[1,8] x, float[N,M] y",
     "s = Shape(y) k = Shape(s) o = ConstantOfShape <value = int64[1] {1}> (k) "
     "m = Constant <value_ints = [-1]> () q = Equal(s, m) w = Where(q, o, s) v = Expand(x, w)",
     "float[N,8]"},
    {"float[N] x",
     "z = Constant <value_int = 0> () o = Constant <value_int = 1> () n = Size(x) "
     "v = Range(z, n, o)",
     "int64[N]"},
    {"float[2] x",
     "a = Constant <value_int = 2> () b = Constant <value_int = 11> () "
     "c = Constant <value_int = 3> () v = Range(a, b, c)",
     "int64[3]"},
    /* Slice, Split, Pad, Tile, Gather … */
    {"float[N,10] x",
     "a = Constant <value_ints = [1]> () b = Constant <value_ints = [-2]> () "
     "v = Slice(x, a, b, a)",
     "float[N,7]"},
    {"float[N,10] x",
     "a = Constant <value_ints = [0]> () "
     "b = Constant <value_ints = [9223372036854775807]> () v = Slice(x, a, b, a)",
     "float[N,10]"},
    {"float[10] x",
     "a = Constant <value_ints = [-1]> () "
     "b = Constant <value_ints = [-9223372036854775807]> () "
     "z = Constant <value_ints = [0]> () v = Slice(x, a, b, z, a)",
     "float[10]"},
    {"float[N,10] x, int64[1] a, int64[1] b, int64[1] c", "v = Slice(x, a, b, c)", "float[?,?]"},
    {"float[N,7] x", "a, v = Split <axis = 1, num_outputs = 2> (x)", "float[N,3]"},
    {"float[N,2] x", "p = Constant <value_ints = [0, 1, 0, 2]> () v = Pad(x, p)", "float[N,5]"},
    {"float[1,3] x, float[N] y",
     "s = Shape(y) o = Constant <value_ints = [2]> () "
     "r = Concat <axis = 0> (s, o) v = Tile(x, r)",
     "float[N,6]"},
    {"float[5,D] x, int64[N,M] i", "v = Gather(x, i)", "float[N,M,D]"},
    {"float[5,D] x, int64[N,1] i", "v = GatherND(x, i)", "float[N,D]"},
    {"float[N,8,2,3] x", "v = DepthToSpace <blocksize = 2> (x)", "float[N,2,4,6]"},
    {"float[N,9] x", "k = Constant <value_ints = [4]> () v, i = TopK(x, k)", "float[N,4]"},
    {"float[N,9] x", "v = NonZero(x)", "int64[2,?]"},
    {"int64[N] x, float[2] w", "d = Constant <value_int = 6> () v = OneHot(x, d, w)", "float[N,6]"},
    {"float[N,2] x", "v = Cast <to = 7> (x)", "int64[N,2]"},
    /* control flow */
    {"float[N,2] x, bool c",
     "v = If (c) <then_branch = a () => (float[p,q] t) { t = Relu(x) }, "
     "else_branch = b () => (float[p,q] e) { e = Neg(x) }>",
     "float[N,2]"},
    {"float[N,2] x, bool c",
     "v = If (c) <then_branch = a () => (t) { t = Relu(x) }, "
     "else_branch = b () => (e) { e = Concat <axis = 1> (x, x) }>",
     "float[N,?]"},
    /* nothing is known of what nobody describes */
    {"float[N,2] x", "u = other.Thing(x) v = Relu(u)", "?"},
};

static void check_case(size_t i)
{
    char text[2048], type[128];
    octet_value_id id;
    model x;

    snprintf(text, sizeof text,
             "<ir_version: 8, opset_import: [\"\" : 18, \"other\" : 1]>\n"
             "g (%s) => (float dummy) {\n%s\ndummy = Identity(x)\n}",
             cases[i].inputs, cases[i].nodes);
    open_model(&x, text);
    if (octet_infer_types(x.m->graph, &x.diag) != OCTET_OK)
        fail_msg("%s\n%s", x.diag.text, text);
    id = octet_graph_find_value(x.m->graph, "v");
    assert_int_not_equal(id, OCTET_NO_VALUE);
    print_type(&octet_graph_value(x.m->graph, id)->type, type, sizeof type);
    if (strcmp(type, cases[i].expected) != 0)
        fail_msg("%s: %s instead of %s", cases[i].nodes, type, cases[i].expected);
    close_model(&x);
}

static void infers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_case(i);
}

/* Models that contradict themselves: an error that names the node. */
static const struct {
    const char *inputs, *nodes, *message;
} contradictions[] = {
    {"float[2,3] x, float[4,3] y", "[a] v = Add(x, y)", "node 'a' (Add): "},
    {"float[2,3] x, float[2,4] y", "[a] v = Concat <axis = 0> (x, y)", "node 'a' (Concat): "},
    {"float[2,3] x", "[a] v = Transpose <perm = [0, 0]> (x)", "axis 0 is given twice"},
    {"float[2,3] x", "[a] v = Transpose <perm = [0]> (x)", "perm has 1 entries for rank 2"},
    {"float[2,3] x", "[a] v = Flatten <axis = 3> (x)", "out of range"},
    {"float[2,3] x", "c = Constant <value_ints = [0]> () [a] v = Squeeze(x, c)", "instead of 1"},
    {"float[2,3] x", "c = Constant <value_ints = [-1, -1]> () [a] v = Reshape(x, c)",
     "more than one -1"},
    {"float[2,3] x", "s = Shape(x) c = Constant <value_int = 7> () [a] v = Gather(s, c)",
     "index 7 is out of range"},
};

static void contradiction_names_node(void **state)
{
    char text[1024];
    model x;

    (void)state;
    for (size_t i = 0; i < sizeof contradictions / sizeof contradictions[0]; i++) {
        snprintf(text, sizeof text,
                 "<ir_version: 8, opset_import: [\"\" : 18]>\ng (%s) => (float dummy) {\n%s\n"
                 "dummy = Identity(x)\n}",
                 contradictions[i].inputs, contradictions[i].nodes);
        open_model(&x, text);
        assert_int_equal(octet_infer_types(x.m->graph, &x.diag), OCTET_ERR_INVALID_MODEL);
        assert_non_null(strstr(x.diag.text, contradictions[i].message));
        assert_non_null(strstr(x.diag.text, "'a'"));
        close_model(&x);
    }
}

/* A wrong value_info is common in real models: inference wins; the interface stays as declared. */
static void inference_wins_inside(void **state)
{
    char type[64];
    model x;

    (void)state;
    open_model(&x, "<ir_version: 8, opset_import: [\"\" : 18]>\n"
                   "g (float[2,3] x) => (float[a] y) <float[9,9,9] h> {\n"
                   "h = Relu(x)\ny = Neg(h)\n}");
    assert_int_equal(octet_infer_types(x.m->graph, &x.diag), OCTET_OK);
    print_type(&octet_graph_value(x.m->graph, octet_graph_find_value(x.m->graph, "h"))->type, type,
               sizeof type);
    assert_string_equal(type, "float[2,3]");
    print_type(&octet_graph_value(x.m->graph, octet_graph_find_value(x.m->graph, "y"))->type, type,
               sizeof type);
    assert_string_equal(type, "float[a]");
    close_model(&x);
}

/* Nor is every declaration worth filling gaps with: "?" is no name, 0 often means unknown. */
static void placeholders_are_not_sizes(void **state)
{
    char type[64];
    model x;
    octet_dim dims[2] = {{-1, "?"}, {-1, "?"}}, zeros[2] = {{2, NULL}, {0, NULL}};
    octet_type in = {OCTET_TYPE_TENSOR, OCTET_DTYPE_FLOAT32, 2, dims};
    octet_type declared = {OCTET_TYPE_TENSOR, OCTET_DTYPE_FLOAT32, 2, zeros};

    (void)state;
    open_model(&x, "<ir_version: 8, opset_import: [\"\" : 18, \"other\" : 1]>\n"
                   "g (float x, float[1,k] z) => (float y) {\n"
                   "t = Transpose(x)\nv = Add(t, x)\nu = other.Thing(x)\nw = Neg(u)\n"
                   "y = Identity(x)\n}");
    octet_graph *g = x.m->graph;
    assert_int_equal(octet_edit_set_type(g, g->inputs[0], &in, &x.diag), OCTET_OK);
    assert_int_equal(octet_edit_set_type(g, octet_graph_find_value(g, "u"), &declared, &x.diag),
                     OCTET_OK);
    assert_int_equal(octet_infer_types(g, &x.diag), OCTET_OK);
    print_type(&octet_graph_value(g, octet_graph_find_value(g, "v"))->type, type, sizeof type);
    assert_string_equal(type, "float[?,?]");
    print_type(&octet_graph_value(g, octet_graph_find_value(g, "w"))->type, type, sizeof type);
    assert_string_equal(type, "float[2,?]");
    close_model(&x);
}

/* A branch that never runs may be nonsense: torch leaves such ones behind. */
static void branch_may_contradict(void **state)
{
    model x;

    (void)state;
    open_model(&x, "<ir_version: 8, opset_import: [\"\" : 18]>\n"
                   "g (float[2,3] x, bool c) => (float y) {\n"
                   "y = If (c) <then_branch = a () => (t) { s = Constant <value_ints = [0]> () "
                   "t = Squeeze(x, s) }, else_branch = b () => (e) { e = Neg(x) }>\n}");
    assert_int_equal(octet_infer_types(x.m->graph, &x.diag), OCTET_OK);
    close_model(&x);
}

/* Sizes chosen to overflow: no crash, nothing known. */
static void huge_sizes(void **state)
{
    static const char *const nodes[] = {
        "v = Flatten <axis = 2> (x)",
        "v = Size(x)",
        "t = Constant <value_ints = [-1]> () v = Reshape(x, t)",
        "r = Constant <value_ints = [4611686018427387904, 4611686018427387904]> () v = Tile(x, r)",
        "r = Constant <value_ints = [9223372036854775807, 1, 9223372036854775807, 1]> () "
        "v = Pad(x, r)",
        "v = Concat <axis = 0> (x, x, x, x)",
        "s = Shape(x) v = Mul(s, s)",
        "s = Shape(x) v = Add(s, s)",
        "s = Shape(x) v = ConstantOfShape(s)",
        "a = Constant <value_int = -9223372036854775807> () b = Constant <value_int = "
        "9223372036854775807> () c = Constant <value_int = 1> () v = Range(a, b, c)",
        "a = Constant <value_ints = [-9223372036854775808]> () "
        "z = Constant <value_ints = [0]> () v = Slice(x, a, a, z, a)",
    };
    char text[1024];
    model x;

    (void)state;
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
        snprintf(text, sizeof text,
                 "<ir_version: 8, opset_import: [\"\" : 18]>\n"
                 "g (float[4611686018427387904,4611686018427387904] x) => (float d) {\n%s\n"
                 "d = Identity(x)\n}",
                 nodes[i]);
        open_model(&x, text);
        if (octet_infer_types(x.m->graph, &x.diag) != OCTET_OK)
            assert_true(x.diag.text[0] != '\0');
        close_model(&x);
    }
}

/* ---- the registry */

static void registry_is_consistent(void **state)
{
    (void)state;
    for (size_t i = 0; i < octet_op_count(); i++) {
        const octet_op *a = octet_op_at(i);

        assert_non_null(a->name);
        assert_non_null(a->eval);
        assert_non_null(a->infer);
        assert_true(a->since >= 1);
        for (size_t j = 0; j < i; j++) {
            const octet_op *b = octet_op_at(j);

            if (strcmp(a->name, b->name) == 0 && strcmp(a->domain, b->domain) == 0)
                assert_int_not_equal(a->since, b->since);
        }
    }
    assert_null(octet_op_at(octet_op_count()));
}

static void registry_finds_version(void **state)
{
    (void)state;
    assert_null(octet_op_find("", "Trilu", 13));
    assert_ptr_equal(octet_op_find("", "Trilu", 14), octet_op_find("", "Trilu", 99));
    assert_string_equal(octet_op_find("", "Reshape", 21)->name, "Reshape");
    assert_null(octet_op_find("other", "Reshape", 21));
    assert_null(octet_op_find("", "NoSuchThing", 21));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(infers),
        cmocka_unit_test(contradiction_names_node),
        cmocka_unit_test(inference_wins_inside),
        cmocka_unit_test(placeholders_are_not_sizes),
        cmocka_unit_test(branch_may_contradict),
        cmocka_unit_test(huge_sizes),
        cmocka_unit_test(registry_is_consistent),
        cmocka_unit_test(registry_finds_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
