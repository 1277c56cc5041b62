/* test_lower_limits.c: long chains and weights of any shape neither exhaust the stack nor time
 * SPDX-License-Identifier: Apache-2.0
 */
#include "support/check.h"

#include "base/text.h"
#include "engine/lower.h"
#include "engine/overflow.h"
#include "engine/walk.h"
#include "graph/text.h"

#define CHAIN 20000

static octet_model *read_model(octet_context *ctx, const octet_text *text)
{
    octet_model *model;
    octet_diag diag;

    if (octet_text_read_model(ctx, text->data, text->length, &model, &diag) != OCTET_OK)
        fail_msg("%s", diag.text);
    octet_ops_resolve(model->graph);
    if (octet_infer_types(model->graph, &diag) != OCTET_OK)
        fail_msg("%s", diag.text);
    return model;
}

static octet_context *new_context(void)
{
    octet_context *ctx;

    assert_int_equal(octet_context_create(NULL, &ctx), OCTET_OK);
    return ctx;
}

static void write_chain(octet_text *text)
{
    octet_text_init(text, NULL);
    octet_text_add(text, "<ir_version: 8, opset_import: [\"\": 17]>\n"
                         "g (float[2,2] x) => (float[2,2] y)\n"
                         "<float s = {0.1}, uint8 z = {3}> {\n"
                         "q = QuantizeLinear(x, s, z)\n"
                         "t0 = DequantizeLinear(q, s, z)\n");
    for (int i = 0; i < CHAIN; i++)
        octet_text_add(text, "t%d = Transpose<perm = [1, 0]>(t%d)\n", i + 1, i);
    octet_text_add(text, "y = Sigmoid(t%d)\n}\n", CHAIN);
}

static void quantization_goes_down_a_long_chain(void **state)
{
    octet_context *ctx = new_context();
    octet_text text;
    octet_model *model;
    octet_diag diag;
    octet_node *n;
    uint32_t floats = 0;

    (void)state;
    write_chain(&text);
    model = read_model(ctx, &text);
    if (octet_lower(model, OCTET_LOWER_ORT, NULL, NULL, &diag) != OCTET_OK)
        fail_msg("%s", diag.text);
    OCTET_FOR_EACH_NODE(model->graph, n)
    floats += octet_node_is(n, "Transpose") &&
              octet_node_output(model->graph, n, 0)->type.dtype == OCTET_DTYPE_FLOAT32;
    assert_int_equal(floats, 0);
    octet_model_destroy(model);
    octet_text_deinit(&text);
    octet_context_destroy(ctx);
}

static octet_status count(void *user, const octet_channel_sums *sums)
{
    (void)sums;
    ++*(int *)user;
    return OCTET_OK;
}

static void products_of_nothing_have_no_bounds(void **state)
{
    static const char source[] = "<ir_version: 8, opset_import: [\"\": 17]>\n"
                                 "g (uint8[1,0] x) => (int32[1,9000000000000000] y)\n"
                                 "<int8[0,9000000000000000] w = {}> {\n"
                                 "y = MatMulInteger(x, w)\n}\n";
    octet_context *ctx = new_context();
    octet_model *model;
    octet_text text;
    octet_diag diag;
    int told = 0;

    (void)state;
    octet_text_init(&text, NULL);
    octet_text_add(&text, "%s", source);
    model = read_model(ctx, &text);
    assert_int_equal(octet_overflow_visit(model, count, &told, &diag), OCTET_OK);
    assert_int_equal(told, 0);
    octet_model_destroy(model);
    octet_text_deinit(&text);
    octet_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantization_goes_down_a_long_chain),
        cmocka_unit_test(products_of_nothing_have_no_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
