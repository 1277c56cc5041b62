/* test_fused.c: operators that apply what comes after them and tell the range of the result
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each operator runs three times: with everything watched, so that nothing is fused; with nothing
 * watched; with the last value watched. The result and its range are the same. Gates run once more
 * with the range of the value between watched, which then is not stored.
 */
#include "run/run.h"
#include "support/quantize_text.h"

#include <math.h>

#define CHANNELS 4
#define SIZE 43
#define MOST (CHANNELS * SIZE * SIZE)

typedef struct seen {
    octet_value_id y, between;
    octet_minmax range_between;
    int looked, stored; /* how often at the value between, and how often it had elements */
    float data[MOST];
    size_t count;
    octet_minmax range;
    bool has_range;
} seen;

static octet_status look(void *user, const octet_graph *g, octet_value_id value,
                         const octet_tensor *t, const octet_minmax *range, octet_diag *diag)
{
    seen *s = user;

    (void)g;
    (void)diag;
    if (value == s->between) {
        s->looked++;
        s->stored += t->data != NULL;
        s->range_between = range != NULL ? *range : OCTET_MINMAX_EMPTY;
    }
    if (value != s->y)
        return OCTET_OK;
    s->count = (size_t)octet_tensor_count(t);
    assert_true(s->count <= MOST);
    memcpy(s->data, t->data, t->bytes);
    s->has_range = range != NULL;
    if (range != NULL)
        s->range = *range;
    return OCTET_OK;
}

static void fill(float *x)
{
    uint32_t state = 7;

    for (size_t i = 0; i < MOST; i++) {
        state = state * 1664525U + 1013904223U;
        x[i] = (float)(state >> 8) * 0x1p-21F - 4.0F;
    }
    x[11] = -0.0F;
}

typedef enum watched { ALL, NOTHING, LAST, RANGE } watched;

static void run(const char *graph, watched what, seen *s)
{
    static const int64_t dims[4] = {1, CHANNELS, SIZE, SIZE};
    static float data[MOST];
    const octet_tensor *outputs[1];
    octet_plan *plan;
    octet_worker *worker;
    octet_tensor x;
    octet_diag diag = {0};
    net n;

    net_read(&n, graph);
    fill(data);
    assert_int_equal(octet_tensor_describe(&x, OCTET_DTYPE_FLOAT32, 4, dims, NULL), OCTET_OK);
    x.data = data;
    memset(s, 0, sizeof *s);
    s->y = net_value(&n, "y");
    s->between = net_value(&n, "a");
    assert_int_equal(octet_plan_create(n.model, &plan, &diag), OCTET_OK);
    if (what == ALL)
        octet_plan_watch_all(plan);
    else if (what != NOTHING)
        octet_plan_watch(plan, n.g, s->y);
    if (what == RANGE)
        octet_plan_watch_range(plan, n.g, s->between);
    assert_int_equal(octet_plan_seal(plan, true, &diag), OCTET_OK);
    assert_int_equal(octet_worker_create(plan, look, s, &worker, &diag), OCTET_OK);
    if (octet_worker_run(worker, &x, 1, 2, outputs, &diag) != OCTET_OK)
        fail_msg("%s\n%s", graph, diag.text);
    assert_int_equal(look(s, n.g, s->y, outputs[0], s->has_range ? &s->range : NULL, &diag),
                     OCTET_OK);
    octet_worker_destroy(worker);
    octet_plan_destroy(plan);
    net_close(&n);
}

static void expect_range(const char *graph, const seen *s)
{
    octet_minmax r = OCTET_MINMAX_EMPTY;

    for (size_t i = 0; i < s->count; i++) {
        r.min = fminf(r.min, s->data[i] + 0.0F);
        r.max = fmaxf(r.max, s->data[i] + 0.0F);
    }
    if (!s->has_range || s->range.not_finite || memcmp(&r.min, &s->range.min, sizeof r.min) != 0 ||
        memcmp(&r.max, &s->range.max, sizeof r.max) != 0)
        fail_msg("%s\nrange %d [%g, %g] instead of [%g, %g]", graph, s->has_range,
                 (double)s->range.min, (double)s->range.max, (double)r.min, (double)r.max);
}

