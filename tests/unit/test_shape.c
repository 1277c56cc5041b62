/* test_shape.c: numpy broadcasting
 * SPDX-License-Identifier: Apache-2.0
 */
#include "support/check.h"
#include "tensor/tensor.h"

static void shapes_broadcast_as_in_numpy(void **state)
{
    static const struct {
        int32_t rank_a;
        int64_t a[4];
        int32_t rank_b;
        int64_t b[4];
        int32_t rank; /* -1: they do not fit */
        int64_t out[4];
    } cases[] = {
        {0, {0}, 0, {0}, 0, {0}},
        {2, {2, 3}, 0, {0}, 2, {2, 3}},
        {2, {2, 3}, 1, {3}, 2, {2, 3}},
        {2, {2, 3}, 1, {2}, -1, {0}},
        {3, {2, 1, 4}, 2, {3, 1}, 3, {2, 3, 4}},
        {2, {0, 3}, 2, {1, 3}, 2, {0, 3}},
        {1, {0}, 1, {1}, 1, {0}},
        {1, {0}, 1, {2}, -1, {0}},
        {1, {5}, 4, {1, 2, 3, 1}, 4, {1, 2, 3, 5}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int swapped = 0; swapped < 2; swapped++) {
            int64_t out[OCTET_MAX_RANK];
            int32_t rank = -1;
            bool fits = swapped ? octet_shape_broadcast(cases[i].rank_b, cases[i].b,
                                                        cases[i].rank_a, cases[i].a, &rank, out)
                                : octet_shape_broadcast(cases[i].rank_a, cases[i].a,
                                                        cases[i].rank_b, cases[i].b, &rank, out);

            assert_int_equal(fits, cases[i].rank >= 0);
            assert_int_equal(rank, cases[i].rank);
            if (fits)
                assert_memory_equal(out, cases[i].out, (size_t)rank * sizeof out[0]);
        }
    }
}

/* More than two shapes are folded into one accumulator. */
static void the_result_may_be_an_operand(void **state)
{
    static const int64_t b[] = {7, 1, 1};
    int64_t shape[OCTET_MAX_RANK] = {2, 3};
    int32_t rank = 2;

    (void)state;
    assert_true(octet_shape_broadcast(rank, shape, 3, b, &rank, shape));
    assert_int_equal(rank, 3);
    assert_memory_equal(shape, ((const int64_t[]){7, 2, 3}), 3 * sizeof shape[0]);
}

static void ranks_above_the_limit_do_not_fit(void **state)
{
    int64_t ones[OCTET_MAX_RANK + 1], out[OCTET_MAX_RANK];
    int32_t rank;

    (void)state;
    for (int i = 0; i <= OCTET_MAX_RANK; i++)
        ones[i] = 1;
    assert_true(octet_shape_broadcast(OCTET_MAX_RANK, ones, 1, ones, &rank, out));
    assert_false(octet_shape_broadcast(OCTET_MAX_RANK + 1, ones, 1, ones, &rank, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_broadcast_as_in_numpy),
        cmocka_unit_test(the_result_may_be_an_operand),
        cmocka_unit_test(ranks_above_the_limit_do_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
