/* test_image.c: decoding, orientation and preprocessing of images
 * SPDX-License-Identifier: Apache-2.0
 *
 * Files are made here with the same libraries; tests/interop has those of Pillow.
 */
#define _POSIX_C_SOURCE 200809L

#include "data/image.h"
#include "support/check.h"

#include <stdio.h>

#include <jpeglib.h>
#include <png.h>

typedef struct bytes {
    uint8_t *data;
    size_t size;
} bytes;

static uint8_t pixel(int x, int y, int c)
{
    return (uint8_t)(x * 9 + y * 5 + c * 60);
}

static bytes make_jpeg(int width, int height, const uint8_t *exif, unsigned exif_size)
{
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long size = 0;
    uint8_t row[3 * 64];
    JSAMPROW rows[1] = {row};

    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &data, &size);
    info.image_width = (JDIMENSION)width;
    info.image_height = (JDIMENSION)height;
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, 100, TRUE);
    jpeg_start_compress(&info, TRUE);
    if (exif)
        jpeg_write_marker(&info, JPEG_APP0 + 1, exif, exif_size);
    for (int y = 0; y < height; y++) {
        for (int i = 0; i < 3 * width; i++)
            row[i] = pixel(i / 3, y, i % 3);
        jpeg_write_scanlines(&info, rows, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    return (bytes){data, size};
}

static bytes make_png(int width, int height)
{
    png_image image = {.version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_RGB};
    uint8_t pixels[3 * 64 * 64];
    png_alloc_size_t size = 0;
    bytes out;

    image.width = (png_uint_32)width;
    image.height = (png_uint_32)height;
    for (int i = 0; i < 3 * width * height; i++)
        pixels[i] = pixel(i / 3 % width, i / 3 / width, i % 3);
    assert_true(png_image_write_to_memory(&image, NULL, &size, 0, pixels, 0, NULL) != 0);
    out.data = malloc(size);
    assert_non_null(out.data);
    assert_true(png_image_write_to_memory(&image, out.data, &size, 0, pixels, 0, NULL) != 0);
    out.size = size;
    return out;
}

static void png_gives_the_pixels(void **state)
{
    bytes file = make_png(13, 7);
    octet_image image;
    octet_diag diag = {0};

    (void)state;
    assert_int_equal(octet_image_decode(file.data, file.size, NULL, 0, &image, &diag), OCTET_OK);
    assert_int_equal(image.width, 13);
    assert_int_equal(image.height, 7);
    for (int i = 0; i < 3 * 13 * 7; i++)
        assert_int_equal(image.pixels[i], pixel(i / 3 % 13, i / 3 / 13, i % 3));
    octet_image_deinit(&image, NULL);
    free(file.data);
}

/* A turned file gives the turned pixels of the plain one. */
static void orientation_is_applied(void **state)
{
    uint8_t exif[] = "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0?\0\0\0\0\0\0\0";
    bytes plain_file = make_jpeg(13, 7, NULL, 0), file;
    octet_image plain, image;
    octet_diag diag = {0};

    (void)state;
    assert_int_equal(octet_image_decode(plain_file.data, plain_file.size, NULL, 0, &plain, &diag),
                     OCTET_OK);
    for (uint8_t orientation = 0; orientation <= 9; orientation++) {
        bool sideways = orientation >= 5 && orientation <= 8;

        exif[24] = orientation;
        file = make_jpeg(13, 7, exif, sizeof exif - 1);
        assert_int_equal(octet_image_decode(file.data, file.size, NULL, 0, &image, &diag),
                         OCTET_OK);
        assert_int_equal(image.width, sideways ? 7 : 13);
        for (int y = 0; y < image.height; y++)
            for (int x = 0; x < image.width; x++) {
                int from[10][2] = {{x, y}, {x, y},     {12 - x, y},     {12 - x, 6 - y}, {x, 6 - y},
                                   {y, x}, {y, 6 - x}, {12 - y, 6 - x}, {12 - y, x},     {x, y}};
                int source = from[orientation][1] * 13 + from[orientation][0];

                assert_memory_equal(image.pixels + (size_t)(3 * (y * image.width + x)),
                                    plain.pixels + (size_t)(3 * source), 3);
            }
        octet_image_deinit(&image, NULL);
        free(file.data);
    }
    octet_image_deinit(&plain, NULL);
    free(plain_file.data);
}

static void broken_exif_is_ignored(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        {"", 0},
        {"II*\0", 4},
        {"II*\0\xff\xff\xff\xff", 8},
        {"II*\0\x08\0\0\0", 8},
        {"II*\0\x08\0\0\0\xff\xff", 10},
        {"II*\0\x08\0\0\0\xff\xff\x12\x01\x03\0\x01\0\0\0\x06", 19},
        {"II*\0\x08\0\0\0\x01\0\x12\x01\x04\0\x01\0\0\0\x06\0\0\0", 22},
        {"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x63\0\0", 22},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t *exact = malloc(cases[i].size ? cases[i].size : 1);

        assert_non_null(exact);
        memcpy(exact, cases[i].bytes, cases[i].size);
        assert_int_equal(octet_exif_orientation(exact, cases[i].size), 1);
        free(exact);
    }
    assert_int_equal(
        octet_exif_orientation(
            (const uint8_t *)"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0", 22),
        6);
}

