/* test_text_graph.c: the text syntax: what is read, what is written, where errors are
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/context.h"
#include "graph/edit.h"
#include "graph/text.h"
#include "support/check.h"

#include <stdio.h>
#include <time.h>

static octet_context *ctx;

static int set_up(void **state)
{
    octet_context_options options = {.threads = 1};

    (void)state;
    return octet_context_create(&options, &ctx) == OCTET_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    octet_context_destroy(ctx);
    return 0;
}

static octet_model *read_model(const char *text)
{
    octet_model *model;
    octet_diag diag;

    if (octet_text_read_model(ctx, text, strlen(text), &model, &diag) != OCTET_OK)
        fail_msg("%s", diag.text);
    return model;
}

static void assert_written(const octet_model *model, int64_t max_elements, const char *expected)
{
    octet_diag diag;
    octet_text text;

    octet_text_init(&text, NULL);
    assert_int_equal(octet_text_write_model(model, max_elements, &text, &diag), OCTET_OK);
    assert_string_equal(text.data, expected);
    octet_text_deinit(&text);
}

/* The text is what the writer makes of what the reader reads in it. */
static void assert_fixpoint(const char *text)
{
    octet_model *model = read_model(text);

    assert_written(model, -1, text);
    octet_model_destroy(model);
}

#define HEADER "<\n   ir_version: 8,\n   opset_import: [\"\" : 13]\n>\n"

