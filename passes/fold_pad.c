/* fold_pad.c: zero padding becomes part of the operator that follows
 * SPDX-License-Identifier: Apache-2.0
 *
 *     p = Pad(x, [0,0,1,1,0,0,1,1])   y = Conv <pads = [0,0,0,0]> (p, w)
 *  -> y = Conv <pads = [1,1,1,1]> (x, w)
 *
 * Conv pads with zeros itself. So does AveragePool, and with count_include_pad = 1 they count as
 * they did when they came from the Pad. MaxPool does not: its padding never wins.
 */
#include "engine/walk.h"

#include <string.h>

#define MAX_PADS (2 * OCTET_MAX_RANK)

/* Pads of the spatial dims (begins, then ends); false unless the Pad adds zeros there alone. */
static bool spatial_pads(const octet_graph *g, const octet_node *pad, int64_t *out,
                         uint32_t *spatial)
{
    int64_t pads[MAX_PADS];
    uint32_t count;
    double value = 0;
    octet_value_id fill = octet_node_input_id(pad, 2);

    if (strcmp(octet_node_string(pad, "mode", "constant"), "constant") != 0 ||
        octet_node_input_id(pad, 3) != OCTET_NO_VALUE ||
        (fill != OCTET_NO_VALUE && !octet_const_scalar(g, fill, &value)) || value != 0 ||
        !octet_const_ints(g, octet_node_input_id(pad, 1), pads, MAX_PADS, &count))
        return false;
    uint32_t rank = count / 2;
    if (rank < 3 || count % 2 != 0 || pads[0] != 0 || pads[1] != 0 || pads[rank] != 0 ||
        pads[rank + 1] != 0)
        return false;
    *spatial = rank - 2;
    for (uint32_t i = 0; i < *spatial; i++) {
        out[i] = pads[2 + i];
        out[*spatial + i] = pads[rank + 2 + i];
        if (out[i] < 0 || out[*spatial + i] < 0 || out[i] > INT32_MAX ||
            out[*spatial + i] > INT32_MAX)
            return false;
    }
    return true;
}

/* Adds the operator's own pads; *own tells whether there were any. */
static bool add_own_pads(const octet_node *n, int64_t *pads, uint32_t spatial, bool *own)
{
    const char *automatic = octet_node_string(n, "auto_pad", "NOTSET");
    uint32_t count;
    const int64_t *mine = octet_node_ints(n, "pads", &count);

    *own = false;
    if (strcmp(automatic, "VALID") == 0)
        return true;
    if (strcmp(automatic, "NOTSET") != 0 || (count != 0 && count != 2 * spatial))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        *own = *own || mine[i] != 0;
        if (mine[i] < 0 || mine[i] > INT32_MAX)
            return false;
        pads[i] += mine[i];
    }
    return true;
}

/* Pads of a pooling window must be smaller than the window, and padded cells must count. */
static bool pool_takes(const octet_node *n, const int64_t *pads, uint32_t spatial, bool own)
{
    uint32_t count;
    const int64_t *kernel = octet_node_ints(n, "kernel_shape", &count);

    if (count != spatial || octet_node_int(n, "ceil_mode", 0) != 0 ||
        octet_node_attr(n, "dilations") != NULL ||
        (own && octet_node_int(n, "count_include_pad", 0) == 0))
        return false;
    for (uint32_t i = 0; i < 2 * spatial; i++)
        if (pads[i] >= kernel[i % spatial])
            return false;
    return true;
}

static octet_status visit(octet_graph *g, octet_node *n, octet_pass_ctx *ctx)
{
    bool pool = octet_node_is(n, "AveragePool"), own;
    int64_t pads[MAX_PADS];
    uint32_t spatial;

    if (!pool && !octet_node_is(n, "Conv"))
        return OCTET_OK;
    const octet_node *pad = octet_sole_producer(g, octet_node_input(g, n, 0));
    if (pad == NULL || !octet_node_is(pad, "Pad") || octet_node_input(g, pad, 0) == NULL ||
        !spatial_pads(g, pad, pads, &spatial) || !add_own_pads(n, pads, spatial, &own) ||
        (pool && !pool_takes(n, pads, spatial, own)))
        return OCTET_OK;
    OCTET_TRY(octet_edit_set_ints(g, n->id, "pads", pads, 2 * spatial, ctx->diag));
    octet_edit_remove_attr(g, n->id, "auto_pad");
    if (pool)
        OCTET_TRY(octet_edit_set_int(g, n->id, "count_include_pad", 1, ctx->diag));
    OCTET_TRY(octet_edit_set_input(g, n->id, 0, pad->inputs[0], ctx->diag));
    octet_edit_remove_node(g, pad->id);
    ctx->changes++;
    return OCTET_OK;
}

static octet_status run(octet_model *model, octet_pass_ctx *ctx)
{
    return octet_pass_each_node(model->graph, ctx, visit);
}

const octet_pass octet_pass_fold_pad = {
    .name = "fold-pad",
    .summary = "move zero padding into Conv and AveragePool",
    .run = run,
};
