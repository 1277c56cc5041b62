/* stream.c: consecutive .npy images on a file descriptor
 * SPDX-License-Identifier: Apache-2.0
 *
 * With k inputs a sample is k arrays in the order of the model's inputs. Nothing is read ahead.
 */
#define _POSIX_C_SOURCE 200809L

#include "data/npy_view.h"
#include "data/source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct stream {
    int fd;
    int64_t next;
} stream;

/* Payloads are asked for in steps, so that a header's claim alone does not take the memory. */
#define STEP ((size_t)1 << 24)

/* *got < size only at the end of the stream. */
static octet_status read_bytes(int fd, uint8_t *out, size_t size, size_t *got, octet_diag *diag)
{
    ssize_t n = 1;

    for (*got = 0; *got < size && n != 0;) {
        n = read(fd, out + *got, size - *got < STEP ? size - *got : STEP);
        if (n < 0 && errno != EINTR)
            return octet_fail(diag, OCTET_ERR_IO, "cannot read standard input: %s",
                              strerror(errno));
        *got += n > 0 ? (size_t)n : 0;
    }
    return OCTET_OK;
}

static octet_status read_whole(int fd, uint8_t *out, size_t size, octet_diag *diag)
{
    size_t got;

    OCTET_TRY(read_bytes(fd, out, size, &got, diag));
    if (got < size)
        return octet_fail(diag, OCTET_ERR_MALFORMED, "the stream ends inside an array");
    return OCTET_OK;
}

static octet_status read_rest_of_header(int fd, uint8_t *header, size_t size, octet_npy_view *view,
                                        octet_diag *diag)
{
    OCTET_TRY(read_whole(fd, header + OCTET_NPY_PREAMBLE, size - OCTET_NPY_PREAMBLE, diag));
    return octet_npy_read_header(header, size, view, diag);
}

/* *end: the stream ended before the array. */
static octet_status read_header(int fd, const octet_allocator *allocator, octet_npy_view *view,
                                bool *end, octet_diag *diag)
{
    uint8_t preamble[OCTET_NPY_PREAMBLE], *header;
    size_t got, size;
    octet_status status;

    OCTET_TRY(read_bytes(fd, preamble, sizeof preamble, &got, diag));
    *end = got == 0;
    if (*end)
        return OCTET_OK;
    OCTET_TRY(octet_npy_header_bytes(preamble, got, &size, diag));
    if (size < sizeof preamble || size > (1 << 20))
        return octet_fail(diag, OCTET_ERR_MALFORMED, ".npy header has %zu bytes", size);
    header = octet_mem_alloc(allocator, size, 1);
    OCTET_TRY_ALLOC(diag, header);
    memcpy(header, preamble, sizeof preamble);
    status = read_rest_of_header(fd, header, size, view, diag);
    octet_mem_free(allocator, header);
    return status;
}

static octet_status read_payload(int fd, octet_npy_view *view, const octet_allocator *allocator,
                                 octet_tensor *out, bool *owned, octet_diag *diag)
{
    octet_tensor raw;
    octet_status status;

    OCTET_TRY(octet_tensor_init(&raw, allocator, view->type.dtype, view->type.rank, view->type.dims,
                                diag));
    status = read_whole(fd, raw.data, raw.bytes, diag);
    view->payload = raw.data;
    if (status == OCTET_OK)
        status = octet_npy_take(view, -1, 0, false, allocator, out, owned, diag);
    if (status == OCTET_OK && !*owned) {
        *owned = true; /* what was read is already as wanted */
        return OCTET_OK;
    }
    octet_tensor_deinit(&raw, allocator);
    return status;
}

static octet_status read_array(octet_samples *samples, octet_tensor *out, bool *owned, bool *end,
                               octet_diag *diag)
{
    const stream *s = samples->state;
    const octet_allocator *allocator = &samples->ctx->allocator;
    uint64_t limit = samples->ctx->limits.max_tensor_bytes;
    octet_npy_view view;

    OCTET_TRY(read_header(s->fd, allocator, &view, end, diag));
    if (*end)
        return OCTET_OK;
    if (limit && view.type.bytes > limit)
        return octet_fail(diag, OCTET_ERR_DATA, "an array of %zu bytes is above the limit",
                          view.type.bytes);
    return read_payload(s->fd, &view, allocator, out, owned, diag);
}

static octet_status load(octet_samples *samples, int64_t index, octet_sample *out, bool *end,
                         octet_diag *diag)
{
    stream *s = samples->state;

    if (index != s->next)
        return octet_fail(diag, OCTET_ERR_INTERNAL,
                          "a stream gives sample %" PRId64 " next, not %" PRId64, s->next, index);
    for (uint32_t i = 0; i < samples->n_inputs; i++) {
        OCTET_TRY_NOTE(diag, read_array(samples, &out->tensors[i], &out->owned[i], end, diag),
                       "input '%s'", samples->inputs[i].name);
        if (*end && i > 0)
            return octet_fail(diag, OCTET_ERR_DATA, "the stream ends before input '%s'",
                              samples->inputs[i].name);
        if (*end)
            return OCTET_OK;
    }
    s->next++;
    return OCTET_OK;
}

static void name(const octet_samples *samples, int64_t index, char *buffer, size_t size)
{
    (void)samples;
    snprintf(buffer, size, "standard input[%" PRId64 "]", index);
}

static const octet_source stream_source = {.load = load, .name = name};

octet_status octet_source_stream(octet_samples *samples, int fd, octet_diag *diag)
{
    stream *s = OCTET_ARENA_NEW(&samples->arena, stream);

    OCTET_TRY_ALLOC(diag, s);
    s->fd = fd;
    samples->state = s;
    samples->count = -1;
    samples->source = &stream_source;
    return OCTET_OK;
}
