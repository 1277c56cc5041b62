/* folder.c: names of files
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L

#include "data/source.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static octet_status read_names(octet_samples *samples, DIR *folder, char ***names, uint32_t *n,
                               octet_diag *diag)
{
    uint32_t capacity = 0;
    void *array = NULL;
    struct dirent *entry;

    for (errno = 0, *n = 0; (entry = readdir(folder)) != NULL; errno = 0) {
        if (entry->d_name[0] == '.')
            continue;
        if (*n == UINT32_MAX ||
            !octet_arena_grow(&samples->arena, &array, &capacity, *n + 1, sizeof(char *)))
            return octet_fail_nomem(diag);
        *names = array;
        (*names)[*n] = octet_arena_strdup(&samples->arena, entry->d_name);
        OCTET_TRY_ALLOC(diag, (*names)[*n]);
        ++*n;
    }
    if (errno != 0)
        return octet_fail(diag, OCTET_ERR_IO, "%s", strerror(errno));
    if (*n > 0)
        qsort(array, *n, sizeof(char *), by_bytes);
    return OCTET_OK;
}

octet_status octet_source_list(octet_samples *samples, const char *folder, char ***names,
                               uint32_t *n, octet_diag *diag)
{
    DIR *stream = opendir(folder);
    octet_status status;

    *names = NULL;
    *n = 0;
    if (!stream)
        return octet_fail(diag, OCTET_ERR_IO, "cannot read folder '%s': %s", folder,
                          strerror(errno));
    status = read_names(samples, stream, names, n, diag);
    closedir(stream);
    return octet_note(diag, status, "folder '%s'", folder);
}

char *octet_source_join(octet_samples *samples, const char *folder, const char *name)
{
    if (name[0] == '/')
        return octet_arena_strdup(&samples->arena, name);
    return octet_arena_printf(&samples->arena, "%s/%s", folder, name);
}

octet_status octet_source_check_file(const char *path, octet_diag *diag)
{
    struct stat about;

    if (stat(path, &about) != 0)
        return octet_fail(diag, OCTET_ERR_IO, "cannot read '%s': %s", path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return octet_fail(diag, OCTET_ERR_IO, "'%s' is not a regular file", path);
    return OCTET_OK;
}

const char *octet_source_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool octet_source_has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);

    if (n <= m)
        return false;
    for (size_t i = 0; i < m; i++)
        if (lower(name[n - m + i]) != suffix[i])
            return false;
    return true;
}

bool octet_source_is_image(const char *name)
{
    static const char *const suffixes[] = {".jpg", ".jpeg", ".jpe", ".png"};

    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (octet_source_has_suffix(name, suffixes[i]))
            return true;
    return false;
}
