/* test_op_shape.c: operators that move data, on what is easily got wrong and on hostile input
 * SPDX-License-Identifier: Apache-2.0
 *
 * What they compute in general is compared with ONNX's own cases in tests/interop; here are the
 * corners those leave out.
 */
#include "graph/text.h"
#include "octet/context.h"
#include "run/run.h"
#include "support/check.h"

#include <stdio.h>

/* One node on constants: `v = …` with the initializers before it. */
typedef struct example {
    const char *constants, *node;
    const char *expected; /* "[2,3] 1 2 3 4 5 6", or part of the message of a failure */
} example;

static const octet_node *find_node(const octet_graph *g)
{
    const octet_value *v = octet_graph_value(g, octet_graph_find_value(g, "v"));

    return octet_value_producer(g, v);
}

static void print_tensor(const octet_tensor *t, char *out, size_t size)
{
    size_t at = (size_t)snprintf(out, size, "[");

    for (int32_t i = 0; i < t->rank; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%lld", i > 0 ? "," : "",
                               (long long)t->dims[i]);
    at += (size_t)snprintf(out + at, size - at, "]");
    for (int64_t i = 0; i < octet_tensor_count(t) && at < size; i++)
        at += (size_t)snprintf(out + at, size - at, " %g", octet_tensor_f64_at(t, i));
}

static void evaluate(octet_graph *g, const octet_node *n, char *out, size_t size, octet_diag *diag)
{
    const octet_tensor *in[8] = {NULL};
    octet_tensor results[4];
    octet_status status;

    assert_true(n->n_inputs <= 8 && n->n_outputs <= 4);
    for (uint32_t i = 0; i < n->n_inputs; i++)
        if (n->inputs[i] != OCTET_NO_VALUE)
            assert_int_equal(octet_value_constant_aligned(g, n->inputs[i], &in[i], diag), OCTET_OK);
    status = octet_eval_node(g, n, in, n->n_inputs, results, n->n_outputs, diag);
    if (status != OCTET_OK) {
        assert_int_not_equal(status, OCTET_ERR_INTERNAL);
        snprintf(out, size, "%s", diag->text);
        return;
    }
    print_tensor(&results[0], out, size);
    for (uint32_t i = 0; i < n->n_outputs; i++)
        octet_tensor_deinit(&results[i], &g->model->ctx->allocator);
}

static void check_example(const example *x, const octet_limits *limits)
{
    octet_context_options options = {.threads = 1, .limits = limits};
    char text[2048], got[1024];
    octet_context *ctx;
    octet_model *model;
    octet_diag diag = {0};

    snprintf(text, sizeof text,
             "<ir_version: 8, opset_import: [\"\" : 21]>\ng () => (v) <%s> {\n%s\n}", x->constants,
             x->node);
    assert_int_equal(octet_context_create(&options, &ctx), OCTET_OK);
    if (octet_text_read_model(ctx, text, strlen(text), &model, &diag) != OCTET_OK)
        fail_msg("%s\n%s", diag.text, text);
    octet_ops_resolve(model->graph);
    evaluate(model->graph, find_node(model->graph), got, sizeof got, &diag);
    if (x->expected[0] == '[' ? strcmp(got, x->expected) != 0 : strstr(got, x->expected) == NULL)
        fail_msg("%s: '%s' instead of '%s'", x->node, got, x->expected);
    octet_model_destroy(model);
    octet_context_destroy(ctx);
}

#define X23 "float[2,3] x = {1, 2, 3, 4, 5, 6}, "

