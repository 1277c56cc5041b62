/* test_graph_edit.c: each editing function keeps uses, names and lists consistent
 * SPDX-License-Identifier: Apache-2.0
 */
#include "support/graph_fixture.h"

#include <time.h>

static const char *name_of(const octet_graph *g, octet_value_id id)
{
    return g->values[id]->name;
}

/* x -> Relu -> r -> Exp -> y */
static void chain(fixture *f)
{
    fixture_init(f);
    graph_input(f, f->g, "x");
    node(f, f->g, "r", "Relu", "x");
    node(f, f->g, "y", "Exp", "r");
    graph_output(f, f->g, "y");
    verify(f);
}

static void test_empty_model(void **state)
{
    fixture f;

    (void)state;
    fixture_init(&f);
    verify(&f);
    OK(&f, octet_graph_sort(f.g, &f.diag));
    assert_int_equal(octet_graph_find_value(f.g, "x"), OCTET_NO_VALUE);
    assert_int_equal(octet_graph_find_node(f.g, "x"), OCTET_NO_NODE);
    fixture_deinit(&f);
    octet_model_destroy(NULL);
}

static void test_unique_value_names(void **state)
{
    static const char *const expected[] = {"a", "a_1", "a_2", "v", "a_1_1"};
    static const char *const wanted[] = {"a", "a", "a", NULL, "a_1"};
    octet_value_id id;
    fixture f;

    (void)state;
    fixture_init(&f);
    for (size_t i = 0; i < 5; i++) {
        OK(&f, octet_edit_add_value(f.g, wanted[i], NULL, &id, &f.diag));
        assert_string_equal(name_of(f.g, id), expected[i]);
        assert_int_equal(octet_graph_find_value(f.g, expected[i]), id);
    }
    assert_int_equal(octet_edit_add_named_value(f.g, "a_2", &id, &f.diag), OCTET_ERR_INVALID_MODEL);
    assert_string_equal(f.diag.text, "duplicate value name 'a_2'");
    fixture_deinit(&f);
}

/* A new name must not capture or shadow one of another level. */
static void test_names_unique_across_graphs(void **state)
{
    octet_value_id id;
    octet_graph *sub;
    fixture f;

    (void)state;
    chain(&f);
    sub = fixture_subgraph(&f, f.g, 0, "body");
    val(&f, sub, "inner");
    OK(&f, octet_edit_add_value(sub, "x", NULL, &id, &f.diag));
    assert_string_equal(name_of(sub, id), "x_1");
    OK(&f, octet_edit_add_value(f.g, "inner", NULL, &id, &f.diag));
    assert_string_equal(name_of(f.g, id), "inner_1");
    fixture_deinit(&f);
}

static void test_node_names(void **state)
{
    octet_node_desc desc = {.op_type = "LeakyRelu"};
    octet_node_id id;
    fixture f;

    (void)state;
    fixture_init(&f);
    for (int i = 0; i < 2; i++)
        OK(&f, octet_edit_add_node(f.g, &desc, "pass", &id, &f.diag));
    assert_string_equal(f.g->nodes[0]->name, "leakyrelu");
    assert_string_equal(f.g->nodes[1]->name, "leakyrelu_1");
    assert_string_equal(f.g->nodes[1]->stamp, "pass");
    desc.keep_name = true;
    desc.name = "leakyrelu";
    OK(&f, octet_edit_add_node(f.g, &desc, NULL, &id, &f.diag));
    assert_string_equal(f.g->nodes[id]->name, "leakyrelu");
    assert_int_equal(octet_graph_find_node(f.g, "leakyrelu"), 0);
    desc.name = "";
    OK(&f, octet_edit_add_node(f.g, &desc, NULL, &id, &f.diag));
    assert_string_equal(f.g->nodes[id]->name, "");
    OK(&f, octet_edit_set_node_name(f.g, id, "leakyrelu", &f.diag));
    assert_string_equal(f.g->nodes[id]->name, "leakyrelu_2");
    assert_int_equal(octet_graph_find_node(f.g, "leakyrelu_2"), id);
    octet_edit_remove_node(f.g, 0);
    assert_int_equal(octet_graph_find_node(f.g, "leakyrelu"), OCTET_NO_NODE);
    verify(&f);
    fixture_deinit(&f);
}

