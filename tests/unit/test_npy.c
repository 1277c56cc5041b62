/* test_npy.c: .npy images, as numpy and as an attacker would write them
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L

#include "data/npy.h"
#include "data/npy_view.h"
#include "support/data_files.h"

static uint8_t image[1024];

/* Parses a header with a payload of the bytes 0, 1, 2 … */
static octet_status parse(const char *header, size_t payload_bytes, octet_tensor *out, bool *owned,
                          octet_diag *diag)
{
    uint8_t payload[256];
    size_t size;

    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)i;
    size = make_npy(image, header, payload, payload_bytes);
    return octet_npy_parse(image, size, NULL, out, owned, NULL, diag);
}

static void plain_arrays_are_not_copied(void **state)
{
    octet_tensor tensor;
    octet_diag diag = {0};
    bool owned;

    (void)state;
    assert_int_equal(parse("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }  \n", 6,
                           &tensor, &owned, &diag),
                     OCTET_OK);
    assert_false(owned);
    assert_int_equal(tensor.dtype, OCTET_DTYPE_UINT8);
    assert_int_equal(tensor.rank, 2);
    assert_int_equal(tensor.dims[1], 3);
    assert_memory_equal(tensor.data, "\0\1\2\3\4\5", 6);
    assert_true((uint8_t *)tensor.data > image && (uint8_t *)tensor.data < image + sizeof image);
}

static void headers_may_be_written_otherwise(void **state)
{
    static const struct {
        const char *header;
        int32_t rank;
    } cases[] = {
        {"{\"shape\":(6,),\"descr\":\"|u1\",\"fortran_order\":False}", 1},
        {"{'fortran_order': False, 'descr': '<u1', 'shape': (6L, 1L)}\n", 2},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (), }", 0},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 0, 7), }", 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        octet_tensor tensor;
        octet_diag diag = {0};
        bool owned;

        assert_int_equal(parse(cases[i].header, 6, &tensor, &owned, &diag), OCTET_OK);
        assert_int_equal(tensor.rank, cases[i].rank);
        if (owned)
            octet_tensor_deinit(&tensor, NULL);
    }
}

static void big_endian_is_swapped(void **state)
{
    octet_tensor tensor;
    octet_diag diag = {0};
    bool owned;

    (void)state;
    assert_int_equal(
        parse("{'descr': '>i2', 'fortran_order': False, 'shape': (3,)}", 6, &tensor, &owned, &diag),
        OCTET_OK);
    assert_true(owned);
    assert_int_equal(octet_tensor_i64_at(&tensor, 0), 0x0001);
    assert_int_equal(octet_tensor_i64_at(&tensor, 2), 0x0405);
    octet_tensor_deinit(&tensor, NULL);
}

static void fortran_order_is_transposed(void **state)
{
    octet_tensor tensor;
    octet_diag diag = {0};
    bool owned;

    (void)state;
    assert_int_equal(parse("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}", 6, &tensor,
                           &owned, &diag),
                     OCTET_OK);
    assert_true(owned);
    assert_memory_equal(tensor.data, "\0\2\4\1\3\5", 6);
    octet_tensor_deinit(&tensor, NULL);
}

/* Samples lie along any axis, in either order of memory. */
static void one_index_of_an_axis(void **state)
{
    static const struct {
        const char *order;
        int32_t axis;
        bool keep;
        const char *want;
    } cases[] = {
        {"False", 0, false, "\6\7\x8\x9\xa\xb"}, {"False", 0, true, "\6\7\x8\x9\xa\xb"},
        {"False", 1, false, "\3\4\5\x9\xa\xb"},  {"False", 2, false, "\1\4\7\xa"},
        {"True", 0, false, "\1\5\x9\3\7\xb"},    {"True", 2, false, "\4\6\5\7"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char header[128];
        octet_npy_view view;
        octet_tensor tensor;
        octet_diag diag = {0};
        bool owned;
        size_t size;

        snprintf(header, sizeof header, "{'descr': '|u1', 'fortran_order': %s, 'shape': (2, 2, 3)}",
                 cases[i].order);
        size = make_npy(image, header, "\0\1\2\3\4\5\6\7\x8\x9\xa\xb", 12);
        assert_int_equal(octet_npy_view_open(image, size, &view, &diag), OCTET_OK);
        assert_int_equal(
            octet_npy_take(&view, cases[i].axis, 1, cases[i].keep, NULL, &tensor, &owned, &diag),
            OCTET_OK);
        assert_int_equal(tensor.rank, cases[i].keep ? 3 : 2);
        assert_int_equal(tensor.bytes, strlen(cases[i].want));
        assert_memory_equal(tensor.data, cases[i].want, tensor.bytes);
        if (owned)
            octet_tensor_deinit(&tensor, NULL);
    }
}

static void wrong_headers_are_refused(void **state)
{
    static const struct {
        const char *header, *word;
    } cases[] = {
        {"", "not a dictionary"},
        {"{'descr': '<f4', 'fortran_order': False}", "missing"},
        {"{'descr': '<f4', 'descr': '<f4', 'shape': ()}", "twice"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'x': 1}", "'x'"},
        {"{'descr': '<f4', 'fortran_order': 0, 'shape': (3,)}", "fortran_order"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}", "structured"},
        {"{'descr': '<U5', 'fortran_order': False, 'shape': (3,)}", "'<U5'"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (3,)}", "'|O'"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (3,)}", "'<c8'"},
        {"{'descr': '', 'fortran_order': False, 'shape': (3,)}", "''"},
        {"{'descr': '<f4", "dtype"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}", "dimension"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3", "does not end"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': 3}", "tuple"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "fits"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", "large"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,)}", "large"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1)}", "12"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1000,)}", "cut short"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", "after"},
        {"{'descr': '|b1', 'fortran_order': False, 'shape': (6,)}", "bool"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        octet_tensor tensor;
        octet_diag diag = {0};
        bool owned;

        assert_int_equal(parse(cases[i].header, 12, &tensor, &owned, &diag), OCTET_ERR_MALFORMED);
        assert_non_null(strstr(diag.text, cases[i].word));
    }
}

/* Every beginning of a good file is refused and nothing past it is read. */
static void cut_files_are_refused(void **state)
{
    static const char header[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}";
    size_t size = make_npy(image, header, "\0\0\x80\x3f\0\0\0\x40", 8);

    (void)state;
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *exact = malloc(cut ? cut : 1);
        octet_tensor tensor;
        octet_diag diag = {0};
        bool owned;

        assert_non_null(exact);
        memcpy(exact, image, cut);
        assert_int_equal(octet_npy_parse(exact, cut, NULL, &tensor, &owned, NULL, &diag),
                         OCTET_ERR_MALFORMED);
        free(exact);
    }
}

