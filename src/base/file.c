/* file.c: mapped input files, output files that appear whole or not at all
 * SPDX-License-Identifier: Apache-2.0
 */
#define _XOPEN_SOURCE 700 /* POSIX 2008 and realpath() */
#define _FILE_OFFSET_BITS 64
#define _DEFAULT_SOURCE /* madvise(): glibc's posix_madvise() keeps what it should drop */

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define READ_STEP ((size_t)1 << 16)
#define BUFFER_SIZE ((size_t)1 << 18)
/* Linux writes at most 0x7ffff000 bytes a call; other systems refuse more than INT_MAX. */
#define LARGEST_WRITE ((size_t)1 << 30)
#define NAME_TRIES 100

static octet_status fail_errno(octet_diag *diag, const char *doing, const char *path, int error)
{
    return octet_fail(diag, error == ENOMEM ? OCTET_ERR_NOMEM : OCTET_ERR_IO, "cannot %s '%s': %s",
                      doing, path, strerror(error));
}

/* ---- input */

static octet_status read_all(int fd, const char *path, octet_file *out, octet_diag *diag)
{
    size_t size = 0, capacity = READ_STEP;
    uint8_t *data = octet_mem_alloc(NULL, capacity, 1), *larger;
    ssize_t got;

    OCTET_TRY_ALLOC(diag, data);
    while ((got = read(fd, data + size, capacity - size)) != 0) {
        if (got < 0 && errno != EINTR) {
            octet_status status = fail_errno(diag, "read", path, errno);

            octet_mem_free(NULL, data);
            return status;
        }
        size += got > 0 ? (size_t)got : 0;
        if (size < capacity)
            continue;
        larger = octet_mem_realloc(NULL, data, capacity, 2);
        if (larger == NULL) {
            octet_mem_free(NULL, data);
            return octet_fail_nomem(diag);
        }
        data = larger;
        capacity *= 2;
    }
    if (size == 0) {
        octet_mem_free(NULL, data);
        data = NULL;
    }
    *out = (octet_file){.data = data, .size = size};
    return OCTET_OK;
}

static octet_status map_regular(int fd, const char *path, off_t size, octet_file *out,
                                octet_diag *diag)
{
    void *data;

    if (size == 0)
        return OCTET_OK;
    if ((uintmax_t)size > SIZE_MAX)
        return fail_errno(diag, "map", path, EFBIG);
    data = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        return fail_errno(diag, "map", path, errno);
    *out = (octet_file){.data = data, .size = (size_t)size, .mapped = 1};
    return OCTET_OK;
}

static octet_status map_fd(int fd, const char *path, octet_file *out, octet_diag *diag)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return fail_errno(diag, "read", path, errno);
    if (S_ISDIR(st.st_mode))
        return fail_errno(diag, "read", path, EISDIR);
    if (S_ISREG(st.st_mode) && fd != STDIN_FILENO)
        return map_regular(fd, path, st.st_size, out, diag);
    return read_all(fd, path, out, diag);
}

octet_status octet_file_map(const char *path, octet_file *out, octet_diag *diag)
{
    octet_status status;
    int fd;

    *out = (octet_file){0};
    if (strcmp(path, "-") == 0)
        return map_fd(STDIN_FILENO, "standard input", out, diag);
    do
        fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return fail_errno(diag, "open", path, errno);
    status = map_fd(fd, path, out, diag);
    close(fd);
    return status;
}

void octet_file_unmap(octet_file *file)
{
    /* The data was ours to make; the const is for its readers. */
    union {
        const uint8_t *read_only;
        void *owned;
    } data = {.read_only = file->data};

    if (file->mapped)
        munmap(data.owned, file->size);
    else
        octet_mem_free(NULL, data.owned);
    *file = (octet_file){0};
}

