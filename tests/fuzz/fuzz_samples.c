/* fuzz_samples.c: hostile .npy files, manifests and images
 * SPDX-License-Identifier: Apache-2.0
 *
 * The first byte chooses the format; the rest is the file.
 */
#include "data/image.h"
#include "data/npy.h"
#include "data/npy_view.h"
#include "data/source.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_BYTES ((uint64_t)1 << 22)

/* Reads every byte, so that a sanitizer sees a slice that leaves the file. */
static void touch(const octet_tensor *tensor)
{
    const uint8_t *bytes = tensor->data;
    static volatile uint8_t sink;

    for (size_t i = 0; i < tensor->bytes; i++)
        sink = bytes[i];
    (void)sink;
}

static void one_npy(const uint8_t *data, size_t size)
{
    octet_npy_view view;
    octet_tensor tensor;
    octet_diag diag = {0};
    bool owned;

    if (octet_npy_parse(data, size, NULL, &tensor, &owned, NULL, &diag) == OCTET_OK) {
        touch(&tensor);
        if (owned)
            octet_tensor_deinit(&tensor, NULL);
    }
    if (octet_npy_view_open(data, size, &view, &diag) != OCTET_OK)
        return;
    for (int32_t axis = 0; axis < view.type.rank; axis++) {
        if (view.type.dims[axis] == 0 ||
            octet_npy_take(&view, axis, view.type.dims[axis] - 1, axis % 2, NULL, &tensor, &owned,
                           &diag) != OCTET_OK)
            continue;
        touch(&tensor);
        if (owned)
            octet_tensor_deinit(&tensor, NULL);
    }
}

static void one_manifest(const uint8_t *data, size_t size)
{
    static const octet_sample_input inputs[2] = {
        {.name = "x", .dtype = OCTET_DTYPE_FLOAT32, .rank = 4, .dims = {1, 3, -1, -1}},
        {.name = "mask", .dtype = OCTET_DTYPE_INT64, .rank = -1},
    };
    octet_file file = {.data = data, .size = size};
    octet_context_options options = {.threads = 1};
    octet_context *ctx;

    if (octet_context_create(&options, &ctx) != OCTET_OK)
        abort();
    for (uint32_t n = 1; n <= 2; n++) {
        octet_samples *samples;
        octet_diag diag = {0};

        if (octet_source_new(ctx, inputs, n, &samples, &diag) != OCTET_OK)
            abort();
        (void)octet_source_manifest(samples, ".", "samples.json", &file, &diag);
        octet_samples_close(samples);
    }
    octet_context_destroy(ctx);
}

static void one_image(const uint8_t *data, size_t size)
{
    static const octet_image_options options = {.geometry = OCTET_RESIZE_LETTERBOX,
                                                .width = 24,
                                                .height = 16,
                                                .centered = true,
                                                .interpolation = OCTET_INTERP_BILINEAR,
                                                .scale = 1,
                                                .std = {1, 1, 1}};
    static const octet_sample_input input = {.name = "x", .dtype = OCTET_DTYPE_FLOAT32, .rank = -1};
    octet_image image;
    octet_tensor tensor;
    octet_diag diag = {0};

    if (octet_image_decode(data, size, NULL, MOST_BYTES, &image, &diag) != OCTET_OK)
        return;
    if (octet_image_to_tensor(&image, &options, &input, NULL, MOST_BYTES, &tensor, &diag) ==
        OCTET_OK) {
        touch(&tensor);
        octet_tensor_deinit(&tensor, NULL);
    }
    octet_image_deinit(&image, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const formats[])(const uint8_t *, size_t) = {one_npy, one_manifest, one_image};

    if (size > 0)
        formats[data[0] % 3](data + 1, size - 1);
    return 0;
}
