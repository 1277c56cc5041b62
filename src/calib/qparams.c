/* qparams.c: scale and zero point from a range
 * SPDX-License-Identifier: Apache-2.0
 */
#include "calib/qparams.h"

#include <float.h>
#include <math.h>
#include <string.h>

static int32_t clamp_zero_point(double z, const octet_qspec *spec)
{
    if (z < (double)spec->qmin)
        z = (double)spec->qmin;
    if (z > (double)spec->qmax)
        z = (double)spec->qmax;
    return (int32_t)z;
}

static int32_t symmetric_zero_point(const octet_qspec *spec)
{
    if (octet_dtype_get(spec->dtype)->kind == OCTET_KIND_SIGNED)
        return 0;
    return (int32_t)((spec->qmin + spec->qmax + 1) / 2);
}

/* Rounding the zero point shifts the range by up to half a step; the scale grows by as little as
 * makes both ends representable again. It matters where the data lie on a grid of their own: pixels
 * scaled to [-1, 1] would all fall half-way between two steps. */
static double cover_both_ends(double scale, double lo, double hi, int32_t zero_point,
                              const octet_qspec *spec)
{
    if (zero_point > spec->qmin)
        scale = fmax(scale, lo / (double)(spec->qmin - zero_point));
    if (zero_point < spec->qmax)
        scale = fmax(scale, hi / (double)(spec->qmax - zero_point));
    return scale;
}

octet_qparams octet_qparams_from_range(float min, float max, const octet_qspec *spec)
{
    double lo = min < 0.0F ? (double)min : 0.0;
    double hi = max > 0.0F ? (double)max : 0.0;
    double steps = (double)(spec->qmax - spec->qmin);
    octet_qparams params = {1.0F, symmetric_zero_point(spec)};
    double scale = spec->symmetric ? fmax(-lo, hi) / (steps / 2.0) : (hi - lo) / steps;

    if (!spec->symmetric)
        params.zero_point = clamp_zero_point(0.0, spec);
    if (!(scale >= (double)FLT_MIN))
        return params;
    if (!spec->symmetric) {
        params.zero_point = clamp_zero_point(nearbyint((double)spec->qmin - lo / scale), spec);
        scale = cover_both_ends(scale, lo, hi, params.zero_point, spec);
    }
    params.scale = (float)scale;
    return params;
}

static bool inside(const octet_qparams *p, const octet_qspec *spec, float lo, float hi)
{
    float least = (float)(spec->qmin - p->zero_point) * p->scale;
    float most = (float)(spec->qmax - p->zero_point) * p->scale;
    return least >= lo && most <= hi;
}

/* Largest scale that keeps `steps` steps within `bound`, both on one side of zero. */
static double side_limit(double bound, int64_t steps, double limit)
{
    if (steps == 0 || !isfinite(bound))
        return limit;
    return fmin(limit, bound / (double)steps);
}

void octet_qparams_fit_inside(octet_qparams *params, const octet_qspec *spec, float lo, float hi)
{
    double limit = side_limit((double)hi, spec->qmax - params->zero_point, INFINITY);
    limit = side_limit((double)lo, spec->qmin - params->zero_point, limit);
    if (!(limit >= (double)FLT_MIN))
        return;
    if ((double)params->scale > limit)
        params->scale = (float)limit;
    /* (float)limit and the products round to nearest: at most a few steps down remain. */
    while (!inside(params, spec, lo, hi))
        params->scale = nextafterf(params->scale, 0.0F);
}

int64_t octet_quantize_one(float x, const octet_qparams *params, const octet_qspec *spec)
{
    double q = (double)nearbyintf(x / params->scale) + (double)params->zero_point;
    if (q < (double)spec->qmin)
        return spec->qmin;
    if (q > (double)spec->qmax)
        return spec->qmax;
    return (int64_t)q;
}

/* The bits of finite floats without their signs are ordered as the numbers are, and compilers
 * vectorise a maximum of integers. */
static int32_t magnitude_bits(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & INT32_MAX;
}

static int32_t row_magnitude(const float *row, int64_t n)
{
    int32_t most = 0;
    for (int64_t i = 0; i < n; i++) {
        int32_t bits = magnitude_bits(row[i]);
        most = bits > most ? bits : most;
    }
    return most;
}

/* magnitudes[c] = largest |x| of channel c, in the order of memory. */
static void find_magnitudes(const float *data, int64_t outer, int64_t channels, int64_t inner,
                            int32_t *magnitudes)
{
    memset(magnitudes, 0, (size_t)channels * sizeof *magnitudes);
    for (int64_t o = 0; inner == 1 && o < outer; o++, data += channels)
        for (int64_t c = 0; c < channels; c++) {
            int32_t bits = magnitude_bits(data[c]);
            magnitudes[c] = bits > magnitudes[c] ? bits : magnitudes[c];
        }
    for (int64_t o = 0; inner != 1 && o < outer; o++)
        for (int64_t c = 0; c < channels; c++, data += inner) {
            int32_t most = row_magnitude(data, inner);
            magnitudes[c] = most > magnitudes[c] ? most : magnitudes[c];
        }
}

void octet_weight_scales(const float *data, int64_t outer, int64_t channels, int64_t inner,
                         const octet_qspec *spec, float *scales)
{
    double half = (double)(spec->qmax - spec->qmin) / 2.0;
    float least = 0.0F, magnitude;

    find_magnitudes(data, outer, channels, inner, (int32_t *)(void *)scales);
    for (int64_t c = 0; c < channels; c++) {
        memcpy(&magnitude, &scales[c], sizeof magnitude);
        double scale = (double)magnitude / half;
        scales[c] = scale >= (double)FLT_MIN ? (float)scale : 0.0F;
        if (scales[c] > 0.0F && (least == 0.0F || scales[c] < least))
            least = scales[c];
    }
    for (int64_t c = 0; c < channels; c++)
        if (scales[c] == 0.0F)
            scales[c] = least > 0.0F ? least : 1.0F;
}

int64_t octet_enlarge_for_bias(float *scales, int64_t n_scales, const float *bias, int64_t n_bias,
                               float x_scale)
{
    int64_t enlarged = 0;
    for (int64_t c = 0; c < n_bias; c++) {
        float *scale = &scales[n_scales == 1 ? 0 : c];
        double need =
            fmax(fabs((double)bias[c]) / OCTET_BIAS_LIMIT, (double)FLT_MIN) / (double)x_scale;
        if (need > (double)*scale) {
            *scale = need < (double)FLT_MAX ? nextafterf((float)need, FLT_MAX) : FLT_MAX;
            enlarged++;
        }
    }
    return enlarged;
}
