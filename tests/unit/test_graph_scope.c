/* test_graph_scope.c: subgraphs: captures over levels, renaming, shadowed names, ownership
 * SPDX-License-Identifier: Apache-2.0
 */
#include "support/graph_fixture.h"

/* x -> Abs -> a; b = Neg(x); y = If(cond) whose branch has an If whose branch reads a.
 * Node ids: 0 Abs, 1 Neg, 2 If (outer); in mid: 0 If (inner). */
typedef struct nest {
    fixture f;
    octet_graph *g, *mid, *deep;
    octet_value_id a, b, mid_a, deep_a;
} nest;

static octet_value_id capture(nest *t, octet_graph *g, octet_value_id outer)
{
    octet_value_id id;

    OK(&t->f, octet_edit_capture(g, outer, &id, &t->f.diag));
    return id;
}

static void nest_init(nest *t)
{
    fixture *f = &t->f;

    fixture_init(f);
    t->g = f->g;
    graph_input(f, t->g, "x");
    graph_input(f, t->g, "cond");
    node(f, t->g, "a", "Abs", "x");
    node(f, t->g, "b", "Neg", "x");
    node(f, t->g, "y", "If", "cond");
    graph_output(f, t->g, "y");
    t->a = val(f, t->g, "a");
    t->b = val(f, t->g, "b");
    t->mid = fixture_subgraph(f, t->g, 2, "mid");
    graph_input(f, t->mid, "mid_cond"); /* stands in for something an If would compute */
    node(f, t->mid, "m", "If", "mid_cond");
    graph_output(f, t->mid, "m");
    t->mid_a = capture(t, t->mid, t->a);
    t->deep = fixture_subgraph(f, t->mid, 0, "deep");
    t->deep_a = capture(t, t->deep, t->mid_a);
    node(f, t->deep, "d", "Relu", "a");
    graph_output(f, t->deep, "d");
    set_graph(f, t->mid, 0, "then_branch", t->deep);
    set_graph(f, t->g, 2, "then_branch", t->mid);
    verify(f);
}

static void test_two_levels(void **state)
{
    nest t;

    (void)state;
    nest_init(&t);
    assert_int_equal(t.g->nodes[2]->n_captures, 1);
    assert_int_equal(t.g->nodes[2]->captures[0], t.a);
    assert_int_equal(t.mid->nodes[0]->captures[0], t.mid_a);
    assert_int_equal(t.g->values[t.a]->uses[0].kind, OCTET_USE_CAPTURE);
    assert_int_equal(t.g->values[t.a]->uses[0].node, 2);
    assert_int_equal(capture(&t, t.mid, t.a), t.mid_a);
    assert_int_equal(t.g->values[t.a]->n_uses, 1);
    assert_string_equal(t.deep->values[t.deep_a]->name, "a");
    fixture_deinit(&t.f);
}

static void test_constant_behind_captures(void **state)
{
    const float two = 2;
    octet_value_id w, mid_w, deep_w;
    nest t;

    (void)state;
    nest_init(&t);
    OK(&t.f, octet_edit_add_f32(t.g, "w", &two, 1, true, &w, &t.f.diag));
    mid_w = capture(&t, t.mid, w);
    deep_w = capture(&t, t.deep, mid_w);
    assert_ptr_equal(octet_value_constant(t.deep, deep_w), t.g->values[w]->constant);
    verify(&t.f);
    fixture_deinit(&t.f);
}

static void test_replace_retargets_both_levels(void **state)
{
    bool left;
    nest t;

    (void)state;
    nest_init(&t);
    OK(&t.f, octet_edit_replace_value(t.g, t.a, t.b, &left, &t.f.diag));
    verify(&t.f);
    assert_int_equal(t.g->values[t.a]->n_uses, 0);
    assert_int_equal(t.g->nodes[2]->captures[0], t.b);
    assert_int_equal(t.mid->values[t.mid_a]->outer, t.b);
    assert_string_equal(t.mid->values[t.mid_a]->name, "b");
    assert_string_equal(t.deep->values[t.deep_a]->name, "b");
    assert_int_equal(octet_graph_find_value(t.deep, "a"), OCTET_NO_VALUE);
    assert_int_equal(octet_graph_find_value(t.deep, "b"), t.deep_a);
    assert_true(t.deep->nodes[0]->changed);
    assert_true(t.mid->nodes[0]->changed);
    assert_true(t.g->nodes[2]->changed);
    fixture_deinit(&t.f);
}

