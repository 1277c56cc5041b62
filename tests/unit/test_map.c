/* test_map.c: the hash table against an array
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/map.h"
#include "support/check.h"

#include <stdio.h>

#define KEYS 2000

static char keys[KEYS][40];

static int make_keys(void **state)
{
    (void)state;
    /* Prefixes of each other, the empty key, and lengths on both sides of the hash's word. */
    for (int i = 0; i < 20; i++) {
        memset(keys[i], 'a', (size_t)i);
        keys[i][i] = '\0';
    }
    for (int i = 20; i < KEYS; i++)
        snprintf(keys[i], sizeof keys[i], "node_%d/output_%d", i / 7, i % 7);
    return 0;
}

static void behaves_as_an_array(void **state)
{
    octet_map map;
    uint32_t expected[KEYS];
    uint32_t random = 1;
    size_t count = 0;

    (void)state;
    octet_map_init(&map, NULL);
    for (int i = 0; i < KEYS; i++)
        expected[i] = OCTET_MAP_NONE;
    for (int step = 0; step < 40000; step++) {
        uint32_t i;

        random = random * 1664525u + 1013904223u;
        i = (random >> 8) % KEYS;
        assert_int_equal(octet_map_get(&map, keys[i]), expected[i]);
        if (random >> 31 != 0) {
            assert_true(octet_map_set(&map, keys[i], (uint32_t)step));
            count += expected[i] == OCTET_MAP_NONE;
            expected[i] = (uint32_t)step;
        } else {
            octet_map_remove(&map, keys[i]);
            count -= expected[i] != OCTET_MAP_NONE;
            expected[i] = OCTET_MAP_NONE;
        }
        assert_int_equal(map.count, count);
    }
    for (int i = 0; i < KEYS; i++)
        assert_int_equal(octet_map_get(&map, keys[i]), expected[i]);
    octet_map_deinit(&map);
}

static void an_empty_map_holds_nothing(void **state)
{
    octet_map map;

    (void)state;
    octet_map_init(&map, NULL);
    assert_int_equal(octet_map_get(&map, ""), OCTET_MAP_NONE);
    octet_map_remove(&map, "");
    assert_true(octet_map_set(&map, "", 0));
    assert_int_equal(octet_map_get(&map, ""), 0);
    octet_map_deinit(&map);
}

/* A failed growth must leave what was there. */
static void running_out_of_memory_keeps_the_entries(void **state)
{
    failing_heap heap = {.fail_at = 3};
    octet_allocator allocator = failing_allocator(&heap);
    octet_map map;
    uint32_t kept = 0;

    (void)state;
    octet_map_init(&map, &allocator);
    while (octet_map_set(&map, keys[kept], kept))
        kept++;
    assert_true(kept > 2 && kept < KEYS);
    for (uint32_t i = 0; i < kept; i++)
        assert_int_equal(octet_map_get(&map, keys[i]), i);
    octet_map_deinit(&map);
    assert_int_equal(heap.alive, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behaves_as_an_array),
        cmocka_unit_test(an_empty_map_holds_nothing),
        cmocka_unit_test(running_out_of_memory_keeps_the_entries),
    };

    return cmocka_run_group_tests(tests, make_keys, NULL);
}
