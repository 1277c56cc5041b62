/* conv_sum.c: sums over taps: sizes, offsets, and types other than float32
 * SPDX-License-Identifier: Apache-2.0
 *
 * float32 goes through conv_f32.c. Other types are summed row by row.
 */
#include "base/parallel.h"
#include "ops/conv_image.h"

#include <math.h>
#include <string.h>

bool octet_conv_sum_packs(size_t m)
{
    return m > 2;
}

size_t octet_conv_packed_size(size_t groups, size_t m, size_t taps)
{
    size_t one = octet_gemm_b_size(taps, m), all;

    if (one == SIZE_MAX || !octet_mul_size(one, groups, &all) || all > SIZE_MAX / sizeof(float))
        return SIZE_MAX;
    return all;
}

void octet_conv_pack(const octet_kernels *k, size_t groups, size_t m, size_t taps, const float *w,
                     float *packed)
{
    for (size_t g = 0; g < groups; g++)
        k->gemm_pack_b_f32(taps, m, w + g * m * taps, 1, taps,
                           packed + g * octet_gemm_b_size(taps, m));
}

/* ---- sizes and offsets */

static bool product(const int64_t *dims, int32_t n, size_t *out)
{
    for (int32_t i = 0; i < n; i++)
        if (!octet_mul_size(*out, (size_t)dims[i], out))
            return false;
    return true;
}

octet_status octet_conv_sum_sizes(octet_eval *e, octet_conv_sum *s)
{
    uint64_t limit = e->g->model->ctx->limits.max_tensor_bytes;
    size_t all;

    s->in_plane = s->plane = s->positions = 1;
    s->direct = true;
    for (int32_t i = 0; i < s->rank; i++) {
        s->half[i] = (s->padded[i] + s->split[i] - 1) / s->split[i];
        if (s->lead[i] != 0 || s->padded[i] != s->in[i] || s->split[i] != 1)
            s->direct = false;
    }
    if (!product(s->in, s->rank, &s->in_plane) || !product(s->half, s->rank, &s->plane) ||
        !product(s->phases, s->rank, &s->plane) || !product(s->out, s->rank, &s->positions) ||
        !octet_mul_size(s->plane, s->channels, &all) || all > INT64_MAX / 16 ||
        (limit != 0 && all > limit / s->element))
        return octet_fail(e->diag, OCTET_ERR_DATA, "the padded input is too large");
    return OCTET_OK;
}

/* Distance of neighbours on an axis within a phase, and of its phases. */
static int64_t stride_in_phase(const octet_conv_sum *s, int32_t axis)
{
    return octet_dims_product(s->half, axis + 1, s->rank);
}

static int64_t stride_of_phases(const octet_conv_sum *s, int32_t axis)
{
    return octet_dims_product(s->half, 0, s->rank) *
           octet_dims_product(s->phases, axis + 1, s->rank);
}

int64_t octet_conv_sum_place(const octet_conv_sum *s, int32_t axis, int64_t at)
{
    return at % s->split[axis] * stride_of_phases(s, axis) +
           at / s->split[axis] * stride_in_phase(s, axis);
}

static void fill_offsets(const octet_conv_shape *s, octet_conv_sum *sum)
{
    int64_t tap[OCTET_MAX_SPATIAL] = {0};
    size_t t = 0, kernel;

    do {
        int64_t at = 0;

        for (int32_t i = 0; i < s->rank; i++)
            at += octet_conv_sum_place(sum, i, tap[i] * s->dilation[i]);
        sum->offset[t++] = at;
    } while (octet_image_advance(s->rank, s->kernel, tap));
    for (kernel = t; t < sum->taps; t++)
        sum->offset[t] = sum->offset[t - kernel] + (int64_t)sum->plane;
}

