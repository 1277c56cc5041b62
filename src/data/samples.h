/* samples.h: calibration data
 * SPDX-License-Identifier: Apache-2.0
 *
 * A source gives numbered samples; a sample is one tensor per model input. Stacked arrays are
 * mapped, images are decoded when asked for, so memory does not grow with the number of samples.
 */
#ifndef OCTET_DATA_SAMPLES_H
#define OCTET_DATA_SAMPLES_H

#include "base/context.h"
#include "tensor/tensor.h"

/* What the model wants. dims: -1 for symbolic or unknown; rank -1: unknown. */
typedef struct octet_sample_input {
    const char *name;
    octet_dtype dtype;
    int32_t rank;
    int64_t dims[OCTET_MAX_RANK];
} octet_sample_input;

typedef enum octet_resize_kind {
    OCTET_RESIZE_NONE,
    OCTET_RESIZE_CENTER,    /* short side to `short_side`, then centre crop crop_w × crop_h */
    OCTET_RESIZE_STRETCH,   /* to width × height */
    OCTET_RESIZE_LETTERBOX, /* keep aspect, pad with pad_value; centred or top left */
} octet_resize_kind;

typedef enum octet_interpolation { /* Pillow's antialiased filters are the definition */
                                   OCTET_INTERP_NEAREST,
                                   OCTET_INTERP_BILINEAR,
                                   OCTET_INTERP_BICUBIC,
} octet_interpolation;

typedef struct octet_image_options {
    octet_resize_kind geometry;
    int width, height, short_side, crop_width, crop_height;
    float pad_value;
    bool centered;
    octet_interpolation interpolation;
    enum { OCTET_CHANNELS_RGB, OCTET_CHANNELS_BGR, OCTET_CHANNELS_GRAY } channels;
    enum {
        OCTET_LAYOUT_AUTO,
        OCTET_LAYOUT_NCHW,
        OCTET_LAYOUT_NHWC,
        OCTET_LAYOUT_CHW,
        OCTET_LAYOUT_HWC
    } layout;                     /* AUTO: from the input's shape */
    float mean[3], std[3], scale; /* (pixel * scale - mean) / std, in the order of channels */
} octet_image_options;

typedef struct octet_samples_options {
    int64_t limit;    /* samples at most; 0: all */
    bool have_images; /* image options given on the command line */
    octet_image_options image;
} octet_samples_options;

typedef struct octet_samples octet_samples;

/* path: folder with samples.json; folder of .npy or .npz; folder of test_data_set_ * folders;
 * folder of JPEG/PNG (image options needed); one .npy/.npz/image file; "-": a stream of .npy on
 * standard input. Errors name file and, for JSON, line and column. */
octet_status octet_samples_open(octet_context *ctx, const char *path,
                                const octet_sample_input *inputs, uint32_t n_inputs,
                                const octet_samples_options *options, octet_samples **out,
                                octet_diag *diag);
/* n samples of standard normal (floats) or small integers from a fixed generator; unknown dims
 * are 1. */
octet_status octet_samples_random(octet_context *ctx, const octet_sample_input *inputs,
                                  uint32_t n_inputs, int64_t n, octet_samples **out,
                                  octet_diag *diag);
/* The caller's function fills tensors[i] (data stays the caller's until the next call with the same
 * worker); returns 1: sample, 0: end, -1: error. Calls are serialised, in order. */
typedef int (*octet_sample_callback)(void *user, int64_t index, octet_tensor *tensors,
                                     uint32_t n_inputs);
octet_status octet_samples_callback(octet_context *ctx, const octet_sample_input *inputs,
                                    uint32_t n_inputs, octet_sample_callback callback, void *user,
                                    octet_samples **out, octet_diag *diag);
void octet_samples_close(octet_samples *samples);

/* Number of samples, -1 if unknown (stream, callback). */
int64_t octet_samples_count(const octet_samples *samples);
/* File and position for messages: "img_0042.png", "x.npy[17]". Into buffer. */
const char *octet_samples_name(const octet_samples *samples, int64_t index, char *buffer,
                               size_t size);

/* One loaded sample; owns what it holds. */
typedef struct octet_sample {
    octet_tensor *tensors; /* n_inputs, in the order of `inputs` */
    uint32_t n;
    bool *owned;
} octet_sample;

/* Loads sample `index`; thread-safe for different `out`. For streams indices must come in order and
 * the call is serialised; *end is set when there are no more. Dtypes are converted to what the
 * model wants where that is lossless or the file is float64 and the model float32; shapes are
 * checked. */
octet_status octet_samples_get(octet_samples *samples, int64_t index, octet_sample *out, bool *end,
                               octet_diag *diag);
void octet_sample_release(octet_samples *samples, octet_sample *sample);

/* Hex SHA-256 over decoded tensors of all samples in order is made by the calibrator with this. */
void octet_sample_hash(const octet_sample *sample, const octet_sample_input *inputs,
                       uint8_t digest[32]);

#endif
