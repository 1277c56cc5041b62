/* test_quantize_nomem.c: every allocation of the whole job may fail, and nothing is lost
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L

#include "support/check.h"
#include "support/quantize_bytes.h"
#include "support/seed.h"

#include <unistd.h>

/* The whole job with request number fail_at (and all after it, unless `once`) failing; counts the
 * requests. */
static octet_status run(const octet_file *seed, size_t fail_at, bool once, const char *path,
                        size_t *requests)
{
    failing_heap heap = {.fail_at = fail_at, .once = once};
    const octet_allocator allocator = failing_allocator(&heap);
    const octet_context_options options = {.allocator = &allocator, .threads = 1};
    octet_context *ctx;
    octet_status status = octet_context_create(&options, &ctx);

    if (status == OCTET_OK) {
        status = quantize_bytes(ctx, seed->data + 1, seed->size - 1, seed->data[0], path);
        if (status != OCTET_OK && octet_context_message(ctx)[0] == '\0')
            fail_msg("request %zu: no message", fail_at);
        octet_context_destroy(ctx);
    }
    if (heap.alive != 0)
        fail_msg("request %zu: %zu blocks are left, status '%s'", fail_at, heap.alive,
                 octet_status_name(status));
    *requests = heap.requests;
    return status;
}

/* Every request at first, where most kinds are; then in steps that grow with the distance. */
static size_t next_step(size_t at)
{
    return at + 1 + at / 256;
}

static octet_file result(const char *path)
{
    octet_diag diag;
    octet_file file;

    if (octet_file_map(path, &file, &diag) != OCTET_OK)
        fail_msg("%s", diag.text);
    return file;
}

static void same_bytes(const octet_file *expected, const char *path, size_t at)
{
    octet_file file = result(path);

    if (file.size != expected->size || memcmp(file.data, expected->data, file.size) != 0)
        fail_msg("request %zu fails, and the result is another", at);
    octet_file_unmap(&file);
}

static void fail_each(const char *name)
{
    octet_file seed = open_seed_of("quantize", name);
    size_t total, requests;
    char path[512];

    roundtrip_path(path, sizeof path, "nomem", (long)getpid());
    assert_int_equal(run(&seed, 0, false, path, &total), OCTET_OK);
    octet_file expected = result(path);
    for (size_t at = 1; at <= total; at = next_step(at)) {
        octet_status all, one;
        unlink(path);
        all = run(&seed, at, false, path, &requests);
        one = run(&seed, at, true, path, &requests);
        if (all != OCTET_ERR_NOMEM || (one != OCTET_ERR_NOMEM && one != OCTET_OK))
            fail_msg("%s: request %zu of %zu fails: '%s', alone '%s'", name, at, total,
                     octet_status_name(all), octet_status_name(one));
        if (one == OCTET_OK)
            same_bytes(&expected, path, at);
    }
    assert_int_equal(run(&seed, total + 1, false, path, &requests), OCTET_OK);
    same_bytes(&expected, path, total + 1);
    unlink(path);
    octet_file_unmap(&expected);
    octet_file_unmap(&seed);
}

static void a_convolution(void **state)
{
    (void)state;
    fail_each("one_op.bin");
}

static void a_residual_net(void **state)
{
    (void)state;
    fail_each("residual.bin");
}

static void branches(void **state)
{
    (void)state;
    fail_each("branches.bin");
}

static void an_old_model(void **state)
{
    (void)state;
    fail_each("old_inputs.bin");
}

static void weights_that_saturate(void **state)
{
    (void)state;
    fail_each("large_weights.bin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_convolution),
        cmocka_unit_test(a_residual_net),
        cmocka_unit_test(branches),
        cmocka_unit_test(an_old_model),
        cmocka_unit_test(weights_that_saturate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
