/* test_annotate.c: which nodes match which patterns, and which run in integers
 * SPDX-License-Identifier: Apache-2.0
 */
#include "support/quantize_text.h"

#define ONE_IN "g (float[1,2,4,4] x) => (float[1,2,n,m] y)\n<" EYE ">\n"
#define CONV(name, out, in) "[" name "] " out " = Conv(" in ", w)\n"

static const char output_float[] = "not needed in integers";
static const char inputs_float[] = "come in float";
static const char no_pattern[] = "no pattern";

/* ---- matching */

static const octet_pattern *pattern(const net *n, const char *name)
{
    for (uint32_t i = 0; i < n->backend->n_patterns; i++)
        if (strcmp(n->backend->patterns[i].name, name) == 0)
            return &n->backend->patterns[i];
    fail_msg("there is no pattern '%s'", name);
    return NULL;
}

/* expected NULL: the pattern matches and ends at `last`. */
static void match(const char *graph, const char *name, const char *root, const char *last,
                  const char *expected)
{
    octet_match found;
    octet_match_failure failure;
    net n;

    net_read(&n, graph);
    bool matches =
        octet_match_pattern(n.g, pattern(&n, name), net_node(&n, root)->id, NULL, &found, &failure);
    if (matches != (expected == NULL))
        fail_msg("%s%s on '%s': '%s'", graph, name, root, matches ? "matches" : failure.text);
    if (!matches && strstr(failure.text, expected) == NULL)
        fail_msg("%s on '%s': '%s' instead of '%s'", name, root, failure.text, expected);
    if (matches && found.last != net_node(&n, last)->id)
        fail_msg("%s%s on '%s' ends at node %u", graph, name, root, found.last);
    net_close(&n);
}

static void optional_elements(void **state)
{
    (void)state;
    match(ONE_IN "{" CONV("c", "a", "x") "[r] y = Relu(a)\n}", "conv-act", "c", "r", NULL);
    match(ONE_IN "{" CONV("c", "a", "x") "[r] y = Tanh(a)\n}", "conv-act", "c", "c", NULL);
    match(ONE_IN "{" CONV("c", "y", "x") "}", "conv-act", "c", "c", NULL);
    match(ONE_IN "{[r] y = Relu(x)\n}", "conv-act", "r", NULL, "Relu is not in the pattern");
}

static void values_in_the_middle(void **state)
{
    (void)state;
    match(ONE_IN "{" CONV("c", "a", "x") "[r] b = Relu(a)\n[s] y = Add(a, b)\n}", "conv-act", "c",
          "c", NULL);
    match("g (float[1,2,4,4] x) => (float[1,2,4,4] y, float[1,2,4,4] a)\n<" EYE
          ">\n{" CONV("c", "a", "x") "[r] y = Relu(a)\n}",
          "conv-act", "c", "c", NULL);
}

#define CLIP(low, high, bounds)                                                                    \
    "g (float[1,2,4,4] x, float v) => (float[1,2,4,4] y)\n<" EYE ", float lo = {" low              \
    "}, float hi = {" high "}>\n{" CONV("c", "a", "x") "[r] y = Clip(a, " bounds ")\n}"

static void bounds_of_a_clip(void **state)
{
    (void)state;
    match(CLIP("0", "6", "lo, hi"), "conv-act", "c", "r", NULL);
    match(CLIP("-1", "1", "lo, hi"), "conv-act", "c", "r", NULL);
    match(CLIP("0", "6", "lo"), "conv-act", "c", "r", NULL);
    match(CLIP("1", "6", "lo, hi"), "conv-act", "c", "c", NULL);
    match(CLIP("-6", "-1", "lo, hi"), "conv-act", "c", "c", NULL);
    match(CLIP("-6", "0", "lo, hi"), "conv-act", "c", "c", NULL);
    match(CLIP("0", "6", "lo, v"), "conv-act", "c", "c", NULL);
}

static void weights_that_vary(void **state)
{
    (void)state;
    match("g (float[1,2,4,4] x, float[2,2,1,1] w) => (float[1,2,4,4] y)\n{" CONV("c", "y", "x") "}",
          "conv-act", "c", NULL, "input W is not a constant");
    match("g (float[1,2,4,4] x, float[2] b) => (float[1,2,4,4] y)\n<" EYE
          ">\n{[c] y = Conv(x, w, b)\n}",
          "conv-act", "c", NULL, "input B is not a constant");
    match("g (float[2,2] x, float[2,2] z) => (float[2,2] y)\n{[m] y = MatMul(x, z)\n}",
          "matmul-act", "m", "m", NULL);
}

