/* test_quantize_flips.c: ten thousand damaged variants of models, quantized in one process
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L

#include "support/check.h"
#include "support/quantize_bytes.h"
#include "support/seed.h"

#include <unistd.h>

static uint64_t next_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t x = *state;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* One to three bytes get other values. */
static void damage(uint8_t *data, size_t size, uint64_t *state)
{
    uint64_t count = 1 + next_random(state) % 3;

    while (count-- > 0)
        data[next_random(state) % size] ^= (uint8_t)(1 + next_random(state) % 255);
}

/* The variants share a context, as the models of a long-running program do. */
static void flip(const char *name, uint64_t seed, unsigned variants)
{
    octet_file file = open_seed_of("quantize", name);
    uint8_t *data = malloc(file.size);
    unsigned quantized = 0, refused = 0;
    octet_context *ctx = quantize_context();
    char path[512];

    assert_non_null(data);
    roundtrip_path(path, sizeof path, "quantize-flips", (long)getpid());
    for (unsigned i = 0; i < variants; i++) {
        octet_status status;

        memcpy(data, file.data, file.size);
        damage(data, file.size, &seed);
        status = quantize_bytes(ctx, data + 1, file.size - 1, data[0], path);
        quantize_check(ctx, status, path);
        quantized += status == OCTET_OK;
        refused += status != OCTET_OK;
    }
    unlink(path);
    if (quantized < variants / 100 || refused < variants / 100)
        fail_msg("%s: %u quantized, %u refused", name, quantized, refused);
    octet_context_destroy(ctx);
    octet_file_unmap(&file);
    free(data);
}

static void flips_of_a_convolution(void **state)
{
    (void)state;
    flip("one_op.bin", 1, 4000);
}

static void flips_of_shared_weights(void **state)
{
    (void)state;
    flip("shared_weights.bin", 2, 3000);
}

static void flips_of_branches(void **state)
{
    (void)state;
    flip("branches.bin", 3, 2000);
}

static void flips_of_a_residual_net(void **state)
{
    (void)state;
    flip("residual.bin", 4, 1000);
}

static void truncated_at_every_percent(void **state)
{
    octet_file file = open_seed_of("quantize", "residual.bin");
    octet_context *ctx = quantize_context();
    char path[512];

    (void)state;
    roundtrip_path(path, sizeof path, "quantize-short", (long)getpid());
    for (size_t percent = 0; percent < 100; percent++) {
        size_t size = (file.size - 1) * percent / 100;
        uint8_t *data = malloc(size > 0 ? size : 1); /* exact: a read past the end is seen */

        assert_non_null(data);
        memcpy(data, file.data + 1, size);
        octet_status status = quantize_bytes(ctx, data, size, 0, path);
        if (status != OCTET_ERR_MALFORMED && status != OCTET_ERR_INVALID_MODEL)
            fail_msg("%zu %%: '%s'", percent, octet_status_name(status));
        quantize_check(ctx, status, path);
        free(data);
    }
    octet_context_destroy(ctx);
    octet_file_unmap(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flips_of_a_convolution),     cmocka_unit_test(flips_of_shared_weights),
        cmocka_unit_test(flips_of_branches),          cmocka_unit_test(flips_of_a_residual_net),
        cmocka_unit_test(truncated_at_every_percent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