static const example results[] = {
    /* bounds of Slice are clamped, whatever they are */
    {X23
     "int64[1] a = {-9223372036854775807}, int64[1] b = {9223372036854775807}, int64[1] one = {1}",
     "v = Slice(x, a, b, one)", "[2,3] 1 2 3 4 5 6"},
    {X23
     "int64[1] a = {9223372036854775807}, int64[1] b = {-9223372036854775807}, int64[1] one = {1}, "
     "int64[1] s = {-2}",
     "v = Slice(x, a, b, one, s)", "[2,2] 3 1 6 4"},
    {X23 "int64[1] a = {2}, int64[1] b = {1}, int64[1] one = {1}", "v = Slice(x, a, b, one)",
     "[2,0]"},
    {X23
     "int64[1] a = {0}, int64[1] b = {3}, int64[1] one = {1}, int64[1] s = {9223372036854775807}",
     "v = Slice(x, a, b, one, s)", "[2,1] 1 4"},
    /* negative pads cut; reflection goes round more than once; nothing is read twice */
    {X23 "int64[4] p = {0, -1, 1, 1}", "v = Pad(x, p)", "[3,3] 2 3 0 5 6 0 0 0 0"},
    {"float[3] x = {1, 2, 3}, int64[2] p = {5, 4}", "v = Pad <mode = \"reflect\"> (x, p)",
     "[12] 2 1 2 3 2 1 2 3 2 1 2 3"},
    {"float[3] x = {1, 2, 3}, int64[2] p = {4, 1}", "v = Pad <mode = \"wrap\"> (x, p)",
     "[8] 3 1 2 3 1 2 3 1"},
    {"float[3] x = {1, 2, 3}, int64[2] p = {-1, 2}", "v = Pad <mode = \"edge\"> (x, p)",
     "[4] 2 3 3 3"},
    {X23 "int64[2] p = {1, 0}, int64[1] axis = {-1}, float c = {9}", "v = Pad(x, p, c, axis)",
     "[2,4] 9 1 2 3 9 4 5 6"},
    /* empty tensors */
    {"float[0,3] x = {}, int64[2] t = {-1, 3}", "v = Reshape(x, t)", "[0,3]"},
    {"float[0,3] x = {}, int64[2] r = {2, 2}", "v = Tile(x, r)", "[0,6]"},
    {"float[0,3] x = {}", "v = Concat <axis = 0> (x, x)", "[0,3]"},
    {"float[4611686018427387904,0] x = {}", "v = Flatten(x)", "[4611686018427387904,0]"},
    {"float[4611686018427387904,0] x = {}", "v = Transpose(x)", "[0,4611686018427387904]"},
    /* negative indices count from the end */
    {X23 "int64[2] i = {-1, 0}", "v = Gather <axis = 1> (x, i)", "[2,2] 3 1 6 4"},
    {X23 "int64[1,2] i = {-1, -2}", "v = GatherND(x, i)", "[1] 5"},
    {X23 "int64[1,3] i = {-1, 0, 1}", "v = GatherElements <axis = 0> (x, i)", "[1,3] 4 2 6"},
    {X23 "int64[1,1] i = {-1}, float[1,1] u = {10}",
     "v = ScatterElements <axis = 1, reduction = \"add\"> (x, i, u)", "[2,3] 1 2 13 4 5 6"},
    {X23 "int64[2,1] i = {1, 1}, float[2,3] u = {1, 1, 1, 2, 2, 9}",
     "v = ScatterND <reduction = \"max\"> (x, i, u)", "[2,3] 1 2 3 4 5 9"},
    /* ties keep the first, NaN or not; 0 and -0 are equal */
    {"float[4] x = {0, -0.0, 3, 3}, int64[1] k = {4}", "v, i = TopK <largest = 0> (x, k)",
     "[4] 0 -0 3 3"},
    {"float[4] x = {1, 3, 3, 2}, int64[1] k = {2}", "v, i = TopK(x, k)", "[2] 3 3"},
    {"float[5] x = {2, 1, 1, 3, 2}", "v = Unique <sorted = 0> (x)", "[3] 2 1 3"},
    {"int64 a = {9223372036854775806}, int64 b = {9223372036854775807}, int64 c = {5}",
     "v = Range(a, b, c)", "[1] 9.22337e+18"},
    {"float[2,2] x = {1, 2, 3, 4}", "v = Einsum <equation = \"ii\"> (x)", "[] 5"},
    {"float[2,2] x = {1, 2, 3, 4}", "v = Einsum <equation = \"...j->j...\"> (x)", "[2,2] 1 3 2 4"},
};

static void corner_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++)
        check_example(&results[i], NULL);
}

