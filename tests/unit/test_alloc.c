/* test_alloc.c: overflow, alignment, replaceable allocator
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/alloc.h"
#include "support/check.h"

static void products_and_sums_do_not_wrap(void **state)
{
    size_t n;

    (void)state;
    assert_true(octet_mul_size(SIZE_MAX / 3, 3, &n));
    assert_true(n == SIZE_MAX / 3 * 3);
    assert_false(octet_mul_size(SIZE_MAX / 2 + 1, 2, &n));
    assert_true(octet_mul_size(SIZE_MAX, 0, &n) && n == 0);
    assert_true(octet_add_size(SIZE_MAX - 1, 1, &n) && n == SIZE_MAX);
    assert_false(octet_add_size(SIZE_MAX, 1, &n));
}

static void signed_products_reach_both_ends(void **state)
{
    static const struct {
        int64_t a, b;
        bool fits;
        int64_t product;
    } cases[] = {
        {3, -4, true, -12},
        {-3, -4, true, 12},
        {0, INT64_MIN, true, 0},
        {1, INT64_MIN, true, INT64_MIN},
        {INT64_MIN / 2, 2, true, INT64_MIN},
        {-1, INT64_MIN, false, 0},
        {INT64_MAX, 1, true, INT64_MAX},
        {INT64_MAX, -1, true, -INT64_MAX},
        {INT64_MAX / 2 + 1, 2, false, 0},
        {INT64_MIN, INT64_MIN, false, 0},
        {(int64_t)1 << 32, (int64_t)1 << 31, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t product = -77;

        assert_int_equal(octet_mul_i64(cases[i].a, cases[i].b, &product), cases[i].fits);
        if (cases[i].fits)
            assert_true(product == cases[i].product);
    }
}

static void sizes_that_cannot_be_are_refused(void **state)
{
    failing_heap heap = {0};
    octet_allocator allocator = failing_allocator(&heap);

    (void)state;
    assert_null(octet_mem_alloc(NULL, SIZE_MAX / 2, 3));
    assert_null(octet_mem_alloc(&allocator, SIZE_MAX / 2, 3));
    assert_null(octet_mem_zalloc(&allocator, SIZE_MAX / 2, 3));
    assert_null(octet_mem_alloc(&allocator, SIZE_MAX, 1));
    assert_null(octet_mem_alloc_aligned(&allocator, SIZE_MAX - 8));
    assert_int_equal(heap.requests, 0);
}

static void zero_bytes_are_a_block(void **state)
{
    failing_heap heap = {0};
    octet_allocator allocator = failing_allocator(&heap);
    void *blocks[] = {octet_mem_alloc(&allocator, 0, 8), octet_mem_zalloc(&allocator, 8, 0),
                      octet_mem_alloc_aligned(&allocator, 0)};

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_non_null(blocks[i]);
    blocks[0] = octet_mem_realloc(&allocator, blocks[0], 0, 0);
    assert_non_null(blocks[0]);
    octet_mem_free(&allocator, blocks[0]);
    octet_mem_free(&allocator, blocks[1]);
    octet_mem_free_aligned(&allocator, blocks[2]);
    octet_mem_free(&allocator, NULL);
    octet_mem_free_aligned(&allocator, NULL);
    assert_int_equal(heap.alive, 0);
}

static void cleared_blocks_are_clear(void **state)
{
    failing_heap heap = {0};
    octet_allocator allocator = failing_allocator(&heap);
    unsigned char *own = octet_mem_zalloc(&allocator, 100, 3),
                  *libc = octet_mem_zalloc(NULL, 100, 3);

    (void)state;
    for (int i = 0; i < 300; i++)
        assert_int_equal(own[i] | libc[i], 0);
    octet_mem_free(&allocator, own);
    octet_mem_free(NULL, libc);
}

static void payloads_lie_on_64_bytes(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 200; bytes += 7) {
        unsigned char *block = octet_mem_alloc_aligned(NULL, bytes);

        assert_int_equal((uintptr_t)block % 64, 0);
        memset(block, 0xa5, bytes);
        octet_mem_free_aligned(NULL, block);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_and_sums_do_not_wrap),
        cmocka_unit_test(signed_products_reach_both_ends),
        cmocka_unit_test(sizes_that_cannot_be_are_refused),
        cmocka_unit_test(zero_bytes_are_a_block),
        cmocka_unit_test(cleared_blocks_are_clear),
        cmocka_unit_test(payloads_lie_on_64_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
