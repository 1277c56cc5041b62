/* resize_axis.c: how Resize maps output coordinates to weighted input elements
 * SPDX-License-Identifier: Apache-2.0
 *
 * Coordinates are computed in float32 like ONNX Runtime does, so that halves round alike.
 */
#include "ops/resize.h"

#include <math.h>
#include <string.h>

/* Weights of one output are limited in number, whatever the scale. */
#define MAX_TAPS (1 << 20)

/* ---- coordinates */

static float half_pixel(float x, float scale, float in, float out, const float *roi)
{
    (void)in, (void)out, (void)roi;
    return (x + 0.5f) / scale - 0.5f;
}

static float pytorch_half_pixel(float x, float scale, float in, float out, const float *roi)
{
    (void)in, (void)roi;
    return out > 1.0f ? (x + 0.5f) / scale - 0.5f : 0.0f;
}

static float half_pixel_symmetric(float x, float scale, float in, float out, const float *roi)
{
    float adjustment = out / (scale * in), offset = in / 2.0f * (1.0f - adjustment);

    (void)roi;
    return (float)((double)offset + ((double)x + 0.5) / (double)scale - 0.5);
}

static float asymmetric(float x, float scale, float in, float out, const float *roi)
{
    (void)in, (void)out, (void)roi;
    return x / scale;
}

static float align_corners(float x, float scale, float in, float out, const float *roi)
{
    (void)scale, (void)roi;
    return out == 1.0f ? 0.0f : x * (in - 1.0f) / (out - 1.0f);
}

static float tf_crop_and_resize(float x, float scale, float in, float out, const float *roi)
{
    (void)scale;
    if (out > 1.0f)
        return roi[0] * (in - 1.0f) + x * (roi[1] - roi[0]) * (in - 1.0f) / (out - 1.0f);
    return 0.5f * (roi[0] + roi[1]) * (in - 1.0f);
}

static float tf_half_pixel_for_nn(float x, float scale, float in, float out, const float *roi)
{
    (void)in, (void)out, (void)roi;
    return (x + 0.5f) / scale;
}

static const struct {
    const char *name;
    float (*f)(float x, float scale, float in, float out, const float *roi);
} coordinates[] = {
    {"half_pixel", half_pixel},
    {"pytorch_half_pixel", pytorch_half_pixel},
    {"half_pixel_symmetric", half_pixel_symmetric},
    {"asymmetric", asymmetric},
    {"align_corners", align_corners},
    {"tf_crop_and_resize", tf_crop_and_resize},
    {"tf_half_pixel_for_nn", tf_half_pixel_for_nn},
};

/* ---- nearest */

static int64_t round_prefer_floor(float x)
{
    return (int64_t)ceilf(x - 0.5f);
}

static int64_t round_prefer_ceil(float x)
{
    return (int64_t)floorf(x + 0.5f);
}

static int64_t round_floor(float x)
{
    return (int64_t)floorf(x);
}

static int64_t round_ceil(float x)
{
    return (int64_t)ceilf(x);
}

static const struct {
    const char *name;
    int64_t (*f)(float x);
} roundings[] = {
    {"round_prefer_floor", round_prefer_floor},
    {"round_prefer_ceil", round_prefer_ceil},
    {"floor", round_floor},
    {"ceil", round_ceil},
};

/* ---- attributes */

octet_status octet_resize_read(const octet_node *node, octet_resize_how *out, octet_diag *diag)
{
    static const char *const modes[] = {"nearest", "linear", "cubic"};
    const char *mode = octet_node_string(node, "mode", "nearest");
    const char *coordinate =
        octet_node_string(node, "coordinate_transformation_mode", "half_pixel");
    const char *nearest = octet_node_string(node, "nearest_mode", "round_prefer_floor");
    size_t i;

    memset(out, 0, sizeof *out);
    for (i = 0; i < 3 && strcmp(mode, modes[i]) != 0; i++)
        ;
    if (i == 3)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "mode '%.40s' is unknown", mode);
    out->mode = (octet_resize_mode)i;
    for (i = 0; i < sizeof coordinates / sizeof coordinates[0]; i++)
        if (strcmp(coordinate, coordinates[i].name) == 0)
            out->coordinate = coordinates[i].f;
    for (i = 0; i < sizeof roundings / sizeof roundings[0]; i++)
        if (strcmp(nearest, roundings[i].name) == 0)
            out->nearest = roundings[i].f;
    if (out->coordinate == NULL)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL,
                          "coordinate_transformation_mode '%.40s' is unknown", coordinate);
    if (out->nearest == NULL)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "nearest_mode '%.40s' is unknown",
                          nearest);
    out->antialias = octet_node_int(node, "antialias", 0) != 0 && i != 0;
    out->exclude_outside = octet_node_int(node, "exclude_outside", 0) != 0;
    out->cubic_a = octet_node_float(node, "cubic_coeff_a", -0.75f);
    out->extrapolation = octet_node_float(node, "extrapolation_value", 0.0f);
    out->crop = out->coordinate == tf_crop_and_resize;
    return OCTET_OK;
}

