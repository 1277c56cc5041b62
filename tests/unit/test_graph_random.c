/* test_graph_random.c: random edits over three levels of graphs keep every invariant
 * SPDX-License-Identifier: Apache-2.0
 */
#include "graph/edit.h"
#include "graph/text.h"
#include "support/check.h"

static const char start[] =
    "<ir_version: 8, opset_import: [\"\" : 13]> g (x, c) => (y, p) <float[1] w = {1}> {"
    " p = A (x) q = B (p, w) r = C (x)"
    " y = If (c) <then_branch = t () => (a) { a0 = D (p, q) b0 = E (a0) r1 = F (b0)"
    "     a = If (c) <then_branch = t2 () => (m) { m = G (q, r, b0) },"
    "                 else_branch = e2 () => (n) { p0 = H (p, r1) n = I (p0, w) }> },"
    "   else_branch = e () => (k) { q0 = J (p, r) k = K (q0, c) }>"
    " z = L (y, q) s = M (z, r) }";

static uint32_t seed;

static uint32_t below(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return n == 0 ? 0 : (seed >> 8) % n;
}

static octet_graph *any_graph(const octet_model *model)
{
    octet_graph *g = model->graphs;

    for (uint32_t skip = below(5); skip > 0 && g->next != NULL; skip--)
        g = g->next;
    return g;
}

/* A value that something makes, or NO_VALUE. */
static octet_value_id any_made(const octet_graph *g)
{
    for (int tries = 0; tries < 20 && g->n_values > 0; tries++) {
        const octet_value *v = g->values[below(g->n_values)];

        if (v->producer != OCTET_NO_NODE || v->is_input || v->is_initializer ||
            v->outer != OCTET_NO_VALUE)
            return v->id;
    }
    return OCTET_NO_VALUE;
}

static void edit(octet_graph *g, octet_diag *diag)
{
    octet_value_id from = any_made(g), to = any_made(g), made;
    octet_node_id id = below(g->n_nodes);
    octet_node_desc desc = {.op_type = "New", .inputs = &to, .outputs = &made};
    bool left;

    if (from == OCTET_NO_VALUE || to == OCTET_NO_VALUE)
        return;
    switch (below(6)) {
    case 0:
    case 1:
        assert_int_equal(octet_edit_replace_value(g, from, to, &left, diag), OCTET_OK);
        return;
    case 2:
        if (g->values[from]->n_uses == 0)
            return;
        assert_int_equal(octet_edit_redirect(g, from,
                                             &g->values[from]->uses[below(g->values[from]->n_uses)],
                                             to, diag),
                         OCTET_OK);
        return;
    case 3:
        if (g->parent != NULL && (from = any_made(g->parent)) != OCTET_NO_VALUE)
            assert_int_equal(octet_edit_capture(g, from, &to, diag), OCTET_OK);
        return;
    case 4:
        desc.n_inputs = desc.n_outputs = 1;
        assert_int_equal(octet_edit_add_value(g, "p", NULL, &made, diag), OCTET_OK);
        assert_int_equal(octet_edit_add_node(g, &desc, "test", NULL, diag), OCTET_OK);
        return;
    default:
        if (g->n_nodes > 0 && !g->nodes[id]->removed && below(4) == 0)
            octet_edit_set_input(g, id, below(4), to, diag);
    }
}

/* Edits may close a cycle, which ends the run; nothing else may be wrong. */
static bool is_sound(const octet_model *model, octet_diag *diag)
{
    octet_status status = octet_graph_verify(model->graph, OCTET_ERR_INTERNAL, diag);

    if (status != OCTET_OK && strstr(diag->text, "cycle") == NULL)
        fail_msg("%s", diag->text);
    return status == OCTET_OK;
}

static void check_text(octet_context *ctx, const octet_model *model)
{
    octet_text first, second;
    octet_model *again;
    octet_diag diag;

    octet_text_init(&first, NULL);
    octet_text_init(&second, NULL);
    assert_int_equal(octet_text_write_model(model, -1, &first, &diag), OCTET_OK);
    if (octet_text_read_model(ctx, first.data, first.length, &again, &diag) != OCTET_OK)
        fail_msg("%s\n%s", diag.text, first.data);
    assert_int_equal(octet_text_write_model(again, -1, &second, &diag), OCTET_OK);
    assert_string_equal(first.data, second.data);
    octet_model_destroy(again);
    octet_text_deinit(&first);
    octet_text_deinit(&second);
}

static void run(octet_context *ctx, uint32_t start_seed)
{
    octet_model *model;
    octet_diag diag;
    uint32_t removed;
    bool sound = true;

    seed = start_seed;
    if (octet_text_read_model(ctx, start, sizeof start - 1, &model, &diag) != OCTET_OK)
        fail_msg("%s", diag.text);
    for (int i = 0; i < 12 && sound; i++) {
        edit(any_graph(model), &diag);
        sound = is_sound(model, &diag);
    }
    if (sound) {
        assert_int_equal(octet_graph_sort(model->graph, &diag), OCTET_OK);
        check_text(ctx, model);
        assert_int_equal(octet_graph_remove_dead(model->graph, &removed, &diag), OCTET_OK);
        assert_true(is_sound(model, &diag));
        check_text(ctx, model);
        assert_int_equal(octet_graph_remove_dead(model->graph, &removed, &diag), OCTET_OK);
        assert_int_equal(removed, 0);
    }
    octet_model_destroy(model);
}

static void test_random_edits(void **state)
{
    octet_context_options options = {.threads = 1};
    octet_context *ctx;

    (void)state;
    assert_int_equal(octet_context_create(&options, &ctx), OCTET_OK);
    for (uint32_t i = 0; i < 3000; i++)
        run(ctx, i);
    octet_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_edits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
