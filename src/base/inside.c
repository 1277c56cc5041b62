/* inside.c: files named by untrusted input, which must not lead out of a folder
 * SPDX-License-Identifier: Apache-2.0
 */
#define _XOPEN_SOURCE 700 /* realpath() */

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No absolute path and no ".." between slashes. */
static bool stays_below(const char *name)
{
    if (name[0] == '/' || name[0] == '\0')
        return false;
    while (name != NULL) {
        const char *slash = strchr(name, '/');
        size_t length = slash != NULL ? (size_t)(slash - name) : strlen(name);

        if (length == 2 && memcmp(name, "..", 2) == 0)
            return false;
        name = slash != NULL ? slash + 1 : NULL;
    }
    return true;
}

static bool is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);

    if (length > 0 && folder[length - 1] == '/') /* only "/" itself */
        length--;
    return strncmp(path, folder, length) == 0 && path[length] == '/';
}

static octet_status map_resolved(const char *folder, const char *path, const char *name,
                                 octet_file *out, octet_diag *diag)
{
    char *real_folder = realpath(folder, NULL), *real_path = NULL;
    octet_status status;

    if (real_folder != NULL)
        real_path = realpath(path, NULL);
    if (real_path == NULL)
        status = octet_fail(diag, errno == ENOMEM ? OCTET_ERR_NOMEM : OCTET_ERR_IO,
                            "cannot open '%s': %s", real_folder != NULL ? path : folder,
                            strerror(errno));
    else if (!is_below(real_path, real_folder))
        status = octet_fail(diag, OCTET_ERR_INVALID_MODEL,
                            "'%s' is a link that leads out of the folder '%s'", name, folder);
    else
        status = octet_file_map(real_path, out, diag);
    free(real_folder);
    free(real_path);
    return status;
}

octet_status octet_file_map_inside(const char *folder, const char *name, octet_file *out,
                                   octet_diag *diag)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    octet_status status;
    char *path;

    *out = (octet_file){0};
    if (!stays_below(name))
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "'%s' is not inside the model's folder",
                          name);
    path = octet_mem_alloc(NULL, size, 1);
    OCTET_TRY_ALLOC(diag, path);
    snprintf(path, size, "%s/%s", folder, name);
    status = map_resolved(folder, path, name, out, diag);
    octet_mem_free(NULL, path);
    return status;
}
