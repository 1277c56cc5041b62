/* fuzz_quantize.c: any model quantizes or is refused; the result loads and is the same every time
 * SPDX-License-Identifier: Apache-2.0
 *
 * The first byte chooses options, the rest is the model. Its sums are bounded, and those of the
 * result; where it was quantized for that, no pair can saturate.
 */
#define _POSIX_C_SOURCE 200809L

#include "support/quantize_bytes.h"

#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether no pair of the model's products can saturate; frees it. */
static octet_status bound(octet_context *ctx, octet_model *model, bool *pairs_fit)
{
    octet_overflow *found;
    octet_status status = octet_overflow_check(ctx, model, &found);

    *pairs_fit = true;
    for (size_t i = 0; status == OCTET_OK && i < found->n_channels; i++)
        *pairs_fit = *pairs_fit && !found->channels[i].pair_overflows;
    if (status == OCTET_OK) {
        ROUNDTRIP_EXPECT(found->certified == (found->n_channels == 0));
        octet_overflow_free(found);
    }
    octet_model_destroy(model);
    return status;
}

static void bound_input(octet_context *ctx, const uint8_t *data, size_t size)
{
    octet_model *model;
    bool fits;

    if (octet_model_open_memory(ctx, data, size, &model) == OCTET_OK &&
        bound(ctx, model, &fits) != OCTET_OK)
        ROUNDTRIP_EXPECT(octet_context_message(ctx)[0] != '\0');
}

static void bound_result(octet_context *ctx, const char *path, unsigned choice)
{
    octet_model *model;
    bool fits;

    ROUNDTRIP_EXPECT(octet_model_open(ctx, path, &model) == OCTET_OK);
    ROUNDTRIP_EXPECT(bound(ctx, model, &fits) == OCTET_OK);
    ROUNDTRIP_EXPECT(fits || (choice & 4) == 0);
}

static octet_file quantize(octet_context *ctx, const uint8_t *data, size_t size, const char *path)
{
    octet_status status = quantize_bytes(ctx, data + 1, size - 1, data[0], path);
    octet_file file = {0};

    quantize_check(ctx, status, path);
    if (status == OCTET_OK)
        ROUNDTRIP_EXPECT(octet_file_map(path, &file, &ctx->diag) == OCTET_OK);
    return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    octet_context *ctx;
    char path[512];

    if (size == 0 || may_loop(data, size))
        return 0;
    ctx = quantize_context();
    bound_input(ctx, data + 1, size - 1);
    roundtrip_path(path, sizeof path, "fuzz-quantize", (long)getpid());
    octet_file first = quantize(ctx, data, size, path);
    if (first.data != NULL) {
        octet_file second;
        bound_result(ctx, path, data[0]);
        unlink(path);
        second = quantize(ctx, data, size, path);
        ROUNDTRIP_EXPECT(second.data != NULL && first.size == second.size);
        ROUNDTRIP_EXPECT(memcmp(first.data, second.data, first.size) == 0);
        octet_file_unmap(&first);
        octet_file_unmap(&second);
        unlink(path);
    }
    octet_context_destroy(ctx);
    return 0;
}