static void test_uses_follow_inputs(void **state)
{
    octet_value_id x, r;
    fixture f;

    (void)state;
    chain(&f);
    x = val(&f, f.g, "x");
    r = val(&f, f.g, "r");
    OK(&f, octet_edit_set_input(f.g, 1, 2, x, &f.diag)); /* extends with a hole */
    verify(&f);
    assert_int_equal(f.g->nodes[1]->n_inputs, 3);
    assert_int_equal(f.g->nodes[1]->inputs[1], OCTET_NO_VALUE);
    assert_null(octet_node_input(f.g, f.g->nodes[1], 1));
    assert_null(octet_node_input(f.g, f.g->nodes[1], 7));
    assert_int_equal(f.g->values[x]->n_uses, 2);
    OK(&f, octet_edit_set_input(f.g, 1, 0, x, &f.diag));
    assert_int_equal(f.g->values[r]->n_uses, 0);
    assert_int_equal(f.g->values[x]->n_uses, 3);
    verify(&f);
    OK(&f, octet_edit_set_inputs(f.g, 1, &r, 1, &f.diag));
    assert_int_equal(f.g->nodes[1]->n_inputs, 1);
    assert_true(octet_value_single_use(f.g->values[r]));
    assert_true(octet_value_single_use(f.g->values[x]));
    assert_true(f.g->nodes[1]->changed);
    assert_false(f.g->nodes[0]->changed);
    OK(&f, octet_edit_set_input(f.g, 1, 0, OCTET_NO_VALUE, &f.diag));
    assert_int_equal(f.g->values[r]->n_uses, 0);
    verify(&f);
    fixture_deinit(&f);
}

static void test_outputs_have_one_producer(void **state)
{
    octet_value_id y, r, z, both[2];
    octet_node_desc desc = {.op_type = "Split", .outputs = both, .n_outputs = 2};
    octet_node_id id;
    fixture f;

    (void)state;
    chain(&f);
    y = val(&f, f.g, "y");
    r = val(&f, f.g, "r");
    assert_int_equal(octet_edit_set_output(f.g, 1, 1, r, &f.diag), OCTET_ERR_INVALID_MODEL);
    assert_string_equal(f.diag.text, "node 'y' (Exp) makes 'r', which is made already");
    z = val(&f, f.g, "z");
    OK(&f, octet_edit_set_output(f.g, 1, 1, z, &f.diag));
    assert_int_equal(f.g->values[z]->producer, 1);
    assert_int_equal(f.g->values[z]->producer_output, 1);
    assert_ptr_equal(octet_value_producer(f.g, f.g->values[y]), f.g->nodes[1]);
    verify(&f);
    both[0] = both[1] = val(&f, f.g, "twice");
    assert_int_equal(octet_edit_add_node(f.g, &desc, NULL, &id, &f.diag), OCTET_ERR_INVALID_MODEL);
    fixture_deinit(&f);
}

static void test_remove_node(void **state)
{
    octet_node *n;
    uint32_t seen = 0;
    fixture f;

    (void)state;
    chain(&f);
    octet_edit_remove_node(f.g, 0);
    octet_edit_remove_node(f.g, 0);
    assert_int_equal(f.g->values[val(&f, f.g, "x")]->n_uses, 0);
    assert_int_equal(f.g->values[val(&f, f.g, "r")]->producer, OCTET_NO_NODE);
    OCTET_FOR_EACH_NODE(f.g, n)
    {
        assert_string_equal(n->op_type, "Exp");
        seen++;
    }
    assert_int_equal(seen, 1);
    assert_int_equal(octet_graph_verify(f.g, OCTET_ERR_INTERNAL, &f.diag), OCTET_ERR_INTERNAL);
    assert_string_equal(f.diag.text, "node 'y' (Exp) reads 'r', which nothing makes");
    OK(&f, octet_edit_set_input(f.g, 1, 0, val(&f, f.g, "x"), &f.diag));
    verify(&f);
    OK(&f, octet_graph_sort(f.g, &f.diag));
    assert_int_equal(f.g->n_order, 1);
    fixture_deinit(&f);
}

