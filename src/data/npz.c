/* npz.c: NumPy's .npz archives, read and written with libzip
 * SPDX-License-Identifier: Apache-2.0
 */
#include "data/npz.h"
#include "data/npy_view.h"

#include <stdio.h>
#include <string.h>
#include <zip.h>

/* Deflate cannot shrink anything further than this, so a member that claims more lies. */
#define DEFLATE_BEST_RATIO 1032

/* 1980-01-01 00:00, the first moment a zip archive can express: archives of equal content are
 * equal. */
#define ZIP_FIXED_TIME 0
#define ZIP_FIXED_DATE (1 << 5 | 1)

/* ---------------------------------------------------------------- reading */

static octet_status zip_failed(octet_diag *diag, zip_error_t *error)
{
    octet_status status = octet_fail(diag, OCTET_ERR_MALFORMED, "%s", zip_error_strerror(error));

    zip_error_fini(error);
    return status;
}

static octet_status check_member(const zip_stat_t *stat, uint64_t max_bytes, octet_diag *diag)
{
    const zip_uint64_t need = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;

    if ((stat->valid & need) != need)
        return octet_fail(diag, OCTET_ERR_MALFORMED, "a member has no name or size");
    if (max_bytes && stat->size > max_bytes)
        return octet_fail(diag, OCTET_ERR_DATA, "'%s' has %llu bytes, more than the limit of %llu",
                          stat->name, (unsigned long long)stat->size,
                          (unsigned long long)max_bytes);
    if (stat->size / DEFLATE_BEST_RATIO > stat->comp_size)
        return octet_fail(diag, OCTET_ERR_MALFORMED, "'%s' claims an impossible size", stat->name);
    return OCTET_OK;
}

static octet_status read_member(zip_t *zip, const zip_stat_t *stat, uint8_t *buffer,
                                octet_diag *diag)
{
    zip_file_t *file = zip_fopen_index(zip, stat->index, 0);
    zip_uint64_t done = 0;
    zip_int64_t got = 1;
    uint8_t beyond;

    if (!file)
        return octet_fail(diag, OCTET_ERR_MALFORMED, "'%s': %s", stat->name, zip_strerror(zip));
    while (done < stat->size && got > 0) {
        got = zip_fread(file, buffer + done, stat->size - done);
        done += got > 0 ? (zip_uint64_t)got : 0;
    }
    /* The checksum is compared when the end is read. */
    if (done == stat->size)
        got = zip_fread(file, &beyond, 1);
    zip_fclose(file);
    if (done != stat->size || got != 0)
        return octet_fail(diag, OCTET_ERR_MALFORMED, "'%s' cannot be unpacked", stat->name);
    return OCTET_OK;
}

static octet_status parse_member(octet_npz *npz, const uint8_t *bytes, const zip_stat_t *stat,
                                 octet_tensor *out, octet_diag *diag)
{
    octet_tensor parsed;
    bool owned;

    OCTET_TRY_NOTE(diag,
                   octet_npy_parse(bytes, stat->size, &npz->allocator, &parsed, &owned, NULL, diag),
                   "'%s'", stat->name);
    if (!owned) {
        OCTET_TRY(
            octet_tensor_init(out, &npz->allocator, parsed.dtype, parsed.rank, parsed.dims, diag));
        memcpy(out->data, parsed.data, parsed.bytes);
        return OCTET_OK;
    }
    *out = parsed;
    return OCTET_OK;
}

static octet_status store_key(octet_npz *npz, const char *name, size_t length, octet_diag *diag)
{
    char *key = octet_mem_zalloc(&npz->allocator, length + 1, 1);

    OCTET_TRY_ALLOC(diag, key);
    memcpy(key, name, length);
    if (octet_npz_find(npz, key)) {
        octet_status status = octet_fail(diag, OCTET_ERR_MALFORMED, "key '%s' is there twice", key);

        octet_mem_free(&npz->allocator, key);
        return status;
    }
    npz->arrays[npz->n++].key = key;
    return OCTET_OK;
}

