/* qlinear_conv.c: QLinearConv, 8 bits in and out; x and y may also have 16
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/q8.h"
#include "ops/quantize_common.h"

#include <string.h>

enum { X, X_SCALE, X_ZERO, W, W_SCALE, W_ZERO, Y_SCALE, Y_ZERO, B };

/* com.microsoft: the channels of x and y may be their last axis. */
static bool channels_last(const octet_node *node)
{
    return octet_node_int(node, "channels_last", 0) != 0;
}

/* The axis that stands at `axis` once the channels have moved: behind the batch, or to the end. */
static int32_t moved(int32_t rank, int32_t axis, bool to_front)
{
    if (axis == 0)
        return 0;
    if (to_front)
        return axis == 1 ? rank - 1 : axis - 1;
    return axis == rank - 1 ? 1 : axis + 1;
}

static octet_status infer(octet_infer *in)
{
    return octet_conv_infer(in, X, W, octet_infer_dtype(in, Y_ZERO));
}

static octet_status infer_microsoft(octet_infer *in)
{
    const octet_type *x = octet_infer_shape(in, X), *types[B + 1];
    octet_infer first = *in;
    octet_type front;
    octet_dim *dims;

    if (!channels_last(in->node) || x == NULL || x->rank < 3 || in->n_in > B + 1)
        return infer(in);
    dims = octet_infer_new_dims(in, 2 * x->rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    for (int32_t i = 0; i < x->rank; i++)
        dims[i] = x->dims[moved(x->rank, i, true)];
    memcpy(types, in->in, in->n_in * sizeof(*types));
    front = *x;
    front.dims = dims;
    types[X] = &front;
    first.in = types;
    OCTET_TRY(infer(&first));
    if (in->out[0].rank != x->rank)
        return OCTET_OK;
    for (int32_t i = 0; i < x->rank; i++)
        dims[x->rank + i] = in->out[0].dims[moved(x->rank, i, false)];
    octet_infer_set(in, 0, octet_infer_dtype(in, Y_ZERO), x->rank, dims + x->rank);
    return OCTET_OK;
}

static octet_status prepare(const octet_graph *g, const octet_node *node,
                            const octet_tensor *const *constant, const octet_kernels *k,
                            octet_arena *arena, const void **state, octet_diag *diag)
{
    (void)k;
    return octet_q8_conv_prepare(node, node->n_inputs > W ? constant[W] : NULL,
                                 octet_q8_is_wide(g, node), arena, state, diag);
}

/* A tensor with its channels moved; the payload is scratch unless there is one. */
static octet_status move_channels(octet_eval *e, const octet_tensor *from, bool to_front,
                                  octet_tensor *to)
{
    int64_t dims[OCTET_MAX_RANK], strides[OCTET_MAX_RANK], to_strides[OCTET_MAX_RANK];
    int64_t from_strides[OCTET_MAX_RANK];
    size_t size = octet_dtype_get(from->dtype)->bits / 8;

    octet_strides(from->rank, from->dims, size, strides);
    for (int32_t i = 0; i < from->rank; i++) {
        dims[i] = from->dims[moved(from->rank, i, to_front)];
        from_strides[i] = strides[moved(from->rank, i, to_front)];
    }
    if (to->data == NULL) {
        OCTET_TRY(octet_tensor_describe(to, from->dtype, from->rank, dims, e->diag));
        to->data = octet_eval_scratch(e, to->bytes + 1);
        OCTET_TRY_ALLOC(e->diag, to->data);
    }
    octet_strides(from->rank, dims, size, to_strides);
    octet_copy_nd(size, from->rank, dims, to->data, to_strides, from->data, from_strides);
    return OCTET_OK;
}

/* Everything but sizes and payloads. */
static octet_status read_parameters(octet_eval *e, octet_q8_conv *c)
{
    const octet_tensor *bias = octet_eval_input(e, B), *w = e->in[W];
    octet_q8_scales scales = {.alpha = 1.0f};
    float y_scale;

    if (bias != NULL && bias->dtype != OCTET_DTYPE_INT32)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "B has type %s",
                          octet_dtype_get(bias->dtype)->name);
    OCTET_TRY(octet_eval_scale(e, X_SCALE, &scales.x));
    OCTET_TRY(octet_q8_read_scales(e, W_SCALE, (size_t)w->dims[0], &scales.w, &scales.count));
    OCTET_TRY(octet_eval_scale(e, Y_SCALE, &y_scale));
    OCTET_TRY(octet_q8_weight(e, w, e->in[W_ZERO], (size_t)w->dims[0], &c->w));
    c->bias = bias != NULL ? bias->data : NULL;
    return octet_q8_finish_q8(e, &scales, y_scale, e->in[Y_ZERO], &c->finish);
}