static void test_attributes(void **state)
{
    int64_t ints[] = {1, 2, 3};
    const char *words[] = {"a", "b"};
    float floats[] = {0.5f};
    octet_attr attr = {.name = "words", .kind = OCTET_ATTR_STRINGS, .strings = words, .count = 2};
    const octet_node *n;
    uint32_t count;
    fixture f;

    (void)state;
    chain(&f);
    n = f.g->nodes[0];
    OK(&f, octet_edit_set_int(f.g, 0, "axis", -1, &f.diag));
    OK(&f, octet_edit_set_ints(f.g, 0, "pads", ints, 3, &f.diag));
    OK(&f, octet_edit_set_float(f.g, 0, "alpha", 0.25f, &f.diag));
    OK(&f, octet_edit_set_string(f.g, 0, "mode", "linear", &f.diag));
    OK(&f, octet_edit_set_attr(f.g, 0, &attr, &f.diag));
    attr = (octet_attr){.name = "scales", .kind = OCTET_ATTR_FLOATS, .floats = floats, .count = 1};
    OK(&f, octet_edit_set_attr(f.g, 0, &attr, &f.diag));
    words[0] = "gone";
    ints[1] = 9;
    assert_int_equal(octet_node_int(n, "axis", 7), -1);
    assert_int_equal(octet_node_int(n, "mode", 7), 7); /* another kind */
    assert_int_equal(octet_node_ints(n, "pads", &count)[1], 2);
    assert_int_equal(count, 3);
    assert_null(octet_node_ints(n, "none", &count));
    assert_int_equal(count, 0);
    assert_true(octet_node_float(n, "alpha", 1) == 0.25f);
    assert_true(octet_node_floats(n, "scales", &count)[0] == 0.5f);
    assert_string_equal(octet_node_string(n, "mode", ""), "linear");
    assert_string_equal(octet_node_attr(n, "words")->strings[0], "a");
    OK(&f, octet_edit_set_int(f.g, 0, "axis", 2, &f.diag));
    assert_int_equal(n->n_attrs, 6);
    octet_edit_remove_attr(f.g, 0, "pads");
    octet_edit_remove_attr(f.g, 0, "pads");
    assert_int_equal(n->n_attrs, 5);
    assert_int_equal(octet_node_int(n, "axis", 7), 2);
    fixture_deinit(&f);
}

static void test_constants(void **state)
{
    const int64_t shape[] = {2, -1};
    const float one = 1;
    const octet_tensor *t;
    octet_value_id a, b;
    fixture f;

    (void)state;
    chain(&f);
    OK(&f, octet_edit_add_i64(f.g, "shape", shape, 2, false, &a, &f.diag));
    OK(&f, octet_edit_add_f32(f.g, "one", &one, 1, true, &b, &f.diag));
    t = octet_value_constant(f.g, a);
    assert_int_equal(t->rank, 1);
    assert_int_equal(t->dims[0], 2);
    assert_int_equal(((const int64_t *)t->data)[1], -1);
    assert_int_equal(octet_value_constant(f.g, b)->rank, 0);
    assert_int_equal(f.g->values[b]->type.dtype, OCTET_DTYPE_FLOAT32);
    assert_null(octet_value_constant(f.g, val(&f, f.g, "x")));
    assert_int_equal(f.g->n_initializers, 2);
    /* An initializer that is also an input may be overridden since IR version 4. */
    OK(&f, octet_edit_add_graph_input(f.g, b, &f.diag));
    assert_null(octet_value_constant(f.g, b));
    f.model->ir_version = 3;
    assert_non_null(octet_value_constant(f.g, b));
    octet_edit_remove_graph_input(f.g, 1);
    assert_int_equal(f.g->n_inputs, 1);
    verify(&f);
    assert_int_equal(octet_edit_make_initializer(f.g, val(&f, f.g, "r"), t, &f.diag),
                     OCTET_ERR_INVALID_MODEL);
    fixture_deinit(&f);
}

