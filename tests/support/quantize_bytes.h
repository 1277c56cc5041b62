/* quantize_bytes.h: the whole job on a model in memory: load, quantize on noise, save
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_TESTS_QUANTIZE_BYTES_H
#define OCTET_TESTS_QUANTIZE_BYTES_H

#include "base/context.h"
#include "octet/octet.h"
#include "support/roundtrip.h"

/* Low limits: a few damaged bytes must not ask for gigabytes. */
static inline octet_context *quantize_context_at(octet_cpu_level cpu)
{
    static const octet_limits limits = {.max_model_bytes = 1 << 20,
                                        .max_depth = 32,
                                        .max_nodes = 2000,
                                        .max_tensor_bytes = 1 << 18};
    const octet_context_options options = {.limits = &limits, .threads = 1, .cpu = cpu};
    octet_context *ctx;

    if (octet_context_create(&options, &ctx) != OCTET_OK)
        abort();
    return ctx;
}

static inline octet_context *quantize_context(void)
{
    return quantize_context_at(OCTET_CPU_AUTO);
}

/* A loop may run as often as the model says: its time is no finding. */
static inline bool may_loop(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i + 4 <= size; i++)
        if (memcmp(data + i, "Loop", 4) == 0)
            return true;
    return false;
}

static inline octet_status quantize_opened(octet_context *ctx, octet_model *model, unsigned choice,
                                           const char *path)
{
    const octet_quantize_options options = {.io_dtype = (choice & 2) != 0 ? "quantized" : "float",
                                            .avoid_saturation = (choice & 4) != 0,
                                            .method = octet_method_name(choice >> 3 & 3)};
    octet_report *report = NULL;
    octet_data *data;
    octet_status status = octet_data_random(ctx, model, 1 + (choice & 1), &data);

    if (status != OCTET_OK)
        return status;
    status = octet_quantize(ctx, model, data, &options, &report);
    if (status == OCTET_OK)
        status = octet_model_save(ctx, model, path, NULL, NULL);
    octet_report_free(report);
    octet_data_close(data);
    return status;
}

/* choice: bit 0: two samples instead of one; bit 1: integers at the boundary; bit 2: no weights
 * that could saturate; bits 3 and 4: the method by its index. OCTET_OK: the result is at path. */
static inline octet_status quantize_bytes(octet_context *ctx, const uint8_t *data, size_t size,
                                          unsigned choice, const char *path)
{
    octet_model *model;
    octet_status status = octet_model_open_memory(ctx, data, size, &model);

    if (status != OCTET_OK)
        return status;
    status = quantize_opened(ctx, model, choice, path);
    octet_model_destroy(model);
    return status;
}

/* Ends the process unless the outcome is one that a user may see. What was written must load. */
static inline void quantize_check(octet_context *ctx, octet_status status, const char *path)
{
    octet_model *model;

    if (status == OCTET_OK) {
        ROUNDTRIP_EXPECT(octet_model_open(ctx, path, &model) == OCTET_OK);
        octet_model_destroy(model);
        return;
    }
    ROUNDTRIP_EXPECT(octet_context_message(ctx)[0] != '\0');
    ROUNDTRIP_EXPECT(status != OCTET_ERR_INTERNAL && status != OCTET_ERR_INVALID_ARGUMENT &&
                     status != OCTET_ERR_NOMEM && status != OCTET_ERR_IO);
}

#endif
