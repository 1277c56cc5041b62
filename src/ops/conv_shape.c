/* conv_shape.c: attributes, pads and output shapes of convolutions
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/conv_common.h"

#include <string.h>

/* Larger strides, kernels and pads are refused, so that sizes can be added and multiplied freely.
 */
#define MAX_ATTRIBUTE INT32_MAX

static octet_status read_ints(const octet_node *node, const char *name, int32_t count, int64_t min,
                              int64_t fallback, int64_t *out, octet_diag *diag)
{
    uint32_t n;
    const int64_t *v = octet_node_ints(node, name, &n);

    if (v != NULL && n != (uint32_t)count)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "%s has %u entries instead of %d", name, n,
                          count);
    for (int32_t i = 0; i < count; i++) {
        out[i] = v != NULL ? v[i] : fallback;
        if (out[i] < min || out[i] > MAX_ATTRIBUTE)
            return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "%s contains %lld", name,
                              (long long)out[i]);
    }
    return OCTET_OK;
}

octet_status octet_conv_auto_pad(const octet_node *node, octet_auto_pad *out, octet_diag *diag)
{
    static const char *const names[] = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
    const char *text = octet_node_string(node, "auto_pad", "NOTSET");

    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(text, names[i]) == 0) {
            *out = (octet_auto_pad)i;
            return OCTET_OK;
        }
    return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "auto_pad is '%.40s'", text);
}

static octet_status read_kernel(const octet_node *node, const int64_t *w_spatial,
                                octet_conv_shape *s, octet_diag *diag)
{
    uint32_t n;
    const int64_t *declared = octet_node_ints(node, "kernel_shape", &n);

    if (declared != NULL && n != (uint32_t)s->rank)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL,
                          "kernel_shape has %u entries but W has %d spatial dims", n, s->rank);
    for (int32_t i = 0; i < s->rank; i++) {
        s->kernel[i] = w_spatial[i];
        if (declared != NULL && s->kernel[i] < 0)
            s->kernel[i] = declared[i];
        if (declared != NULL && declared[i] != s->kernel[i])
            return octet_fail(diag, OCTET_ERR_INVALID_MODEL,
                              "kernel_shape[%d] is %lld but W has size %lld there", i,
                              (long long)declared[i], (long long)s->kernel[i]);
        if (s->kernel[i] == 0 || s->kernel[i] > MAX_ATTRIBUTE)
            return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "the kernel has size %lld on axis %d",
                              (long long)s->kernel[i], i);
    }
    return OCTET_OK;
}

octet_status octet_conv_read(const octet_node *node, int32_t w_rank, const int64_t *w_dims,
                             octet_conv_shape *out, octet_diag *diag)
{
    octet_conv_shape *s = out;
    int64_t pads[2 * OCTET_MAX_SPATIAL];

    memset(s, 0, sizeof(*s));
    if (w_rank < 3 || w_rank > OCTET_MAX_RANK)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "W has %d dims instead of 3 or more",
                          w_rank);
    s->rank = w_rank - 2;
    s->out_channels = w_dims[0];
    s->group = octet_node_int(node, "group", 1);
    if (s->group < 1)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "group is %lld", (long long)s->group);
    OCTET_TRY(read_kernel(node, w_dims + 2, s, diag));
    OCTET_TRY(read_ints(node, "strides", s->rank, 1, 1, s->stride, diag));
    OCTET_TRY(read_ints(node, "dilations", s->rank, 1, 1, s->dilation, diag));
    OCTET_TRY(read_ints(node, "pads", 2 * s->rank, -MAX_ATTRIBUTE, 0, pads, diag));
    memcpy(s->pad_begin, pads, (size_t)s->rank * sizeof(*pads));
    memcpy(s->pad_end, pads + s->rank, (size_t)s->rank * sizeof(*pads));
    return OCTET_OK;
}

static int64_t extent(const octet_conv_shape *s, int32_t axis)
{
    return (s->kernel[axis] - 1) * s->dilation[axis] + 1;
}