static void test_unaligned_constant_is_copied_once(void **state)
{
    static _Alignas(4) uint8_t bytes[4 * 3 + 1];
    const int64_t dims[] = {3};
    const float values[] = {1, 2, 3};
    const octet_tensor *t, *again;
    octet_tensor tensor;
    octet_value_id w;
    fixture f;

    (void)state;
    chain(&f);
    memcpy(bytes + 1, values, sizeof values);
    OK(&f, octet_tensor_describe(&tensor, OCTET_DTYPE_FLOAT32, 1, dims, &f.diag));
    tensor.data = bytes + 1;
    OK(&f, octet_edit_add_initializer(f.g, "w", &tensor, &w, &f.diag));
    assert_ptr_equal(octet_value_constant(f.g, w)->data, tensor.data);
    OK(&f, octet_value_constant_aligned(f.g, w, &t, &f.diag));
    assert_int_equal((uintptr_t)t->data % 4, 0);
    assert_memory_equal(t->data, tensor.data, sizeof values);
    OK(&f, octet_value_constant_aligned(f.g, w, &again, &f.diag));
    assert_ptr_equal(again, t);
    OK(&f, octet_value_constant_aligned(f.g, val(&f, f.g, "x"), &t, &f.diag));
    assert_null(t);
    fixture_deinit(&f);
}

static void test_types_are_copied(void **state)
{
    char symbol[] = "batch";
    octet_dim dims[] = {{-1, symbol}, {3, NULL}};
    octet_type type = {OCTET_TYPE_TENSOR, OCTET_DTYPE_FLOAT32, 2, dims};
    octet_value *v;
    fixture f;

    (void)state;
    chain(&f);
    v = f.g->values[val(&f, f.g, "x")];
    OK(&f, octet_edit_set_type(f.g, v->id, &type, &f.diag));
    dims[1].size = 4;
    symbol[0] = 'm';
    assert_string_equal(v->type.dims[0].symbol, "batch");
    assert_int_equal(v->type.dims[1].size, 3);
    assert_true(v->type_changed);
    v->type_changed = false;
    type = v->type;
    OK(&f, octet_edit_set_type(f.g, v->id, &type, &f.diag));
    assert_false(v->type_changed);
    verify(&f);
    fixture_deinit(&f);
}

static void test_replace_swaps_names_at_an_output(void **state)
{
    octet_value_id y, z;
    bool left;
    fixture f;

    (void)state;
    chain(&f);
    y = val(&f, f.g, "y");
    node(&f, f.g, "z", "Sigmoid", "r");
    z = val(&f, f.g, "z");
    node(&f, f.g, "other", "Neg", "y");
    graph_output(&f, f.g, "other");
    f.g->values[y]->declared = true;
    OK(&f, octet_edit_replace_value(f.g, y, z, &left, &f.diag));
    assert_false(left);
    assert_int_equal(f.g->outputs[0], z);
    assert_string_equal(name_of(f.g, z), "y");
    assert_string_equal(name_of(f.g, y), "z");
    assert_int_equal(octet_graph_find_value(f.g, "y"), z);
    assert_int_equal(octet_graph_find_value(f.g, "z"), y);
    assert_true(f.g->values[z]->declared);
    assert_true(octet_value_is_output(f.g->values[z]));
    assert_false(octet_value_is_output(f.g->values[y]));
    assert_int_equal(f.g->values[y]->n_uses, 0);
    assert_int_equal(f.g->values[z]->n_uses, 2);
    assert_true(f.g->nodes[octet_graph_find_node(f.g, "z")]->changed);
    verify(&f);
    fixture_deinit(&f);
}

static void test_replace_leaves_an_output_that_cannot_move(void **state)
{
    octet_value_id y, x;
    bool left;
    fixture f;

    (void)state;
    chain(&f);
    y = val(&f, f.g, "y");
    x = val(&f, f.g, "x");
    node(&f, f.g, "z", "Neg", "y");
    OK(&f, octet_edit_replace_value(f.g, y, x, &left, &f.diag));
    assert_true(left);
    assert_int_equal(f.g->outputs[0], y);
    assert_int_equal(f.g->values[y]->n_uses, 1);
    assert_int_equal(f.g->nodes[2]->inputs[0], x);
    assert_string_equal(name_of(f.g, y), "y");
    verify(&f);
    OK(&f, octet_edit_replace_value(f.g, y, y, &left, &f.diag));
    assert_false(left);
    fixture_deinit(&f);
}

