/* test_quantize_scale.c: graphs of very many nodes quantize in linear time
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L

#include "graph/edit.h"
#include "support/quantize_text.h"

#include <time.h>

#define SMALL 2500
#define LARGE 20000

typedef struct big {
    net n;
    octet_value_id weight;
} big;

static double processor_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static octet_value_id new_value(big *b, const char *stem, uint32_t i)
{
    octet_value_id id;
    char name[32];

    snprintf(name, sizeof name, "%s%u", stem, i);
    assert_int_equal(octet_edit_add_named_value(b->n.g, name, &id, &b->n.diag), OCTET_OK);
    return id;
}

static octet_value_id new_weight(big *b, const char *stem, uint32_t i)
{
    static const int64_t dims[4] = {2, 2, 1, 1};
    static float eye[4] = {1, 0, 0, 1};
    octet_value_id id;
    octet_tensor t;
    char name[32];

    snprintf(name, sizeof name, "%s%u", stem, i);
    assert_int_equal(octet_tensor_describe(&t, OCTET_DTYPE_FLOAT32, 4, dims, NULL), OCTET_OK);
    t.data = eye;
    assert_int_equal(octet_edit_add_initializer(b->n.g, name, &t, &id, &b->n.diag), OCTET_OK);
    return id;
}

static void add(big *b, const char *op, octet_value_id a, octet_value_id c, octet_value_id y)
{
    octet_value_id inputs[2] = {a, c};
    octet_node_desc desc = {.op_type = op,
                            .inputs = inputs,
                            .n_inputs = c == OCTET_NO_VALUE ? 1 : 2,
                            .outputs = &y,
                            .n_outputs = 1};
    octet_node_id id;

    if (octet_edit_add_node(b->n.g, &desc, NULL, &id, &b->n.diag) != OCTET_OK)
        fail_msg("%s", b->n.diag.text);
}

/* Conv, Relu, Conv, Relu … each with a weight of its own. */
static octet_value_id chain(big *b, octet_value_id x, uint32_t n)
{
    for (uint32_t i = 0; i < n; i += 2) {
        octet_value_id c = new_value(b, "c", i), r = new_value(b, "r", i);

        add(b, "Conv", x, new_weight(b, "w", i), c);
        add(b, "Relu", c, OCTET_NO_VALUE, r);
        x = r;
    }
    return x;
}

/* One weight and one tensor that everybody reads. */
static octet_value_id comb(big *b, octet_value_id x, uint32_t n)
{
    octet_value_id start = new_value(b, "start", 0), sum = start;

    add(b, "Conv", x, b->weight, start);
    for (uint32_t i = 0; i < n; i += 2) {
        octet_value_id c = new_value(b, "c", i), s = new_value(b, "s", i);

        add(b, "Conv", start, b->weight, c);
        add(b, "Add", c, sum, s);
        sum = s;
    }
    return sum;
}

/* Everything shares its parameters with the one before; n is even, so the shape is the first. */
static octet_value_id moves(big *b, octet_value_id x, uint32_t n)
{
    octet_value_id start = new_value(b, "start", 0), y = new_value(b, "end", 0);

    add(b, "Conv", x, b->weight, start);
    for (uint32_t i = 0; i < n; i++) {
        octet_value_id m = new_value(b, "m", i);

        add(b, "Transpose", start, OCTET_NO_VALUE, m);
        start = m;
    }
    add(b, "Conv", start, b->weight, y);
    return y;
}

typedef octet_value_id (*make)(big *b, octet_value_id x, uint32_t n);

static double measure(make body, uint32_t n)
{
    static const float sample[] = {1.0F};
    big b;

    net_read(&b.n, "g (float[1,2,1,1] x) => (float[1,2,1,1] keep)\n{keep = Neg(x)\n}");
    b.weight = new_weight(&b, "weight", 0);
    octet_value_id y = body(&b, net_value(&b.n, "x"), n);
    assert_int_equal(octet_edit_add_graph_output(b.n.g, y, &b.n.diag), OCTET_OK);
    double start = processor_seconds();
    if (net_quantize(&b.n, sample, 1, 2, NULL) != OCTET_OK)
        fail_msg("%s", octet_context_message(b.n.ctx));
    double seconds = processor_seconds() - start;
    assert_true(net_count(b.n.g, "DequantizeLinear") >= n / 2);
    net_close(&b.n);
    return seconds;
}

/* Eight times the nodes may take sixteen times as long; quadratic work takes sixty-four. */
static void check_linear(make body)
{
    double small = measure(body, SMALL), large = measure(body, LARGE);

    if (large > 16.0 * small + 0.5)
        fail_msg("%d nodes: %.2f s, %d nodes: %.2f s", SMALL, small, LARGE, large);
}

static void long_chains(void **state)
{
    (void)state;
    check_linear(chain);
}

static void many_readers(void **state)
{
    (void)state;
    check_linear(comb);
}

static void long_groups(void **state)
{
    (void)state;
    check_linear(moves);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_chains),
        cmocka_unit_test(many_readers),
        cmocka_unit_test(long_groups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
