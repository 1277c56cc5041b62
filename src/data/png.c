/* png.c: PNG files to RGB with libpng
 * SPDX-License-Identifier: Apache-2.0
 *
 * Palette and gray become RGB, alpha and transparency are dropped, gamma is left alone, of 16 bits
 * the upper eight are kept.
 */
#include "data/image.h"

#include <setjmp.h>
#include <string.h>

#include <png.h>

/* Everything the decoder needs lives here, not in local variables, which longjmp() may lose. */
typedef struct decoder {
    png_struct *png;
    png_info *info;
    const uint8_t *bytes;
    size_t size, at;
    const octet_allocator *allocator;
    uint64_t max_bytes;
    octet_image *out;
    int *orientation;
    octet_diag *diag;
    octet_status status;
} decoder;

/* libpng never returns from an error; both functions of it are reached by longjmp. */
static void on_error(png_struct *png, const char *text)
{
    decoder *d = png_get_error_ptr(png);

    d->status = octet_fail(d->diag, OCTET_ERR_DATA, "PNG: %s", text);
    png_longjmp(png, 1);
}

static void on_warning(png_struct *png, const char *text)
{
    (void)png; /* about chunks that do not matter to pixels */
    (void)text;
}

static void read_data(png_struct *png, png_byte *out, size_t size)
{
    decoder *d = png_get_io_ptr(png);

    if (size > d->size - d->at)
        png_error(png, "the image is truncated");
    memcpy(out, d->bytes + d->at, size);
    d->at += size;
}

static void read_header(decoder *d)
{
    png_set_read_fn(d->png, d, read_data);
    png_set_user_limits(d->png, 1 << 20, 1 << 20);
    png_set_chunk_malloc_max(d->png, 1 << 26);
    png_set_chunk_cache_max(d->png, 1000);
    png_read_info(d->png, d->info);
}

static void choose_colors(decoder *d)
{
    png_set_expand_gray_1_2_4_to_8(d->png);
    png_set_palette_to_rgb(d->png);
    png_set_strip_16(d->png);
    png_set_strip_alpha(d->png);
    png_set_gray_to_rgb(d->png);
}

static void read_rows(decoder *d, int passes)
{
    size_t stride = (size_t)d->out->width * 3;

    if (png_get_rowbytes(d->png, d->info) != stride)
        png_error(d->png, "rows have an unexpected size");
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < d->out->height; y++)
            png_read_row(d->png, d->out->pixels + (size_t)y * stride, NULL);
}

static void read_orientation(decoder *d)
{
#ifdef PNG_eXIf_SUPPORTED
    png_uint_32 size = 0;
    png_byte *exif = NULL;

    if (png_get_eXIf_1(d->png, d->info, &size, &exif) != 0)
        *d->orientation = octet_exif_orientation(exif, size);
#endif
}

static octet_status decode(decoder *d)
{
    int passes;

    if (setjmp(png_jmpbuf(d->png)) != 0)
        return d->status;
    read_header(d);
    d->status = octet_image_init(d->out, d->allocator, png_get_image_width(d->png, d->info),
                                 png_get_image_height(d->png, d->info), 3, d->max_bytes, d->diag);
    if (d->status != OCTET_OK)
        return d->status;
    choose_colors(d);
    passes = png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
    read_rows(d, passes);
    png_read_end(d->png, d->info);
    read_orientation(d);
    return OCTET_OK;
}

octet_status octet_png_decode(const uint8_t *bytes, size_t size, const octet_allocator *allocator,
                              uint64_t max_bytes, octet_image *out, int *orientation,
                              octet_diag *diag)
{
    decoder d = {.bytes = bytes,
                 .size = size,
                 .allocator = allocator,
                 .max_bytes = max_bytes,
                 .out = out,
                 .orientation = orientation,
                 .diag = diag};
    octet_status status;

    *orientation = 1;
    d.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &d, on_error, on_warning);
    OCTET_TRY_ALLOC(diag, d.png);
    d.info = png_create_info_struct(d.png);
    status = d.info ? decode(&d) : octet_fail_nomem(diag);
    png_destroy_read_struct(&d.png, &d.info, NULL);
    return status;
}
