/* test_interp.c: plans and workers: what is run, subgraphs, when tensors die, what is refused
 * SPDX-License-Identifier: Apache-2.0
 */
#include "run/run.h"
#include "support/quantize_text.h"

typedef struct machine {
    net n;
    octet_plan *plan;
    octet_worker *worker;
    float x[2]; /* outputs may be views of it */
    octet_diag diag;
} machine;

/* Counts the values that were seen. */
static octet_status count_value(void *user, const octet_graph *g, octet_value_id value,
                                const octet_tensor *t, const octet_minmax *range, octet_diag *diag)
{
    (void)g;
    (void)range;
    (void)value;
    (void)t;
    (void)diag;
    ++*(unsigned *)user;
    return OCTET_OK;
}

static void create(machine *m, const char *graph)
{
    memset(m, 0, sizeof *m);
    net_read(&m->n, graph);
    if (octet_plan_create(m->n.model, &m->plan, &m->diag) != OCTET_OK)
        fail_msg("%s", m->diag.text);
}

static void seal(machine *m, bool outputs, unsigned *seen)
{
    if (octet_plan_seal(m->plan, outputs, &m->diag) != OCTET_OK ||
        octet_worker_create(m->plan, seen != NULL ? count_value : NULL, seen, &m->worker,
                            &m->diag) != OCTET_OK)
        fail_msg("%s", m->diag.text);
}

static octet_status run_on(machine *m, float value, const octet_tensor **outputs)
{
    static const int64_t dims[1] = {2};
    octet_tensor x;

    assert_int_equal(octet_tensor_describe(&x, OCTET_DTYPE_FLOAT32, 1, dims, NULL), OCTET_OK);
    m->x[0] = value;
    m->x[1] = 2.0F * value;
    x.data = m->x;
    return octet_worker_run(m->worker, &x, 1, 1, outputs, &m->diag);
}

static void destroy(machine *m)
{
    octet_worker_destroy(m->worker);
    octet_plan_destroy(m->plan);
    net_close(&m->n);
}

/* The first element of the first output, for input {value, 2 · value}. */
static void expect(const char *graph, float value, float expected)
{
    const octet_tensor *outputs[4];
    machine m;

    create(&m, graph);
    seal(&m, true, NULL);
    for (int again = 0; again < 2; again++) {
        if (run_on(&m, value, outputs) != OCTET_OK)
            fail_msg("%s", m.diag.text);
        double given = octet_tensor_f64_at(outputs[0], 0);
        if (given != (double)expected)
            fail_msg("%s\non %g: %g instead of %g", graph, (double)value, given, (double)expected);
    }
    destroy(&m);
}

static void refuse(const char *graph, const char *const *words)
{
    const octet_tensor *outputs[4];
    machine m;

    create(&m, graph);
    octet_status status = octet_plan_seal(m.plan, true, &m.diag);
    if (status == OCTET_OK)
        status = octet_worker_create(m.plan, NULL, NULL, &m.worker, &m.diag);
    if (status == OCTET_OK)
        status = run_on(&m, 1.0F, outputs);
    if (status != OCTET_ERR_UNSUPPORTED)
        fail_msg("%s\nends with '%s'", graph, octet_status_name(status));
    for (; *words != NULL; words++)
        if (strstr(m.diag.text, *words) == NULL)
            fail_msg("'%s' does not say %s", m.diag.text, *words);
    destroy(&m);
}

#define G "g (float[2] x) => (float[2] y)\n"
#define IF(then, otherwise)                                                                        \
    G "<float zero = {0}>\n{[s] s = ReduceSum <keepdims: int = 0> (x)\n[q] q = Greater(s, zero)\n" \
      "[i] y = If (q) <then_branch: graph = t () => (float[2] p) {" then                           \
      "}, else_branch: graph = e () => (float[2] o) {" otherwise "}>\n}"

static void branches(void **state)
{
    (void)state;
    expect(IF("[n] p = Neg(x)\n", "[a] o = Add(x, x)\n"), 3.0F, -3.0F);
    expect(IF("[n] p = Neg(x)\n", "[a] o = Add(x, x)\n"), -3.0F, -6.0F);
    expect(IF("[n] p = Identity(x)\n", "[a] o = Identity(x)\n"), 2.0F, 2.0F);
}

