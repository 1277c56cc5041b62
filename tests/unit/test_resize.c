/* test_resize.c: properties of the antialiased resize; Pillow's own results are in tests/interop
 * SPDX-License-Identifier: Apache-2.0
 */
#include "data/image.h"
#include "support/check.h"

static octet_image make(int width, int height, int channels)
{
    octet_image image;
    octet_diag diag = {0};

    assert_int_equal(octet_image_init(&image, NULL, width, height, channels, 0, &diag), OCTET_OK);
    return image;
}

static octet_image noise(int width, int height, int channels)
{
    octet_image image = make(width, height, channels);
    uint32_t state = 12345;

    for (int i = 0; i < width * height * channels; i++) {
        state = state * 1664525u + 1013904223u;
        image.pixels[i] = (uint8_t)(state >> 24);
    }
    return image;
}

static octet_image resize(const octet_image *image, int width, int height,
                          octet_interpolation interpolation)
{
    octet_image out = make(width, height, image->channels);
    octet_diag diag = {0};

    assert_int_equal(
        octet_image_resize(image, width, height, interpolation, 0, 0, &out, NULL, &diag), OCTET_OK);
    return out;
}

static void known_values(void **state)
{
    static const struct {
        octet_interpolation interpolation;
        int width;
        uint8_t want[8];
    } cases[] = {
        /* 0 and 255, halves of a pixel apart: 0, 1/4, 3/4, 1 */
        {OCTET_INTERP_BILINEAR, 4, {0, 64, 191, 255}},
        {OCTET_INTERP_BILINEAR, 1, {128}},
        {OCTET_INTERP_NEAREST, 4, {0, 0, 255, 255}},
        {OCTET_INTERP_NEAREST, 1, {255}},
        {OCTET_INTERP_BICUBIC, 1, {128}},
    };
    octet_image image = make(2, 1, 1);

    (void)state;
    image.pixels[0] = 0;
    image.pixels[1] = 255;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        octet_image out = resize(&image, cases[i].width, 1, cases[i].interpolation);

        assert_memory_equal(out.pixels, cases[i].want, (size_t)cases[i].width);
        octet_image_deinit(&out, NULL);
    }
    octet_image_deinit(&image, NULL);
}

/* Weights add up to one after rounding to fixed point, also at the edges. */
static void flat_images_stay_flat(void **state)
{
    (void)state;
    for (int value = 0; value <= 255; value += 51)
        for (int interpolation = 0; interpolation < 3; interpolation++)
            for (int size = 1; size < 90; size += 11) {
                octet_image image = make(37, 29, 3), out;

                memset(image.pixels, value, 37 * 29 * 3);
                out = resize(&image, size, 90 - size, (octet_interpolation)interpolation);
                for (int i = 0; i < size * (90 - size) * 3; i++)
                    assert_int_equal(out.pixels[i], value);
                octet_image_deinit(&image, NULL);
                octet_image_deinit(&out, NULL);
            }
}

/* Computing a window alone gives the same pixels as cutting it from the whole. */
static void windows_equal_the_whole(void **state)
{
    static const int sizes[][2] = {{31, 17}, {90, 70}, {40, 30}, {61, 30}, {40, 43}, {20, 90}};

    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (int k = 0; k < 6; k++) {
            int channels = k < 3 ? 1 : 3, width = sizes[s][0], height = sizes[s][1];
            octet_image image = noise(61, 43, channels), out = make(9, 7, channels);
            octet_image whole = resize(&image, width, height, (octet_interpolation)(k % 3));
            octet_diag diag = {0};

            assert_int_equal(octet_image_resize(&image, width, height, (octet_interpolation)(k % 3),
                                                width - 10, height - 9, &out, NULL, &diag),
                             OCTET_OK);
            for (int y = 0; y < 7; y++)
                assert_memory_equal(
                    out.pixels + (size_t)(y * 9 * channels),
                    whole.pixels + (size_t)(((y + height - 9) * width + width - 10) * channels),
                    (size_t)(9 * channels));
            octet_image_deinit(&image, NULL);
            octet_image_deinit(&out, NULL);
            octet_image_deinit(&whole, NULL);
        }
}

/* RGB is three gray images. */
static void channels_do_not_mix(void **state)
{
    octet_image rgb = noise(23, 19, 3), gray = make(23, 19, 1), wide, narrow;

    (void)state;
    for (int channel = 0; channel < 3; channel++) {
        for (int i = 0; i < 23 * 19; i++)
            gray.pixels[i] = rgb.pixels[3 * i + channel];
        wide = resize(&rgb, 31, 8, OCTET_INTERP_BICUBIC);
        narrow = resize(&gray, 31, 8, OCTET_INTERP_BICUBIC);
        for (int i = 0; i < 31 * 8; i++)
            assert_int_equal(wide.pixels[3 * i + channel], narrow.pixels[i]);
        octet_image_deinit(&wide, NULL);
        octet_image_deinit(&narrow, NULL);
    }
    octet_image_deinit(&rgb, NULL);
    octet_image_deinit(&gray, NULL);
}

static void running_out_of_memory(void **state)
{
    octet_image image = noise(20, 20, 3);
    bool enough = false;

    (void)state;
    for (size_t fail_at = 1; !enough; fail_at++) {
        failing_heap heap = {.fail_at = fail_at};
        octet_allocator allocator = failing_allocator(&heap);
        octet_image out = make(9, 9, 3);
        octet_diag diag = {0};
        octet_status status =
            octet_image_resize(&image, 9, 9, OCTET_INTERP_BILINEAR, 0, 0, &out, &allocator, &diag);

        enough = status == OCTET_OK;
        assert_true(enough || status == OCTET_ERR_NOMEM);
        assert_int_equal(heap.alive, 0);
        octet_image_deinit(&out, NULL);
    }
    octet_image_deinit(&image, NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(flat_images_stay_flat),
        cmocka_unit_test(windows_equal_the_whole),
        cmocka_unit_test(channels_do_not_mix),
        cmocka_unit_test(running_out_of_memory),
    };

    return cmocka_run_group_tests_name("resize", tests, NULL, NULL);
}
