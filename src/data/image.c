/* image.c: 8-bit images: memory, EXIF orientation, gray
 * SPDX-License-Identifier: Apache-2.0
 */
#include "data/image.h"

#include <inttypes.h>
#include <string.h>

octet_status octet_image_init(octet_image *out, const octet_allocator *allocator, int64_t width,
                              int64_t height, int channels, uint64_t max_bytes, octet_diag *diag)
{
    uint64_t bytes;

    *out = (octet_image){0};
    if (max_bytes == 0 || max_bytes > OCTET_IMAGE_MAX_BYTES)
        max_bytes = OCTET_IMAGE_MAX_BYTES;
    if (width < 1 || height < 1 || width > INT32_MAX || height > INT32_MAX)
        return octet_fail(diag, OCTET_ERR_DATA, "an image of %" PRId64 " × %" PRId64 " pixels",
                          width, height);
    bytes = (uint64_t)width * (uint64_t)height;
    if (bytes > max_bytes / (uint64_t)channels)
        return octet_fail(diag, OCTET_ERR_DATA,
                          "an image of %" PRId64 " × %" PRId64 " pixels is above the limit of "
                          "%" PRIu64 " bytes",
                          width, height, max_bytes);
    out->width = (int)width;
    out->height = (int)height;
    out->channels = channels;
    out->pixels = octet_mem_alloc_aligned(allocator, (size_t)bytes * (size_t)channels);
    OCTET_TRY_ALLOC(diag, out->pixels);
    return OCTET_OK;
}

void octet_image_deinit(octet_image *image, const octet_allocator *allocator)
{
    octet_mem_free_aligned(allocator, image->pixels);
    *image = (octet_image){0};
}

/* ---------------------------------------------------------------- EXIF */

/* A TIFF structure: byte order, then an offset to a directory of 12-byte entries. */
typedef struct tiff {
    const uint8_t *bytes;
    size_t size;
    bool big;
} tiff;

static uint32_t tiff_number(const tiff *t, size_t at, size_t n)
{
    uint32_t value = 0;

    if (at > t->size || n > t->size - at)
        return 0;
    for (size_t i = 0; i < n; i++)
        value |= (uint32_t)t->bytes[at + i] << 8 * (t->big ? n - 1 - i : i);
    return value;
}

#define TAG_ORIENTATION 0x0112
#define TIFF_SHORT 3

int octet_exif_orientation(const uint8_t *bytes, size_t size)
{
    tiff t = {.bytes = bytes, .size = size};
    uint32_t entries;
    size_t at;

    if (size < 8 || (memcmp(bytes, "II*\0", 4) != 0 && memcmp(bytes, "MM\0*", 4) != 0))
        return 1;
    t.big = bytes[0] == 'M';
    at = tiff_number(&t, 4, 4);
    entries = tiff_number(&t, at, 2);
    for (at += 2; entries > 0 && at < size && size - at >= 12; entries--, at += 12) {
        uint32_t value = tiff_number(&t, at + 8, 2);

        if (tiff_number(&t, at, 2) == TAG_ORIENTATION)
            return tiff_number(&t, at + 2, 2) == TIFF_SHORT && value >= 1 && value <= 8 ? (int)value
                                                                                        : 1;
    }
    return 1;
}

/* Steps through the stored image that walk the upright one: where it starts, and what a step to the
 * right and one down is, in stored columns and rows. */
static const struct {
    int8_t start_x, start_y, right_x, right_y, down_x, down_y;
} turns[9] = {
    [2] = {1, 0, -1, 0, 0, 1},  /* mirrored */
    [3] = {1, 1, -1, 0, 0, -1}, /* upside down */
    [4] = {0, 1, 1, 0, 0, -1},  /* mirrored upside down */
    [5] = {0, 0, 0, 1, 1, 0},   /* transposed */
    [6] = {0, 1, 0, -1, 1, 0},  /* turned left, so turned right here */
    [7] = {1, 1, 0, -1, -1, 0}, /* transposed over the other diagonal */
    [8] = {1, 0, 0, 1, -1, 0},  /* turned right */
};

static void copy_turned(const octet_image *from, octet_image *to, int orientation)
{
    ptrdiff_t pixel = from->channels, row = pixel * from->width;
    ptrdiff_t right = turns[orientation].right_x * pixel + turns[orientation].right_y * row;
    ptrdiff_t down = turns[orientation].down_x * pixel + turns[orientation].down_y * row;
    ptrdiff_t start = (turns[orientation].start_x ? row - pixel : 0) +
                      (turns[orientation].start_y ? row * (from->height - 1) : 0);
    uint8_t *out = to->pixels;

    for (int y = 0; y < to->height; y++)
        for (int x = 0; x < to->width; x++, out += pixel)
            memcpy(out, from->pixels + start + y * down + x * right, (size_t)pixel);
}

octet_status octet_image_orient(octet_image *image, int orientation,
                                const octet_allocator *allocator, octet_diag *diag)
{
    bool sideways = orientation >= 5;
    octet_image turned;

    if (orientation < 2 || orientation > 8)
        return OCTET_OK;
    OCTET_TRY(octet_image_init(&turned, allocator, sideways ? image->height : image->width,
                               sideways ? image->width : image->height, image->channels, 0, diag));
    copy_turned(image, &turned, orientation);
    octet_image_deinit(image, allocator);
    *image = turned;
    return OCTET_OK;
}

/* ---------------------------------------------------------------- decoding */

octet_status octet_image_decode(const uint8_t *bytes, size_t size, const octet_allocator *allocator,
                                uint64_t max_bytes, octet_image *out, octet_diag *diag)
{
    static const uint8_t jpeg[3] = {0xff, 0xd8, 0xff};
    static const uint8_t png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    int orientation = 1;
    octet_status status;

    *out = (octet_image){0};
    if (size >= sizeof jpeg && memcmp(bytes, jpeg, sizeof jpeg) == 0)
        status = octet_jpeg_decode(bytes, size, allocator, max_bytes, out, &orientation, diag);
    else if (size >= sizeof png && memcmp(bytes, png, sizeof png) == 0)
        status = octet_png_decode(bytes, size, allocator, max_bytes, out, &orientation, diag);
    else
        status = octet_fail(diag, OCTET_ERR_DATA, "neither a JPEG nor a PNG image");
    if (status == OCTET_OK)
        status = octet_image_orient(out, orientation, allocator, diag);
    if (status != OCTET_OK)
        octet_image_deinit(out, allocator);
    return status;
}

void octet_image_to_gray(octet_image *image)
{
    size_t count = (size_t)image->width * (size_t)image->height;

    for (size_t i = 0; i < count; i++) {
        const uint8_t *p = image->pixels + 3 * i;

        /* 0.299, 0.587 and 0.114 of 65536 */
        image->pixels[i] =
            (uint8_t)((p[0] * 19595u + p[1] * 38470u + p[2] * 7471u + 0x8000u) >> 16);
    }
    image->channels = 1;
}
