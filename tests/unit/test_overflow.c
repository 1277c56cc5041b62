/* test_overflow.c: the public certificate: what it says of integer operators, and without memory
 * SPDX-License-Identifier: Apache-2.0
 */
#include "octet/octet.h"
#include "support/seed.h"

static octet_status check(octet_context *ctx, const octet_file *seed, octet_overflow **out)
{
    octet_model *model;
    octet_status status = octet_model_open_memory(ctx, seed->data + 1, seed->size - 1, &model);

    if (status != OCTET_OK)
        return status;
    status = octet_overflow_check(ctx, model, out);
    octet_model_destroy(model);
    return status;
}

static const octet_overflow_node *find(const octet_overflow *o, const char *op_type)
{
    for (size_t i = 0; i < o->n_nodes; i++)
        if (strcmp(o->nodes[i].op_type, op_type) == 0)
            return &o->nodes[i];
    fail_msg("there is no %s", op_type);
    return NULL;
}

/* Weights are 7 i - 128 in the convolution and 23 i - 128 in the products, modulo 256. */
static void integer_operators(void **state)
{
    octet_file seed = open_seed_of("quantize", "integers.bin");
    const octet_overflow_node *n;
    octet_overflow *found;
    octet_context *ctx;

    (void)state;
    assert_int_equal(octet_context_create(NULL, &ctx), OCTET_OK);
    assert_int_equal(check(ctx, &seed, &found), OCTET_OK);
    assert_false(found->certified);
    assert_int_equal(found->n_nodes, 7);
    n = find(found, "QLinearConv"); /* its biases are the ends of int32 */
    assert_int_equal(n->channels, 2);
    assert_int_equal(n->sum_channels, 2);
    n = find(found, "QGemm"); /* columns -128, -36, 56; -105, -13, 79; -82, 10, 102; -59, 33, 125 */
    assert_int_equal(n->channels, 4);
    assert_int_equal(n->pair_channels, 1);
    assert_int_equal(n->pair_min, -255 * (128 + 36));
    assert_int_equal(n->pair_max, 255 * 125);
    assert_int_equal(n->sum_channels, 0);
    n = find(found, "ConvInteger"); /* int8 by uint8, all 255 */
    assert_int_equal(n->pair_min, -128 * 255 * 2);
    assert_int_equal(n->pair_channels, 1);
    n = find(found, "DynamicQuantizeMatMul");
    assert_int_equal(n->pair_min, -255 * (128 + 36));
    octet_overflow_free(found);
    octet_context_destroy(ctx);
    octet_file_unmap(&seed);
}

static void every_allocation_may_fail(void **state)
{
    octet_file seed = open_seed_of("quantize", "integers.bin");
    bool done = false;

    (void)state;
    for (size_t at = 1; !done; at++) {
        failing_heap heap = {.fail_at = at};
        const octet_allocator allocator = failing_allocator(&heap);
        const octet_context_options options = {.allocator = &allocator, .threads = 1};
        octet_overflow *found = NULL;
        octet_context *ctx;
        octet_status status = octet_context_create(&options, &ctx);

        if (status == OCTET_OK) {
            status = check(ctx, &seed, &found);
            assert_true(status == OCTET_OK || octet_context_message(ctx)[0] != '\0');
            if (status == OCTET_OK)
                octet_overflow_free(found);
            octet_context_destroy(ctx);
        }
        assert_int_equal(heap.alive, 0);
        assert_true(status == OCTET_ERR_NOMEM || heap.requests < at);
        done = status == OCTET_OK;
    }
    octet_file_unmap(&seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integer_operators),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