octet_status octet_resize_sizes(const octet_node *node, uint32_t n, const int32_t *axes,
                                const float *scales, const int64_t *sizes, const int64_t *in,
                                int64_t *out, float *scale_out, octet_diag *diag)
{
    const char *policy = octet_node_string(node, "keep_aspect_ratio_policy", "stretch");
    bool larger = strcmp(policy, "not_smaller") == 0;
    bool keep = sizes != NULL && (larger || strcmp(policy, "not_larger") == 0);
    float common = 0.0f;

    for (uint32_t i = 0; keep && i < n; i++) {
        float s = (float)sizes[i] / (float)in[axes[i]];
        common = i == 0 || (larger ? s > common : s < common) ? s : common;
    }
    for (uint32_t i = 0; i < n; i++) {
        int64_t dim = in[axes[i]];
        float scale = keep ? common : sizes != NULL ? (float)sizes[i] / (float)dim : scales[i];
        double size = keep ? floor((double)common * (double)dim + 0.5) : floorf(scale * (float)dim);

        if (sizes != NULL ? sizes[i] < 0 : !(scale > 0.0f))
            return octet_fail(diag, OCTET_ERR_DATA, "%s %u is not positive",
                              sizes != NULL ? "size" : "scale", i);
        if (dim == 0 ? sizes != NULL && sizes[i] != 0 : !(size < 0x1p40))
            return octet_fail(diag, OCTET_ERR_DATA, "axis %d cannot be resized from %lld elements",
                              (int)axes[i], (long long)dim);
        out[axes[i]] = dim == 0 ? 0 : sizes != NULL && !keep ? sizes[i] : (int64_t)size;
        scale_out[axes[i]] = scale;
    }
    return OCTET_OK;
}

/* ---- taps */

static float cubic(float x, float a)
{
    x = fabsf(x);
    if (x <= 1.0f)
        return ((a + 2.0f) * x - (a + 3.0f)) * x * x + 1.0f;
    return x < 2.0f ? ((a * x - 5.0f * a) * x + 8.0f * a) * x - 4.0f * a : 0.0f;
}

static float kernel_at(const octet_resize_how *how, float x)
{
    if (how->mode == OCTET_RESIZE_CUBIC)
        return cubic(x, how->cubic_a);
    x = 1.0f - fabsf(x);
    return x > 0.0f ? x : 0.0f;
}

/* Weights of output j around coordinate x; squeeze < 1 widens the kernel (antialias). */
static void fill_taps(const octet_resize_how *how, const octet_resize_axis *a, float x,
                      float squeeze, int64_t *index, float *weight)
{
    int64_t first = (int64_t)floorf(x) - (int64_t)(a->taps / 2) + 1;
    float sum = 0.0f;

    for (size_t t = 0; t < a->taps; t++) {
        int64_t i = first + (int64_t)t;
        bool inside = i >= 0 && i < a->in;

        weight[t] = kernel_at(how, ((float)i - x) * squeeze);
        if (!inside && how->exclude_outside)
            weight[t] = 0.0f;
        sum += weight[t];
        index[t] = i < 0 ? 0 : i >= a->in ? a->in - 1 : i;
    }
    if ((how->antialias || how->exclude_outside) && sum != 0.0f)
        for (size_t t = 0; t < a->taps; t++)
            weight[t] /= sum;
}

static octet_status allocate(octet_eval *e, const octet_resize_how *how, octet_resize_axis *a)
{
    size_t n = (size_t)a->out, weights;

    if (!octet_mul_size(n, a->taps * sizeof *a->index, &weights))
        return octet_fail_nomem(e->diag);
    a->index = octet_eval_scratch(e, n * a->taps * sizeof *a->index);
    OCTET_TRY_ALLOC(e->diag, a->index);
    a->weight = NULL;
    a->outside = NULL;
    if (how->mode != OCTET_RESIZE_NEAREST) {
        a->weight = octet_eval_scratch(e, n * a->taps * sizeof *a->weight);
        OCTET_TRY_ALLOC(e->diag, a->weight);
    }
    if (how->crop) {
        a->outside = octet_eval_scratch(e, n * sizeof *a->outside);
        OCTET_TRY_ALLOC(e->diag, a->outside);
    }
    return OCTET_OK;
}

/* Keeps a coordinate near enough to the image for integers to hold it; NaN becomes 0. */
static float bounded(float x, float in)
{
    return x < -in - 8.0f         ? -in - 8.0f
           : x > 2.0f * in + 8.0f ? 2.0f * in + 8.0f
           : x == x               ? x
                                  : 0.0f;
}

octet_status octet_resize_axis_init(octet_eval *e, const octet_resize_how *how,
                                    octet_resize_axis *a)
{
    float squeeze = how->antialias && a->scale < 1.0f ? a->scale : 1.0f;
    float radius = (how->mode == OCTET_RESIZE_CUBIC ? 2.0f : 1.0f) / squeeze;

    if (!(radius < (float)MAX_TAPS))
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "scale %g is too small",
                          (double)a->scale);
    a->taps = how->mode == OCTET_RESIZE_NEAREST ? 1 : 2 * (size_t)ceilf(radius);
    OCTET_TRY(allocate(e, how, a));
    for (int64_t j = 0; j < a->out; j++) {
        float x = how->coordinate((float)j, a->scale, (float)a->in, (float)a->out, a->roi);

        if (how->crop)
            a->outside[j] = !(x >= 0.0f && x <= (float)(a->in - 1));
        x = bounded(x, (float)a->in);
        if (how->mode == OCTET_RESIZE_NEAREST) {
            int64_t i = how->nearest(x);
            a->index[j] = i < 0 ? 0 : i >= a->in ? a->in - 1 : i;
        } else {
            fill_taps(how, a, x, squeeze, a->index + (size_t)j * a->taps,
                      a->weight + (size_t)j * a->taps);
        }
    }
    return OCTET_OK;
}