static const example failures[] = {
    {X23 "int64[1] i = {2}", "v = Gather(x, i)", "index 2 is out of range for size 2"},
    {X23 "int64[1] i = {-3}", "v = Gather(x, i)", "index -3 is out of range"},
    {X23 "int64[1,1] i = {9}", "v = GatherND(x, i)", "index 9 is out of range"},
    {X23 "int64[1,3] i = {0, 0, 0}", "v = GatherND(x, i)", "do not fit data of rank 2"},
    {X23 "int64[1,3] i = {0, 5, 0}", "v = GatherElements(x, i)", "index 5 is out of range"},
    {X23 "int64[1,4] i = {0, 0, 0, 0}", "v = GatherElements(x, i)", "larger than data in axis 1"},
    {X23 "int64[1,1] i = {7}, float[1,3] u = {1, 2, 3}", "v = ScatterND(x, i, u)",
     "index 7 is out of range"},
    {X23 "int64[1,1] i = {0}, float[2] u = {1, 2}", "v = ScatterND(x, i, u)",
     "updates do not have"},
    {X23 "int64[2] t = {4, 2}", "v = Reshape(x, t)", "6 elements do not fit"},
    {X23 "int64[2] t = {-1, -1}", "v = Reshape(x, t)", "shape is not valid"},
    {X23 "int64[2] t = {-1, 4}", "v = Reshape(x, t)", "do not fit"},
    {X23 "int64[3] t = {4611686018427387904, 4, 4}", "v = Reshape(x, t)", "too large"},
    {X23 "int64[2] t = {-1, -2}", "v = Expand(x, t)", "does not expand"},
    {X23 "int64[2] t = {4611686018427387904, 4611686018427387904}", "v = Tile(x, t)",
     "4611686018427387904 repeats of axis 0"},
    {X23 "int64[2] t = {-1, 1}", "v = Tile(x, t)", "-1 repeats of axis 0"},
    {X23 "int64[1] t = {1}", "v = Tile(x, t)", "1 entries for rank 2"},
    {X23 "int64[4] p = {-9223372036854775808, 0, 0, 0}", "v = Pad(x, p)", "do not suit"},
    {X23 "int64[4] p = {-3, 0, 2, 0}", "v = Pad(x, p)", "do not suit"},
    {"float[0] x = {}, int64[2] p = {1, 1}", "v = Pad <mode = \"edge\"> (x, p)",
     "nothing to pad from"},
    {X23 "int64[2] s = {1, 1}", "v = Split <axis = 1> (x, s)", "2 entries for 1 outputs"},
    {X23 "int64[1] s = {2}", "v = Split <axis = 1> (x, s)", "does not add up to 3"},
    {X23 "int64[1] k = {4}", "v, i = TopK(x, k)", "k is 4 but axis 1 has size 3"},
    {X23 "int64[1] a = {2}", "v = Unsqueeze(x, a)", "[2,3,1] 1 2 3 4 5 6"},
    {X23 "int64[1] a = {3}", "v = Unsqueeze(x, a)", "axis 3 is out of range"},
    {X23 "int64[2] a = {0, -4}", "v = Unsqueeze(x, a)", "axis 0 is given twice"},
    {X23 "int64[1] a = {0}", "v = Squeeze(x, a)", "size 2 instead of 1"},
    {X23 "int64[1] a = {0}, int64[1] s = {0}", "v = Slice(x, a, a, a, s)", "a step is 0"},
    {"int64 a = {0}, int64 b = {1}, int64 c = {0}", "v = Range(a, b, c)", "no end"},
    {"float a = {0}, float b = {1e30}, float c = {1e-30}", "v = Range(a, b, c)", "no end"},
    {"int64[1] n = {-1}", "v = ConstantOfShape(n)", "output 0"},
    {"int64[2] n = {9223372036854775807, 9223372036854775807}", "v = ConstantOfShape(n)",
     "output 0"},
    {"int64[1] n = {1000000}", "v = ConstantOfShape(n)", "the limit is 1000"},
    {"int64[13] n = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}", "v = ConstantOfShape(n)", "output 0"},
    {"int64[1] i = {0}, int64 d = {-5}, float[2] w = {0, 1}", "v = OneHot(i, d, w)", "output 0"},
    {X23 "int64 unused = {0}", "v = Einsum <equation = \"ij,jk\"> (x)", "does not suit"},
    {X23 "int64 unused = {0}", "v = Einsum <equation = \"ij->ijk\"> (x)", "does not suit"},
    {X23 "int64 unused = {0}", "v = Transpose <perm = [0, 2]> (x)", "axis 2 is out of range"},
    {X23 "int64 unused = {0}", "v = Gather(x)", "input 1 ('indices') is missing"},
    {X23 "int64 unused = {0}", "v = Flatten(x, x)", "2 inputs are given instead of 1"},
};

static void bad_input_is_an_error(void **state)
{
    const octet_limits limits = {.max_depth = 64, .max_nodes = 1000, .max_tensor_bytes = 1000};

    (void)state;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
        check_example(&failures[i], &limits);
}

/* Every element size moves through the same copy. */
static void all_element_sizes(void **state)
{
    static const char *const types[] = {"uint8", "int16", "float", "int64", "double"};
    char constants[256];

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const example x = {constants, "v = Transpose(x)", "[3,2] 1 4 2 5 3 6"};

        snprintf(constants, sizeof constants, "%s[2,3] x = {1, 2, 3, 4, 5, 6}", types[i]);
        check_example(&x, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corner_cases),
        cmocka_unit_test(bad_input_is_an_error),
        cmocka_unit_test(all_element_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
