/* preprocess.c: from a decoded image to the model's input
 * SPDX-License-Identifier: Apache-2.0
 */
#include "data/image.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---------------------------------------------------------------- geometry */

/* The image is resized to full_*; the window at cut_* of it lies at paste_* on a canvas. */
typedef struct plan {
    int full_width, full_height;
    int cut_x, cut_y, width, height;
    int paste_x, paste_y, canvas_width, canvas_height;
} plan;

#define LONGEST_SIDE (1 << 24)

static octet_status to_side(double side, int *out, octet_diag *diag)
{
    if (!(side <= LONGEST_SIDE))
        return octet_fail(diag, OCTET_ERR_DATA, "resizing would give a side of %.0f pixels", side);
    *out = (int)side;
    return OCTET_OK;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static void whole_canvas(plan *p)
{
    p->width = p->canvas_width = p->full_width;
    p->height = p->canvas_height = p->full_height;
}

static octet_status plan_none(const octet_image *image, const octet_image_options *options, plan *p,
                              octet_diag *diag)
{
    (void)options;
    (void)diag;
    p->full_width = image->width;
    p->full_height = image->height;
    whole_canvas(p);
    return OCTET_OK;
}

static octet_status plan_center(const octet_image *image, const octet_image_options *options,
                                plan *p, octet_diag *diag)
{
    int shorter = image->width < image->height ? image->width : image->height;
    double s = options->short_side ? (double)options->short_side / shorter : 1.0;

    /* rint() rounds halves to even, as Python's round() does. */
    OCTET_TRY(to_side(rint(image->width * s), &p->full_width, diag));
    OCTET_TRY(to_side(rint(image->height * s), &p->full_height, diag));
    if (options->short_side) {
        p->full_width = larger(options->crop_width, larger(1, p->full_width));
        p->full_height = larger(options->crop_height, larger(1, p->full_height));
    }
    whole_canvas(p);
    if (options->crop_width == 0)
        return OCTET_OK;
    if (p->full_width < options->crop_width || p->full_height < options->crop_height)
        return octet_fail(diag, OCTET_ERR_DATA, "%d × %d pixels are too few for a crop of %d × %d",
                          image->width, image->height, options->crop_width, options->crop_height);
    p->width = p->canvas_width = options->crop_width;
    p->height = p->canvas_height = options->crop_height;
    p->cut_x = (p->full_width - p->width) / 2;
    p->cut_y = (p->full_height - p->height) / 2;
    return OCTET_OK;
}

static octet_status plan_stretch(const octet_image *image, const octet_image_options *options,
                                 plan *p, octet_diag *diag)
{
    (void)image;
    (void)diag;
    p->full_width = options->width;
    p->full_height = options->height;
    whole_canvas(p);
    return OCTET_OK;
}

static octet_status plan_letterbox(const octet_image *image, const octet_image_options *options,
                                   plan *p, octet_diag *diag)
{
    double sx = (double)options->width / image->width, sy = (double)options->height / image->height;
    double s = sx < sy ? sx : sy;

    (void)diag;
    p->full_width = larger(1, (int)(image->width * s));
    p->full_height = larger(1, (int)(image->height * s));
    whole_canvas(p);
    p->canvas_width = options->width;
    p->canvas_height = options->height;
    if (options->centered) {
        p->paste_x = (options->width - p->width) / 2;
        p->paste_y = (options->height - p->height) / 2;
    }
    return OCTET_OK;
}

static octet_status (*const planners[])(const octet_image *, const octet_image_options *, plan *,
                                        octet_diag *) = {
    [OCTET_RESIZE_NONE] = plan_none,
    [OCTET_RESIZE_CENTER] = plan_center,
    [OCTET_RESIZE_STRETCH] = plan_stretch,
    [OCTET_RESIZE_LETTERBOX] = plan_letterbox,
};

/* ---------------------------------------------------------------- values */

/* A pixel is one of 256 values, so each channel has a table of results in the model's dtype. */
typedef struct tables {
    uint8_t cells[3][256][8];
    size_t size;
} tables;

static int channel_count(const octet_image_options *options)
{
    return options->channels == OCTET_CHANNELS_GRAY ? 1 : 3;
}

static bool fill_cell(octet_dtype dtype, float value, uint8_t *cell)
{
    float back;
    bool integer = octet_dtype_get(dtype)->kind != OCTET_KIND_FLOAT;

    if (!octet_convert(dtype, cell, OCTET_DTYPE_FLOAT32, &value, 0, 1))
        return false;
    return !integer ||
           (octet_convert(OCTET_DTYPE_FLOAT32, &back, dtype, cell, 0, 1) && back == value);
}

static octet_status fill_tables(const octet_image_options *options, const octet_sample_input *input,
                                tables *out, octet_diag *diag)
{
    out->size = octet_dtype_get(input->dtype)->bits / 8;
    for (int c = 0; c < channel_count(options); c++)
        for (int pixel = 0; pixel < 256; pixel++) {
            float value = ((float)pixel * options->scale - options->mean[c]) / options->std[c];

            if (!fill_cell(input->dtype, value, out->cells[c][pixel]))
                return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT,
                                  "input '%s' is %s, which cannot hold the normalised pixel %g",
                                  input->name, octet_dtype_get(input->dtype)->name, (double)value);
        }
    return OCTET_OK;
}