static octet_status add_member(octet_npz *npz, zip_t *zip, zip_uint64_t index, uint64_t max_bytes,
                               octet_diag *diag)
{
    zip_stat_t stat;
    size_t length;
    uint8_t *buffer;
    octet_status status;

    if (zip_stat_index(zip, index, 0, &stat) != 0)
        return octet_fail(diag, OCTET_ERR_MALFORMED, "%s", zip_strerror(zip));
    OCTET_TRY(check_member(&stat, max_bytes, diag));
    length = strlen(stat.name);
    if (length < 4 || strcmp(stat.name + length - 4, ".npy") != 0)
        return OCTET_OK; /* numpy gives raw bytes for such members; they are no arrays */
    OCTET_TRY(store_key(npz, stat.name, length - 4, diag));
    buffer = octet_mem_alloc_aligned(&npz->allocator, stat.size);
    OCTET_TRY_ALLOC(diag, buffer);
    status = read_member(zip, &stat, buffer, diag);
    if (status == OCTET_OK)
        status = parse_member(npz, buffer, &stat, &npz->arrays[npz->n - 1].tensor, diag);
    octet_mem_free_aligned(&npz->allocator, buffer);
    return status;
}

static octet_status read_archive(octet_npz *npz, zip_t *zip, uint64_t max_bytes, octet_diag *diag)
{
    zip_int64_t n = zip_get_num_entries(zip, 0);

    if (n < 0 || n > 65535)
        return octet_fail(diag, OCTET_ERR_MALFORMED, "more than 65535 members");
    npz->arrays = octet_mem_zalloc(&npz->allocator, (size_t)n, sizeof *npz->arrays);
    OCTET_TRY_ALLOC(diag, npz->arrays);
    for (zip_int64_t i = 0; i < n; i++)
        OCTET_TRY(add_member(npz, zip, (zip_uint64_t)i, max_bytes, diag));
    return OCTET_OK;
}

static octet_status open_archive(octet_npz *npz, const octet_file *file, uint64_t max_bytes,
                                 octet_diag *diag)
{
    zip_error_t error;
    zip_source_t *source;
    zip_t *zip;
    octet_status status;

    if (file->size == 0) /* libzip takes it for an archive without members */
        return octet_fail(diag, OCTET_ERR_MALFORMED, "the file is empty");
    zip_error_init(&error);
    source = zip_source_buffer_create(file->data, file->size, 0, &error);
    if (!source)
        return zip_failed(diag, &error);
    zip = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (!zip) {
        zip_source_free(source);
        return zip_failed(diag, &error);
    }
    zip_error_fini(&error);
    status = read_archive(npz, zip, max_bytes, diag);
    zip_discard(zip);
    return status;
}

octet_status octet_npz_open(const char *path, const octet_allocator *allocator, uint64_t max_bytes,
                            octet_npz *out, octet_diag *diag)
{
    octet_file file;
    octet_status status;

    *out = (octet_npz){0};
    if (allocator)
        out->allocator = *allocator;
    OCTET_TRY(octet_file_map(path, &file, diag));
    status = octet_note(diag, open_archive(out, &file, max_bytes, diag), "'%s'", path);
    octet_file_unmap(&file);
    if (status != OCTET_OK)
        octet_npz_close(out);
    return status;
}

void octet_npz_close(octet_npz *npz)
{
    for (uint32_t i = 0; i < npz->n; i++) {
        octet_tensor_deinit(&npz->arrays[i].tensor, &npz->allocator);
        octet_mem_free(&npz->allocator, npz->arrays[i].key);
    }
    octet_mem_free(&npz->allocator, npz->arrays);
    *npz = (octet_npz){0};
}

struct octet_npz_array *octet_npz_find(const octet_npz *npz, const char *key)
{
    for (uint32_t i = 0; i < npz->n; i++)
        if (strcmp(npz->arrays[i].key, key) == 0)
            return &npz->arrays[i];
    return NULL;
}