/* Both a and b are captured already: their stand-ins must become one, at both levels. */
static void test_replace_merges_stand_ins(void **state)
{
    octet_value_id mid_b, deep_b;
    bool left;
    nest t;

    (void)state;
    nest_init(&t);
    mid_b = capture(&t, t.mid, t.b);
    deep_b = capture(&t, t.deep, mid_b);
    node(&t.f, t.deep, "e", "Add", "a,b");
    OK(&t.f, octet_edit_add_graph_output(t.deep, t.deep_a, &t.f.diag));
    verify(&t.f);
    OK(&t.f, octet_edit_replace_value(t.g, t.a, t.b, &left, &t.f.diag));
    verify(&t.f);
    assert_int_equal(t.g->nodes[2]->n_captures, 1);
    assert_int_equal(t.mid->nodes[0]->n_captures, 1);
    assert_int_equal(t.deep->nodes[0]->inputs[0], deep_b);
    assert_int_equal(t.deep->nodes[1]->inputs[0], deep_b);
    assert_int_equal(t.deep->outputs[1], deep_b);
    assert_int_equal(t.deep->values[t.deep_a]->outer, OCTET_NO_VALUE);
    fixture_deinit(&t.f);
}

static void test_output_swap_renames_stand_ins(void **state)
{
    bool left;
    nest t;

    (void)state;
    nest_init(&t);
    OK(&t.f, octet_edit_add_graph_output(t.g, t.a, &t.f.diag));
    OK(&t.f, octet_edit_replace_value(t.g, t.a, t.b, &left, &t.f.diag));
    verify(&t.f);
    assert_false(left);
    assert_string_equal(t.g->values[t.b]->name, "a");
    assert_string_equal(t.deep->values[t.deep_a]->name, "a");
    assert_int_equal(t.mid->values[t.mid_a]->outer, t.b);
    fixture_deinit(&t.f);
}

/* The inner graph has a b of its own: after the replacement it must not be taken for the outer b.
 */
static void test_shadowing_local_is_renamed(void **state)
{
    octet_value_id own;
    bool left;
    nest t;

    (void)state;
    nest_init(&t);
    node(&t.f, t.deep, "b", "Exp", "d");
    graph_output(&t.f, t.deep, "b");
    own = octet_graph_find_value(t.deep, "b");
    verify(&t.f);
    OK(&t.f, octet_edit_replace_value(t.g, t.a, t.b, &left, &t.f.diag));
    verify(&t.f);
    assert_string_equal(t.deep->values[own]->name, "b_1");
    assert_int_equal(octet_graph_find_value(t.deep, "b"), t.deep_a);
    assert_true(t.deep->nodes[1]->changed);
    fixture_deinit(&t.f);
}

/* A stand-in has its parent's name: as an output of the subgraph it is replaced without a swap. */
static void test_outer_value_as_output(void **state)
{
    octet_value_id d;
    bool left;
    nest t;

    (void)state;
    nest_init(&t);
    OK(&t.f, octet_edit_add_graph_output(t.deep, t.deep_a, &t.f.diag));
    node(&t.f, t.deep, "e", "Exp", "d");
    d = octet_graph_find_value(t.deep, "e");
    OK(&t.f, octet_edit_replace_value(t.deep, t.deep_a, d, &left, &t.f.diag));
    assert_false(left);
    assert_int_equal(t.deep->outputs[1], d);
    assert_string_equal(t.deep->values[d]->name, "e");
    assert_string_equal(t.deep->values[t.deep_a]->name, "a");
    fixture_deinit(&t.f);
}

static void test_redirected_capture(void **state)
{
    octet_use use;
    nest t;

    (void)state;
    nest_init(&t);
    use = t.g->values[t.a]->uses[0];
    OK(&t.f, octet_edit_redirect(t.g, t.a, &use, t.b, &t.f.diag));
    verify(&t.f);
    assert_string_equal(t.deep->values[t.deep_a]->name, "b");
    fixture_deinit(&t.f);
}

static void test_dead_inner_node_releases_captures_and_outer_producer(void **state)
{
    uint32_t removed;
    nest t;

    (void)state;
    nest_init(&t);
    /* deep now returns an initializer of its own: d is dead, so is the capture of a, so is a. */
    const float zero = 0;
    octet_value_id z;
    OK(&t.f, octet_edit_add_f32(t.deep, "z", &zero, 1, true, &z, &t.f.diag));
    octet_use use = {OCTET_USE_OUTPUT, OCTET_NO_NODE, 0};
    OK(&t.f, octet_edit_redirect(t.deep, octet_graph_find_value(t.deep, "d"), &use, z, &t.f.diag));
    OK(&t.f, octet_graph_remove_dead(t.g, &removed, &t.f.diag));
    verify(&t.f);
    assert_int_equal(removed, 3); /* d, a, and b, which was dead before */
    assert_true(t.deep->nodes[0]->removed);
    assert_true(t.g->nodes[0]->removed);
    assert_int_equal(t.mid->nodes[0]->n_captures, 0);
    assert_int_equal(t.g->nodes[2]->n_captures, 0);
    assert_int_equal(t.mid->values[t.mid_a]->outer, OCTET_NO_VALUE);
    fixture_deinit(&t.f);
}