octet_status octet_conv_sum_init(octet_eval *e, const octet_conv_shape *s, size_t element,
                                 bool split, octet_conv_sum *out)
{
    size_t kernel = 1, bytes;

    memset(out, 0, sizeof(*out));
    out->element = element;
    out->batch = (size_t)s->batch;
    out->groups = (size_t)s->group;
    out->rank = s->rank;
    out->channels = (size_t)(s->channels / s->group);
    out->m = (size_t)(s->out_channels / s->group);
    for (int32_t i = 0; i < s->rank; i++) {
        out->in[i] = s->in[i];
        out->lead[i] = s->pad_begin[i];
        out->padded[i] = s->in[i] + s->pad_begin[i] + s->pad_end[i];
        out->out[i] = s->out[i];
        out->kernel[i] = s->kernel[i];
        out->dilation[i] = s->dilation[i];
        out->split[i] = split ? s->stride[i] : 1;
        out->phases[i] = s->kernel[i] > 1 ? out->split[i] : 1;
    }
    OCTET_TRY(octet_conv_sum_sizes(e, out));
    for (int32_t i = 0; i < s->rank; i++)
        out->step[i] = stride_in_phase(out, i) * s->stride[i] / out->split[i];
    if (!product(s->kernel, s->rank, &kernel) ||
        !octet_mul_size(kernel, out->channels, &out->taps) ||
        !octet_mul_size(out->taps, sizeof(*out->offset), &bytes))
        return octet_fail(e->diag, OCTET_ERR_DATA, "the kernel is too large");
    out->offset = octet_eval_scratch(e, bytes);
    OCTET_TRY_ALLOC(e->diag, out->offset);
    if (out->taps > 0)
        fill_offsets(s, out);
    return OCTET_OK;
}

/* ---- padding */

/* One channel's padded image; what lies around the input is +0. */
static void pad_channel(const octet_conv_sum *s, const uint8_t *x, uint8_t *padded)
{
    memset(padded, 0, s->plane * s->element);
    octet_image_copy(s->rank, s->in, s->lead, s->padded, s->element, x, padded);
}

static const void *pad_group(const octet_conv_sum *s, const uint8_t *x, void *buffer)
{
    if (s->direct)
        return x;
    for (size_t c = 0; c < s->channels; c++)
        pad_channel(s, x + c * s->in_plane * s->element,
                    (uint8_t *)buffer + c * s->plane * s->element);
    return buffer;
}

/* ---- one group of one image */

typedef struct job {
    const octet_conv_sum *s;
    uint8_t *padded; /* per worker */
    size_t padded_bytes;
} job;

static void run_rows(const octet_conv_sum *s, const uint8_t *x, const uint8_t *w,
                     const uint8_t *bias, uint8_t *y)
{
    size_t width = (size_t)s->out[s->rank - 1];

    for (size_t p = 0; p < s->positions; p += width) {
        const uint8_t *from =
            x + (size_t)octet_image_position(s->rank, s->out, s->step, p) * s->element;

        for (size_t m = 0; m < s->m; m++)
            s->row(width, s->taps, s->offset, from, (size_t)s->step[s->rank - 1],
                   w + m * s->taps * s->element, bias ? bias + m * s->element : NULL,
                   y + (m * s->positions + p) * s->element);
    }
}

static void group_body(void *arg, size_t index, int worker)
{
    const job *j = arg;
    const octet_conv_sum *s = j->s;
    size_t g = index % s->groups;
    const uint8_t *x = (const uint8_t *)s->x + index * s->channels * s->in_plane * s->element;
    uint8_t *y = (uint8_t *)s->y + index * s->m * s->positions * s->element;
    const uint8_t *bias = s->bias ? (const uint8_t *)s->bias + g * s->m * s->element : NULL;
    uint8_t *buffer = j->padded ? j->padded + (size_t)worker * j->padded_bytes : NULL;

    run_rows(s, pad_group(s, x, buffer), (const uint8_t *)s->w + g * s->m * s->taps * s->element,
             bias, y);
}

octet_status octet_conv_sum_run(octet_eval *e, const octet_conv_sum *s)
{
    size_t units = s->batch * s->groups, bytes;
    int threads = e->threads > 1 ? e->threads : 1;
    job j = {.s = s};

    if (units == 0 || s->m == 0 || s->positions == 0)
        return OCTET_OK;
    if ((size_t)threads > units)
        threads = (int)units;
    if (!s->direct) {
        /* octet_conv_sum_sizes bounded the product */
        j.padded_bytes = (s->channels * s->plane * s->element + 63) / 64 * 64;
        j.padded = octet_mul_size(j.padded_bytes, (size_t)threads, &bytes)
                       ? octet_eval_scratch(e, bytes)
                       : NULL;
        OCTET_TRY_ALLOC(e->diag, j.padded);
    }
    octet_parallel_for(units, threads, group_body, &j);
    return OCTET_OK;
}

/* ---- rows */

void octet_conv_row_f64(size_t n, size_t taps, const int64_t *offset, const void *x, size_t step,
                        const void *w, const void *bias, void *y)
{
    const double *px = x, *pw = w, *pb = bias;
    double *py = y;

    for (size_t i = 0; i < n; i++) {
        double sum = 0;

        for (size_t t = 0; t < taps; t++)
            sum = fma(pw[t], px[offset[t] + (int64_t)(i * step)], sum);
        py[i] = pb ? sum + *pb : sum;
    }
}