/* ---------------------------------------------------------------- writing */

/* One member: header and payload in one block, kept until the archive is closed. */
static octet_status write_member(zip_t *zip, const octet_npz_entry *entry, octet_text *image,
                                 octet_diag *diag)
{
    char name[512];
    zip_source_t *source;
    zip_int64_t index;

    if (snprintf(name, sizeof name, "%s.npy", entry->name) >= (int)sizeof name)
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT, "key '%.64s…' is too long",
                          entry->name);
    OCTET_TRY(octet_npy_format_header(entry->tensor, image, diag));
    octet_text_add_bytes(image, entry->tensor->data, entry->tensor->bytes);
    if (image->failed)
        return octet_fail_nomem(diag);
    source = zip_source_buffer(zip, image->data, image->length, 0);
    OCTET_TRY_ALLOC(diag, source);
    index = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        zip_source_free(source);
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT, "key '%s': %s", entry->name,
                          zip_strerror(zip));
    }
    if (zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(zip, (zip_uint64_t)index, ZIP_FIXED_TIME, ZIP_FIXED_DATE, 0) != 0)
        return octet_fail(diag, OCTET_ERR_INTERNAL, "zip: %s", zip_strerror(zip));
    return OCTET_OK;
}

/* Builds the archive in the memory behind `target`. */
static octet_status build_archive(zip_source_t *target, const octet_npz_entry *entries, uint32_t n,
                                  octet_text *images, octet_diag *diag)
{
    zip_error_t error;
    zip_t *zip;
    octet_status status = OCTET_OK;

    zip_error_init(&error);
    zip = zip_open_from_source(target, ZIP_TRUNCATE, &error);
    if (!zip)
        return zip_failed(diag, &error);
    zip_error_fini(&error);
    zip_source_keep(target); /* zip_close drops one reference */
    for (uint32_t i = 0; i < n && status == OCTET_OK; i++)
        status = write_member(zip, &entries[i], &images[i], diag);
    if (status == OCTET_OK && zip_close(zip) != 0)
        status = octet_fail(diag, OCTET_ERR_INTERNAL, "zip: %s", zip_strerror(zip));
    else if (status == OCTET_OK)
        return OCTET_OK;
    zip_discard(zip);
    return status;
}

static octet_status copy_archive(zip_source_t *source, const char *path, octet_diag *diag)
{
    uint8_t block[16384];
    octet_output file;
    zip_int64_t got;
    octet_status status;

    if (zip_source_open(source) != 0)
        return octet_fail(diag, OCTET_ERR_INTERNAL, "zip: the archive cannot be read back");
    status = octet_output_open(&file, path, diag);
    if (status == OCTET_OK) {
        while (status == OCTET_OK && (got = zip_source_read(source, block, sizeof block)) > 0)
            status = octet_output_write(&file, block, (size_t)got, diag);
        if (status == OCTET_OK)
            status = octet_output_commit(&file, diag);
        octet_output_abort(&file);
    }
    zip_source_close(source);
    return status;
}

octet_status octet_npz_write(const char *path, const octet_npz_entry *entries, uint32_t n,
                             octet_diag *diag)
{
    octet_text *images = octet_mem_zalloc(NULL, n, sizeof *images);
    zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, NULL);
    octet_status status = images && target ? OCTET_OK : octet_fail_nomem(diag);

    for (uint32_t i = 0; images && i < n; i++)
        octet_text_init(&images[i], NULL);
    if (status == OCTET_OK)
        status = build_archive(target, entries, n, images, diag);
    if (status == OCTET_OK)
        status = copy_archive(target, path, diag);
    for (uint32_t i = 0; images && i < n; i++)
        octet_text_deinit(&images[i]);
    octet_mem_free(NULL, images);
    zip_source_free(target);
    /* A failed write names the file by itself. */
    return status == OCTET_ERR_IO ? status : octet_note(diag, status, "'%s'", path);
}