static void test_dead_keeps_what_subgraphs_read(void **state)
{
    uint32_t removed;
    nest t;

    (void)state;
    nest_init(&t);
    OK(&t.f, octet_graph_remove_dead(t.g, &removed, &t.f.diag));
    assert_int_equal(removed, 1); /* b */
    assert_false(t.g->nodes[0]->removed);
    verify(&t.f);
    fixture_deinit(&t.f);
}

static void test_removing_the_owner_or_its_graph_releases_captures(void **state)
{
    nest t;

    (void)state;
    nest_init(&t);
    octet_edit_remove_attr(t.mid, 0, "then_branch");
    assert_int_equal(t.mid->values[t.mid_a]->n_uses, 0);
    assert_int_equal(t.g->values[t.a]->n_uses, 1);
    verify(&t.f);
    octet_edit_remove_node(t.g, 2);
    assert_int_equal(t.g->values[t.a]->n_uses, 0);
    fixture_deinit(&t.f);
}

/* The graph may be built before its owner, which registers the captures when it takes it. */
static void test_graph_before_owner(void **state)
{
    octet_graph *sub;
    octet_value_id cond, out, local;
    octet_attr attr = {.name = "then_branch", .kind = OCTET_ATTR_GRAPH, .count = 1, .graphs = &sub};
    octet_node_desc desc = {.op_type = "If", .inputs = &cond, .outputs = &out, .attrs = &attr};
    nest t;

    (void)state;
    nest_init(&t);
    sub = fixture_subgraph(&t.f, t.g, t.g->n_nodes, "early");
    local = capture(&t, sub, t.b);
    OK(&t.f, octet_edit_add_graph_output(sub, local, &t.f.diag));
    assert_int_equal(t.g->values[t.b]->n_uses, 0);
    cond = val(&t.f, t.g, "cond");
    out = val(&t.f, t.g, "z");
    desc.n_inputs = desc.n_outputs = desc.n_attrs = 1;
    OK(&t.f, octet_edit_add_node(t.g, &desc, NULL, NULL, &t.f.diag));
    assert_int_equal(t.g->values[t.b]->n_uses, 1);
    verify(&t.f);
    fixture_deinit(&t.f);
}

static void test_loading_marks_nothing(void **state)
{
    nest t;

    (void)state;
    nest_init(&t);
    assert_true(t.g->nodes[2]->changed);
    for (octet_graph *g = t.f.model->graphs; g != NULL; g = g->next) {
        for (uint32_t i = 0; i < g->n_nodes; i++)
            g->nodes[i]->changed = false;
    }
    t.f.model->loading = true;
    OK(&t.f, octet_edit_set_int(t.deep, 0, "k", 1, &t.f.diag));
    assert_false(t.deep->nodes[0]->changed);
    t.f.model->loading = false;
    OK(&t.f, octet_edit_set_int(t.deep, 0, "k", 2, &t.f.diag));
    assert_true(t.deep->nodes[0]->changed);
    assert_true(t.mid->nodes[0]->changed);
    assert_true(t.g->nodes[2]->changed);
    assert_false(t.g->nodes[0]->changed);
    fixture_deinit(&t.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_levels),
        cmocka_unit_test(test_constant_behind_captures),
        cmocka_unit_test(test_replace_retargets_both_levels),
        cmocka_unit_test(test_replace_merges_stand_ins),
        cmocka_unit_test(test_output_swap_renames_stand_ins),
        cmocka_unit_test(test_shadowing_local_is_renamed),
        cmocka_unit_test(test_outer_value_as_output),
        cmocka_unit_test(test_redirected_capture),
        cmocka_unit_test(test_dead_inner_node_releases_captures_and_outer_producer),
        cmocka_unit_test(test_dead_keeps_what_subgraphs_read),
        cmocka_unit_test(test_removing_the_owner_or_its_graph_releases_captures),
        cmocka_unit_test(test_graph_before_owner),
        cmocka_unit_test(test_loading_marks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
