/* fuzz_quantize.c: any model quantizes or is refused; the result loads and is the same every time
 * SPDX-License-Identifier: Apache-2.0
 *
 * The first byte chooses options, the rest is the model.
 */
#define _POSIX_C_SOURCE 200809L

#include "support/quantize_bytes.h"

#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A loop may run as often as the model says: its time is no finding. */
static bool may_loop(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i + 4 <= size; i++)
        if (memcmp(data + i, "Loop", 4) == 0)
            return true;
    return false;
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
    roundtrip_path(path, sizeof path, "fuzz-quantize", (long)getpid());
    octet_file first = quantize(ctx, data, size, path);
    if (first.data != NULL) {
        octet_file second;
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