/* An input that is an output too: its name belongs to both. */
static void test_replace_leaves_an_input_its_name(void **state)
{
    octet_value_id x, y;
    bool left;
    fixture f;

    (void)state;
    fixture_init(&f);
    graph_input(&f, f.g, "x");
    graph_input(&f, f.g, "u");
    graph_output(&f, f.g, "x");
    node(&f, f.g, "y", "Relu", "u");
    x = val(&f, f.g, "x");
    y = val(&f, f.g, "y");
    OK(&f, octet_edit_replace_value(f.g, x, y, &left, &f.diag));
    assert_true(left);
    assert_int_equal(f.g->outputs[0], x);
    assert_string_equal(name_of(f.g, x), "x");
    verify(&f);
    fixture_deinit(&f);
}

static void test_redirect_one_use(void **state)
{
    octet_value_id x, r, y;
    octet_use use;
    fixture f;

    (void)state;
    chain(&f);
    x = val(&f, f.g, "x");
    r = val(&f, f.g, "r");
    y = val(&f, f.g, "y");
    node(&f, f.g, "s", "Add", "r,r");
    use = (octet_use){OCTET_USE_INPUT, 2, 1};
    OK(&f, octet_edit_redirect(f.g, r, &use, x, &f.diag));
    assert_int_equal(f.g->nodes[2]->inputs[0], r);
    assert_int_equal(f.g->nodes[2]->inputs[1], x);
    use = (octet_use){OCTET_USE_OUTPUT, OCTET_NO_NODE, 0};
    OK(&f, octet_edit_redirect(f.g, y, &use, r, &f.diag));
    assert_int_equal(f.g->outputs[0], r);
    assert_string_equal(name_of(f.g, r), "r");
    verify(&f);
    fixture_deinit(&f);
}

static void test_model_entries(void **state)
{
    fixture f;

    (void)state;
    fixture_init(&f);
    OK(&f, octet_edit_set_opset(f.model, "ai.onnx", 17, &f.diag));
    OK(&f, octet_edit_set_opset(f.model, "com.microsoft", 1, &f.diag));
    assert_int_equal(f.model->n_opsets, 2);
    assert_int_equal(octet_model_opset(f.model, ""), 17);
    assert_int_equal(octet_model_opset(f.model, "ai.onnx"), 17);
    assert_int_equal(octet_model_opset(f.model, "none"), 0);
    OK(&f, octet_edit_set_metadata(f.model, "k", "1", &f.diag));
    OK(&f, octet_edit_set_metadata(f.model, "k", "2", &f.diag));
    assert_int_equal(f.model->n_metadata, 1);
    assert_string_equal(f.model->metadata[0].value, "2");
    fixture_deinit(&f);
}

static void test_labels(void **state)
{
    octet_value_id y;
    octet_node_desc desc = {.op_type = "Op", .keep_name = true, .outputs = &y, .n_outputs = 1};
    char label[64];
    octet_node_id id;
    fixture f;

    (void)state;
    chain(&f);
    assert_string_equal(octet_node_label(f.g, f.g->nodes[0], label, sizeof label),
                        "node 'r' (Relu)");
    OK(&f, octet_edit_add_value(f.g, "q", NULL, &y, &f.diag));
    OK(&f, octet_edit_add_node(f.g, &desc, NULL, &id, &f.diag));
    assert_string_equal(octet_node_label(f.g, f.g->nodes[id], label, sizeof label),
                        "node #2 (Op) that makes 'q'");
    OK(&f, octet_edit_set_op(f.g, id, "Conv", "ai.onnx", &f.diag));
    assert_string_equal(f.g->nodes[id]->domain, "");
    octet_edit_remove_node(f.g, id);
    assert_string_equal(octet_node_label(f.g, f.g->nodes[id], label, sizeof label),
                        "node #2 (Conv)");
    fixture_deinit(&f);
}

/* ---- size: the editor is linear, so these take a fraction of a second even with sanitizers */