static void versions_2_and_3_have_long_headers(void **state)
{
    static const char text[] = "{'descr': '|i1', 'fortran_order': False, 'shape': (2,)}";
    uint8_t file[128];
    size_t size;

    (void)state;
    for (uint8_t version = 1; version <= 4; version++) {
        octet_tensor tensor;
        octet_diag diag = {0};
        octet_status status;
        size_t consumed = 0;
        bool owned;

        memcpy(file, "\x93NUMPY", 6);
        file[6] = version;
        file[7] = 0;
        memcpy(file + 8, (uint8_t[4]){sizeof text - 1, 0, 0, 0}, 4);
        memcpy(file + 12, text, sizeof text - 1);
        memcpy(file + 12 + sizeof text - 1, "\x80\x7f!", 3);
        size = 12 + sizeof text - 1 + 3;
        status = octet_npy_parse(file, size, NULL, &tensor, &owned, &consumed, &diag);
        if (version == 1 || version == 4) {
            assert_int_equal(status, OCTET_ERR_MALFORMED);
            continue;
        }
        assert_int_equal(status, OCTET_OK);
        assert_int_equal(consumed, size - 1);
        assert_int_equal(octet_tensor_i64_at(&tensor, 0), -128);
    }
}

static void written_files_read_back(void **state)
{
    static const int64_t dims[3] = {2, 1, 3};

    (void)state;
    for (octet_dtype dtype = OCTET_DTYPE_FLOAT32; dtype < OCTET_DTYPE_COMPLEX64; dtype++) {
        octet_tensor tensor, back;
        octet_diag diag = {0};
        octet_file file;
        bool owned;

        if (dtype == OCTET_DTYPE_STRING)
            continue;
        assert_int_equal(octet_tensor_init(&tensor, NULL, dtype, 3, dims, &diag), OCTET_OK);
        for (size_t i = 0; i < tensor.bytes; i++)
            ((uint8_t *)tensor.data)[i] = (uint8_t)(i & 1);
        assert_int_equal(octet_npy_write(scratch_path("a.npy"), &tensor, &diag), OCTET_OK);
        assert_int_equal(octet_file_map(scratch_path("a.npy"), &file, &diag), OCTET_OK);
        assert_int_equal((file.size - tensor.bytes) % 64, 0);
        assert_int_equal(octet_npy_parse(file.data, file.size, NULL, &back, &owned, NULL, &diag),
                         OCTET_OK);
        assert_false(owned);
        assert_int_equal(back.dtype, dtype);
        assert_int_equal(back.rank, 3);
        assert_memory_equal(back.dims, dims, sizeof dims);
        assert_memory_equal(back.data, tensor.data, tensor.bytes);
        octet_file_unmap(&file);
        octet_tensor_deinit(&tensor, NULL);
    }
}

static void unwritable_files_are_named(void **state)
{
    octet_tensor tensor = {.dtype = OCTET_DTYPE_FLOAT32, .rank = 0, .bytes = 4};
    octet_diag diag = {0};
    float value = 1;

    (void)state;
    tensor.data = &value;
    assert_int_equal(octet_npy_write(scratch_path("no/such/a.npy"), &tensor, &diag), OCTET_ERR_IO);
    assert_non_null(strstr(diag.text, "no/such/a.npy"));
    tensor.dtype = OCTET_DTYPE_INT4;
    assert_int_equal(octet_npy_write(scratch_path("a4.npy"), &tensor, &diag),
                     OCTET_ERR_UNSUPPORTED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_arrays_are_not_copied),
        cmocka_unit_test(headers_may_be_written_otherwise),
        cmocka_unit_test(big_endian_is_swapped),
        cmocka_unit_test(fortran_order_is_transposed),
        cmocka_unit_test(one_index_of_an_axis),
        cmocka_unit_test(wrong_headers_are_refused),
        cmocka_unit_test(cut_files_are_refused),
        cmocka_unit_test(versions_2_and_3_have_long_headers),
        cmocka_unit_test(written_files_read_back),
        cmocka_unit_test(unwritable_files_are_named),
    };

    return cmocka_run_group_tests_name("npy", tests, make_scratch, remove_scratch);
}
