/* images.c: one sample per image file
 * SPDX-License-Identifier: Apache-2.0
 */
#include "data/image.h"
#include "data/source.h"

#include <stdio.h>

typedef struct images {
    char **paths;
    uint32_t input;
    octet_image_options options;
} images;

static octet_status decode_file(const octet_samples *samples, const char *path, octet_image *out,
                                octet_diag *diag)
{
    octet_file file;
    octet_status status;

    OCTET_TRY(octet_file_map(path, &file, diag));
    status = octet_image_decode(file.data, file.size, &samples->ctx->allocator,
                                samples->ctx->limits.max_tensor_bytes, out, diag);
    octet_file_unmap(&file);
    return octet_note(diag, status, "'%s'", path);
}

static octet_status load(octet_samples *samples, int64_t index, octet_sample *out, bool *end,
                         octet_diag *diag)
{
    const images *s = samples->state;
    const octet_allocator *allocator = &samples->ctx->allocator;
    octet_image image;
    octet_status status;

    *end = false;
    OCTET_TRY(decode_file(samples, s->paths[index], &image, diag));
    status =
        octet_image_to_tensor(&image, &s->options, &samples->inputs[s->input], allocator,
                              samples->ctx->limits.max_tensor_bytes, &out->tensors[s->input], diag);
    out->owned[s->input] = status == OCTET_OK;
    octet_image_deinit(&image, allocator);
    return octet_note(diag, status, "'%s'", s->paths[index]);
}

static void name(const octet_samples *samples, int64_t index, char *buffer, size_t size)
{
    const images *s = samples->state;

    snprintf(buffer, size, "%s", octet_source_base_name(s->paths[index]));
}

static const octet_source images_source = {.load = load, .name = name};

octet_status octet_source_images(octet_samples *samples, char **paths, uint32_t n, uint32_t input,
                                 const octet_image_options *options, octet_diag *diag)
{
    images *s = OCTET_ARENA_NEW(&samples->arena, images);

    OCTET_TRY_ALLOC(diag, s);
    s->paths = octet_arena_memdup(&samples->arena, paths, n * sizeof *paths);
    OCTET_TRY_ALLOC(diag, s->paths);
    s->input = input;
    s->options = *options;
    /* Left at zero by a caller who says nothing about it. */
    s->options.scale = options->scale == 0 ? 1 : options->scale;
    for (int c = 0; c < 3; c++)
        s->options.std[c] = options->std[c] == 0 ? 1 : options->std[c];
    OCTET_TRY(octet_image_check_options(&s->options, &samples->inputs[input], diag));
    samples->state = s;
    samples->count = n;
    samples->source = &images_source;
    return OCTET_OK;
}
