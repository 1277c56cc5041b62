/* test_npz.c: .npz archives
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L

#include "data/npz.h"
#include "support/data_files.h"

#include <zip.h>

static const int64_t three[1] = {3};

static void write_two(const char *path)
{
    static float x[3] = {1, 2, 3};
    static int64_t y = 42;
    octet_tensor tensors[2];
    octet_npz_entry entries[2] = {{"x", &tensors[0]}, {"folder/y", &tensors[1]}};
    octet_diag diag = {0};

    assert_int_equal(octet_tensor_describe(&tensors[0], OCTET_DTYPE_FLOAT32, 1, three, &diag), 0);
    assert_int_equal(octet_tensor_describe(&tensors[1], OCTET_DTYPE_INT64, 0, NULL, &diag), 0);
    tensors[0].data = x;
    tensors[1].data = &y;
    assert_int_equal(octet_npz_write(path, entries, 2, &diag), OCTET_OK);
}

static void written_archives_read_back(void **state)
{
    octet_npz npz;
    octet_diag diag = {0};

    (void)state;
    write_two(scratch_path("a.npz"));
    assert_int_equal(octet_npz_open(scratch_path("a.npz"), NULL, 0, &npz, &diag), OCTET_OK);
    assert_int_equal(npz.n, 2);
    assert_non_null(octet_npz_find(&npz, "x"));
    assert_null(octet_npz_find(&npz, "y"));
    assert_int_equal(octet_tensor_i64_at(&octet_npz_find(&npz, "folder/y")->tensor, 0), 42);
    assert_true(octet_tensor_f64_at(&octet_npz_find(&npz, "x")->tensor, 2) == 3);
    octet_npz_close(&npz);
}

/* Time stamps would make equal archives differ. */
static void archives_are_deterministic(void **state)
{
    octet_file a, b;
    octet_diag diag = {0};

    (void)state;
    write_two(scratch_path("a.npz"));
    sleep(2); /* the resolution of the format */
    write_two(scratch_path("b.npz"));
    assert_int_equal(octet_file_map(scratch_path("a.npz"), &a, &diag), OCTET_OK);
    assert_int_equal(octet_file_map(scratch_path("b.npz"), &b, &diag), OCTET_OK);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    octet_file_unmap(&a);
    octet_file_unmap(&b);
}

/* Reading is checked by checksum: whatever byte of a payload changes, the archive is refused or
 * gives what it gave; and it never crashes. */
static void damaged_archives_are_refused(void **state)
{
    octet_file file;
    octet_diag diag = {0};
    uint8_t *copy;
    size_t size, refused = 0;

    (void)state;
    write_two(scratch_path("a.npz"));
    assert_int_equal(octet_file_map(scratch_path("a.npz"), &file, &diag), OCTET_OK);
    size = file.size;
    copy = malloc(size);
    assert_non_null(copy);
    for (size_t i = 0; i < size; i++) {
        octet_npz npz;

        memcpy(copy, file.data, size);
        copy[i] ^= 0x41;
        write_bytes(scratch_path("b.npz"), copy, size);
        if (octet_npz_open(scratch_path("b.npz"), NULL, 1 << 20, &npz, &diag) != OCTET_OK)
            refused++;
        else
            octet_npz_close(&npz);
        write_bytes(scratch_path("b.npz"), file.data, i);
        assert_int_not_equal(octet_npz_open(scratch_path("b.npz"), NULL, 1 << 20, &npz, &diag),
                             OCTET_OK);
        assert_non_null(strstr(diag.text, "b.npz"));
    }
    assert_true(refused > 2 * 128); /* at least the bytes of the two arrays */
    free(copy);
    octet_file_unmap(&file);
}

static void write_member(const char *path, const char *name, const void *bytes, size_t size)
{
    int error;
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &error);

    assert_non_null(zip);
    assert_true(zip_file_add(zip, name, zip_source_buffer(zip, bytes, size, 0), 0) >= 0);
    assert_int_equal(zip_close(zip), 0);
}

static void members_that_are_no_arrays_are_skipped(void **state)
{
    octet_npz npz;
    octet_diag diag = {0};

    (void)state;
    write_member(scratch_path("c.npz"), "readme.txt", "hello", 5);
    assert_int_equal(octet_npz_open(scratch_path("c.npz"), NULL, 0, &npz, &diag), OCTET_OK);
    assert_int_equal(npz.n, 0);
    octet_npz_close(&npz);
    write_member(scratch_path("d.npz"), "x.npy", "hello", 5);
    assert_int_equal(octet_npz_open(scratch_path("d.npz"), NULL, 0, &npz, &diag),
                     OCTET_ERR_MALFORMED);
    assert_non_null(strstr(diag.text, "'x.npy'"));
}

/* A megabyte of zeros packs into a kilobyte: the limit is on what comes out. */
static void unpacked_size_is_limited(void **state)
{
    static uint8_t image[(1 << 20) + 128];
    static uint8_t zeros[1 << 20];
    octet_npz npz;
    octet_diag diag = {0};
    size_t size = make_npy(image, "{'descr': '|u1', 'fortran_order': False, 'shape': (1048576,)}",
                           zeros, sizeof zeros);

    (void)state;
    write_member(scratch_path("e.npz"), "x.npy", image, size);
    assert_int_equal(octet_npz_open(scratch_path("e.npz"), NULL, 1 << 16, &npz, &diag),
                     OCTET_ERR_DATA);
    assert_non_null(strstr(diag.text, "limit"));
    assert_int_equal(octet_npz_open(scratch_path("e.npz"), NULL, 1 << 21, &npz, &diag), OCTET_OK);
    octet_npz_close(&npz);
}

static void running_out_of_memory(void **state)
{
    bool enough = false;

    (void)state;
    write_two(scratch_path("a.npz"));
    for (size_t fail_at = 1; !enough; fail_at++) {
        failing_heap heap = {.fail_at = fail_at};
        octet_allocator allocator = failing_allocator(&heap);
        octet_diag diag = {0};
        octet_npz npz;
        octet_status status = octet_npz_open(scratch_path("a.npz"), &allocator, 0, &npz, &diag);

        enough = status == OCTET_OK;
        if (enough)
            octet_npz_close(&npz);
        else
            assert_int_equal(status, OCTET_ERR_NOMEM);
        assert_int_equal(heap.alive, 0);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_archives_read_back),
        cmocka_unit_test(archives_are_deterministic),
        cmocka_unit_test(damaged_archives_are_refused),
        cmocka_unit_test(members_that_are_no_arrays_are_skipped),
        cmocka_unit_test(unpacked_size_is_limited),
        cmocka_unit_test(running_out_of_memory),
    };

    return cmocka_run_group_tests_name("npz", tests, make_scratch, remove_scratch);
}