static void element_types_of_results(void **state)
{
    (void)state;
    match("g (double[2,2] x, double[2,2] z) => (double[2,2] y)\n{[m] y = MatMul(x, z)\n}",
          "matmul-act", "m", NULL, "not float");
}

#define GEMM(attributes)                                                                           \
    "g (float[2,2] x) => (float[2,2] y)\n<float[2,2] w = {1, 2, 3, 4}>\n{[g] y = Gemm" attributes  \
    "(x, w)\n}"

static void attributes_and_their_defaults(void **state)
{
    (void)state;
    match(GEMM(""), "gemm-act", "g", "g", NULL);
    match(GEMM(" <alpha: float = 1, transB: int = 1>"), "gemm-act", "g", "g", NULL);
    match(GEMM(" <alpha: float = 0.5>"), "gemm-act", "g", NULL, "attribute alpha");
    match(GEMM(" <transA: int = 1>"), "gemm-act", "g", NULL, "attribute transA");
}

static void biases_behind_a_matmul(void **state)
{
#define BIAS(shape, elements)                                                                      \
    "g (float[3,2] x) => (float[3,2] y)\n<float[2,2] w = {1, 2, 3, 4}, float[" shape               \
    "] b = {" elements "}>\n{[m] a = MatMul(x, w)\n[a] y = Add(b, a)\n}"
    (void)state;
    match(BIAS("2", "1, 2"), "matmul-bias", "m", "a", NULL);
    match(BIAS("1", "1"), "matmul-bias", "m", NULL, "not a vector of the last axis' length");
    match(BIAS("3,1", "1, 2, 3"), "matmul-bias", "m", NULL, "not a vector");
}

/* ---- choosing */

static void light_operators_between_integers(void **state)
{
    net n;

    (void)state;
    net_annotate(&n, ONE_IN "{" CONV("a", "a", "x") CONV("b", "b", "x") "[s] s = Add(a, b)\n" CONV(
                         "c", "t", "s") "[e] y = Add(t, s)\n}");
    net_expect(&n, "a", NULL);
    net_expect(&n, "s", NULL);
    net_expect(&n, "c", NULL);
    net_expect(&n, "e", output_float);
    assert_int_equal(net_site(&n, "y"), OCTET_NO_SITE);
    net_close(&n);
}

static void light_operators_behind_floats(void **state)
{
    net n;

    (void)state;
    net_annotate(&n, ONE_IN
                 "{[e] e = Erf(x)\n[f] f = Tanh(x)\n[s] s = Add(e, f)\n" CONV("c", "y", "s") "}");
    net_expect(&n, "e", no_pattern);
    net_expect(&n, "s", inputs_float);
    net_expect(&n, "c", NULL);
    net_close(&n);
}

static void pooling_shares_parameters(void **state)
{
    net n;

    (void)state;
    net_annotate(&n, ONE_IN "{" CONV("a", "a", "x") "[p] p = MaxPool <kernel_shape: ints = [2, 2]> "
                                                    "(a)\n[v] v = AveragePool <kernel_shape: ints "
                                                    "= [2, 2]> (p)\n" CONV("c", "y", "v") "}");
    net_expect(&n, "p", NULL);
    net_expect(&n, "v", NULL);
    assert_int_equal(n.a->sites[net_site(&n, "a")].group, n.a->sites[net_site(&n, "p")].group);
    assert_int_not_equal(n.a->sites[net_site(&n, "p")].group, n.a->sites[net_site(&n, "v")].group);
    net_close(&n);
}

static void outputs_of_matrix_products_stay_float(void **state)
{
    net n;

    (void)state;
    net_annotate(&n, "g (float[2,2] x) => (float[2,2] y)\n<float[2,2] w = {1, 2, 3, 4}>\n{[g] a = "
                     "Gemm(x, w)\n[h] y = Gemm(a, w)\n}");
    net_expect(&n, "g", NULL);
    net_expect(&n, "h", NULL);
    assert_int_not_equal(net_site(&n, "a"), OCTET_NO_SITE);
    assert_int_equal(net_site(&n, "y"), OCTET_NO_SITE);
    net_close(&n);
}

static void inputs_are_quantized_before_they_move(void **state)
{
    net n;

    (void)state;
    net_annotate(&n, "g (float[1,4,4,2] x) => (float[1,2,4,4] y)\n<" EYE ">\n{[t] t = Transpose "
                     "<perm: ints = [0, 3, 1, 2]> (x)\n" CONV("c", "y", "t") "}");
    net_expect(&n, "t", NULL);
    assert_int_equal(n.a->sites[net_site(&n, "x")].group, n.a->sites[net_site(&n, "t")].group);
    net_close(&n);
}