static const char *const operators[] = {
    "Add(x, c)",
    "Sub(c, x)",
    "Mul(x, s)",
    "Div(x, c)",
    "Max(x, s)",
    "Min(x)",
    "Sum(x, c, x)",
    "PRelu(x, c)",
    "Neg(x)",
    "Abs(x)",
    "Sigmoid(x)",
    "Tanh(x)",
    "Erf(x)",
    "HardSigmoid(x)",
    "HardSwish(x)",
    "LeakyRelu(x)",
    "Elu(x)",
    "Sin(x)",
    "Relu(x)",
    "Asin(s)",
    "Clip(x, l, s)",
    "BatchNormalization(x, v, v, v, p)",
    "MaxPool <kernel_shape: ints = [3, 3], strides: ints = [2, 2], pads: ints = [1, 1, 1, 1]> (x)",
    "MaxPool <kernel_shape: ints = [5, 5], pads: ints = [2, 2, 2, 2]> (x)",
    "AveragePool <kernel_shape: ints = [3, 2], strides: ints = [3, 2]> (x)",
    "AveragePool <kernel_shape: ints = [3, 3], pads: ints = [1, 1, 1, 1]> (x)",
    "AveragePool <kernel_shape: ints = [21, 21], strides: ints = [21, 21]> (x)",
};

static const char *const activations[] = {"Relu(a)", "Clip(a, l, s)", "Clip(a, l)", "Identity(a)"};

static void print(char *graph, size_t size, const char *what, const char *activation)
{
    snprintf(graph, size,
             "g (float[1,4,43,43] x) => (float y)\n<float[4,1,1] c = {2, -1, 0.5, 3}, float s = "
             "{0.75}, float l = {-0.25}, float[4] v = {1, -2, 0.5, 3}, float[4] p = {1, 2, 3, "
             "4}>\n{a = %s\ny = %s\n}",
             what, activation);
}

static void one(const char *what, const char *activation)
{
    static seen all, nothing, last;
    char graph[1024];

    print(graph, sizeof graph, what, activation);
    run(graph, ALL, &all);
    run(graph, NOTHING, &nothing);
    run(graph, LAST, &last);
    if (all.count != nothing.count || all.count != last.count ||
        memcmp(all.data, nothing.data, all.count * sizeof(float)) != 0 ||
        memcmp(all.data, last.data, all.count * sizeof(float)) != 0)
        fail_msg("%s\nfused: another result", graph);
    if (strcmp(activation, "Identity(a)") != 0) {
        expect_range(graph, &all);
        expect_range(graph, &last);
    }
}

static void results_and_ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        for (size_t k = 0; k < sizeof activations / sizeof activations[0]; k++)
            one(operators[i], activations[k]);
}

/* stored: the value between cannot be left out. */
static void gate(const char *what, const char *product, bool stored)
{
    static seen all, range;
    char graph[1024];

    one(what, product);
    print(graph, sizeof graph, what, product);
    run(graph, ALL, &all);
    run(graph, RANGE, &range);
    if (memcmp(all.data, range.data, all.count * sizeof(float)) != 0)
        fail_msg("%s\ngate: another result", graph);
    expect_range(graph, &range);
    if (range.looked != 1 || range.stored != stored ||
        memcmp(&all.range_between, &range.range_between, sizeof all.range_between) != 0)
        fail_msg("%s\ngate: seen %d times, stored %d times, [%g, %g]", graph, range.looked,
                 range.stored, (double)range.range_between.min, (double)range.range_between.max);
}

static void gates(void **state)
{
    (void)state;
    gate("Sigmoid(x)", "Mul(x, a)", false);
    gate("Sigmoid(x)", "Mul(a, x)", false);
    gate("HardSigmoid(x)", "Mul(a, x)", false);
    gate("Sigmoid(x)", "Mul(a, a)", true);
    gate("Sigmoid(x)", "Mul(a, c)", true);
    gate("Sigmoid(x)", "Add(a, x)", true);
    gate("Tanh(x)", "Mul(a, x)", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_and_ranges),
        cmocka_unit_test(gates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
