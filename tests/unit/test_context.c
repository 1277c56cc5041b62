/* test_context.c: defaults, levels, log
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/context.h"
#include "kernels.h"
#include "octet/version.h"
#include "support/check.h"

#include <stdio.h>

static void defaults(void **state)
{
    octet_context *ctx;

    (void)state;
    assert_int_equal(octet_context_create(NULL, &ctx), OCTET_OK);
    assert_int_equal(ctx->limits.max_depth, 64);
    assert_int_equal(ctx->limits.max_nodes, 10000000);
    assert_true(ctx->limits.max_tensor_bytes == (uint64_t)16 << 30);
    assert_int_equal(ctx->limits.max_model_bytes, 0);
    assert_true(octet_context_threads(ctx) >= 1);
    assert_int_not_equal(octet_context_cpu(ctx), OCTET_CPU_AUTO);
    assert_string_equal(octet_context_message(ctx), "");
    octet_context_destroy(ctx);
    octet_context_destroy(NULL);
}

static void options_are_copied(void **state)
{
    failing_heap heap = {0};
    octet_allocator allocator = failing_allocator(&heap);
    octet_limits limits = {.max_depth = 3};
    octet_context_options options = {
        .allocator = &allocator, .limits = &limits, .threads = 5, .cpu = OCTET_CPU_REF};
    octet_context *ctx;

    (void)state;
    assert_int_equal(octet_context_create(&options, &ctx), OCTET_OK);
    limits.max_depth = 99;
    allocator.resize = NULL;
    assert_int_equal(heap.alive, 1);
    assert_int_equal(ctx->limits.max_depth, 3);
    assert_int_equal(octet_context_threads(ctx), 5);
    assert_int_equal(octet_context_cpu(ctx), OCTET_CPU_REF);
    octet_context_destroy(ctx);
    assert_int_equal(heap.alive, 0);
}

static void wrong_options_are_explained(void **state)
{
    octet_context_options threads = {.threads = -1}, many = {.threads = 100000},
                          level = {.cpu = (octet_cpu_level)77};
    octet_context *ctx;

    (void)state;
    assert_int_equal(octet_context_create(&threads, &ctx), OCTET_ERR_INVALID_ARGUMENT);
    assert_null(ctx);
    assert_non_null(strstr(octet_context_message(NULL), "threads is -1"));
    assert_int_equal(octet_context_create(&many, &ctx), OCTET_ERR_INVALID_ARGUMENT);
    assert_int_equal(octet_context_create(&level, &ctx), OCTET_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(octet_context_message(NULL), "level 77"));
}

/* No machine has both the levels of x86 and NEON. */
static void levels_above_the_machine_are_refused(void **state)
{
    bool neon = octet_isa_host() == OCTET_ISA_NEON;
    octet_context_options other = {.cpu = neon ? OCTET_CPU_AVX2 : OCTET_CPU_NEON};
    octet_context *ctx;

    (void)state;
    assert_int_equal(octet_context_create(&other, &ctx), OCTET_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(octet_context_message(NULL), neon ? "'avx2'" : "'neon'"));
}

static void levels_up_to_the_machine_are_there(void **state)
{
    octet_isa host = octet_isa_host();
    octet_context_options options = {.cpu = OCTET_CPU_AVX2};
    octet_context *ctx;

    (void)state;
    if (host != OCTET_ISA_AVX2 && host != OCTET_ISA_AVX512)
        skip();
    assert_int_equal(octet_context_create(&options, &ctx), OCTET_OK);
    assert_string_equal(octet_cpu_level_name(octet_context_cpu(ctx)), "avx2");
    octet_context_destroy(ctx);
}

static void running_out_of_memory_is_reported(void **state)
{
    failing_heap heap = {.fail_at = 1};
    octet_allocator allocator = failing_allocator(&heap);
    octet_context_options options = {.allocator = &allocator};
    octet_context *ctx;

    (void)state;
    assert_int_equal(octet_context_create(&options, &ctx), OCTET_ERR_NOMEM);
    assert_string_equal(octet_context_message(NULL), "out of memory");
}

static void keep_log(void *user, octet_log_level level, const char *text)
{
    snprintf(user, 64, "%d %s", (int)level, text);
}

static void the_log_reaches_the_caller(void **state)
{
    char kept[64] = "";
    octet_context_options options = {.log = keep_log, .log_user = kept};
    octet_context *ctx;

    (void)state;
    octet_log(NULL, OCTET_LOG_ERROR, "nobody listens");
    assert_int_equal(octet_context_create(&options, &ctx), OCTET_OK);
    octet_log(ctx, OCTET_LOG_WARN, "sample %d", 3);
    assert_string_equal(kept, "1 sample 3");
    octet_context_destroy(ctx);
}

static void the_version_is_written_once(void **state)
{
    char numbers[32];

    (void)state;
    snprintf(numbers, sizeof numbers, "%d.%d.%d", OCTET_VERSION_MAJOR, OCTET_VERSION_MINOR,
             OCTET_VERSION_PATCH);
    assert_string_equal(octet_version(), numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(options_are_copied),
        cmocka_unit_test(wrong_options_are_explained),
        cmocka_unit_test(levels_above_the_machine_are_refused),
        cmocka_unit_test(levels_up_to_the_machine_are_there),
        cmocka_unit_test(running_out_of_memory_is_reported),
        cmocka_unit_test(the_log_reaches_the_caller),
        cmocka_unit_test(the_version_is_written_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