#define SLICE                                                                                      \
    "g (float[1,2,4,4] x) => (float[1,2,m,n] y)\n<" EYE ", int64[1] zero = {0}, int64[1] two = "   \
    "{2}, int64[1] axis = {2}>\n"

static void a_slice_is_not_pulled_up_into_float(void **state)
{
    net n;

    (void)state;
    net_annotate(&n, SLICE
                 "{[e] e = Erf(x)\n[s] s = Slice(e, zero, two, axis)\n" CONV("c", "y", "s") "}");
    net_expect(&n, "s", inputs_float);
    net_close(&n);
    net_annotate(&n, SLICE "{" CONV("a", "e", "x") "[s] s = Slice(e, zero, two, axis)\n" CONV(
                         "c", "y", "s") "}");
    net_expect(&n, "s", NULL);
    net_close(&n);
    net_annotate(&n, "g (float[1,2,4,4] x) => (float[1,2,4,4] y)\n<" EYE ">\n{[e] e = Erf(x)\n[t] "
                     "t = Transpose <perm: ints = [0, 1, 3, 2]> (e)\n" CONV("c", "y", "t") "}");
    net_expect(&n, "t", NULL);
    net_close(&n);
}

static void a_relu_beside_another_reader(void **state)
{
    net n;

    (void)state;
    net_annotate(&n, ONE_IN "{" CONV("c", "a", "x") "[r] b = Relu(a)\n[s] s = Add(a, b)\n" CONV(
                         "d", "y", "s") "}");
    net_expect(&n, "c", NULL);
    net_expect(&n, "r", no_pattern);
    assert_false(n.a->sites[net_site(&n, "a")].zero_point_min);
    net_close(&n);
    net_annotate(&n, ONE_IN "{" CONV("c", "a", "x") "[r] b = Relu(a)\n" CONV("d", "y", "b") "}");
    net_expect(&n, "r", NULL);
    assert_true(n.a->sites[net_site(&n, "b")].zero_point_min);
    assert_int_equal(net_site(&n, "a"), OCTET_NO_SITE);
    net_close(&n);
}

#define BRANCHES                                                                                   \
    "g (float[1,2,1,1] x) => (float[1,2,1,1] y)\n<" EYE ", float zero = {0}>\n{[s] s = ReduceSum " \
    "<keepdims: int = 0> (x)\n[q] q = Greater(s, zero)\n[i] y = If (q) <then_branch: graph = t ()" \
    " => (float[1,2,1,1] p) {[tc] p = Conv(x, w)\n}, else_branch: graph = e () => "                \
    "(float[1,2,1,1] o) {[ec] o = Conv(x, w)\n}>\n}"

/* The branch that no sample takes stays float, and the report says why. */
static void branches_never_taken(void **state)
{
    static const float samples[] = {1.0F, 2.0F};
    octet_report *report;
    bool said = false;
    net n;

    (void)state;
    net_read(&n, BRANCHES);
    if (net_quantize(&n, samples, 2, 2, &report) != OCTET_OK)
        fail_msg("%s", octet_context_message(n.ctx));
    const octet_node *node = net_node(&n, "i");
    for (uint32_t i = 0; i < node->n_attrs; i++)
        assert_int_equal(net_count(node->attrs[i].graphs[0], "DequantizeLinear") > 0,
                         strcmp(node->attrs[i].name, "then_branch") == 0);
    for (size_t i = 0; i < report->n_reasons; i++)
        said =
            said || (strstr(report->reasons[i].reason, "calibration never computed it") != NULL &&
                     strcmp(report->reasons[i].example, "ec") == 0);
    assert_true(said);
    octet_report_free(report);
    net_close(&n);
}

#define SHARING                                                                                    \
    "{\"name\": \"t\", \"summary\": \"\", \"arithmetic\": \"ort-vnni\", \"dtype_configs\": "       \
    "[{\"name\": "                                                                                 \
    "\"c\", \"input_dtype\": {\"dtype\": \"uint8\"}, \"output_dtype\": {\"dtype\": \"uint8\"}}], " \
    "\"patterns\": [{\"name\": \"s\", \"pattern\": [{\"as\": \"a\", \"op\": [\"Sigmoid\"]}], "     \
    "\"overwrite_output_qparams\": {\"scale\": 0.00390625, \"zero_point\": 0}, "                   \
    "\"dtype_configs\": [\"c\"]}, {\"name\": \"k\", \"pattern\": [{\"as\": \"a\", \"op\": "        \
    "[\"Concat\"]}], \"observation_type\": \"OUTPUT_SHARE_OBSERVER_WITH_INPUT\", "                 \
    "\"dtype_configs\": [\"c\"]}]}"

