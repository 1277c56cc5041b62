/* data.h: samples for calibration and running
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_DATA_H
#define OCTET_DATA_H

#include "octet/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Image preprocessing: (pixel * scale - mean) / std per channel after resizing, as
 * docs/calibration.md describes. Zero-initialise, then set what differs. */
typedef struct octet_image_preprocessing {
    bool given;                      /* images are expected; false: take the manifest's word */
    int resize_width, resize_height; /* stretch to this size; both 0: no stretching */
    int resize_short;                /* resize the short side to this, keeping the aspect; 0: no */
    int crop_width, crop_height;     /* centre crop after resizing; 0: no */
    bool letterbox;                  /* with resize_width/height: keep the aspect and pad */
    bool letterbox_top_left;         /* picture at the top left instead of the middle */
    float pad_value;
    const char *interpolation; /* "bilinear" (default), "bicubic", "nearest" */
    const char *channels;      /* "rgb" (default), "bgr", "gray" */
    const char *layout;        /* "nchw", "nhwc", "chw", "hwc"; NULL: from the model's input */
    float mean[3], std[3];     /* std 0 means 1 */
    float scale;               /* 0 means 1 */
} octet_image_preprocessing;

typedef struct octet_data_options {
    int64_t limit; /* at most so many samples; 0: all */
    octet_image_preprocessing image;
} octet_data_options;

typedef struct octet_data octet_data;

/* Opens samples for the inputs of a model. path: a folder with samples.json, or of .npy, .npz,
 * test_data_set_* folders or images; a single such file; "-" for a stream of .npy on standard
 * input. options may be NULL. Released with octet_data_close() before the model. */
OCTET_API octet_status octet_data_open(octet_context *ctx, octet_model *model, const char *path,
                                       const octet_data_options *options, octet_data **out);

/* `count` samples of noise. Ranges from noise say nothing about real inputs: for trying things out.
 */
OCTET_API octet_status octet_data_random(octet_context *ctx, octet_model *model, int64_t count,
                                         octet_data **out);

/* One input of one sample as the caller hands it over. dtype: number of TensorProto.DataType (1
 * float, 2 uint8, 6 int32, 7 int64, 9 bool …). data is dense, row-major, little-endian. */
typedef struct octet_input {
    int dtype;
    int rank; /* at most 12 */
    int64_t dims[12];
    const void *data; /* stays valid until the next call */
} octet_input;

/* Fills inputs[0..n) in the order of the model's inputs for sample `index`; returns 1 for a sample,
 * 0 at the end, -1 on error. Called from one thread at a time, in order. */
typedef int (*octet_data_callback)(void *user, int64_t index, octet_input *inputs, unsigned n);
OCTET_API octet_status octet_data_from_callback(octet_context *ctx, octet_model *model,
                                                octet_data_callback callback, void *user,
                                                octet_data **out);
OCTET_API void octet_data_close(octet_data *data);

/* Number of samples; -1 when only the end will tell. */
OCTET_API int64_t octet_data_count(const octet_data *data);

/* Called as work goes on, from one thread at a time; total is -1 when unknown. */
typedef void (*octet_progress)(void *user, int64_t done, int64_t total);

#ifdef __cplusplus
}
#endif
#endif
