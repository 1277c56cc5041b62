/* image.h: 8-bit images, decoding and resizing
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_DATA_IMAGE_H
#define OCTET_DATA_IMAGE_H

#include "base/alloc.h"
#include "base/diag.h"
#include "data/samples.h"

/* Rows without padding, channels interleaved. */
typedef struct octet_image {
    int width, height, channels; /* 1: gray, 3: RGB */
    uint8_t *pixels;             /* octet_mem_alloc_aligned */
} octet_image;

/* Refuses sizes that are not positive, or whose pixels are more than max_bytes (0: no bound) or
 * than OCTET_IMAGE_MAX_BYTES. */
#define OCTET_IMAGE_MAX_BYTES ((uint64_t)3 << 28)
octet_status octet_image_init(octet_image *out, const octet_allocator *allocator, int64_t width,
                              int64_t height, int channels, uint64_t max_bytes, octet_diag *diag);
void octet_image_deinit(octet_image *image, const octet_allocator *allocator);

/* A JPEG or PNG file in memory as RGB, turned as its EXIF orientation says. Alpha is dropped. */
octet_status octet_image_decode(const uint8_t *bytes, size_t size, const octet_allocator *allocator,
                                uint64_t max_bytes, octet_image *out, octet_diag *diag);
/* The two formats. *orientation: 1 to 8, as EXIF counts. */
octet_status octet_jpeg_decode(const uint8_t *bytes, size_t size, const octet_allocator *allocator,
                               uint64_t max_bytes, octet_image *out, int *orientation,
                               octet_diag *diag);
octet_status octet_png_decode(const uint8_t *bytes, size_t size, const octet_allocator *allocator,
                              uint64_t max_bytes, octet_image *out, int *orientation,
                              octet_diag *diag);
/* The orientation in a TIFF structure, 1 where there is none. */
int octet_exif_orientation(const uint8_t *bytes, size_t size);
octet_status octet_image_orient(octet_image *image, int orientation,
                                const octet_allocator *allocator, octet_diag *diag);
/* RGB to gray with the weights of ITU-R 601. */
void octet_image_to_gray(octet_image *image);

/* The window [x, x + out->width) × [y, y + out->height) of the image resized to width × height.
 * Pixels equal those that Pillow's Image.resize gives. */
octet_status octet_image_resize(const octet_image *image, int width, int height,
                                octet_interpolation interpolation, int x, int y, octet_image *out,
                                const octet_allocator *allocator, octet_diag *diag);

/* The model's input made from a decoded image: geometry, channels, layout, normalisation. */
octet_status octet_image_to_tensor(octet_image *image, const octet_image_options *options,
                                   const octet_sample_input *input,
                                   const octet_allocator *allocator, uint64_t max_bytes,
                                   octet_tensor *out, octet_diag *diag);
/* Whether the options can be used for the input. */
octet_status octet_image_check_options(const octet_image_options *options,
                                       const octet_sample_input *input, octet_diag *diag);

#endif
