/* test_graph_order.c: stable sorting, cycles, dead code, and that verify sees each broken invariant
 * SPDX-License-Identifier: Apache-2.0
 */
#include "support/graph_fixture.h"

static void assert_order(const octet_graph *g, const char *expected)
{
    char text[256] = "";
    octet_node *n;

    OCTET_FOR_EACH_NODE(g, n)
    {
        strcat(text, n->name);
        strcat(text, " ");
    }
    assert_string_equal(text, expected);
}

static void test_sorted_order_stays(void **state)
{
    fixture f;

    (void)state;
    fixture_init(&f);
    graph_input(&f, f.g, "x");
    node(&f, f.g, "a", "Abs", "x");
    node(&f, f.g, "b", "Abs", "x");
    node(&f, f.g, "c", "Add", "b,a");
    node(&f, f.g, "d", "Abs", "x");
    node(&f, f.g, "e", "Add", "d,a");
    OK(&f, octet_graph_sort(f.g, &f.diag));
    assert_order(f.g, "a b c d e ");
    fixture_deinit(&f);
}

static void test_producers_move_just_before_their_reader(void **state)
{
    octet_value_id late;
    fixture f;

    (void)state;
    fixture_init(&f);
    graph_input(&f, f.g, "x");
    node(&f, f.g, "a", "Abs", "x");
    node(&f, f.g, "b", "Abs", "a");
    node(&f, f.g, "c", "Abs", "b");
    node(&f, f.g, "q", "Neg", "x");
    node(&f, f.g, "p", "Neg", "q");
    late = val(&f, f.g, "p");
    OK(&f, octet_edit_set_input(f.g, 1, 1, late, &f.diag));
    octet_edit_remove_node(f.g, 2);
    OK(&f, octet_graph_sort(f.g, &f.diag));
    assert_order(f.g, "a q p b ");
    assert_int_equal(f.g->n_order, 4);
    verify(&f);
    fixture_deinit(&f);
}

static void test_cycle_names_a_node(void **state)
{
    fixture f;

    (void)state;
    fixture_init(&f);
    graph_input(&f, f.g, "x");
    node(&f, f.g, "a", "Abs", "x");
    node(&f, f.g, "b", "Add", "a,c");
    node(&f, f.g, "c", "Abs", "b");
    assert_int_equal(octet_graph_sort(f.g, &f.diag), OCTET_ERR_INVALID_MODEL);
    assert_string_equal(f.diag.text, "graph 'main' has a cycle through node 'b' (Add)");
    assert_int_equal(octet_graph_verify(f.g, OCTET_ERR_INTERNAL, &f.diag), OCTET_ERR_INTERNAL);
    assert_string_equal(f.diag.text, "graph 'main' has a cycle through node 'b' (Add)");
    fixture_deinit(&f);
}

/* A node whose subgraph reads what the node itself makes. */
static void test_cycle_through_a_capture(void **state)
{
    octet_value_id local;
    octet_graph *sub;
    fixture f;

    (void)state;
    fixture_init(&f);
    graph_input(&f, f.g, "cond");
    node(&f, f.g, "y", "If", "cond");
    sub = fixture_subgraph(&f, f.g, 0, "body");
    OK(&f, octet_edit_capture(sub, val(&f, f.g, "y"), &local, &f.diag));
    OK(&f, octet_edit_add_graph_output(sub, local, &f.diag));
    set_graph(&f, f.g, 0, "then_branch", sub);
    assert_int_equal(octet_graph_sort(f.g, &f.diag), OCTET_ERR_INVALID_MODEL);
    assert_non_null(strstr(f.diag.text, "cycle through node 'y' (If)"));
    fixture_deinit(&f);
}