/* No cut file is taken for a whole one, and no damaged one crashes. */
static void damaged_files(void **state)
{
    bytes files[2] = {make_jpeg(40, 30, NULL, 0), make_png(40, 30)};
    octet_diag diag = {0};

    (void)state;
    for (int f = 0; f < 2; f++) {
        for (size_t cut = 0; cut < files[f].size; cut++) {
            uint8_t *copy = malloc(files[f].size);
            octet_image image;

            assert_non_null(copy);
            memcpy(copy, files[f].data, files[f].size);
            copy[cut] ^= 0x55;
            if (octet_image_decode(copy, files[f].size, NULL, 1 << 24, &image, &diag) == OCTET_OK)
                octet_image_deinit(&image, NULL);
            free(copy);
            copy = malloc(cut ? cut : 1);
            assert_non_null(copy);
            memcpy(copy, files[f].data, cut);
            if (octet_image_decode(copy, cut, NULL, 0, &image, &diag) == OCTET_OK) {
                /* Only the mark at the end is missing. */
                assert_true(f == 0 && cut + 2 >= files[f].size);
                octet_image_deinit(&image, NULL);
            }
            free(copy);
        }
        free(files[f].data);
    }
}

static void sizes_are_limited(void **state)
{
    bytes files[2] = {make_jpeg(40, 30, NULL, 0), make_png(40, 30)};
    octet_image image;
    octet_diag diag = {0};

    (void)state;
    for (int f = 0; f < 2; f++) {
        assert_int_equal(
            octet_image_decode(files[f].data, files[f].size, NULL, 40 * 30 * 3 - 1, &image, &diag),
            OCTET_ERR_DATA);
        assert_non_null(strstr(diag.text, "40"));
        free(files[f].data);
    }
    assert_int_equal(octet_image_init(&image, NULL, 1 << 20, 1 << 20, 3, 0, &diag), OCTET_ERR_DATA);
    assert_int_equal(octet_image_init(&image, NULL, INT64_MAX, INT64_MAX, 3, 0, &diag),
                     OCTET_ERR_DATA);
}

static void gray_has_the_weights_of_video(void **state)
{
    uint8_t pixels[12] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 200, 200, 200};
    octet_image image = {4, 1, 3, pixels};

    (void)state;
    octet_image_to_gray(&image);
    assert_int_equal(image.channels, 1);
    assert_memory_equal(pixels, ((uint8_t[]){76, 150, 29, 200}), 4);
}

static void options_are_checked(void **state)
{
    static const octet_image_options good = {
        .geometry = OCTET_RESIZE_STRETCH, .width = 4, .height = 4, .scale = 1, .std = {1, 1, 1}};
    octet_sample_input x = {.name = "x", .dtype = OCTET_DTYPE_FLOAT32, .rank = -1};
    octet_image_options options = good;
    octet_diag diag = {0};

    (void)state;
    assert_int_equal(octet_image_check_options(&options, &x, &diag), OCTET_OK);
    options.width = 0;
    assert_int_not_equal(octet_image_check_options(&options, &x, &diag), OCTET_OK);
    options = good;
    options.pad_value = 1.5f;
    assert_int_not_equal(octet_image_check_options(&options, &x, &diag), OCTET_OK);
    options = good;
    options.std[1] = 0;
    assert_int_not_equal(octet_image_check_options(&options, &x, &diag), OCTET_OK);
    options = good;
    options.geometry = OCTET_RESIZE_CENTER;
    options.crop_width = 3;
    assert_int_not_equal(octet_image_check_options(&options, &x, &diag), OCTET_OK);
    options = good;
    options.mean[0] = 0.5f;
    x.dtype = OCTET_DTYPE_UINT8;
    assert_int_not_equal(octet_image_check_options(&options, &x, &diag), OCTET_OK);
    assert_non_null(strstr(diag.text, "uint8"));
    x.dtype = OCTET_DTYPE_STRING;
    assert_int_equal(octet_image_check_options(&good, &x, &diag), OCTET_ERR_DATA);
}

/* A crop larger than an image that is not resized has nothing to cut from. */
static void crops_need_enough_pixels(void **state)
{
    octet_image_options options = {.geometry = OCTET_RESIZE_CENTER,
                                   .crop_width = 5,
                                   .crop_height = 4,
                                   .scale = 1,
                                   .std = {1, 1, 1}};
    octet_sample_input x = {.name = "x", .dtype = OCTET_DTYPE_FLOAT32, .rank = -1};
    uint8_t pixels[4 * 4 * 3] = {0};
    octet_image image = {4, 4, 3, pixels};
    octet_tensor out;
    octet_diag diag = {0};

    (void)state;
    assert_int_equal(octet_image_to_tensor(&image, &options, &x, NULL, 0, &out, &diag),
                     OCTET_ERR_DATA);
    assert_non_null(strstr(diag.text, "too few"));
    options.short_side = 1 << 20;
    options.crop_width = options.crop_height = 3;
    assert_int_equal(octet_image_to_tensor(&image, &options, &x, NULL, 0, &out, &diag), OCTET_OK);
    assert_int_equal(out.dims[3], 3);
    octet_tensor_deinit(&out, NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_gives_the_pixels),   cmocka_unit_test(orientation_is_applied),
        cmocka_unit_test(broken_exif_is_ignored), cmocka_unit_test(damaged_files),
        cmocka_unit_test(sizes_are_limited),      cmocka_unit_test(gray_has_the_weights_of_video),
        cmocka_unit_test(options_are_checked),    cmocka_unit_test(crops_need_enough_pixels),
    };

    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
