/* test_parallel.c: every index once, workers in range, floating-point mode
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/parallel.h"
#include "support/check.h"

#include <fenv.h>
#include <float.h>

#define COUNT 1000
#define THREADS 3

typedef struct job {
    int runs[COUNT];
    int worker[COUNT];
    size_t inner[COUNT];
    int mode_right[COUNT];
} job;

static void count_index(void *arg, size_t index, int worker)
{
    (void)worker;
    ((size_t *)arg)[index]++;
}

static void body(void *arg, size_t index, int worker)
{
    job *j = arg;
    volatile float denormal = FLT_MIN / 2, one = 1, tiny = FLT_EPSILON / 4;
    size_t inner[7] = {0};

    j->runs[index]++;
    j->worker[index] = worker;
    j->mode_right[index] =
        denormal > 0 && denormal / 2 > 0 && one + tiny == one && fegetround() == FE_TONEAREST;
    octet_parallel_for(7, THREADS, count_index, inner);
    for (int i = 0; i < 7; i++)
        j->inner[index] += inner[i] == 1;
}

static void check_job(size_t count, int threads)
{
    job *j = calloc(1, sizeof *j);

    octet_parallel_for(count, threads, body, j);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(j->runs[i], i < count);
        assert_true(j->worker[i] >= 0 && j->worker[i] < (threads < 1 ? 1 : threads));
        assert_int_equal(j->inner[i], i < count ? 7 : 0);
        assert_int_equal(j->mode_right[i], i < count);
    }
    free(j);
}

static void every_index_runs_once(void **state)
{
    (void)state;
    check_job(0, THREADS);
    check_job(1, THREADS);
    check_job(2, THREADS);
    check_job(COUNT, 1);
    check_job(COUNT, 0);
    check_job(COUNT, THREADS);
}

/* A program may call us with its own rounding; workers must not inherit it and it must come back.
 */
static void the_callers_rounding_is_set_aside_and_restored(void **state)
{
    (void)state;
    for (int threads = 1; threads <= THREADS; threads += 2) {
        assert_int_equal(fesetround(FE_UPWARD), 0);
        check_job(100, threads);
        assert_int_equal(fegetround(), FE_UPWARD);
        fesetround(FE_TONEAREST);
    }
}

static octet_status refuse_some(void *arg, size_t index, int worker, octet_diag *diag)
{
    const size_t *first = arg;

    (void)worker;
    if (index < *first || index % 3 == 1)
        return OCTET_OK;
    return octet_fail(diag, OCTET_ERR_DATA, "index %zu", index);
}

static void the_lowest_failure_is_told(void **state)
{
    (void)state;
    for (int threads = 1; threads <= THREADS; threads++) {
        size_t first = 40; /* divides by 3 with a rest of 1 */
        octet_diag diag = {0};

        assert_int_equal(octet_parallel_try(COUNT, threads, refuse_some, &first, &diag),
                         OCTET_ERR_DATA);
        assert_string_equal(diag.text, "index 41");
        first = COUNT;
        assert_int_equal(octet_parallel_try(COUNT, threads, refuse_some, &first, NULL), OCTET_OK);
        assert_int_equal(octet_parallel_try(0, threads, refuse_some, &first, NULL), OCTET_OK);
    }
}

static void there_is_a_processor(void **state)
{
    (void)state;
    assert_true(octet_cpu_count() >= 1);
}

#if defined(__SSE2__)
#    include <xmmintrin.h>

/* Programs built with -ffast-math start with denormals flushed: FTZ is bit 15, DAZ bit 6. */
static void flush_to_zero_is_set_aside_and_restored(void **state)
{
    unsigned before = _mm_getcsr();

    (void)state;
    for (int threads = 1; threads <= THREADS; threads += 2) {
        _mm_setcsr(before | 0x8040);
        check_job(100, threads);
        assert_int_equal(_mm_getcsr() & 0x8040, 0x8040);
        _mm_setcsr(before);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_index_runs_once),
        cmocka_unit_test(the_callers_rounding_is_set_aside_and_restored),
#if defined(__SSE2__)
        cmocka_unit_test(flush_to_zero_is_set_aside_and_restored),
#endif
        cmocka_unit_test(the_lowest_failure_is_told),
        cmocka_unit_test(there_is_a_processor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
