/* test_tensor.c: making and describing tensors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "support/check.h"
#include "tensor/tensor.h"

static const char *printed(const octet_tensor *tensor, char out[64])
{
    octet_text text;

    octet_text_init(&text, NULL);
    octet_tensor_print_type(tensor, &text);
    strncpy(out, text.data, 63);
    octet_text_deinit(&text);
    return out;
}

static void tensors_are_described(void **state)
{
    static const int64_t dims[] = {3, 224, 225};
    char text[64] = "";
    octet_tensor tensor;

    (void)state;
    assert_int_equal(octet_tensor_describe(&tensor, OCTET_DTYPE_FLOAT32, 3, dims, NULL), OCTET_OK);
    assert_int_equal(octet_tensor_count(&tensor), 3 * 224 * 225);
    assert_int_equal(tensor.bytes, 3 * 224 * 225 * 4);
    assert_null(tensor.data);
    assert_string_equal(printed(&tensor, text), "float32[3,224,225]");
    assert_int_equal(octet_tensor_describe(&tensor, OCTET_DTYPE_INT4, 0, NULL, NULL), OCTET_OK);
    assert_int_equal(octet_tensor_count(&tensor), 1);
    assert_int_equal(tensor.bytes, 1);
    assert_string_equal(printed(&tensor, text), "int4[]");
}

static void impossible_shapes_are_refused(void **state)
{
    static const int64_t negative[] = {2, -1}, huge[] = {INT64_MAX, 2},
                         hidden[] = {INT64_MAX, 3, 0}, wide[] = {INT64_MAX / 2},
                         many[OCTET_MAX_RANK + 1] = {0};
    octet_diag diag = {0};
    octet_tensor t;

    (void)state;
    assert_int_equal(octet_tensor_describe(&t, OCTET_DTYPE_INT8, 2, negative, &diag),
                     OCTET_ERR_INVALID_MODEL);
    assert_string_equal(diag.text, "dimension 1 is -1");
    assert_int_equal(octet_tensor_describe(&t, OCTET_DTYPE_INT8, 2, huge, &diag),
                     OCTET_ERR_INVALID_MODEL);
    assert_int_equal(octet_tensor_describe(&t, OCTET_DTYPE_INT8, 3, hidden, &diag),
                     OCTET_ERR_INVALID_MODEL);
    assert_int_equal(octet_tensor_describe(&t, OCTET_DTYPE_INT64, 1, wide, &diag),
                     OCTET_ERR_INVALID_MODEL);
    assert_int_equal(octet_tensor_describe(&t, OCTET_DTYPE_INT8, OCTET_MAX_RANK + 1, many, &diag),
                     OCTET_ERR_UNSUPPORTED);
    assert_int_equal(octet_tensor_describe(&t, OCTET_DTYPE_INT8, -1, many, &diag),
                     OCTET_ERR_UNSUPPORTED);
}

static void payloads_are_made_and_freed(void **state)
{
    static const int64_t dims[] = {2, 0}, some[] = {5};
    failing_heap heap = {0};
    octet_allocator allocator = failing_allocator(&heap);
    octet_diag diag;
    octet_tensor tensor;

    (void)state;
    assert_int_equal(octet_tensor_init(&tensor, &allocator, OCTET_DTYPE_INT64, 2, dims, &diag),
                     OCTET_OK);
    assert_non_null(tensor.data);
    octet_tensor_deinit(&tensor, &allocator);
    assert_int_equal(octet_tensor_init(&tensor, &allocator, OCTET_DTYPE_INT64, 1, some, &diag),
                     OCTET_OK);
    assert_int_equal((uintptr_t)tensor.data % 64, 0);
    memset(tensor.data, 1, tensor.bytes);
    octet_tensor_deinit(&tensor, &allocator);
    octet_tensor_deinit(&tensor, &allocator);
    assert_int_equal(heap.alive, 0);
    heap.fail_at = 1;
    assert_int_equal(octet_tensor_init(&tensor, &allocator, OCTET_DTYPE_INT64, 1, some, &diag),
                     OCTET_ERR_NOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_are_described),
        cmocka_unit_test(impossible_shapes_are_refused),
        cmocka_unit_test(payloads_are_made_and_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