octet_status octet_image_check_options(const octet_image_options *options,
                                       const octet_sample_input *input, octet_diag *diag)
{
    const octet_dtype_traits *traits = octet_dtype_get(input->dtype);
    bool box =
        options->geometry == OCTET_RESIZE_STRETCH || options->geometry == OCTET_RESIZE_LETTERBOX;
    tables t;

    if (traits->bits < 8 || traits->bits > 64 || traits->kind == OCTET_KIND_OTHER)
        return octet_fail(diag, OCTET_ERR_DATA, "input '%s' is %s, which images cannot feed",
                          input->name, traits->name);
    if (box && (options->width < 1 || options->height < 1))
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT,
                          "the images' width or height is missing");
    if (options->short_side < 0 || options->crop_width < 0 || options->crop_height < 0 ||
        (options->crop_width == 0) != (options->crop_height == 0))
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT, "the images' crop has no size");
    if (larger(larger(options->width, options->height),
               larger(options->crop_width, options->crop_height)) > LONGEST_SIDE)
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT, "images of more than %d pixels a side",
                          LONGEST_SIDE);
    if (!(options->pad_value >= 0 && options->pad_value <= 255) ||
        options->pad_value != floorf(options->pad_value))
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT,
                          "the padding is not a whole number between 0 and 255");
    for (int c = 0; c < channel_count(options); c++)
        if (options->std[c] == 0 || !isfinite(options->std[c]) || !isfinite(options->mean[c]) ||
            !isfinite(options->scale))
            return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT,
                              "the images' mean, std and scale are numbers, and std is not 0");
    return fill_tables(options, input, &t, diag);
}

/* ---------------------------------------------------------------- layout */

typedef struct layout {
    bool batch, channels_first;
} layout;

static layout layout_of(const octet_image_options *options, const octet_sample_input *input)
{
    static const layout fixed[] = {
        [OCTET_LAYOUT_NCHW] = {true, true},
        [OCTET_LAYOUT_NHWC] = {true, false},
        [OCTET_LAYOUT_CHW] = {false, true},
        [OCTET_LAYOUT_HWC] = {false, false},
    };
    int channels = channel_count(options);
    layout l = {input->rank != 3, true};
    int32_t first = l.batch ? 1 : 0;

    if (options->layout != OCTET_LAYOUT_AUTO)
        return fixed[options->layout];
    if (input->rank == first + 3)
        l.channels_first = input->dims[first] == channels || input->dims[first + 2] != channels;
    return l;
}

