/* made.c: samples that are not read: random ones and those of a callback
 * SPDX-License-Identifier: Apache-2.0
 */
#include "data/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- random */

/* splitmix64: the whole state is one counter, so sample i does not depend on the samples before. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The sum of twelve uniforms has variance 1. It is within 6 sigma and, unlike the usual formulas,
 * needs no logarithm, whose last bit differs between C libraries. */
static float next_normal(uint64_t *state)
{
    int64_t sum = 0;

    for (int i = 0; i < 6; i++) {
        uint64_t r = next_random(state);

        sum += (int64_t)(r >> 40) + (int64_t)(r & 0xffffff);
    }
    return (float)((double)(sum - 6 * (INT64_C(1) << 24)) / (double)(1 << 24));
}

/* Integers may be indices, so they stay small; 8-bit ones are usually pixels. */
static int32_t next_integer(uint64_t *state, const octet_dtype_traits *traits)
{
    uint64_t r = next_random(state) >> 32;

    if (traits->kind == OCTET_KIND_BOOL || traits->bits != 8)
        return (int32_t)(r & 1);
    return (int32_t)(traits->min + (int64_t)(r & 0xff));
}

static octet_status fill_random(uint64_t *state, octet_tensor *tensor, octet_diag *diag)
{
    const octet_dtype_traits *traits = octet_dtype_get(tensor->dtype);
    int64_t count = octet_tensor_count(tensor);
    uint8_t *out = tensor->data;

    for (int64_t i = 0; i < count; i++, out += traits->bits / 8) {
        float real = 0;
        int32_t integer = 0;
        bool done;

        if (traits->kind == OCTET_KIND_FLOAT) {
            real = next_normal(state);
            done = octet_convert(tensor->dtype, out, OCTET_DTYPE_FLOAT32, &real, 0, 1);
        } else {
            integer = next_integer(state, traits);
            done = octet_convert(tensor->dtype, out, OCTET_DTYPE_INT32, &integer, 0, 1);
        }
        if (!done)
            return octet_fail(diag, OCTET_ERR_UNSUPPORTED, "no random %s", traits->name);
    }
    return OCTET_OK;
}

/* The shape is the model's word. */
static octet_status check_size(const octet_samples *samples, const octet_sample_input *input,
                               const int64_t *dims, octet_diag *diag)
{
    uint64_t limit = samples->ctx->limits.max_tensor_bytes;
    octet_tensor t;

    OCTET_TRY_NOTE(diag, octet_tensor_describe(&t, input->dtype, input->rank, dims, diag),
                   "input '%s'", input->name);
    if (t.bytes > limit)
        return octet_fail(diag, OCTET_ERR_DATA,
                          "input '%s' takes %zu bytes, above the limit of %" PRIu64, input->name,
                          t.bytes, limit);
    return OCTET_OK;
}

static octet_status load_random(octet_samples *samples, int64_t index, octet_sample *out, bool *end,
                                octet_diag *diag)
{
    *end = false;
    for (uint32_t i = 0; i < samples->n_inputs; i++) {
        const octet_sample_input *input = &samples->inputs[i];
        uint64_t state = ((uint64_t)index << 16) ^ i;
        int64_t dims[OCTET_MAX_RANK];

        for (int32_t k = 0; k < input->rank; k++)
            dims[k] = input->dims[k] < 0 ? 1 : input->dims[k];
        state = next_random(&state);
        OCTET_TRY(check_size(samples, input, dims, diag));
        OCTET_TRY(octet_tensor_init(&out->tensors[i], &samples->ctx->allocator, input->dtype,
                                    input->rank, dims, diag));
        out->owned[i] = true;
        OCTET_TRY_NOTE(diag, fill_random(&state, &out->tensors[i], diag), "input '%s'",
                       input->name);
    }
    return OCTET_OK;
}

static void name_random(const octet_samples *samples, int64_t index, char *buffer, size_t size)
{
    (void)samples;
    snprintf(buffer, size, "random[%" PRId64 "]", index);
}

static const octet_source random_source = {.load = load_random, .name = name_random};

