/* fuzz_run.c: what any model computes in each profile is the same bits at every CPU level
 * SPDX-License-Identifier: Apache-2.0
 *
 * The first byte chooses: its low five bits the profiles by index, bit 5 two samples instead of
 * one, bit 6 to quantize the model first. The rest is the model. Where no sum can overflow, what
 * ONNX Runtime's two profiles compute is the same.
 */
#define _POSIX_C_SOURCE 200809L

#include "support/quantize_bytes.h"

#include <math.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TWO_SAMPLES 0x20
#define QUANTIZE 0x40
#define FLOAT32 1
#define TRACE_BYTES (1 << 22)

/* What came out of a run, one output behind the other. */
typedef struct trace {
    octet_status status;
    char message[512];
    uint8_t *bytes;
    size_t size;
} trace;

static void append(trace *t, const void *data, size_t size)
{
    if (size > TRACE_BYTES - t->size)
        size = TRACE_BYTES - t->size;
    if (size > 0)
        memcpy(t->bytes + t->size, data, size);
    t->size += size;
}

/* All NaNs are one: their payload is not fixed. */
static void append_floats(trace *t, const void *data, size_t size)
{
    for (size_t i = 0; i + 4 <= size; i += 4) {
        static const float nan_value = (float)NAN;
        float f;

        memcpy(&f, (const char *)data + i, sizeof f);
        append(t, f == f ? &f : &nan_value, sizeof f);
    }
}

static int take(void *user, int64_t index, const char *name, const octet_output_view *outputs,
                size_t n)
{
    (void)index;
    (void)name;
    for (size_t i = 0; i < n; i++) {
        append(user, outputs[i].dims, (size_t)outputs[i].rank * sizeof *outputs[i].dims);
        (outputs[i].dtype == FLOAT32 ? append_floats : append)(user, outputs[i].data,
                                                               outputs[i].bytes);
    }
    return 0;
}

static octet_status run_opened(octet_context *ctx, octet_model *model, unsigned choice,
                               const char *as, trace *t)
{
    static const char *const taps[] = {"quantized"};
    const octet_run_options options = {.as = as, .taps = taps, .n_taps = 1};
    octet_data *data;
    octet_status status = octet_model_prepare(ctx, model, NULL);

    if (status == OCTET_OK)
        status = octet_data_random(ctx, model, (choice & TWO_SAMPLES) != 0 ? 2 : 1, &data);
    if (status != OCTET_OK)
        return status;
    status = octet_model_run(ctx, model, data, &options, take, NULL, t);
    octet_data_close(data);
    return status;
}

static trace run(const octet_file *file, unsigned choice, const char *as, octet_cpu_level cpu)
{
    octet_context *ctx = quantize_context_at(cpu);
    trace t = {.bytes = malloc(TRACE_BYTES)};
    octet_model *model;

    ROUNDTRIP_EXPECT(t.bytes != NULL);
    t.status = octet_model_open_memory(ctx, file->data, file->size, &model);
    if (t.status == OCTET_OK) {
        t.status = run_opened(ctx, model, choice, as, &t);
        octet_model_destroy(model);
    }
    if (t.status != OCTET_OK) {
        ROUNDTRIP_EXPECT(octet_context_message(ctx)[0] != '\0');
        ROUNDTRIP_EXPECT(t.status != OCTET_ERR_INTERNAL && t.status != OCTET_ERR_NOMEM &&
                         t.status != OCTET_ERR_IO);
        snprintf(t.message, sizeof t.message, "%s", octet_context_message(ctx));
    }
    octet_context_destroy(ctx);
    return t;
}

static void expect_same(octet_context *ctx, const trace *a, const trace *b)
{
    ROUNDTRIP_EXPECT(a->status == b->status && strcmp(a->message, b->message) == 0);
    ROUNDTRIP_EXPECT(a->size == b->size);
    ROUNDTRIP_EXPECT(memcmp(a->bytes, b->bytes, a->size) == 0);
}

static void run_at_each_level(octet_context *ctx, const octet_file *file, unsigned choice,
                              const char *as)
{
    trace ref = run(file, choice, as, OCTET_CPU_REF), best = run(file, choice, as, OCTET_CPU_AUTO);

    expect_same(ctx, &ref, &best);
    free(ref.bytes);
    free(best.bytes);
}

static bool certified(octet_context *ctx, const octet_file *file)
{
    octet_overflow *found;
    octet_model *model;
    bool fits = false;

    if (octet_model_open_memory(ctx, file->data, file->size, &model) != OCTET_OK)
        return false;
    if (octet_overflow_check(ctx, model, &found) == OCTET_OK) {
        fits = found->certified;
        octet_overflow_free(found);
    }
    octet_model_destroy(model);
    return fits;
}

static void run_certified(octet_context *ctx, const octet_file *file, unsigned choice)
{
    trace exact, pairs;

    if (!certified(ctx, file))
        return;
    exact = run(file, choice, "ort-vnni", OCTET_CPU_AUTO);
    pairs = run(file, choice, "ort-avx2", OCTET_CPU_AUTO);
    expect_same(ctx, &exact, &pairs);
    free(exact.bytes);
    free(pairs.bytes);
}

static void run_all(octet_context *ctx, const octet_file *file, unsigned choice)
{
    for (size_t i = 0; octet_profile_name(i) != NULL; i++)
        if ((choice >> i & 1) != 0)
            run_at_each_level(ctx, file, choice, octet_profile_name(i));
    run_certified(ctx, file, choice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    octet_file file = {.data = data + 1, .size = size - 1};
    octet_context *ctx;
    char path[512];

    if (size == 0 || may_loop(data, size))
        return 0;
    ctx = quantize_context();
    roundtrip_path(path, sizeof path, "fuzz-run", (long)getpid());
    if ((data[0] & QUANTIZE) == 0) {
        run_all(ctx, &file, data[0]);
    } else if (quantize_bytes(ctx, file.data, file.size, 0, path) == OCTET_OK) {
        ROUNDTRIP_EXPECT(octet_file_map(path, &file, &ctx->diag) == OCTET_OK);
        run_all(ctx, &file, data[0]);
        octet_file_unmap(&file);
        unlink(path);
    }
    octet_context_destroy(ctx);
    return 0;
}