static void test_fixpoints(void **state)
{
    static const char *const texts[] = {
        HEADER "g () => ()\n{\n}\n",
        HEADER "g (float[N,3,?,\"a b\"] x, float[] u, float s, v) => (float[1] y)\n"
               "<\n   float[2,2] w = {1, -2.5, 0.001, nan},\n   int8[2] q = {-128, 127},\n"
               "   uint64 big = {18446744073709551615},\n   int64 low = {-9223372036854775808},\n"
               "   float16 h = {15360},\n   int4[3] nibbles = {33, 3},\n   bool[2] b = {0, 1},\n"
               "   double d = {0.1},\n   complex64 c = {1, -1},\n   float[0,4] none = {},\n"
               "   float[2] t\n>\n{\n"
               "   [n1] t = Conv <pads = [1, 2], alpha = 1.0, mode = \"a\\\"b\\\\\", e: ints = []> "
               "(x, w)\n"
               "   y, \"\", \"odd name\" = com.microsoft.Foo:big (t, \"\", v)\n}\n",
        /* A value called like a type, or like a float, and a dim called like one. */
        HEADER "g (\"float\", nan, float[seq] \"seq\") => (\"bool\")\n{\n"
               "   \"bool\" = Add (\"float\", nan)\n}\n",
        HEADER "g (bool c) => (y)\n{\n"
               "   y = If (c) <then_branch = t () => (float a)\n   {\n      a = Not (c)\n   }, "
               "else_branch = e () => (b)\n   <\n      float k = {3}\n   >\n   {\n"
               "      b = Identity (k)\n   }>\n}\n",
        HEADER
        "g (x) => (y)\n{\n   y = my.F <beta = 2.0> (x)\n}\n"
        "\n<\n   opset_import: [\"\" : 13],\n   domain: \"my\",\n   doc_string: \"what\"\n>\n"
        "F <alpha, beta = 1.0> (a) => (b)\n{\n"
        "   b = LeakyRelu <alpha: float = @alpha> (a)\n}\n",
        "<\n   ir_version: 9,\n   opset_import: [\"\" : 17, \"ai.onnx.ml\" : 3],\n"
        "   producer_name: \"p\",\n   producer_version: \"1\",\n   domain: \"d\",\n"
        "   model_version: -4,\n   doc_string: \"two\nlines\",\n"
        "   metadata_props: [\"k\" : \"v\", \"l\" : \"\"]\n>\ng () => ()\n{\n}\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_fixpoint(texts[i]);
}

/* Other spellings of the same, comments, attributes after the inputs, nodes out of order. */
static void test_spellings(void **state)
{
    octet_model *model =
        read_model("# first\n<ir_version:8,opset_import:[\"ai.onnx\":13]>#second\n"
                   "g(float[2]x,float[1]i={7})=>(float[2]y)<float[1]w={1e0},float[2]t>"
                   "{y=ai.onnx.Relu(t)t=Foo(x,,w)<k:float=2,m=[1.5,Infinity,],z:floats=[1,2],v="
                   "float[1]q={3}>}");

    (void)state;
    assert_written(model, -1,
                   HEADER "g (float[2] x, float[1] i) => (float[2] y)\n"
                          "<\n   float[1] i = {7},\n   float[1] w = {1},\n   float[2] t\n>\n{\n"
                          "   t = Foo <k = 2.0, m = [1.5, inf], z = [1.0, 2.0], v = float[1] {3}> "
                          "(x, \"\", w)\n   y = Relu (t)\n}\n");
    octet_model_destroy(model);
}

static void test_long_payloads_are_left_out(void **state)
{
    octet_model *model =
        read_model("<ir_version: 8, opset_import: [\"\" : 13]> g () => (w) <int8[3] w = {1, 2, 3}, "
                   "int8[2] v = {1, 2}> {}");

    (void)state;
    assert_written(model, 2,
                   HEADER "g () => (int8[3] w)\n<\n   int8[3] w = {\xE2\x80\xA6},\n"
                          "   int8[2] v = {1, 2}\n>\n{\n}\n");
    octet_model_destroy(model);
}

static void test_read_graph_is_complete(void **state)
{
    octet_model *model = read_model(
        "<ir_version: 8, opset_import: [\"\" : 13]> g (float[N,4] x, c) => (y) <float[2] w = {1, "
        "2}> { [r] t = Relu (x) y = If (c) <then_branch = b () => (z) { z = Mul (t, w) }, "
        "else_branch = e () => (t) {}> }");
    octet_graph *g = model->graph, *body;
    const octet_node *branch = g->nodes[1];
    octet_subgraphs it = {0};
    const octet_value *x = g->values[octet_graph_find_value(g, "x")];

    (void)state;
    assert_false(model->loading);
    assert_string_equal(x->type.dims[0].symbol, "N");
    assert_int_equal(x->type.dims[1].size, 4);
    assert_true(x->declared);
    assert_int_equal(octet_graph_find_node(g, "r"), 0);
    assert_string_equal(branch->name, "");
    assert_int_equal(branch->n_captures, 2);
    assert_false(branch->changed);
    body = octet_node_next_subgraph(branch, &it);
    assert_string_equal(body->name, "b");
    assert_int_equal(body->values[body->nodes[0]->inputs[0]]->outer,
                     octet_graph_find_value(g, "t"));
    assert_non_null(octet_value_constant(body, body->nodes[0]->inputs[1]));
    octet_model_destroy(model);
}

/* Names of subgraphs cannot be quoted in attributes, as the parsers would read a string. */
static void test_subgraph_names_become_words(void **state)
{
    octet_model *model = read_model("g (c) => (y) { y = If (c) <then_branch = b () => (c) {}> }");
    octet_subgraphs it = {0};
    octet_text text;

    (void)state;
    octet_node_next_subgraph(model->graph->nodes[0], &it)->name = "a/b:0";
    octet_text_init(&text, NULL);
    assert_int_equal(octet_text_write_node(model->graph, model->graph->nodes[0], &text), OCTET_OK);
    assert_string_equal(text.data, "y = If (c) <then_branch = g_a_b_0 () => (c)\n   {\n   }>");
    octet_text_deinit(&text);
    octet_model_destroy(model);
}

static void test_errors(void **state)
{
    static const struct {
        const char *text, *message;
        octet_status status;
    } cases[] = {
        {"", "line 1, column 1: expected a name", OCTET_ERR_MALFORMED},
        {"g (x) => (x) {", "line 1, column 15: expected '=' but the text ends here",
         OCTET_ERR_MALFORMED},
        {"g (x) = > (x) {}", "line 1, column 8: expected '>'", OCTET_ERR_MALFORMED},
        {"<ir: 3> g () => () {}", "line 1, column 2: unknown key 'ir'", OCTET_ERR_MALFORMED},
        {"<ir_version: 3.5> g () => () {}", "line 1, column 14: '3.5' is no 64-bit integer",
         OCTET_ERR_MALFORMED},
        {"<ir_version: 9223372036854775808> g () => () {}",
         "line 1, column 14: '9223372036854775808' is no 64-bit integer", OCTET_ERR_MALFORMED},
        {"<doc_string: \"abc> g", "line 1, column 14: this string does not end",
         OCTET_ERR_MALFORMED},
        {"g (x) =>\n (y)\n{\n  y = Add (x,\n    q)\n}",
         "line 5, column 5: 'q' is made by no node, input or initializer", OCTET_ERR_INVALID_MODEL},
        {"g (x) => (y) {}", "line 1, column 11: 'y' is made by no node, input or initializer",
         OCTET_ERR_INVALID_MODEL},
        {"g (x, x) => () {}", "line 1, column 7: duplicate value name 'x'",
         OCTET_ERR_INVALID_MODEL},
        {"g (x) => () { y = A (x)\n y = B (x) }", "line 2, column 2: duplicate value name 'y'",
         OCTET_ERR_INVALID_MODEL},
        {"g (x) => () { x = A () }", "line 1, column 15: duplicate value name 'x'",
         OCTET_ERR_INVALID_MODEL},
        {"g () => () <float w = {1}, float w = {1}> {}",
         "line 1, column 34: duplicate initializer 'w'", OCTET_ERR_INVALID_MODEL},
        {"g (x) => () { a = A (b) b = B (a) }",
         "graph 'g' has a cycle through node #0 (A) that makes 'a'", OCTET_ERR_INVALID_MODEL},
        {"g () => () <float[2] w = {1}> {}", "line 1, column 13: 1 elements, but the shape has 2",
         OCTET_ERR_INVALID_MODEL},
        {"g () => () <float[2] w = {1, 2, 3}> {}",
         "line 1, column 33: more elements than the shape has", OCTET_ERR_INVALID_MODEL},
        {"g () => () <float[1000000000000] w = {1}> {}",
         "line 1, column 13: 1 elements, but the shape has 1000000000000", OCTET_ERR_INVALID_MODEL},
        {"g () => () <float[N] w = {1}> {}", "line 1, column 13: a payload needs known dims",
         OCTET_ERR_INVALID_MODEL},
        {"g () => () <int8 w = {128}> {}",
         "line 1, column 23: '128' is no value of this element type", OCTET_ERR_INVALID_MODEL},
        {"g () => () <uint64 w = {-1}> {}",
         "line 1, column 25: '-1' is no value of this element type", OCTET_ERR_INVALID_MODEL},
        {"g () => () <bool w = {2}> {}", "line 1, column 23: '2' is no value of this element type",
         OCTET_ERR_INVALID_MODEL},
        {"g () => () <float w = {1e99}> {}",
         "line 1, column 24: '1e99' is no number or out of range", OCTET_ERR_MALFORMED},
        {"g () => () <string w = {\"a\"}> {}", "line 1, column 13: payloads of strings",
         OCTET_ERR_UNSUPPORTED},
        {"g () => () <float w = [\"location\": \"f\"]> {}", "line 1, column 23: external data",
         OCTET_ERR_UNSUPPORTED},
        {"g () => () <float w = {\xE2\x80\xA6}> {}", "line 1, column 24: expected a number",
         OCTET_ERR_MALFORMED},
        {"g () => (y) { y = A <k = []> () }",
         "line 1, column 27: an empty list needs a type such as ': ints'", OCTET_ERR_MALFORMED},
        {"g () => (y) { y = A <k = [1, 2.5]> () }",
         "line 1, column 30: expected type 'int' but found 'float'", OCTET_ERR_MALFORMED},
        {"g () => (y) { y = A <k: string = 1> () }",
         "line 1, column 34: expected type 'string' but found 'int'", OCTET_ERR_MALFORMED},
        {"g () => (y) { y = A <k: integer = 1> () }",
         "line 1, column 25: 'integer' is no attribute type", OCTET_ERR_MALFORMED},
        {"g () => (y) { y = A <k = float[2]> () }", "line 1, column 26: a type as attribute",
         OCTET_ERR_UNSUPPORTED},
        {"g (\"\") => () {}", "line 1, column 4: a value has no name", OCTET_ERR_INVALID_MODEL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t length = strlen(cases[i].text);
        char *copy = malloc(length + 1); /* so that a read past the end is seen */
        octet_model *model;
        octet_diag diag;

        memcpy(copy, cases[i].text, length);
        assert_int_equal(octet_text_read_model(ctx, copy, length, &model, &diag), cases[i].status);
        assert_null(model);
        assert_string_equal(diag.text, cases[i].message);
        free(copy);
    }
}

/* Every prefix of a text is refused or read, never overrun. */
static void test_prefixes(void **state)
{
    static const char text[] =
        "<ir_version: 8, opset_import: [\"\" : 13]> g (float[N,\"a\"] x) => (y) "
        "<float[2] w = {1, -2e1}> { [n] y = If (x) <b = s () => (z) { z = a.B:c (x, , w) <f: ints "
        "= [], t = int8[1] {1}> }> } <domain: \"d\"> F <a, b = 1> (p) => (q) { q = A <c = @a> (p) "
        "}";

    (void)state;
    for (size_t length = 0; length < sizeof text; length++) {
        size_t size = length == sizeof text - 1 ? length : length % (sizeof text - 1);
        char *copy = malloc(size + 1);
        octet_model *model;
        octet_diag diag;

        memcpy(copy, text, size);
        copy = realloc(copy, size > 0 ? size : 1);
        if (octet_text_read_model(ctx, copy, size, &model, &diag) == OCTET_OK)
            octet_model_destroy(model);
        else
            assert_true(strlen(diag.text) > 0);
        free(copy);
    }
}

static char *nested(const char *open, const char *inner, const char *close, size_t levels)
{
    size_t size = (strlen(open) + strlen(close)) * levels + strlen(inner) + 1;
    char *text = calloc(1, size), *at = text;

    for (size_t i = 0; i < levels; i++)
        at += sprintf(at, "%s", open);
    at += sprintf(at, "%s", inner);
    for (size_t i = 0; i < levels; i++)
        at += sprintf(at, "%s", close);
    return text;
}

static void test_nesting_is_limited(void **state)
{
    char *graphs = nested("g () => () { = If () <b = ", "g () => () {}", "> }", 100000);
    char *types = nested("seq(", "float", ")", 100000);
    size_t size = strlen(types) + 32;
    char *text = malloc(size);
    octet_model *model;
    octet_diag diag;

    (void)state;
    assert_int_equal(octet_text_read_model(ctx, graphs, strlen(graphs), &model, &diag),
                     OCTET_ERR_INVALID_MODEL);
    assert_non_null(strstr(diag.text, "nested deeper than 64 levels"));
    snprintf(text, size, "g (%s x) => () {}", types);
    assert_int_equal(octet_text_read_model(ctx, text, strlen(text), &model, &diag),
                     OCTET_ERR_INVALID_MODEL);
    assert_non_null(strstr(diag.text, "nested deeper than 64 levels"));
    free(graphs);
    free(types);
    free(text);
}

#define MANY 100000

/* Nodes, inputs of one node, elements, dims and metadata by the hundred thousand. */
static void test_large_texts(void **state)
{
    clock_t start = clock();
    octet_text text;
    octet_model *model;

    (void)state;
    octet_text_init(&text, NULL);
    octet_text_add(&text, "<metadata_props: [\"k\" : \"v\"");
    for (int i = 0; i < MANY; i++)
        octet_text_add(&text, ", \"k%d\" : \"v\"", i);
    octet_text_add(&text, "]> g (x0) => (y) <int64[%d] w = {0", MANY + 1);
    for (int i = 0; i < MANY; i++)
        octet_text_add(&text, ", %d", i);
    octet_text_add(&text, "}> {\n");
    for (int i = 0; i < MANY; i++)
        octet_text_add(&text, "x%d = Relu (x%d)\n", i + 1, i);
    octet_text_add(&text, "y = Sum (w");
    for (int i = 0; i < MANY; i++)
        octet_text_add(&text, ", x%d", i);
    octet_text_add(&text, ") }");
    model = read_model(text.data);
    assert_int_equal(model->graph->n_nodes, MANY + 1);
    assert_int_equal(model->n_metadata, MANY + 1);
    octet_text_deinit(&text);
    octet_model_destroy(model);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 10);
}

static void test_out_of_memory(void **state)
{
    static const char text[] =
        "<ir_version: 8, opset_import: [\"\" : 13], metadata_props: [\"a\" : \"b\"]> g (float[N] "
        "x) "
        "=> (y) <float[2] w = {1, 2}> { y = If (x) <b = s () => (z) { z = Add (x, w) }, i = [1]> } "
        "<domain: \"d\"> F <a, b = 1> (p) => (q) { q = A <c = @a> (p) }";
    failing_heap heap = {0};
    octet_allocator allocator = failing_allocator(&heap);
    octet_context_options options = {.threads = 1, .allocator = &allocator};
    octet_status status = OCTET_ERR_NOMEM;

    (void)state;
    for (size_t k = 1; status != OCTET_OK; k++) {
        octet_context *small;
        octet_model *model;
        octet_diag diag;

        heap = (failing_heap){0};
        assert_int_equal(octet_context_create(&options, &small), OCTET_OK);
        heap.fail_at = heap.requests + k;
        status = octet_text_read_model(small, text, strlen(text), &model, &diag);
        assert_true(status == OCTET_OK || status == OCTET_ERR_NOMEM);
        octet_model_destroy(model);
        octet_context_destroy(small);
        assert_int_equal(heap.alive, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixpoints),
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_long_payloads_are_left_out),
        cmocka_unit_test(test_read_graph_is_complete),
        cmocka_unit_test(test_subgraph_names_become_words),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_nesting_is_limited),
        cmocka_unit_test(test_large_texts),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