void octet_file_forget(const octet_file *file, const void *data, size_t size)
{
#ifdef MADV_DONTNEED
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)data;
    uintptr_t first = start - start % page;

    if (file->mapped && size > 0)
        madvise((void *)first, (size_t)(start + size - first), MADV_DONTNEED);
#else
    (void)file;
    (void)data;
    (void)size;
#endif
}

/* ---- output */

/* A write to a closed pipe or beyond the file size limit raises a signal whose default is death. It
 * is held back during the write and thrown away, so that the caller sees EPIPE or EFBIG. */
static ssize_t write_quietly(int fd, const void *data, size_t size)
{
    static const int signals[] = {SIGPIPE, SIGXFSZ};
    sigset_t held, before, pending;
    ssize_t done;
    int error, taken;

    sigemptyset(&held);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaddset(&held, signals[i]);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &held, &before);
    done = write(fd, data, size);
    error = errno;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (sigismember(&pending, signals[i]))
            sigdelset(&held, signals[i]); /* pending before: not ours */
    }
    while (done < 0 && sigpending(&pending) == 0 &&
           ((sigismember(&held, SIGPIPE) && sigismember(&pending, SIGPIPE)) ||
            (sigismember(&held, SIGXFSZ) && sigismember(&pending, SIGXFSZ))))
        sigwait(&held, &taken);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return done;
}

static octet_status output_fail(octet_output *out, int error, octet_diag *diag)
{
    const char *path = out->path != NULL ? out->path : "?";

    if (out->status == OCTET_OK) {
        out->error = error;
        out->status = error == ENOMEM ? OCTET_ERR_NOMEM : OCTET_ERR_IO;
    }
    return fail_errno(diag, "write", strcmp(path, "-") == 0 ? "standard output" : path, out->error);
}

static octet_status write_all(octet_output *out, const uint8_t *data, size_t size, octet_diag *diag)
{
    while (size > 0) {
        ssize_t done = write_quietly(out->fd, data, size < LARGEST_WRITE ? size : LARGEST_WRITE);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return output_fail(out, done < 0 ? errno : EIO, diag);
        data += done;
        size -= (size_t)done;
    }
    return OCTET_OK;
}

/* Names need only differ: O_EXCL refuses one that exists, links included. */
static uint64_t random_number(const void *salt, unsigned attempt)
{
    struct timespec now = {0};
    uint64_t x;

    clock_gettime(CLOCK_MONOTONIC, &now);
    x = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 30 ^ (uint64_t)getpid() << 40 ^
        (uintptr_t)salt ^ attempt;
    x = (x ^ x >> 33) * 0xff51afd7ed558ccdu;
    x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53u;
    return x ^ x >> 33;
}

static octet_status open_temporary(octet_output *out, octet_diag *diag)
{
    const char *slash = strrchr(out->path, '/');
    size_t folder = slash != NULL ? (size_t)(slash - out->path) + 1 : 0;
    size_t size = folder + sizeof ".octet-0123456789abcdef.tmp";

    out->temporary = octet_mem_alloc(NULL, size, 1);
    if (out->temporary == NULL)
        return output_fail(out, ENOMEM, diag);
    memcpy(out->temporary, out->path, folder);
    for (unsigned attempt = 0; attempt < NAME_TRIES; attempt++) {
        snprintf(out->temporary + folder, size - folder, ".octet-%016" PRIx64 ".tmp",
                 random_number(out->temporary, attempt));
        out->fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (out->fd >= 0)
            return OCTET_OK;
        if (errno != EEXIST && errno != EINTR)
            break;
    }
    {
        int error = errno;

        octet_mem_free(NULL, out->temporary);
        out->temporary = NULL;
        return output_fail(out, error, diag);
    }
}

/* Devices and pipes are written in place: a rename would replace /dev/full by a file. */
static octet_status open_special(octet_output *out, octet_diag *diag)
{
    do
        out->fd = open(out->path, O_WRONLY | O_CLOEXEC);
    while (out->fd < 0 && errno == EINTR);
    return out->fd < 0 ? output_fail(out, errno, diag) : OCTET_OK;
}