static void same_pads(octet_conv_shape *s, int32_t axis, bool upper)
{
    int64_t out = (s->in[axis] - 1) / s->stride[axis] + 1;
    int64_t total = (out - 1) * s->stride[axis] + extent(s, axis) - s->in[axis];

    total = total > 0 ? total : 0;
    s->pad_begin[axis] = upper ? total / 2 : total - total / 2;
    s->pad_end[axis] = total - s->pad_begin[axis];
}

octet_status octet_conv_resolve_axis(const octet_node *node, octet_conv_shape *s, int32_t axis,
                                     octet_diag *diag)
{
    octet_auto_pad mode;
    int64_t room;

    OCTET_TRY(octet_conv_auto_pad(node, &mode, diag));
    if (mode != OCTET_PAD_NOTSET)
        s->pad_begin[axis] = s->pad_end[axis] = 0;
    if (mode == OCTET_PAD_SAME_UPPER || mode == OCTET_PAD_SAME_LOWER)
        same_pads(s, axis, mode == OCTET_PAD_SAME_UPPER);
    if (s->in[axis] > INT64_MAX / 4)
        return octet_fail(diag, OCTET_ERR_DATA, "X has size %lld on spatial axis %d",
                          (long long)s->in[axis], axis);
    room = s->in[axis] + s->pad_begin[axis] + s->pad_end[axis] - extent(s, axis);
    if (room < 0)
        return octet_fail(diag, OCTET_ERR_DATA,
                          "the kernel spans %lld elements on spatial axis %d but the padded input "
                          "has only %lld",
                          (long long)extent(s, axis), axis, (long long)(room + extent(s, axis)));
    s->out[axis] = room / s->stride[axis] + 1;
    return OCTET_OK;
}

octet_status octet_conv_bind(octet_conv_shape *s, const octet_tensor *x, int64_t w_channels,
                             const octet_tensor *bias, octet_diag *diag)
{
    if (x->rank != s->rank + 2)
        return octet_fail(diag, OCTET_ERR_DATA, "X has %d dims but W has %d", x->rank, s->rank + 2);
    s->batch = x->dims[0];
    s->channels = x->dims[1];
    memcpy(s->in, x->dims + 2, (size_t)s->rank * sizeof(*s->in));
    if (s->channels % s->group != 0 || s->channels / s->group != w_channels)
        return octet_fail(diag, OCTET_ERR_DATA,
                          "W has %lld input channels per group but X has %lld in %lld groups",
                          (long long)w_channels, (long long)s->channels, (long long)s->group);
    if (s->out_channels % s->group != 0)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL,
                          "%lld output channels do not divide into %lld groups",
                          (long long)s->out_channels, (long long)s->group);
    if (bias != NULL && (bias->rank != 1 || bias->dims[0] != s->out_channels))
        return octet_fail(
            diag, OCTET_ERR_INVALID_MODEL, "B has %lld elements in %d dims instead of %lld in one",
            (long long)octet_tensor_count(bias), bias->rank, (long long)s->out_channels);
    return OCTET_OK;
}

octet_status octet_conv_resolve(const octet_node *node, const octet_tensor *x,
                                const octet_tensor *w, const octet_tensor *bias,
                                octet_conv_shape *out, octet_diag *diag)
{
    OCTET_TRY(octet_conv_read(node, w->rank, w->dims, out, diag));
    OCTET_TRY(octet_conv_bind(out, x, w->dims[1], bias, diag));
    for (int32_t i = 0; i < out->rank; i++)
        OCTET_TRY(octet_conv_resolve_axis(node, out, i, diag));
    return OCTET_OK;
}

octet_status octet_conv_float_types(const octet_tensor *x, const octet_tensor *w,
                                    const octet_tensor *bias, octet_diag *diag)
{
    if (x->dtype != OCTET_DTYPE_FLOAT64 && x->dtype != OCTET_DTYPE_FLOAT32)
        return octet_fail(diag, OCTET_ERR_UNSUPPORTED, "X has type %s",
                          octet_dtype_get(x->dtype)->name);
    if (w->dtype != x->dtype || (bias != NULL && bias->dtype != x->dtype))
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "X, W and B differ in type");
    return OCTET_OK;
}