static octet_status check_random(const octet_samples *samples, octet_diag *diag)
{
    for (uint32_t i = 0; i < samples->n_inputs; i++) {
        const octet_sample_input *input = &samples->inputs[i];
        const octet_dtype_traits *traits = octet_dtype_get(input->dtype);

        if (input->rank < 0)
            return octet_fail(diag, OCTET_ERR_DATA,
                              "input '%s' has no known rank, so random samples cannot be made",
                              input->name);
        if (traits->kind == OCTET_KIND_OTHER || traits->bits < 8)
            return octet_fail(diag, OCTET_ERR_UNSUPPORTED,
                              "input '%s' is %s: random samples cannot be made", input->name,
                              traits->name);
    }
    return OCTET_OK;
}

octet_status octet_samples_random(octet_context *ctx, const octet_sample_input *inputs,
                                  uint32_t n_inputs, int64_t n, octet_samples **out,
                                  octet_diag *diag)
{
    octet_status status;

    *out = NULL;
    if (n < 1)
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT,
                          "the number of random samples is %" PRId64, n);
    OCTET_TRY(octet_source_new(ctx, inputs, n_inputs, out, diag));
    (*out)->count = n;
    (*out)->source = &random_source;
    status = check_random(*out, diag);
    if (status != OCTET_OK) {
        octet_samples_close(*out);
        *out = NULL;
    }
    return status;
}

/* ---------------------------------------------------------------- callback */

typedef struct caller {
    octet_sample_callback callback;
    void *user;
    int64_t next;
} caller;

/* The caller may reuse its memory for the next sample while this one is still in use. */
static octet_status copy_given(const octet_tensor *given, const octet_allocator *allocator,
                               octet_tensor *out, bool *owned, octet_diag *diag)
{
    octet_tensor type;

    OCTET_TRY(octet_tensor_describe(&type, given->dtype, given->rank, given->dims, diag));
    if (given->bytes != 0 && given->bytes != type.bytes)
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT,
                          "the callback gave %zu bytes where the shape needs %zu", given->bytes,
                          type.bytes);
    if (!given->data && type.bytes > 0)
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT, "the callback gave no data");
    OCTET_TRY(octet_tensor_init(out, allocator, type.dtype, type.rank, type.dims, diag));
    *owned = true;
    if (type.bytes > 0)
        memcpy(out->data, given->data, type.bytes);
    return OCTET_OK;
}

static octet_status call(octet_samples *samples, int64_t index, octet_tensor *given,
                         octet_sample *out, bool *end, octet_diag *diag)
{
    caller *c = samples->state;
    int result = c->callback(c->user, index, given, samples->n_inputs);

    if (result < 0)
        return octet_fail(diag, OCTET_ERR_DATA, "the callback failed");
    *end = result == 0;
    for (uint32_t i = 0; i < samples->n_inputs && !*end; i++)
        OCTET_TRY_NOTE(
            diag,
            copy_given(&given[i], &samples->ctx->allocator, &out->tensors[i], &out->owned[i], diag),
            "input '%s'", samples->inputs[i].name);
    c->next++;
    return OCTET_OK;
}

static octet_status load_called(octet_samples *samples, int64_t index, octet_sample *out, bool *end,
                                octet_diag *diag)
{
    const octet_allocator *allocator = &samples->ctx->allocator;
    const caller *c = samples->state;
    octet_tensor *given;
    octet_status status;

    if (index != c->next)
        return octet_fail(diag, OCTET_ERR_INTERNAL,
                          "a callback gives sample %" PRId64 " next, not %" PRId64, c->next, index);
    given = octet_mem_zalloc(allocator, samples->n_inputs, sizeof *given);
    OCTET_TRY_ALLOC(diag, given);
    status = call(samples, index, given, out, end, diag);
    octet_mem_free(allocator, given);
    return status;
}

static void name_called(const octet_samples *samples, int64_t index, char *buffer, size_t size)
{
    (void)samples;
    snprintf(buffer, size, "callback[%" PRId64 "]", index);
}

static const octet_source callback_source = {.load = load_called, .name = name_called};

octet_status octet_samples_callback(octet_context *ctx, const octet_sample_input *inputs,
                                    uint32_t n_inputs, octet_sample_callback callback, void *user,
                                    octet_samples **out, octet_diag *diag)
{
    caller *c;

    OCTET_TRY(octet_source_new(ctx, inputs, n_inputs, out, diag));
    c = OCTET_ARENA_NEW(&(*out)->arena, caller);
    if (!c) {
        octet_samples_close(*out);
        *out = NULL;
        return octet_fail_nomem(diag);
    }
    *c = (caller){.callback = callback, .user = user};
    (*out)->state = c;
    (*out)->count = -1;
    (*out)->source = &callback_source;
    return OCTET_OK;
}