/* The file itself when path is a symbolic link to one: the link is to stay. */
static char *resolve(const char *path)
{
    struct stat st;
    char *real = NULL;
    size_t size = strlen(path) + 1;
    char *copy;

    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
        real = realpath(path, NULL);
    if (real != NULL)
        return real;
    copy = octet_mem_alloc(NULL, size, 1);
    if (copy != NULL)
        memcpy(copy, path, size);
    return copy;
}

static octet_status open_path(octet_output *out, const char *path, octet_diag *diag)
{
    struct stat st;

    if (strcmp(path, "-") == 0) {
        out->fd = STDOUT_FILENO;
        return OCTET_OK;
    }
    if (path[0] == '\0')
        return output_fail(out, ENOENT, diag);
    if (stat(path, &st) != 0)
        return errno == ENOENT ? open_temporary(out, diag) : output_fail(out, errno, diag);
    if (S_ISDIR(st.st_mode))
        return output_fail(out, EISDIR, diag);
    return S_ISREG(st.st_mode) ? open_temporary(out, diag) : open_special(out, diag);
}

octet_status octet_output_open(octet_output *out, const char *path, octet_diag *diag)
{
    octet_status status;

    *out = (octet_output){.fd = -1};
    out->path = resolve(path);
    out->buffer = octet_mem_alloc(NULL, BUFFER_SIZE, 1);
    if (out->path == NULL || out->buffer == NULL)
        status = octet_fail_nomem(diag);
    else
        status = open_path(out, out->path, diag);
    if (status != OCTET_OK) {
        octet_output_abort(out);
        out->status = status;
    }
    return status;
}

static octet_status flush(octet_output *out, octet_diag *diag)
{
    size_t used = out->used;

    out->used = 0;
    return write_all(out, out->buffer, used, diag);
}

octet_status octet_output_write(octet_output *out, const void *data, size_t size, octet_diag *diag)
{
    if (out->status != OCTET_OK)
        return output_fail(out, out->error, diag);
    if (size > BUFFER_SIZE - out->used) {
        OCTET_TRY(flush(out, diag));
        if (size >= BUFFER_SIZE) {
            OCTET_TRY(write_all(out, data, size, diag));
            out->written += size;
            return OCTET_OK;
        }
    }
    if (size > 0)
        memcpy(out->buffer + out->used, data, size);
    out->used += size;
    out->written += size;
    return OCTET_OK;
}

static octet_status close_output(octet_output *out, octet_diag *diag)
{
    int fd = out->fd;

    out->fd = -1;
    if (fd == STDOUT_FILENO || close(fd) == 0 || errno == EINTR)
        return OCTET_OK;
    return output_fail(out, errno, diag);
}

static octet_status publish(octet_output *out, octet_diag *diag)
{
    OCTET_TRY(flush(out, diag));
    OCTET_TRY(close_output(out, diag));
    if (out->temporary != NULL && rename(out->temporary, out->path) != 0)
        return output_fail(out, errno, diag);
    octet_mem_free(NULL, out->temporary);
    out->temporary = NULL;
    return OCTET_OK;
}

octet_status octet_output_commit(octet_output *out, octet_diag *diag)
{
    octet_status status =
        out->status == OCTET_OK ? publish(out, diag) : output_fail(out, out->error, diag);

    octet_output_abort(out);
    return status;
}

void octet_output_abort(octet_output *out)
{
    octet_diag ignored;

    if (out->fd >= 0)
        close_output(out, &ignored);
    if (out->temporary != NULL)
        unlink(out->temporary);
    octet_mem_free(NULL, out->temporary);
    octet_mem_free(NULL, out->path);
    octet_mem_free(NULL, out->buffer);
    out->temporary = out->path = NULL;
    out->buffer = NULL;
}
