/* test_place_qdq.c: what quantizing leaves in the graph
 * SPDX-License-Identifier: Apache-2.0
 */
#include "support/quantize_text.h"

#define IMAGE "float[1,2,1,1] "

static const float ramp[] = {-1.0F, 0.5F, 1.0F};

static void quantize(net *n, const char *graph)
{
    net_read(n, graph);
    if (net_quantize(n, ramp, 3, 2, NULL) != OCTET_OK)
        fail_msg("%s", octet_context_message(n->ctx));
}

static void refuse(const char *graph, octet_status status, const char *message)
{
    net n;

    net_read(&n, graph);
    octet_status given = net_quantize(&n, ramp, 3, 2, NULL);
    if (given != status || strstr(octet_context_message(n.ctx), message) == NULL)
        fail_msg("'%s: %s' instead of '%s: %s'", octet_status_name(given),
                 octet_context_message(n.ctx), octet_status_name(status), message);
    net_close(&n);
}

static const octet_node *producer(const net *n, const octet_node *node, uint32_t index)
{
    const octet_node *p = octet_value_producer(n->g, octet_node_input(n->g, node, index));

    if (p == NULL)
        fail_msg("input %u of '%s' is made by no node", index, node->name);
    return p;
}

/* The DequantizeLinear that feeds an input. */
static const octet_node *dequantize(const net *n, const octet_node *node, uint32_t index)
{
    const octet_node *p = producer(n, node, index);

    assert_string_equal(p->op_type, "DequantizeLinear");
    return p;
}

static const octet_tensor *constant(const net *n, const octet_node *node, uint32_t index)
{
    const octet_tensor *t = octet_value_constant(n->g, node->inputs[index]);

    if (t == NULL)
        fail_msg("input %u of '%s' is no constant", index, node->name);
    return t;
}

static double scale_at(const net *n, const octet_node *dq, int64_t i)
{
    return octet_tensor_f64_at(constant(n, dq, 1), i);
}

static void boundary_keeps_names_and_types(void **state)
{
    net n;

    (void)state;
    quantize(&n, "g (" IMAGE "x) => (" IMAGE "y)\n<" EYE ">\n{[c] y = Conv(x, w)\n}");
    assert_int_equal(n.g->n_inputs, 1);
    assert_int_equal(n.g->n_outputs, 1);
    const octet_value *x = octet_graph_value(n.g, n.g->inputs[0]);
    const octet_value *y = octet_graph_value(n.g, n.g->outputs[0]);
    assert_string_equal(x->name, "x");
    assert_string_equal(y->name, "y");
    assert_int_equal(x->type.dtype, OCTET_DTYPE_FLOAT32);
    assert_int_equal(y->type.dtype, OCTET_DTYPE_FLOAT32);
    assert_string_equal(octet_value_producer(n.g, y)->op_type, "DequantizeLinear");
    assert_int_equal(net_count(n.g, "QuantizeLinear"), 2);
    assert_int_equal(net_count(n.g, "DequantizeLinear"), 3);
    net_close(&n);
}

static void an_output_in_the_middle(void **state)
{
    net n;

    (void)state;
    quantize(&n, "g (" IMAGE "x) => (" IMAGE "a, " IMAGE "y)\n<" EYE
                 ">\n{[c] a = Conv(x, w)\n[d] y = Conv(a, w)\n}");
    const octet_value *a = octet_graph_value(n.g, n.g->outputs[0]);
    assert_string_equal(a->name, "a");
    assert_string_equal(octet_value_producer(n.g, a)->op_type, "DequantizeLinear");
    assert_ptr_equal(dequantize(&n, net_node(&n, "d"), 0), octet_value_producer(n.g, a));
    net_close(&n);
}

static void weights_of_two_nodes_are_stored_once(void **state)
{
    net n;

    (void)state;
    quantize(&n, "g (" IMAGE "x) => (" IMAGE "y)\n<" EYE
                 ">\n{[c] a = Conv(x, w)\n[d] y = Conv(a, w)\n}");
    assert_ptr_equal(dequantize(&n, net_node(&n, "c"), 1), dequantize(&n, net_node(&n, "d"), 1));
    assert_int_equal(constant(&n, dequantize(&n, net_node(&n, "c"), 1), 0)->dtype,
                     OCTET_DTYPE_INT8);
    assert_false(octet_graph_value(n.g, net_value(&n, "w"))->is_initializer);
    net_close(&n);
}

#define FLAT_WITH(more)                                                                            \
    "g (" IMAGE "x) => (float[1,2] y)\n<float[2,2] w = {1, 2, 3, 4}, int64[2] s = {1, 2}" more     \
    ">\n{[r] f = Reshape(x, s)\n"
#define FLAT FLAT_WITH("")

static void one_weight_along_two_axes(void **state)
{
    net n;

    (void)state;
    quantize(&n, FLAT "[c] a = Gemm(f, w)\n[d] y = Gemm <transB: int = 1> (a, w)\n}");
    const octet_node *c = dequantize(&n, net_node(&n, "c"), 1);
    const octet_node *d = dequantize(&n, net_node(&n, "d"), 1);
    assert_ptr_not_equal(c, d);
    assert_int_equal(octet_node_int(c, "axis", -9), 1);
    assert_int_equal(octet_node_int(d, "axis", -9), 0);
    assert_true(fabs(scale_at(&n, c, 0) - 3.0 / 127) < 1e-6);
    assert_true(fabs(scale_at(&n, d, 0) - 2.0 / 127) < 1e-6);
    net_close(&n);
}