static octet_status make_tensor(layout l, const plan *p, int channels, octet_dtype dtype,
                                const octet_allocator *allocator, uint64_t max_bytes,
                                octet_tensor *out, octet_diag *diag)
{
    int64_t dims[4] = {1, p->canvas_height, p->canvas_width, channels};

    if (l.channels_first) {
        dims[1] = channels;
        dims[2] = p->canvas_height;
        dims[3] = p->canvas_width;
    }
    OCTET_TRY(octet_tensor_describe(out, dtype, l.batch ? 4 : 3, dims + !l.batch, diag));
    if (max_bytes && out->bytes > max_bytes)
        return octet_fail(diag, OCTET_ERR_DATA, "an input of %zu bytes is above the limit",
                          out->bytes);
    return octet_tensor_init(out, allocator, dtype, l.batch ? 4 : 3, dims + !l.batch, diag);
}

static inline void put(uint8_t *out, const uint8_t *cell, size_t size)
{
    if (size == 4)
        memcpy(out, cell, 4);
    else
        memcpy(out, cell, size);
}

/* One channel: pixels of `row`, `step` bytes apart, or padding where row is NULL. */
static void put_row(const tables *t, int channel, const uint8_t *pixels, int n, int step,
                    uint8_t pad, uint8_t *out, size_t stride)
{
    for (int x = 0; x < n; x++, out += stride)
        put(out, t->cells[channel][pixels ? pixels[(size_t)x * (size_t)step] : pad], t->size);
}

static void put_channel(const tables *t, int channel, const octet_image *window, const plan *p,
                        const octet_image_options *options, uint8_t *out, size_t stride)
{
    int source = options->channels == OCTET_CHANNELS_BGR ? 2 - channel : channel;
    uint8_t pad = (uint8_t)options->pad_value;
    int right = p->paste_x + p->width;

    for (int y = 0; y < p->canvas_height; y++, out += (size_t)p->canvas_width * stride) {
        const uint8_t *row = window->pixels + source +
                             (ptrdiff_t)(y - p->paste_y) * window->width * window->channels;

        if (y < p->paste_y || y >= p->paste_y + p->height) {
            put_row(t, channel, NULL, p->canvas_width, 0, pad, out, stride);
            continue;
        }
        put_row(t, channel, NULL, p->paste_x, 0, pad, out, stride);
        put_row(t, channel, row, p->width, window->channels, pad, out + (size_t)p->paste_x * stride,
                stride);
        put_row(t, channel, NULL, p->canvas_width - right, 0, pad, out + (size_t)right * stride,
                stride);
    }
}

static octet_status normalise(const octet_image *window, const plan *p,
                              const octet_image_options *options, const octet_sample_input *input,
                              const octet_allocator *allocator, uint64_t max_bytes,
                              octet_tensor *out, octet_diag *diag)
{
    layout l = layout_of(options, input);
    int channels = channel_count(options);
    size_t plane = (size_t)p->canvas_width * (size_t)p->canvas_height, start, stride;
    tables t;

    OCTET_TRY(fill_tables(options, input, &t, diag));
    OCTET_TRY(make_tensor(l, p, channels, input->dtype, allocator, max_bytes, out, diag));
    start = t.size * (l.channels_first ? plane : 1);
    stride = t.size * (l.channels_first ? 1 : (size_t)channels);
    for (int c = 0; c < channels; c++)
        put_channel(&t, c, window, p, options, (uint8_t *)out->data + (size_t)c * start, stride);
    return OCTET_OK;
}

octet_status octet_image_to_tensor(octet_image *image, const octet_image_options *options,
                                   const octet_sample_input *input,
                                   const octet_allocator *allocator, uint64_t max_bytes,
                                   octet_tensor *out, octet_diag *diag)
{
    octet_image window;
    octet_status status;
    plan p = {0};

    if (options->channels == OCTET_CHANNELS_GRAY)
        octet_image_to_gray(image);
    OCTET_TRY(planners[options->geometry](image, options, &p, diag));
    OCTET_TRY(
        octet_image_init(&window, allocator, p.width, p.height, image->channels, max_bytes, diag));
    status = octet_image_resize(image, p.full_width, p.full_height, options->interpolation, p.cut_x,
                                p.cut_y, &window, allocator, diag);
    if (status == OCTET_OK)
        status = normalise(&window, &p, options, input, allocator, max_bytes, out, diag);
    octet_image_deinit(&window, allocator);
    return status;
}
