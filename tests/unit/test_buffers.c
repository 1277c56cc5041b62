/* test_buffers.c: tensor buffers at planned places, work space as a stack
 * SPDX-License-Identifier: Apache-2.0
 */
#include "support/check.h"

#include "run/buffers.h"
#include "run/scratch.h"

#include <string.h>

#define KB ((size_t)1024)

static const octet_allocator heap;

/* Writes a mark of its own over the whole buffer; `check` finds whether another one was written
 * over it. */
typedef struct piece {
    unsigned char *data;
    size_t bytes;
    unsigned char mark;
} piece;

static piece take(octet_buffers *pool, size_t bytes)
{
    static unsigned char mark;
    piece p = {.data = octet_buffers_take(pool, bytes), .bytes = bytes, .mark = ++mark};

    assert_non_null(p.data);
    assert_int_equal((uintptr_t)p.data % 64, 0);
    memset(p.data, p.mark, bytes);
    return p;
}

static void give(octet_buffers *pool, piece *p)
{
    for (size_t i = 0; i < p->bytes; i++)
        assert_int_equal(p->data[i], p->mark);
    octet_buffers_give(pool, p->data);
    p->data = NULL;
}

/* A network with a skip connection: sizes in KB. */
static void run_network(octet_buffers *pool, size_t scale)
{
    piece skip, a, b;

    octet_buffers_begin(pool);
    skip = take(pool, 40 * scale * KB);
    a = take(pool, 100 * scale * KB);
    b = take(pool, 30 * scale * KB);
    give(pool, &a);
    a = take(pool, 90 * scale * KB);
    give(pool, &b);
    b = take(pool, 60 * scale * KB);
    give(pool, &a);
    give(pool, &skip);
    give(pool, &b);
}

static void little_more_is_held_than_is_alive(void **state)
{
    octet_buffers pool;

    (void)state;
    octet_buffers_init(&pool, &heap);
    for (int i = 0; i < 4; i++)
        run_network(&pool, 1);
    assert_in_range(pool.peak_live, 190 * KB, 191 * KB);
    assert_in_range(pool.peak_held, 190 * KB, 200 * KB);
    octet_buffers_deinit(&pool);
}

/* Other sizes, fewer buffers, more buffers, another order: contents stay whole. */
static void runs_may_differ(void **state)
{
    octet_buffers pool;
    uint32_t random = 12345;

    (void)state;
    octet_buffers_init(&pool, &heap);
    for (int run = 0; run < 300; run++) {
        piece alive[8] = {{0}};

        if (run % 3 != 0) { /* let a plan be made and followed first */
            run_network(&pool, 1 + (size_t)(run % 7 == 0));
            continue;
        }
        octet_buffers_begin(&pool);
        for (int step = 0; step < 60; step++) {
            piece *p;

            random = random * 1664525 + 1013904223;
            p = &alive[random >> 29];
            if (p->data != NULL)
                give(&pool, p);
            else
                *p = take(&pool, random >> 8 & 0x3fff);
        }
        for (int i = 0; i < 8; i++)
            if (alive[i].data != NULL)
                give(&pool, &alive[i]);
        assert_int_equal(pool.live, 0);
        assert_int_equal(pool.heap, 0);
    }
    octet_buffers_deinit(&pool);
}

static void shared_buffers_live_until_the_last_owner(void **state)
{
    octet_buffers pool;

    (void)state;
    octet_buffers_init(&pool, &heap);
    for (int i = 0; i < 3; i++) {
        piece a, b;

        octet_buffers_begin(&pool);
        a = take(&pool, KB);
        octet_buffers_share(a.data);
        octet_buffers_give(&pool, a.data);
        b = take(&pool, KB);
        give(&pool, &b);
        give(&pool, &a);
    }
    assert_int_equal(pool.live, 0);
    octet_buffers_deinit(&pool);
}

static void work_space_is_a_stack(void **state)
{
    octet_scratch s;

    (void)state;
    octet_scratch_init(&s, &heap);
    for (int i = 0; i < 3; i++) {
        unsigned char *a = octet_scratch_take(&s, 100 * KB), *b;
        size_t mark = s.used;

        memset(a, 1, 100 * KB);
        for (int inner = 0; inner < 4; inner++) {
            b = octet_scratch_take(&s, 200 * KB);
            assert_int_equal((uintptr_t)b % 64, 0);
            memset(b, 2, 200 * KB);
            b = octet_scratch_take(&s, 1);
            *b = 3;
            octet_scratch_return_to(&s, mark);
        }
        for (size_t at = 0; at < 100 * KB; at++)
            assert_int_equal(a[at], 1);
        octet_scratch_return_to(&s, 0);
    }
    assert_in_range(s.peak, 300 * KB, 301 * KB);
    octet_scratch_deinit(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(little_more_is_held_than_is_alive),
        cmocka_unit_test(runs_may_differ),
        cmocka_unit_test(shared_buffers_live_until_the_last_owner),
        cmocka_unit_test(work_space_is_a_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
