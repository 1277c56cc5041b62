/* broadcast.c: before opset 7 broadcasting was asked for with attributes
 * SPDX-License-Identifier: Apache-2.0
 *
 *     y = Add <broadcast = 1, axis = 1> (x, b)     x: [N,C,H,W], b: [C]
 *  -> y = Add (x, b_aligned)                       b_aligned: [C,1,1]
 *
 * Without axis the shape of b was a suffix of x's, which is what NumPy's rule gives.
 */
#include "upgrade/upgrade.h"

octet_status octet_upgrade_broadcast_suffix(octet_upgrade *u)
{
    if (octet_node_attr(u->n, "axis") == NULL)
        octet_edit_remove_attr(u->g, u->n->id, "broadcast");
    return OCTET_OK;
}

/* Aligns dim 0 of input 1 with dim `axis` of input 0. */
static octet_status align(octet_upgrade *u, int64_t axis)
{
    int32_t rank_a = octet_value_rank(octet_node_input(u->g, u->n, 0));
    int32_t rank_b = octet_value_rank(octet_node_input(u->g, u->n, 1));
    octet_value_id aligned;

    if (rank_a < 0 || rank_b < 0)
        return octet_fail(u->diag, OCTET_ERR_UNSUPPORTED,
                          "broadcasting along axis %lld needs operands of known rank",
                          (long long)axis);
    if (axis > rank_a)
        return octet_fail(u->diag, OCTET_ERR_INVALID_MODEL, "axis %lld is out of range",
                          (long long)axis);
    OCTET_TRY(octet_upgrade_append_ones(u, u->n->inputs[1], rank_b, rank_a - (int32_t)axis - rank_b,
                                        &aligned));
    return octet_edit_set_input(u->g, u->n->id, 1, aligned, u->diag);
}

octet_status octet_upgrade_broadcast_axis(octet_upgrade *u)
{
    int64_t axis = octet_node_int(u->n, "axis", -1);
    bool broadcast = octet_node_int(u->n, "broadcast", 0) != 0;

    octet_edit_remove_attr(u->g, u->n->id, "axis");
    octet_edit_remove_attr(u->g, u->n->id, "broadcast");
    if (!broadcast || axis < 0 || octet_node_input(u->g, u->n, 1) == NULL)
        return OCTET_OK;
    return align(u, axis);
}

/* The slope had one element or one for each channel, and channels are dim 1. */
octet_status octet_upgrade_prelu_slope(octet_upgrade *u)
{
    const octet_value *slope = octet_node_input(u->g, u->n, 1);

    if (octet_value_rank(slope) != 1 || slope->type.dims[0].size == 1)
        return OCTET_OK;
    return align(u, octet_value_rank(octet_node_input(u->g, u->n, 0)) == 1 ? 0 : 1);
}
