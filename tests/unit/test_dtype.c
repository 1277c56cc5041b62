/* test_dtype.c: the table of element types
 * SPDX-License-Identifier: Apache-2.0
 */
#include "support/check.h"
#include "tensor/tensor.h"

static void every_type_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 1; i < OCTET_DTYPE_COUNT; i++) {
        const octet_dtype_traits *traits = octet_dtype_get((octet_dtype)i);

        assert_int_equal(octet_dtype_from_name(traits->name), i);
    }
    assert_int_equal(octet_dtype_from_name("float32"), OCTET_DTYPE_FLOAT32);
    assert_int_equal(octet_dtype_from_name("float64"), OCTET_DTYPE_FLOAT64);
    assert_int_equal(octet_dtype_from_name("undefined"), OCTET_DTYPE_UNDEFINED);
    assert_int_equal(octet_dtype_from_name("Float"), OCTET_DTYPE_UNDEFINED);
}

static void unknown_numbers_are_undefined(void **state)
{
    (void)state;
    assert_string_equal(octet_dtype_get((octet_dtype)OCTET_DTYPE_COUNT)->name, "undefined");
    assert_string_equal(octet_dtype_get((octet_dtype)-1)->name, "undefined");
    assert_string_equal(octet_dtype_get((octet_dtype)INT32_MAX)->name, "undefined");
}

static void ranges_follow_from_bits(void **state)
{
    (void)state;
    for (int i = 1; i < OCTET_DTYPE_COUNT; i++) {
        const octet_dtype_traits *traits = octet_dtype_get((octet_dtype)i);

        if (traits->bits > 32)
            continue;
        if (traits->kind == OCTET_KIND_SIGNED) {
            assert_int_equal(traits->max, ((int64_t)1 << (traits->bits - 1)) - 1);
            assert_int_equal(traits->min, -traits->max - 1);
        } else if (traits->kind == OCTET_KIND_UNSIGNED) {
            assert_int_equal(traits->max, ((int64_t)1 << traits->bits) - 1);
            assert_int_equal(traits->min, 0);
        }
    }
}

static void payload_sizes(void **state)
{
    static const struct {
        octet_dtype dtype;
        int64_t count;
        size_t bytes;
    } cases[] = {
        {OCTET_DTYPE_FLOAT32, 3, 12},    {OCTET_DTYPE_INT4, 0, 0},   {OCTET_DTYPE_INT4, 1, 1},
        {OCTET_DTYPE_INT4, 5, 3},        {OCTET_DTYPE_UINT2, 4, 1},  {OCTET_DTYPE_UINT2, 5, 2},
        {OCTET_DTYPE_COMPLEX128, 2, 32}, {OCTET_DTYPE_STRING, 9, 0}, {OCTET_DTYPE_BOOL, 9, 9},
    };
    size_t bytes;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(octet_dtype_bytes(cases[i].dtype, cases[i].count, &bytes));
        assert_int_equal(bytes, cases[i].bytes);
    }
    assert_false(octet_dtype_bytes(OCTET_DTYPE_FLOAT32, -1, &bytes));
    assert_false(octet_dtype_bytes(OCTET_DTYPE_FLOAT32, INT64_MAX, &bytes));
    assert_true(octet_dtype_bytes(OCTET_DTYPE_INT4, INT64_MAX, &bytes));
    assert_true(bytes == (size_t)1 << 62);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_a_name_of_its_own),
        cmocka_unit_test(unknown_numbers_are_undefined),
        cmocka_unit_test(ranges_follow_from_bits),
        cmocka_unit_test(payload_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