#define LOOP(trips)                                                                                \
    G "<int64 n = {" trips "}, bool go = {1}>\n{[l] y = Loop (n, go, x) <body: graph = b (int64 "  \
      "i, bool c, float[2] v) => (bool d, float[2] w) {[d] d = Identity(c)\n[w] w = Add(v, x)\n}>" \
      "\n}"

static void loops(void **state)
{
    (void)state;
    expect(LOOP("3"), 1.0F, 4.0F);
    expect(LOOP("0"), 1.0F, 1.0F);
}

static void repeated_reads(void **state)
{
    (void)state;
    expect(G "{a = Add(x, x)\nb = Add(a, a)\nc = Mul(a, b)\ny = Add(c, a)\n}", 1.0F, 10.0F);
}

/* Reshaped tensors share their storage: nobody may write into it, and it lives until the last
 * reader. */
static void shared_storage(void **state)
{
#define SHARE                                                                                      \
    "<int64[2] tall = {2, 1}, int64[1] flat = {2}, int64[1, 1] at = {0}, float[1] new = {7}>\n"
    (void)state;
    expect(G SHARE "{a = Neg(x)\nb = Reshape(a, tall)\nc = Reshape(b, flat)\n"
                   "d = ScatterND(c, at, new)\ne = Add(a, d)\ny = Add(e, c)\n}",
           1.0F, 5.0F);
    expect(G SHARE "{a = Reshape(x, tall)\ny = Reshape(a, flat)\n}", 3.0F, 3.0F);
    expect(G SHARE "{a = ScatterND(x, at, new)\ny = Add(a, x)\n}", 1.0F, 8.0F);
}

/* The activation goes into the operator before it, unless somebody else reads or watches between.
 */
static void fused_activations(void **state)
{
    (void)state;
    expect(G "<float[2, 2] w = {1, 0, 0, 1}>\n{a = MatMul(x, w)\ny = Relu(a)\n}", -3.0F, 0.0F);
    expect(G "<float[2, 2] w = {1, 0, 0, 1}, float lo = {0}, float hi = {6}>\n"
             "{a = MatMul(x, w)\ny = Clip(a, lo, hi)\n}",
           9.0F, 6.0F);
    expect(G "<float[2, 2] w = {1, 0, 0, 1}>\n{a = MatMul(x, w)\nb = Relu(a)\ny = Add(a, b)\n}",
           -3.0F, -3.0F);
}

static const char *const unheard[] = {"'u'", "'Unheard'", "'strange.domain'", NULL};

static void unknown_operators(void **state)
{
    static const char *const versioned[] = {"'u'", "'Unheard'", "'ai.onnx' version 17", NULL};

    (void)state;
    refuse(G "{[u] y = strange.domain.Unheard(x)\n}", unheard);
    refuse(G "{[u] y = Unheard(x)\n}", versioned);
}

/* Said when its turn comes, not before. */
static void unknown_operators_in_branches(void **state)
{
    (void)state;
    refuse(IF("[u] p = strange.domain.Unheard(x)\n", "[a] o = Add(x, x)\n"), unheard);
    expect(IF("[u] p = strange.domain.Unheard(x)\n", "[a] o = Add(x, x)\n"), -3.0F, -6.0F);
}

static void only_what_is_watched_runs(void **state)
{
    unsigned seen = 0;
    machine m;

    (void)state;
    create(&m, G "{[a] a = Neg(x)\n[u] b = strange.domain.Unheard(a)\n[y] y = Neg(b)\n}");
    octet_plan_watch(m.plan, m.n.g, net_value(&m.n, "a"));
    seal(&m, false, &seen);
    assert_int_equal(run_on(&m, 1.0F, NULL), OCTET_OK);
    assert_int_equal(seen, 1);
    destroy(&m);
}