int32_t octet_conv_out_dims(const octet_conv_shape *s, int64_t dims[OCTET_MAX_RANK])
{
    dims[0] = s->batch;
    dims[1] = s->out_channels;
    memcpy(dims + 2, s->out, (size_t)s->rank * sizeof(*dims));
    return s->rank + 2;
}

/* ---- inference */

/* An axis of unknown size that keeps it: stride 1 and pads that make up for the kernel. */
static octet_status keeps_size(const octet_node *node, const octet_conv_shape *s, int32_t axis,
                               bool *out, octet_diag *diag)
{
    octet_auto_pad mode;

    OCTET_TRY(octet_conv_auto_pad(node, &mode, diag));
    *out = s->stride[axis] == 1 && s->kernel[axis] > 0;
    if (mode == OCTET_PAD_NOTSET)
        *out = *out && s->pad_begin[axis] + s->pad_end[axis] == extent(s, axis) - 1;
    else if (mode == OCTET_PAD_VALID)
        *out = *out && s->kernel[axis] == 1;
    return OCTET_OK;
}

static octet_status infer_axis(octet_infer *in, octet_conv_shape *s, int32_t axis, octet_dim x,
                               octet_dim *out)
{
    bool keeps;

    if (x.size >= 0 && s->kernel[axis] > 0) {
        s->in[axis] = x.size;
        OCTET_TRY(octet_conv_resolve_axis(in->node, s, axis, in->diag));
        *out = octet_dim_known(s->out[axis]);
        return OCTET_OK;
    }
    OCTET_TRY(keeps_size(in->node, s, axis, &keeps, in->diag));
    if (keeps)
        *out = x;
    return OCTET_OK;
}

static octet_status check_channels(octet_infer *in, const octet_type *tx, const octet_type *tw,
                                   int64_t group)
{
    int64_t x = tx->dims[1].size, w = tw->dims[1].size, m = tw->dims[0].size;

    if (x >= 0 && w >= 0 && (x % group != 0 || x / group != w))
        return octet_infer_fail(in,
                                "W has %lld input channels per group but X has %lld in %lld groups",
                                (long long)w, (long long)x, (long long)group);
    if (m >= 0 && m % group != 0)
        return octet_infer_fail(in, "%lld output channels do not divide into %lld groups",
                                (long long)m, (long long)group);
    return OCTET_OK;
}

octet_status octet_conv_infer(octet_infer *in, uint32_t x, uint32_t w, octet_dtype dtype)
{
    const octet_type *tx = octet_infer_shape(in, x), *tw = octet_infer_shape(in, w);
    int64_t w_dims[OCTET_MAX_RANK];
    octet_conv_shape s;
    octet_dim *dims;

    octet_infer_set(in, 0, dtype, -1, NULL);
    if (tx != NULL && tw != NULL && tx->rank != tw->rank)
        return octet_infer_fail(in, "X has %d dims but W has %d", tx->rank, tw->rank);
    if (tx == NULL || tw == NULL)
        return OCTET_OK;
    for (int32_t i = 0; i < tw->rank; i++)
        w_dims[i] = tw->dims[i].size;
    OCTET_TRY(octet_conv_read(in->node, tw->rank, w_dims, &s, in->diag));
    OCTET_TRY(check_channels(in, tx, tw, s.group));
    dims = octet_infer_new_dims(in, tx->rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    dims[0] = tx->dims[0];
    dims[1] = tw->dims[0];
    for (int32_t i = 0; i < s.rank; i++)
        OCTET_TRY(infer_axis(in, &s, i, tx->dims[2 + i], &dims[2 + i]));
    octet_infer_set(in, 0, dtype, tx->rank, dims);
    return OCTET_OK;
}
