/* test_quantize_nomem.c: every allocation of the whole job may fail, and nothing is lost
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L

#include "support/check.h"
#include "support/nomem.h"
#include "support/quantize_bytes.h"
#include "support/seed.h"

#include <unistd.h>

typedef struct subject {
    octet_file seed, expected;
    unsigned choice;
    char path[512];
} subject;

static octet_status quantize(octet_context *ctx, void *user)
{
    const subject *s = user;

    unlink(s->path);
    return quantize_bytes(ctx, s->seed.data + 1, s->seed.size - 1, s->choice, s->path);
}

static octet_file result(const char *path)
{
    octet_diag diag;
    octet_file file;

    if (octet_file_map(path, &file, &diag) != OCTET_OK)
        fail_msg("%s", diag.text);
    return file;
}

static void same_bytes(void *user, size_t at)
{
    const subject *s = user;
    octet_file file = result(s->path);

    if (file.size != s->expected.size || memcmp(file.data, s->expected.data, file.size) != 0)
        fail_msg("request %zu fails, and the result is another", at);
    octet_file_unmap(&file);
}

static void fail_each(const char *name, unsigned choice)
{
    subject s = {.seed = open_seed_of("quantize", name), .choice = choice};
    size_t requests;

    roundtrip_path(s.path, sizeof s.path, "nomem", (long)getpid());
    assert_int_equal(nomem_run(quantize, &s, 0, false, &requests), OCTET_OK);
    s.expected = result(s.path);
    nomem_sweep(name, quantize, same_bytes, &s);
    unlink(s.path);
    octet_file_unmap(&s.expected);
    octet_file_unmap(&s.seed);
}

static void a_convolution(void **state)
{
    (void)state;
    fail_each("one_op.bin", 0);
}

static void a_residual_net(void **state)
{
    (void)state;
    fail_each("residual.bin", 1);
}

static void branches(void **state)
{
    (void)state;
    fail_each("branches.bin", 0);
}

static void an_old_model(void **state)
{
    (void)state;
    fail_each("old_inputs.bin", 3);
}

/* By each method that keeps histograms, of tensors large enough for bins; the sites of a Concat
 * share theirs. */
static void histograms(void **state)
{
    (void)state;
    for (unsigned method = 1; octet_method_name(method) != NULL; method++)
        fail_each("many_values.bin", method << 3 | 1);
}

static void narrowed_weights(void **state)
{
    (void)state;
    fail_each("large_weights.bin", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_convolution), cmocka_unit_test(a_residual_net),
        cmocka_unit_test(branches),      cmocka_unit_test(an_old_model),
        cmocka_unit_test(histograms),    cmocka_unit_test(narrowed_weights),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