static void bodies_are_watched_each_time(void **state)
{
    unsigned seen = 0;
    machine m;

    (void)state;
    create(&m, LOOP("5"));
    const octet_graph *body = net_node(&m.n, "l")->attrs[0].graphs[0];
    octet_plan_watch(m.plan, body, octet_graph_find_value(body, "w"));
    seal(&m, false, &seen);
    assert_int_equal(run_on(&m, 1.0F, NULL), OCTET_OK);
    assert_int_equal(seen, 5);
    destroy(&m);
}

/* A long chain needs the memory of two tensors, not of all. */
static void tensors_die_at_their_last_use(void **state)
{
    const octet_tensor *outputs[1];
    char text[4096];
    size_t peak[2];

    (void)state;
    for (int n = 10; n <= 100; n += 90) {
        size_t at = (size_t)snprintf(text, sizeof text, "%s{v0 = Neg(x)\n", G);
        machine m;

        for (int i = 1; i < n; i++)
            at += (size_t)snprintf(text + at, sizeof text - at, "v%d = Neg(v%d)\n", i, i - 1);
        snprintf(text + at, sizeof text - at, "y = Neg(v%d)\n}", n - 1);
        create(&m, text);
        seal(&m, true, NULL);
        assert_int_equal(run_on(&m, 1.0F, outputs), OCTET_OK);
        peak[n > 10] = octet_worker_memory(m.worker).live;
        destroy(&m);
    }
    assert_int_equal(peak[0], peak[1]);
}

/* A caller need not have storage for no elements. */
static void inputs_without_storage(void **state)
{
    static const int64_t dims[1] = {0};
    const octet_tensor *outputs[2];
    octet_tensor x;
    machine m;

    (void)state;
    create(&m, "g (float[N] x) => (float[N] y, float[N] z)\n{\n"
               "[i] y = Identity(x)\n[r] z = Relu(y)\n}");
    seal(&m, true, NULL);
    assert_int_equal(octet_tensor_describe(&x, OCTET_DTYPE_FLOAT32, 1, dims, NULL), OCTET_OK);
    x.data = NULL;
    if (octet_worker_run(m.worker, &x, 1, 1, outputs, &m.diag) != OCTET_OK)
        fail_msg("%s", m.diag.text);
    assert_non_null(outputs[0]);
    assert_int_equal(outputs[1]->dims[0], 0);
    destroy(&m);
}

static void wrong_inputs(void **state)
{
    static const int64_t dims[1] = {3};
    float data[3] = {1, 2, 3};
    octet_tensor x;
    machine m;

    (void)state;
    create(&m, G "{y = Neg(x)\n}");
    seal(&m, true, NULL);
    assert_int_equal(octet_worker_run(m.worker, NULL, 0, 1, NULL, &m.diag), OCTET_ERR_DATA);
    assert_int_equal(octet_tensor_describe(&x, OCTET_DTYPE_FLOAT32, 1, dims, NULL), OCTET_OK);
    x.data = data;
    assert_int_equal(octet_worker_run(m.worker, &x, 1, 1, NULL, &m.diag), OCTET_ERR_DATA);
    assert_non_null(strstr(m.diag.text, "'x'"));
    assert_int_equal(octet_tensor_describe(&x, OCTET_DTYPE_INT32, 1, (int64_t[]){2}, NULL),
                     OCTET_OK);
    x.data = data;
    assert_int_equal(octet_worker_run(m.worker, &x, 1, 1, NULL, &m.diag), OCTET_ERR_DATA);
    assert_int_equal(run_on(&m, 1.0F, NULL), OCTET_OK);
    destroy(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(branches),
        cmocka_unit_test(loops),
        cmocka_unit_test(repeated_reads),
        cmocka_unit_test(shared_storage),
        cmocka_unit_test(fused_activations),
        cmocka_unit_test(unknown_operators),
        cmocka_unit_test(unknown_operators_in_branches),
        cmocka_unit_test(only_what_is_watched_runs),
        cmocka_unit_test(bodies_are_watched_each_time),
        cmocka_unit_test(tensors_die_at_their_last_use),
        cmocka_unit_test(inputs_without_storage),
        cmocka_unit_test(wrong_inputs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
