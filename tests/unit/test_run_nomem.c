/* test_run_nomem.c: every allocation of a run in a profile may fail, and nothing is lost
 * SPDX-License-Identifier: Apache-2.0
 */
#include "support/check.h"
#include "support/nomem.h"
#include "support/seed.h"

#define MOST 65536

typedef struct subject {
    octet_file seed;
    const char *as;
    uint8_t bytes[MOST], expected[MOST];
    size_t size, expected_size;
} subject;

static int take(void *user, int64_t index, const char *name, const octet_output_view *outputs,
                size_t n)
{
    subject *s = user;

    (void)index;
    (void)name;
    for (size_t i = 0; i < n; i++) {
        if (outputs[i].bytes > MOST - s->size)
            return 1;
        memcpy(s->bytes + s->size, outputs[i].data, outputs[i].bytes);
        s->size += outputs[i].bytes;
    }
    return 0;
}

static octet_status run_opened(octet_context *ctx, octet_model *model, subject *s)
{
    static const char *const taps[] = {"quantized"};
    const octet_run_options options = {.as = s->as, .taps = taps, .n_taps = 1};
    octet_data *data;
    octet_status status = octet_model_prepare(ctx, model, NULL);

    if (status == OCTET_OK)
        status = octet_data_random(ctx, model, 2, &data);
    if (status != OCTET_OK)
        return status;
    status = octet_model_run(ctx, model, data, &options, take, NULL, s);
    octet_data_close(data);
    return status;
}

static octet_status run(octet_context *ctx, void *user)
{
    subject *s = user;
    octet_model *model;
    octet_status status = octet_model_open_memory(ctx, s->seed.data + 1, s->seed.size - 1, &model);

    s->size = 0;
    if (status != OCTET_OK)
        return status;
    status = run_opened(ctx, model, s);
    octet_model_destroy(model);
    return status;
}

static void same_bytes(void *user, size_t at)
{
    const subject *s = user;

    if (s->size != s->expected_size || memcmp(s->bytes, s->expected, s->size) != 0)
        fail_msg("request %zu fails, and the outputs are others", at);
}

static void fail_each(const char *name)
{
    static subject s;

    s.seed = open_seed_of("run", name);
    for (size_t i = 0; (s.as = octet_profile_name(i)) != NULL; i++) {
        size_t requests;

        assert_int_equal(nomem_run(run, &s, 0, false, &requests), OCTET_OK);
        assert_true(s.size > 0);
        memcpy(s.expected, s.bytes, s.size);
        s.expected_size = s.size;
        nomem_sweep(name, run, same_bytes, &s);
    }
    octet_file_unmap(&s.seed);
}

static void a_convolutional_net(void **state)
{
    (void)state;
    fail_each("chain.bin");
}

static void an_attention(void **state)
{
    (void)state;
    fail_each("attention.bin");
}

static void branches(void **state)
{
    (void)state;
    fail_each("captured.bin");
}

static void moved_elements(void **state)
{
    (void)state;
    fail_each("moves.bin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_convolutional_net),
        cmocka_unit_test(an_attention),
        cmocka_unit_test(branches),
        cmocka_unit_test(moved_elements),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
