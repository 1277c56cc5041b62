/* file.h: mapped input files, output files that appear whole or not at all
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_BASE_FILE_H
#define OCTET_BASE_FILE_H

#include "base/alloc.h"
#include "base/diag.h"

/* A read-only mapping (or a heap copy for pipes). data is NULL for an empty file. */
typedef struct octet_file {
    const uint8_t *data;
    size_t size;
    int mapped; /* else owned by the heap */
} octet_file;

/* path "-" reads standard input to its end. Refuses directories. Messages name the path. */
octet_status octet_file_map(const char *path, octet_file *out, octet_diag *diag);
void octet_file_unmap(octet_file *file);
/* Gives the memory of the pages around [data, data + size) of a mapping back; they are read again
 * when touched. Does nothing for a heap copy. */
void octet_file_forget(const octet_file *file, const void *data, size_t size);

/* Maps folder/name for a name that is not trusted: INVALID_MODEL when it is absolute, steps up
 * ("..") or ends outside the folder once symbolic links are resolved. */
octet_status octet_file_map_inside(const char *folder, const char *name, octet_file *out,
                                   octet_diag *diag);

/* Output to a temporary file beside `path`, renamed over it by commit. path "-" is standard output.
 * Every function reports the path and strerror(). abort removes the temporary and may always be
 * called, also after commit. */
typedef struct octet_output {
    char *path, *temporary;
    int fd;
    uint8_t *buffer;
    size_t used;
    uint64_t written;
    octet_status status; /* first failure, sticky */
    int error;           /* its errno */
} octet_output;

octet_status octet_output_open(octet_output *out, const char *path, octet_diag *diag);
octet_status octet_output_write(octet_output *out, const void *data, size_t size, octet_diag *diag);
octet_status octet_output_commit(octet_output *out, octet_diag *diag);
void octet_output_abort(octet_output *out);

#endif
