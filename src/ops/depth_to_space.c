/* depth_to_space.c: DepthToSpace, SpaceToDepth
 * SPDX-License-Identifier: Apache-2.0
 *
 * Both move [N, C·b·b, H, W] to or from [N, C, H·b, W·b]; mode says whether the blocks are the slow
 * part of the channel (DCR) or the fast one (CRD).
 */
#include "ops/common.h"

#include <string.h>

static bool blocks_last(const octet_node *n)
{
    return strcmp(octet_node_string(n, "mode", "DCR"), "CRD") == 0;
}

static octet_status block_size(const octet_node *n, int32_t rank, int64_t *b, octet_diag *diag)
{
    const char *mode = octet_node_string(n, "mode", "DCR");

    *b = octet_node_int(n, "blocksize", 0);
    if (rank != 4)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "the input has rank %d instead of 4",
                          (int)rank);
    if (*b < 1 || *b > 65536)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "blocksize is %lld", (long long)*b);
    if (strcmp(mode, "DCR") != 0 && strcmp(mode, "CRD") != 0)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "mode is '%s'", mode);
    return OCTET_OK;
}

static octet_dim times(octet_dim d, int64_t b)
{
    int64_t product;

    if (b == 1)
        return d;
    return d.size < 0 || !octet_mul_i64(d.size, b, &product) ? octet_dim_unknown()
                                                             : octet_dim_known(product);
}

static octet_dim divided(octet_dim d, int64_t b)
{
    if (b == 1)
        return d;
    return d.size < 0 ? octet_dim_unknown() : octet_dim_known(d.size / b);
}

static octet_status infer(octet_infer *in, bool to_space)
{
    const octet_type *t = octet_infer_shape(in, 0);
    octet_dim *dims = octet_infer_new_dims(in, 4);
    int64_t b = 1;

    OCTET_TRY_ALLOC(in->diag, dims);
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), 4, dims);
    if (t == NULL)
        return OCTET_OK;
    OCTET_TRY(block_size(in->node, t->rank, &b, in->diag));
    dims[0] = t->dims[0];
    dims[1] = to_space ? divided(t->dims[1], b * b) : times(t->dims[1], b * b);
    for (int32_t i = 2; i < 4; i++)
        dims[i] = to_space ? times(t->dims[i], b) : divided(t->dims[i], b);
    return OCTET_OK;
}

static octet_status infer_to_space(octet_infer *in)
{
    return infer(in, true);
}

static octet_status infer_to_depth(octet_infer *in)
{
    return infer(in, false);
}

/* The six loops n, c, y, by, x, bx in both layouts; sizes are of the small image. */
static void move(const octet_kernels *k, const octet_tensor *from, octet_tensor *to, bool to_space,
                 int64_t b, size_t element, bool last)
{
    const octet_tensor *deep = to_space ? from : to;
    int64_t c = deep->dims[1] / (b * b), h = deep->dims[2], w = deep->dims[3];
    int64_t plane = h * w * (int64_t)element, unit = (int64_t)element;
    int64_t dims[6] = {deep->dims[0], c, h, b, w, b};
    int64_t block = last ? plane : plane * c, channel = last ? plane * b * b : plane;
    int64_t deep_strides[6] = {plane * deep->dims[1], channel, w * unit, block * b, unit, block};
    int64_t space_strides[6];

    octet_strides(6, dims, element, space_strides);
    octet_move_nd(k, element, 6, dims, to->data, to_space ? space_strides : deep_strides,
                  from->data, to_space ? deep_strides : space_strides);
}

static octet_status eval(octet_eval *e, bool to_space)
{
    const octet_tensor *x;
    int64_t b = 1, dims[4];
    size_t element;

    OCTET_TRY(octet_eval_require(e, 1));
    x = e->in[0];
    OCTET_TRY(octet_eval_element(e, x->dtype, &element));
    OCTET_TRY(block_size(e->node, x->rank, &b, e->diag));
    if (to_space ? x->dims[1] % (b * b) != 0 : x->dims[2] % b != 0 || x->dims[3] % b != 0)
        return octet_fail(e->diag, OCTET_ERR_DATA, "the sizes are no multiples of blocksize %lld",
                          (long long)b);
    dims[0] = x->dims[0];
    for (int32_t i = 1; i < 4; i++) {
        int64_t factor = i == 1 ? b * b : b;

        if ((i == 1) == to_space)
            dims[i] = x->dims[i] / factor;
        else if (!octet_mul_i64(x->dims[i], factor, &dims[i]))
            return octet_fail(e->diag, OCTET_ERR_DATA, "the output is too large");
    }
    OCTET_TRY(octet_eval_output(e, 0, x->dtype, 4, dims));
    if (e->out[0].bytes > 0)
        move(e->k, x, &e->out[0], to_space, b, element, blocks_last(e->node));
    return OCTET_OK;
}

static octet_status eval_to_space(octet_eval *e)
{
    return eval(e, true);
}

static octet_status eval_to_depth(octet_eval *e)
{
    return eval(e, false);
}

const octet_op octet_op_depth_to_space = {
    .domain = "",
    .name = "DepthToSpace",
    .since = 13,
    .in = {{.name = "input", .role = OCTET_ROLE_DATA}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = infer_to_space,
    .eval = eval_to_space,
};

const octet_op octet_op_space_to_depth = {
    .domain = "",
    .name = "SpaceToDepth",
    .since = 13,
    .in = {{.name = "input", .role = OCTET_ROLE_DATA}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = infer_to_depth,
    .eval = eval_to_depth,
};
