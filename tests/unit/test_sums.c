/* test_sums.c: bounds of integer sums against every input at the ends of its range and every order
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/sums.h"
#include "support/check.h"

#include <string.h>

#define K 5
#define TERMS (K + 3)

typedef struct sample {
    octet_sum_inputs in;
    int8_t w[K];
} sample;

static int64_t draw(uint32_t *state, int64_t lo, int64_t hi)
{
    *state = *state * 1664525u + 1013904223u;
    return lo + (int64_t)((*state >> 8) % (uint32_t)(hi - lo + 1));
}

static sample make_sample(uint32_t *state)
{
    sample s;
    int64_t zero = draw(state, 0, 255), bias = draw(state, -9999, 9999);

    s.in = (octet_sum_inputs){.x = {0, 255},
                              .x_zero = {zero, zero},
                              .bias = {bias, bias},
                              .w_zero = draw(state, 0, 2) - 1};
    for (size_t i = 0; i < K; i++)
        s.w[i] = (int8_t)draw(state, -128, 127);
    return s;
}

static void widen(octet_interval *all, int64_t v)
{
    all->lo = v < all->lo ? v : all->lo;
    all->hi = v > all->hi ? v : all->hi;
}

/* Every partial sum in every order is a sum of some of the terms. */
static void add_subsets(const int64_t *terms, size_t n, octet_interval *all)
{
    for (uint32_t some = 0; some < UINT32_C(1) << n; some++) {
        int64_t sum = 0;

        for (size_t i = 0; i < n; i++)
            sum += (some >> i & 1) != 0 ? terms[i] : 0;
        widen(all, sum);
    }
}

/* The terms for the input whose element i is 255 where bit i of x is set, else 0. */
static void add_input(const sample *s, uint32_t x, octet_interval *stored,
                      octet_interval *distances)
{
    int64_t zero = s->in.x_zero.lo, terms[TERMS], far[TERMS], total_w = 0, total_x = 0;

    for (size_t i = 0; i < K; i++) {
        int64_t v = (x >> i & 1) != 0 ? 255 : 0;

        terms[i] = v * s->w[i];
        far[i] = (v - zero) * (s->w[i] - s->in.w_zero);
        total_w += s->w[i];
        total_x += v;
    }
    terms[K] = far[K] = s->in.bias.lo;
    terms[K + 1] = zero * (K * s->in.w_zero - total_w);
    terms[K + 2] = -s->in.w_zero * total_x;
    add_subsets(terms, K + 3, stored);
    add_subsets(far, K + 1, distances);
}

static void sums_hold_every_order(void **state)
{
    const octet_reduction r = {
        .batches = 1, .channels = 1, .k = K, .channel_step = K, .outer_step = 1, .inner = 1};
    uint32_t seed = 1;

    (void)state;
    for (int round = 0; round < 300; round++) {
        sample s = make_sample(&seed);
        octet_sum_weights w = {.data = (const uint8_t *)s.w, .is_signed = true};
        octet_interval stored = {0, 0}, distances = {0, 0};
        octet_interval found = octet_sum_range(&r, &w, 0, 0, &s.in);

        for (uint32_t x = 0; x < UINT32_C(1) << K; x++)
            add_input(&s, x, &stored, &distances);
        assert_true(found.lo <= stored.lo && found.hi >= stored.hi);
        assert_true(found.lo <= distances.lo && found.hi >= distances.hi);
        if (s.in.w_zero == 0) { /* and no more */
            assert_int_equal(found.lo, stored.lo < distances.lo ? stored.lo : distances.lo);
            assert_int_equal(found.hi, stored.hi > distances.hi ? stored.hi : distances.hi);
        }
    }
}

static void any_weights_hold_all(void **state)
{
    const octet_reduction r = {
        .batches = 1, .channels = 1, .k = K, .channel_step = K, .outer_step = 1, .inner = 1};
    uint32_t seed = 2;

    (void)state;
    for (int round = 0; round < 300; round++) {
        sample s = make_sample(&seed);
        octet_sum_weights w = {.data = (const uint8_t *)s.w, .is_signed = true};
        octet_interval one = octet_sum_range(&r, &w, 0, 0, &s.in);
        octet_interval all = octet_sum_range_any(K, (octet_interval){-128, 127}, &s.in);

        assert_true(all.lo <= one.lo && all.hi >= one.hi);
    }
}

static void expect_order(const char *op_type, const int64_t *dims, int32_t rank,
                         const int64_t *wanted, size_t n)
{
    octet_node node = {.op_type = op_type, .domain = ""};
    octet_reduction r;

    assert_true(octet_reduction_of(&node, rank, dims, &r));
    assert_int_equal(r.k, n);
    for (int64_t i = 0; i < (int64_t)n; i++)
        assert_int_equal(r.channel_step + i / r.inner * r.outer_step + i % r.inner * r.inner_step,
                         wanted[i]);
}

/* Elements of the second channel, in the order in which they are paired. */
static void pairs_follow_the_kernels(void **state)
{
    (void)state;
    expect_order("QLinearConv", (const int64_t[]){4, 3, 1, 2}, 4,
                 (const int64_t[]){6, 8, 10, 7, 9, 11}, 6);
    expect_order("ConvInteger", (const int64_t[]){4, 3, 1, 2}, 4,
                 (const int64_t[]){6, 7, 8, 9, 10, 11}, 6);
    expect_order("QLinearMatMul", (const int64_t[]){3, 5}, 2, (const int64_t[]){1, 6, 11}, 3);
    expect_order("QGemm", (const int64_t[]){3, 5}, 2, (const int64_t[]){1, 6, 11}, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_hold_every_order),
        cmocka_unit_test(any_weights_hold_all),
        cmocka_unit_test(pairs_follow_the_kernels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