/* Both readers of the weight see the scale that the larger bias needs. */
static void large_biases_enlarge_the_scale_for_all(void **state)
{
    net n;

    (void)state;
    quantize(&n, "g (" IMAGE "x) => (" IMAGE "y, " IMAGE "z)\n<" EYE
                 ", float[2] p = {0.5, 0.5}, float[2] q = {1e9, 0.5}>\n"
                 "{[c] y = Conv(x, w, p)\n[d] z = Conv(x, w, q)\n}");
    const octet_node *c = net_node(&n, "c"), *d = net_node(&n, "d");
    assert_ptr_equal(dequantize(&n, c, 1), dequantize(&n, d, 1));
    assert_true(scale_at(&n, dequantize(&n, c, 1), 0) > 2.0 / 127);
    assert_true(fabs(scale_at(&n, dequantize(&n, c, 1), 1) - 1.0 / 127) < 1e-6);
    for (int64_t i = 0; i < 2; i++)
        assert_true(scale_at(&n, dequantize(&n, d, 2), i) ==
                    (double)((float)scale_at(&n, dequantize(&n, d, 0), 0) *
                             (float)scale_at(&n, dequantize(&n, d, 1), i)));
    double bias = octet_tensor_f64_at(constant(&n, dequantize(&n, d, 2), 0), 0) *
                  scale_at(&n, dequantize(&n, d, 2), 0);
    assert_true(fabs(bias - 1e9) < 1e3);
    net_close(&n);
}

static void a_bias_with_two_scales_is_stored_twice(void **state)
{
    net n;

    (void)state;
    quantize(&n, "g (" IMAGE "x) => (" IMAGE "y)\n<" EYE
                 ", float[2,2,1,1] v = {5, 0, 0, 5}, float[2] b = {0.25, 0.5}>\n"
                 "{[c] a = Conv(x, w, b)\n[d] y = Conv(a, v, b)\n}");
    const octet_node *c = dequantize(&n, net_node(&n, "c"), 2);
    const octet_node *d = dequantize(&n, net_node(&n, "d"), 2);
    assert_ptr_not_equal(c, d);
    for (int64_t i = 0; i < 2; i++) {
        double expected = i == 0 ? 0.25 : 0.5;
        assert_true(fabs(octet_tensor_f64_at(constant(&n, c, 0), i) * scale_at(&n, c, i) -
                         expected) < 1e-3);
        assert_true(fabs(octet_tensor_f64_at(constant(&n, d, 0), i) * scale_at(&n, d, i) -
                         expected) < 1e-3);
    }
    net_close(&n);
}

/* The result of the last product is not observed, so calibration does not meet what is broken. */
static void constants_that_are_not_finite(void **state)
{
    (void)state;
    refuse("g (" IMAGE "x) => (float[1,2] y)\n<float[2,2] broken = {1, nan, 3, 4}, int64[2] s = "
           "{1, 2}>\n{[r] f = Reshape(x, s)\n[c] y = Gemm(f, broken)\n}",
           OCTET_ERR_INVALID_MODEL, "initializer 'broken'");
    refuse(FLAT_WITH(", float[2] broken = {1, inf}") "[c] y = Gemm(f, w, broken)\n}",
           OCTET_ERR_INVALID_MODEL, "initializer 'broken'");
}

#define BRANCHES                                                                                   \
    "g (" IMAGE "x) => (" IMAGE "y)\n<" EYE ", float zero = {0}>\n{[s] s = ReduceSum "             \
    "<keepdims: int = 0> (x)\n[q] q = Greater(s, zero)\n[i] i = If (q) <then_branch: graph = t ()" \
    " => (" IMAGE "p) {[tc] p = Conv(x, w)\n}, else_branch: graph = e () => "                      \
    "(" IMAGE "o) {[ec] o = Conv(x, w)\n}>\n[c] y = Conv(i, w)\n}"

static void branches_hold_their_own(void **state)
{
    net n;

    (void)state;
    quantize(&n, BRANCHES);
    const octet_node *node = net_node(&n, "i");
    for (uint32_t i = 0; i < node->n_attrs; i++) {
        const octet_graph *sub = node->attrs[i].graphs[0];
        assert_true(net_count(sub, "QuantizeLinear") > 0);
        assert_true(net_count(sub, "DequantizeLinear") > 0);
        assert_int_equal(sub->n_outputs, 1);
        assert_int_equal(octet_graph_value(sub, sub->outputs[0])->type.dtype, OCTET_DTYPE_FLOAT32);
    }
    net_close(&n);
}

static void shared_parameters_are_written_once(void **state)
{
    net n;

    (void)state;
    quantize(&n, "g (float[1,2,1,1] x) => (float[1,2,1,1] y)\n<" EYE ">\n"
                 "{[c] a = Conv(x, w)\n[t] b = Transpose <perm: ints = [0, 1, 3, 2]> (a)\n"
                 "[d] y = Conv(b, w)\n}");
    const octet_node *t = dequantize(&n, net_node(&n, "t"), 0);
    const octet_node *d = dequantize(&n, net_node(&n, "d"), 0);
    assert_int_equal(t->inputs[1], d->inputs[1]);
    assert_int_equal(t->inputs[2], d->inputs[2]);
    net_close(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boundary_keeps_names_and_types),
        cmocka_unit_test(an_output_in_the_middle),
        cmocka_unit_test(weights_of_two_nodes_are_stored_once),
        cmocka_unit_test(one_weight_along_two_axes),
        cmocka_unit_test(large_biases_enlarge_the_scale_for_all),
        cmocka_unit_test(a_bias_with_two_scales_is_stored_twice),
        cmocka_unit_test(constants_that_are_not_finite),
        cmocka_unit_test(branches_hold_their_own),
        cmocka_unit_test(shared_parameters_are_written_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