/* The convolution of x, which has its channels first; y is output 0 unless those of the node are
 * last. */
static octet_status convolve(octet_eval *e, const octet_tensor *x, octet_tensor *y)
{
    octet_q8_conv c = {.exact = false};
    int64_t dims[OCTET_MAX_RANK];
    int32_t rank;

    OCTET_TRY(octet_conv_resolve(e->node, x, e->in[W], octet_eval_input(e, B), &c.s, e->diag));
    OCTET_TRY(read_parameters(e, &c));
    OCTET_TRY(octet_q8_activation(e, x, e->in[X_ZERO], 1, &c.x));
    rank = octet_conv_out_dims(&c.s, dims);
    if (y == NULL) {
        OCTET_TRY(octet_eval_output(e, 0, e->in[Y_ZERO]->dtype, rank, dims));
        c.y = e->out[0].data;
        return octet_q8_conv_run(e, &c);
    }
    OCTET_TRY(octet_tensor_describe(y, e->in[Y_ZERO]->dtype, rank, dims, e->diag));
    c.y = y->data = octet_eval_scratch(e, y->bytes + 1);
    OCTET_TRY_ALLOC(e->diag, y->data);
    return octet_q8_conv_run(e, &c);
}

static octet_status eval(octet_eval *e)
{
    OCTET_TRY(octet_eval_require(e, B));
    return convolve(e, e->in[X], NULL);
}

static octet_status eval_microsoft(octet_eval *e)
{
    octet_tensor x = {.data = NULL}, y;
    int64_t dims[OCTET_MAX_RANK];

    OCTET_TRY(octet_eval_require(e, B));
    if (!channels_last(e->node) || e->in[X]->rank < 3)
        return convolve(e, e->in[X], NULL);
    if (octet_dtype_get(e->in[X]->dtype)->bits < 8)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "x has type %s",
                          octet_dtype_get(e->in[X]->dtype)->name);
    OCTET_TRY(move_channels(e, e->in[X], true, &x));
    OCTET_TRY(convolve(e, &x, &y));
    for (int32_t i = 0; i < y.rank; i++)
        dims[i] = y.dims[moved(y.rank, i, false)];
    OCTET_TRY(octet_eval_output(e, 0, y.dtype, y.rank, dims));
    return move_channels(e, &y, false, &e->out[0]);
}

static int weight_axis(const octet_node *node, int weight_rank)
{
    (void)node;
    (void)weight_rank;
    return 0;
}

#define PORTS                                                                                      \
    .in = {{.name = "x"},                                                                          \
           {.name = "x_scale", .role = OCTET_ROLE_PARAM},                                          \
           {.name = "x_zero_point", .role = OCTET_ROLE_PARAM},                                     \
           {.name = "w", .role = OCTET_ROLE_WEIGHT},                                               \
           {.name = "w_scale", .role = OCTET_ROLE_PARAM},                                          \
           {.name = "w_zero_point", .role = OCTET_ROLE_PARAM},                                     \
           {.name = "y_scale", .role = OCTET_ROLE_PARAM},                                          \
           {.name = "y_zero_point", .role = OCTET_ROLE_PARAM},                                     \
           {.name = "B", .role = OCTET_ROLE_BIAS, .optional = true}},                              \
    .out = {{.name = "y"}}, .quant = {.observe = OCTET_OBSERVE_NONE, .weight_axis = weight_axis},  \
    .prepare = prepare

const octet_op octet_op_qlinear_conv = {
    .domain = "",
    .name = "QLinearConv",
    .since = 13,
    PORTS,
    .infer = infer,
    .eval = eval,
};

const octet_op octet_op_qlinear_conv_microsoft = {
    .domain = "com.microsoft",
    .name = "QLinearConv",
    .since = 1,
    PORTS,
    .infer = infer_microsoft,
    .eval = eval_microsoft,
};
