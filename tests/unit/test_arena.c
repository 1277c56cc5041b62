/* test_arena.c: bump allocation
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "support/check.h"

static int make(void **state)
{
    octet_arena *arena = calloc(1, sizeof *arena);

    octet_arena_init(arena, NULL);
    *state = arena;
    return 0;
}

static int destroy(void **state)
{
    octet_arena_deinit(*state);
    free(*state);
    return 0;
}

static void objects_are_cleared_aligned_and_apart(void **state)
{
    octet_arena *arena = *state;
    unsigned char *objects[500];

    for (size_t i = 0; i < 500; i++) {
        objects[i] = octet_arena_alloc(arena, 1, i);
        assert_int_equal((uintptr_t)objects[i] % 16, 0);
        for (size_t j = 0; j < i; j++)
            assert_int_equal(objects[i][j], 0);
        memset(objects[i], (int)(i % 255 + 1), i);
    }
    for (size_t i = 0; i < 500; i++) {
        for (size_t j = 0; j < i; j++)
            assert_int_equal(objects[i][j], i % 255 + 1);
    }
    assert_int_equal(arena->used, 499 * 500 / 2);
}

static void payloads_lie_on_64_bytes(void **state)
{
    for (size_t bytes = 1; bytes < 10000; bytes = bytes * 3 + 1) {
        unsigned char *block = octet_arena_alloc_aligned(*state, bytes);

        assert_int_equal((uintptr_t)block % 64, 0);
        memset(block, 1, bytes);
    }
}

static void objects_larger_than_a_block_fit(void **state)
{
    unsigned char *large = octet_arena_alloc(*state, 5, (size_t)1 << 20), *small;

    assert_non_null(large);
    memset(large, 1, (size_t)5 << 20);
    small = octet_arena_alloc(*state, 1, 8);
    assert_non_null(small);
    assert_int_equal(small[0], 0);
}

static void strings_are_copied(void **state)
{
    octet_arena *arena = *state;
    char text[] = "conv_1";
    const char *copy = octet_arena_strdup(arena, text);

    text[0] = 'X';
    assert_string_equal(copy, "conv_1");
    assert_null(octet_arena_strdup(arena, NULL));
    assert_string_equal(octet_arena_strndup(arena, "abc", 2), "ab");
    assert_string_equal(octet_arena_strndup(arena, NULL, 0), "");
    assert_string_equal(octet_arena_printf(arena, "%s_%d", "x", 7), "x_7");
    assert_memory_equal(octet_arena_memdup(arena, "a\0b", 4), "a\0b", 4);
    assert_non_null(octet_arena_memdup(arena, NULL, 0));
}

static void arrays_grow_and_keep_their_elements(void **state)
{
    uint32_t *array = NULL, capacity = 0;

    for (uint32_t i = 0; i < 1000; i++) {
        assert_true(octet_arena_grow(*state, (void **)&array, &capacity, i + 1, sizeof *array));
        assert_true(capacity > i);
        array[i] = i;
    }
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(array[i], i);
    assert_int_equal(capacity, 1024);
}

static void impossible_sizes_are_refused(void **state)
{
    void *array = NULL;
    uint32_t capacity = 0;

    assert_null(octet_arena_alloc(*state, SIZE_MAX / 2, 3));
    assert_null(octet_arena_alloc(*state, 1, SIZE_MAX - 8));
    assert_null(octet_arena_alloc_aligned(*state, SIZE_MAX));
    assert_null(octet_arena_strndup(*state, "", SIZE_MAX));
    assert_false(octet_arena_grow(*state, &array, &capacity, UINT32_MAX, SIZE_MAX / 8));
    assert_int_equal(capacity, 0);
}

static void running_out_of_memory_is_reported(void **state)
{
    (void)state;
    for (size_t fail_at = 1; fail_at < 20; fail_at++) {
        failing_heap heap = {.fail_at = fail_at};
        octet_allocator allocator = failing_allocator(&heap);
        octet_arena arena;
        int failures = 0;

        octet_arena_init(&arena, &allocator);
        for (int i = 0; i < 40; i++)
            failures += octet_arena_alloc(&arena, 1, 100000) == NULL;
        assert_true(failures > 0 || heap.requests < fail_at);
        octet_arena_deinit(&arena);
        assert_int_equal(heap.alive, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(objects_are_cleared_aligned_and_apart, make, destroy),
        cmocka_unit_test_setup_teardown(payloads_lie_on_64_bytes, make, destroy),
        cmocka_unit_test_setup_teardown(objects_larger_than_a_block_fit, make, destroy),
        cmocka_unit_test_setup_teardown(strings_are_copied, make, destroy),
        cmocka_unit_test_setup_teardown(arrays_grow_and_keep_their_elements, make, destroy),
        cmocka_unit_test_setup_teardown(impossible_sizes_are_refused, make, destroy),
        cmocka_unit_test(running_out_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
