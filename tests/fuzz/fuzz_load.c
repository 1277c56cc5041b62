/* fuzz_load.c: any bytes load or are refused; what loads can be saved, and saving is a fixpoint
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L

#include "support/roundtrip.h"

#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const octet_limits limits = {.max_model_bytes = 1 << 20,
                                        .max_depth = 64,
                                        .max_nodes = 10000,
                                        .max_tensor_bytes = 1 << 24};
    const octet_context_options options = {.limits = &limits, .threads = 1};
    octet_context *ctx;
    char path[512];

    roundtrip_path(path, sizeof path, "fuzz-load", (long)getpid());
    if (octet_context_create(&options, &ctx) != OCTET_OK)
        abort();
    if (roundtrip(ctx, data, size, path) == OCTET_OK)
        unlink(path);
    octet_context_destroy(ctx);
    return 0;
}