#define MANY 100000

static double seconds_since(clock_t start)
{
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

static void test_long_chain(void **state)
{
    octet_value_id last, next;
    octet_node_desc desc = {.op_type = "Relu", .inputs = &last, .outputs = &next, .n_inputs = 1};
    uint32_t removed;
    clock_t start = clock();
    fixture f;

    (void)state;
    fixture_init(&f);
    graph_input(&f, f.g, "x");
    last = val(&f, f.g, "x");
    desc.n_outputs = 1;
    for (int i = 0; i < MANY; i++) {
        OK(&f, octet_edit_add_value(f.g, "h", NULL, &next, &f.diag));
        OK(&f, octet_edit_add_node(f.g, &desc, NULL, NULL, &f.diag));
        last = next;
    }
    /* The worst order for the walk: readers first. */
    for (uint32_t i = 0; i < MANY / 2; i++) {
        octet_node_id swap = f.g->order[i];

        f.g->order[i] = f.g->order[MANY - 1 - i];
        f.g->order[MANY - 1 - i] = swap;
    }
    OK(&f, octet_graph_sort(f.g, &f.diag));
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(f.g->order[i], i);
    verify(&f);
    OK(&f, octet_graph_remove_dead(f.g, &removed, &f.diag));
    assert_int_equal(removed, MANY);
    assert_int_equal(f.g->n_order, 0);
    verify(&f);
    fixture_deinit(&f);
    assert_true(seconds_since(start) < 5);
}

static void test_many_consumers(void **state)
{
    octet_value_id x, y, out;
    octet_node_desc desc = {.op_type = "Relu", .inputs = &x, .outputs = &out, .n_inputs = 1};
    clock_t start = clock();
    bool left;
    fixture f;

    (void)state;
    fixture_init(&f);
    graph_input(&f, f.g, "x");
    node(&f, f.g, "y", "Abs", "x");
    x = val(&f, f.g, "x");
    y = val(&f, f.g, "y");
    desc.n_outputs = 1;
    for (int i = 0; i < MANY; i++) {
        OK(&f, octet_edit_add_value(f.g, "h", NULL, &out, &f.diag));
        OK(&f, octet_edit_add_node(f.g, &desc, NULL, NULL, &f.diag));
        OK(&f, octet_edit_add_graph_output(f.g, out, &f.diag));
    }
    for (octet_node_id i = 1; i <= MANY; i++) /* in the worst order for removal by search */
        OK(&f, octet_edit_set_input(f.g, i, 0, y, &f.diag));
    verify(&f);
    assert_int_equal(f.g->values[y]->n_uses, MANY);
    /* y's own producer reads x and is redirected like the rest: a cycle, which verify sees. */
    OK(&f, octet_edit_replace_value(f.g, x, y, &left, &f.diag));
    assert_int_not_equal(octet_graph_verify(f.g, OCTET_ERR_INTERNAL, &f.diag), OCTET_OK);
    OK(&f, octet_edit_replace_value(f.g, y, x, &left, &f.diag));
    verify(&f);
    for (octet_node_id i = 1; i <= MANY; i++)
        octet_edit_remove_node(f.g, i);
    assert_int_equal(f.g->values[x]->n_uses, 1);
    fixture_deinit(&f);
    assert_true(seconds_since(start) < 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_model),
        cmocka_unit_test(test_unique_value_names),
        cmocka_unit_test(test_names_unique_across_graphs),
        cmocka_unit_test(test_node_names),
        cmocka_unit_test(test_uses_follow_inputs),
        cmocka_unit_test(test_outputs_have_one_producer),
        cmocka_unit_test(test_remove_node),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_constants),
        cmocka_unit_test(test_unaligned_constant_is_copied_once),
        cmocka_unit_test(test_types_are_copied),
        cmocka_unit_test(test_replace_swaps_names_at_an_output),
        cmocka_unit_test(test_replace_leaves_an_output_that_cannot_move),
        cmocka_unit_test(test_replace_leaves_an_input_its_name),
        cmocka_unit_test(test_redirect_one_use),
        cmocka_unit_test(test_model_entries),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_long_chain),
        cmocka_unit_test(test_many_consumers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
