/* jpeg.c: JPEG files to RGB with libjpeg-turbo
 * SPDX-License-Identifier: Apache-2.0
 */
#include "data/image.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h> /* after jpeglib.h: its numbers depend on the configuration */

/* A progressive file may repeat scans of the whole image; no encoder writes nearly as many. */
#define MOST_SCANS 500

/* Everything the decoder needs lives here, not in local variables, which longjmp() may lose. */
typedef struct decoder {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    const uint8_t *bytes;
    size_t size;
    const octet_allocator *allocator;
    uint64_t max_bytes;
    octet_image *out;
    uint8_t *row; /* of CMYK */
    int *orientation;
    octet_diag *diag;
    octet_status status;
    char text[JMSG_LENGTH_MAX];
} decoder;

static void give_up(decoder *d, octet_status status)
{
    d->status = status;
    longjmp(d->escape, 1);
}

static void on_error(j_common_ptr info)
{
    decoder *d = info->client_data;

    info->err->format_message(info, d->text);
    give_up(d, octet_fail(d->diag, OCTET_ERR_DATA, "JPEG: %s", d->text));
}

/* Warnings after which pixels are made up. Others, such as stray bytes between markers, are common
 * and harmless. */
static const int fatal_warnings[] = {
    JWRN_ARITH_BAD_CODE, JWRN_HIT_MARKER, JWRN_HUFF_BAD_CODE, JWRN_JPEG_EOF, JWRN_MUST_RESYNC,
};

static void on_message(j_common_ptr info, int level)
{
    if (level >= 0)
        return;
    for (size_t i = 0; i < sizeof fatal_warnings / sizeof fatal_warnings[0]; i++)
        if (info->err->msg_code == fatal_warnings[i])
            on_error(info);
}

static void on_progress(j_common_ptr info)
{
    decoder *d = info->client_data;

    if (d->info.input_scan_number > MOST_SCANS)
        give_up(d, octet_fail(d->diag, OCTET_ERR_DATA, "JPEG: more than %d scans", MOST_SCANS));
}

static void start(decoder *d)
{
    d->info.err = jpeg_std_error(&d->errors);
    d->errors.error_exit = on_error;
    d->errors.emit_message = on_message;
    d->info.client_data = d;
    jpeg_create_decompress(&d->info);
    d->info.client_data = d;
    d->progress.progress_monitor = on_progress;
    d->info.progress = &d->progress;
    jpeg_save_markers(&d->info, JPEG_APP0 + 1, 0xffff);
    jpeg_mem_src(&d->info, d->bytes, (unsigned long)d->size);
}

static void read_orientation(decoder *d)
{
    static const uint8_t exif[6] = {'E', 'x', 'i', 'f', 0, 0};

    for (jpeg_saved_marker_ptr m = d->info.marker_list; m; m = m->next) {
        if (m->marker != JPEG_APP0 + 1 || m->data_length <= sizeof exif ||
            memcmp(m->data, exif, sizeof exif) != 0)
            continue;
        *d->orientation =
            octet_exif_orientation(m->data + sizeof exif, m->data_length - sizeof exif);
        return;
    }
}

static void choose_colors(decoder *d)
{
    switch (d->info.num_components) {
    case 1:
    case 3:
        d->info.out_color_space = JCS_RGB;
        break;
    case 4:
        d->info.out_color_space = JCS_CMYK;
        break;
    default:
        give_up(d, octet_fail(d->diag, OCTET_ERR_DATA, "JPEG: %d color components are not known",
                              d->info.num_components));
    }
}

static int times_255(int a, int b)
{
    int product = a * b + 128;

    return ((product >> 8) + product) >> 8;
}

/* Four-component files are stored inverted, as Adobe's programs write them: 255 is no ink. */
static void cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb, size_t n)
{
    for (size_t i = 0; i < n; i++, cmyk += 4, rgb += 3)
        for (int c = 0; c < 3; c++) {
            int light = cmyk[3] - times_255(255 - cmyk[c], cmyk[3]);

            rgb[c] = (uint8_t)(light < 0 ? 0 : light);
        }
}

static void read_rows(decoder *d)
{
    size_t stride = (size_t)d->out->width * 3;

    while (d->info.output_scanline < d->info.output_height) {
        uint8_t *to = d->out->pixels + (size_t)d->info.output_scanline * stride;
        JSAMPROW row = d->row ? d->row : to;

        if (jpeg_read_scanlines(&d->info, &row, 1) != 1)
            give_up(d, octet_fail(d->diag, OCTET_ERR_DATA, "JPEG: the image is truncated"));
        if (d->row)
            cmyk_to_rgb(d->row, to, (size_t)d->out->width);
    }
}

static octet_status decode(decoder *d)
{
    if (setjmp(d->escape) != 0)
        return d->status;
    start(d);
    jpeg_read_header(&d->info, TRUE);
    read_orientation(d);
    choose_colors(d);
    d->status = octet_image_init(d->out, d->allocator, d->info.image_width, d->info.image_height, 3,
                                 d->max_bytes, d->diag);
    if (d->status != OCTET_OK)
        return d->status;
    if (d->info.out_color_space == JCS_CMYK) {
        d->row = octet_mem_alloc(d->allocator, d->info.image_width, 4);
        OCTET_TRY_ALLOC(d->diag, d->row);
    }
    jpeg_start_decompress(&d->info);
    read_rows(d);
    return OCTET_OK;
}

octet_status octet_jpeg_decode(const uint8_t *bytes, size_t size, const octet_allocator *allocator,
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
    status = decode(&d);
    jpeg_destroy_decompress(&d.info);
    octet_mem_free(allocator, d.row);
    return status;
}
