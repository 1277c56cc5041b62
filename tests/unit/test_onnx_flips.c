/* test_onnx_flips.c: ten thousand damaged variants of a model, in one process
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L

#include "support/check.h"
#include "support/roundtrip.h"
#include "support/seed.h"

#include <unistd.h>

#define VARIANTS 10000

static uint64_t next_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t x = *state;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* One to four bytes get other values. */
static void damage(uint8_t *data, size_t size, uint64_t *state)
{
    uint64_t count = 1 + next_random(state) % 4;

    while (count-- > 0)
        data[next_random(state) % size] ^= (uint8_t)(1 + next_random(state) % 255);
}

static void flip(const char *name, uint64_t seed, unsigned variants)
{
    octet_file file = open_seed(name);
    uint8_t *data = malloc(file.size);
    unsigned loaded = 0, refused = 0;
    octet_context *ctx;
    char path[512];

    assert_non_null(data);
    assert_int_equal(octet_context_create(NULL, &ctx), OCTET_OK);
    roundtrip_path(path, sizeof path, "flips", (long)getpid());
    for (unsigned i = 0; i < variants; i++) {
        octet_status status;

        memcpy(data, file.data, file.size);
        damage(data, file.size, &seed);
        status = roundtrip(ctx, data, file.size, path);
        loaded += status == OCTET_OK;
        refused += status != OCTET_OK;
    }
    unlink(path);
    assert_true(loaded > variants / 100);
    assert_true(refused > variants / 100);
    octet_context_destroy(ctx);
    octet_file_unmap(&file);
    free(data);
}

static void flips_of_a_convolution(void **state)
{
    (void)state;
    flip("convolution.onnx", 1, VARIANTS);
}

static void flips_of_subgraphs(void **state)
{
    (void)state;
    flip("subgraphs.onnx", 2, VARIANTS);
}

static void flips_of_attributes(void **state)
{
    (void)state;
    flip("unknown-attributes.onnx", 3, VARIANTS / 2);
    flip("functions.onnx", 4, VARIANTS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flips_of_a_convolution),
        cmocka_unit_test(flips_of_subgraphs),
        cmocka_unit_test(flips_of_attributes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