/* x reaches to -reach, beside a Sigmoid whose parameters are given by the backend. */
static float scale_beside_sigmoid(float reach)
{
    octet_range ranges[8];
    bool seen[8] = {true, true, true, true, true, true, true, true};
    net n;

    net_read(&n, "g (float[2] x, float[2] z) => (float[4] y) {\ns = Sigmoid(z)\n"
                 "y = Concat <axis: int = 0> (s, x)\n}");
    octet_backend_destroy(n.backend);
    assert_int_equal(
        octet_backend_parse(&n.ctx->allocator, SHARING, strlen(SHARING), "t", &n.backend, &n.diag),
        OCTET_OK);
    assert_int_equal(octet_annotate(n.model, n.backend, &n.a, &n.diag), OCTET_OK);
    assert_true(n.a->n_sites <= 8);
    for (uint32_t i = 0; i < n.a->n_sites; i++)
        ranges[i] = (octet_range){0.0F, 0.5F};
    ranges[net_site(&n, "x")].min = -reach;
    octet_annotation_resolve(n.a, ranges, seen);
    float scale = n.a->sites[net_site(&n, "y")].params.scale;
    assert_true(scale == n.a->sites[net_site(&n, "s")].params.scale);
    net_close(&n);
    return scale;
}

static void given_parameters_yield_to_what_shares_them(void **state)
{
    (void)state;
    assert_true(scale_beside_sigmoid(0.0F) == 1.0F / 256.0F);
    assert_true(scale_beside_sigmoid(8.0F) >= 8.5F / 255.0F);
}

#define UNOBSERVED                                                                                 \
    "{\"name\": \"t\", \"dtype_configs\": [{\"name\": \"c\", \"input_dtype\": "                    \
    "{\"dtype\": \"uint8\"}, \"output_dtype\": {\"dtype\": \"uint8\"}}], \"patterns\": "           \
    "[{\"name\": \"keep\", \"pattern\": [{\"as\": \"a\", \"op\": [\"Sigmoid\"]}], "                \
    "\"observation_type\": \"INPUT_OUTPUT_NOT_OBSERVED\", \"dtype_configs\": [\"c\"]}, "           \
    "{\"name\": \"never\", \"pattern\": [{\"as\": \"a\", \"op\": [\"Sigmoid\"]}], "                \
    "\"dtype_configs\": [\"c\"]}]}"

static void what_is_not_observed_stays_float(void **state)
{
    net n;
    (void)state;
    net_read(&n, "g (float[2] x) => (float[2] y) {\n[s] y = Sigmoid(x)\n}");
    octet_backend_destroy(n.backend);
    assert_int_equal(octet_backend_parse(&n.ctx->allocator, UNOBSERVED, strlen(UNOBSERVED), "t",
                                         &n.backend, &n.diag),
                     OCTET_OK);
    assert_int_equal(octet_annotate(n.model, n.backend, &n.a, &n.diag), OCTET_OK);
    assert_int_equal(n.a->n_sites, 0);
    assert_string_equal(octet_annotation_reason(n.a, n.g, net_node(&n, "s")->id),
                        "the backend does not observe it");
    net_close(&n);
}

/* A causal mask: added to scores between two matrix products. */
static void masks_stay_float(void **state)
{
    net n;
    (void)state;
    net_annotate(&n, "g (float[2,2] x) => (float[2,2] y)\n"
                     "<float[2,2] w = {1, 0, 0, 1}, float[2,2] mask = {0, -3e38, 0, 0}>\n"
                     "{[a] s = MatMul(x, w)\n[m] t = Add(s, mask)\n[b] y = MatMul(t, w)\n}");
    net_expect(&n, "a", NULL);
    net_expect(&n, "b", NULL);
    net_expect(&n, "m", "reaches too far");
    net_close(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_stay_float),
        cmocka_unit_test(what_is_not_observed_stays_float),
        cmocka_unit_test(optional_elements),
        cmocka_unit_test(values_in_the_middle),
        cmocka_unit_test(bounds_of_a_clip),
        cmocka_unit_test(weights_that_vary),
        cmocka_unit_test(element_types_of_results),
        cmocka_unit_test(attributes_and_their_defaults),
        cmocka_unit_test(biases_behind_a_matmul),
        cmocka_unit_test(light_operators_between_integers),
        cmocka_unit_test(light_operators_behind_floats),
        cmocka_unit_test(pooling_shares_parameters),
        cmocka_unit_test(outputs_of_matrix_products_stay_float),
        cmocka_unit_test(inputs_are_quantized_before_they_move),
        cmocka_unit_test(a_slice_is_not_pulled_up_into_float),
        cmocka_unit_test(a_relu_beside_another_reader),
        cmocka_unit_test(branches_never_taken),
        cmocka_unit_test(given_parameters_yield_to_what_shares_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