static void test_dead_code(void **state)
{
    const int64_t one = 1;
    octet_value_id used, unused, shared;
    uint32_t removed;
    fixture f;

    (void)state;
    fixture_init(&f);
    graph_input(&f, f.g, "x");
    OK(&f, octet_edit_add_i64(f.g, "used", &one, 1, false, &used, &f.diag));
    OK(&f, octet_edit_add_i64(f.g, "unused", &one, 1, false, &unused, &f.diag));
    OK(&f, octet_edit_add_i64(f.g, "default", &one, 1, false, &shared, &f.diag));
    OK(&f, octet_edit_add_graph_input(f.g, shared, &f.diag));
    node(&f, f.g, "y", "Reshape", "x,used");
    node(&f, f.g, "d1", "Abs", "y");
    node(&f, f.g, "d2", "Add", "d1,d1");
    node(&f, f.g, "s1,s2", "Split", "y");
    node(&f, f.g, "z", "Abs", "s2");
    node(&f, f.g, "", "Print", "z");
    graph_output(&f, f.g, "z");
    OK(&f, octet_graph_remove_dead(f.g, &removed, &f.diag));
    assert_int_equal(removed, 4); /* d1, d2, Print and the initializer unused */
    assert_order(f.g, "y s1 z ");
    assert_int_equal(f.g->n_initializers, 2);
    assert_false(f.g->values[unused]->is_initializer);
    assert_true(f.g->values[shared]->is_initializer); /* the default of an input */
    verify(&f);
    OK(&f, octet_graph_remove_dead(f.g, &removed, &f.diag));
    assert_int_equal(removed, 0);
    fixture_deinit(&f);
}

/* ---- verify: each case breaks one invariant by hand */

static void break_unmade(fixture *f)
{
    node(f, f->g, "z", "Abs", "nothing");
}

static void break_output(fixture *f)
{
    graph_output(f, f->g, "nothing");
}

static void break_use_list(fixture *f)
{
    f->g->nodes[1]->inputs[0] = val(f, f->g, "x");
}

static void break_use_count(fixture *f)
{
    octet_value *x = f->g->values[val(f, f->g, "x")];

    x->uses = octet_arena_alloc(&f->model->arena, 2, sizeof *x->uses);
    x->uses[0] = x->uses[1] = (octet_use){OCTET_USE_INPUT, 0, 0};
    x->n_uses = 2;
}

static void break_producer(fixture *f)
{
    f->g->values[val(f, f->g, "y")]->producer = 0;
}

static void break_removed(fixture *f)
{
    f->g->nodes[0]->removed = true;
}

static void break_id(fixture *f)
{
    f->g->nodes[1]->inputs[0] = 77;
}

static void break_name(fixture *f)
{
    f->g->values[val(f, f->g, "a")]->name = "x";
}

static void break_order(fixture *f)
{
    f->g->order[1] = 0;
}

static void break_order_short(fixture *f)
{
    f->g->n_order = 1;
}

static void break_two_makers(fixture *f)
{
    f->g->values[val(f, f->g, "a")]->is_initializer = true;
}

static void break_input_list(fixture *f)
{
    f->g->values[val(f, f->g, "x")]->is_input = false;
}

static void break_rank(fixture *f)
{
    f->g->values[val(f, f->g, "x")]->type.rank = 3;
}

static void break_outer(fixture *f)
{
    val(f, f->g, "loose");
    f->g->values[val(f, f->g, "loose")]->outer = 0;
}

static octet_graph *attach_body(fixture *f)
{
    octet_graph *sub = fixture_subgraph(f, f->g, 1, "body");
    octet_value_id local;

    OK(f, octet_edit_capture(sub, val(f, f->g, "x"), &local, &f->diag));
    OK(f, octet_edit_add_graph_output(sub, local, &f->diag));
    set_graph(f, f->g, 1, "body", sub);
    verify(f);
    return sub;
}

static void break_capture(fixture *f)
{
    attach_body(f);
    f->g->nodes[1]->n_captures = 0;
    f->g->values[val(f, f->g, "x")]->n_uses--;
}

static void break_stand_in_name(fixture *f)
{
    attach_body(f)->values[0]->name = "other";
}

static void break_owner(fixture *f)
{
    attach_body(f)->owner = 0;
}

static void break_inside(fixture *f)
{
    node(f, attach_body(f), "z", "Abs", "nothing");
}

