/* data_files.h: a temporary folder and .npy images for tests of sample data
 * SPDX-License-Identifier: Apache-2.0
 *
 * The including file defines _POSIX_C_SOURCE 200809L first.
 */
#ifndef OCTET_TESTS_DATA_FILES_H
#define OCTET_TESTS_DATA_FILES_H

#include "data/npy.h"
#include "support/check.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch[64];

static inline const char *scratch_path(const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", scratch, name);
    return path;
}

static inline void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    char child[1024];
    int length;

    while (folder && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        length = snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
        if (length > 0 && (size_t)length < sizeof child && unlink(child) != 0)
            remove_folder(child);
    }
    if (folder)
        closedir(folder);
    rmdir(path);
}

static inline int make_scratch(void **state)
{
    (void)state;
    snprintf(scratch, sizeof scratch, "/tmp/octet-test-XXXXXX");
    return mkdtemp(scratch) ? 0 : -1;
}

static inline int remove_scratch(void **state)
{
    (void)state;
    remove_folder(scratch);
    return 0;
}

static inline void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static inline void write_text(const char *path, const char *text)
{
    write_bytes(path, text, strlen(text));
}

/* A .npy image of format 1.0 in `out`; returns its size. The header is as given. */
static inline size_t make_npy(uint8_t *out, const char *header, const void *payload, size_t size)
{
    size_t length = strlen(header);

    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (uint8_t)(length & 0xff);
    out[9] = (uint8_t)(length >> 8);
    memcpy(out + 10, header, length);
    memcpy(out + 10 + length, payload, size);
    return 10 + length + size;
}

static inline void write_floats(const char *path, int32_t rank, const int64_t *dims,
                                const float *values)
{
    octet_tensor tensor;
    octet_diag diag = {0};

    assert_int_equal(octet_tensor_describe(&tensor, OCTET_DTYPE_FLOAT32, rank, dims, &diag), 0);
    tensor.data = (void *)(uintptr_t)values;
    assert_int_equal(octet_npy_write(path, &tensor, &diag), OCTET_OK);
}

#endif