static void test_verify_messages(void **state)
{
    static const struct {
        void (*damage)(fixture *f);
        const char *message;
    } cases[] = {
        {break_unmade, "node 'z' (Abs) reads 'nothing', which nothing makes"},
        {break_output, "output 1 of graph 'main' reads 'nothing', which nothing makes"},
        {break_use_list, "node 'y' (Exp) reads 'x', whose list of uses does not say so"},
        {break_use_count, "graph 'main' lists 4 uses of its values but has 3"},
        {break_producer, "value 'y' is not an output of its producer node 'a' (Abs)"},
        {break_removed, "value 'a' is not an output of its producer node 'a' (Abs)"},
        {break_id, "node 'y' (Exp) reads value #77, which does not exist"},
        {break_name, "duplicate value name 'x'"},
        {break_order, "node 'a' (Abs) stands twice in the order"},
        {break_order_short, "node 'y' (Exp) is missing in the order"},
        {break_two_makers, "graph 'main' lists an input or initializer twice or not at all"},
        {break_input_list, "graph input 'x' is not marked as one"},
        {break_rank, "the type of 'x' has rank 3 without dims"},
        {break_outer, "value 'loose' stands for an outer value that does not exist"},
        {break_capture, "a subgraph of node 'y' (Exp) reads 'x', which is not among its captures"},
        {break_stand_in_name, "subgraph 'body' of node 'y' (Exp): duplicate value name 'other'"},
        {break_owner, "graph 'body' is a subgraph of node 'y' (Exp) but has another owner"},
        {break_inside, "subgraph 'body' of node 'y' (Exp): node 'z' (Abs) reads 'nothing', which "
                       "nothing makes"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture f;

        fixture_init(&f);
        graph_input(&f, f.g, "x");
        node(&f, f.g, "a", "Abs", "x");
        node(&f, f.g, "y", "Exp", "a");
        graph_output(&f, f.g, "y");
        verify(&f);
        cases[i].damage(&f);
        assert_int_equal(octet_graph_verify(f.g, OCTET_ERR_INTERNAL, &f.diag), OCTET_ERR_INTERNAL);
        assert_string_equal(f.diag.text, cases[i].message);
        fixture_deinit(&f);
    }
}

/* Every allocation fails once: an error comes back and nothing leaks. */
static void test_out_of_memory(void **state)
{
    failing_heap heap = {0};
    octet_allocator allocator = failing_allocator(&heap);
    octet_context_options options = {.threads = 1, .allocator = &allocator};
    octet_status status = OCTET_ERR_NOMEM;

    (void)state;
    for (size_t k = 1; status != OCTET_OK; k++) {
        octet_context *ctx = NULL;
        octet_model *model = NULL;
        octet_value_id x, y;
        octet_node_desc desc = {.op_type = "Abs", .inputs = &x, .outputs = &y};
        octet_graph *g;
        octet_diag diag;
        uint32_t removed;

        desc.n_inputs = desc.n_outputs = 1;
        heap = (failing_heap){0};
        assert_int_equal(octet_context_create(&options, &ctx), OCTET_OK);
        heap.fail_at = heap.requests + k;
        status = octet_model_create_empty(ctx, &model);
        if (status == OCTET_OK)
            status = octet_graph_create(model, NULL, OCTET_NO_NODE, "g", &g);
        if (status == OCTET_OK)
            status = octet_edit_add_value(g, "x", NULL, &x, &diag);
        if (status == OCTET_OK)
            status = octet_edit_add_graph_input(g, x, &diag);
        if (status == OCTET_OK)
            status = octet_edit_add_value(g, "x", NULL, &y, &diag);
        if (status == OCTET_OK)
            status = octet_edit_add_node(g, &desc, "pass", NULL, &diag);
        if (status == OCTET_OK)
            status = octet_edit_set_int(g, 0, "k", 1, &diag);
        if (status == OCTET_OK)
            status = octet_edit_add_graph_output(g, y, &diag);
        if (status == OCTET_OK)
            status = octet_graph_sort(g, &diag);
        if (status == OCTET_OK)
            status = octet_graph_remove_dead(g, &removed, &diag);
        if (status == OCTET_OK)
            status = octet_graph_verify(g, OCTET_ERR_INTERNAL, &diag);
        assert_true(status == OCTET_OK || status == OCTET_ERR_NOMEM);
        octet_model_destroy(model);
        octet_context_destroy(ctx);
        assert_int_equal(heap.alive, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorted_order_stays),
        cmocka_unit_test(test_producers_move_just_before_their_reader),
        cmocka_unit_test(test_cycle_names_a_node),
        cmocka_unit_test(test_cycle_through_a_capture),
        cmocka_unit_test(test_dead_code),
        cmocka_unit_test(test_verify_messages),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
