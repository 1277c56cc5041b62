/* resize.c: Upsample, which became Resize, which learned its modes
 * SPDX-License-Identifier: Apache-2.0
 *
 *     y = Upsample <mode = "nearest", scales = [1, 1, 2, 2]> (x)
 *  -> y = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric",
 *                 nearest_mode = "floor"> (x, , scales)
 */
#include "upgrade/upgrade.h"

#include <string.h>

/* 1 -> 7: two factors for an image became a list, "bilinear" became "linear". */
octet_status octet_upgrade_upsample_scales(octet_upgrade *u)
{
    float scales[4] = {1, 1, octet_node_float(u->n, "height_scale", 1),
                       octet_node_float(u->n, "width_scale", 1)};
    const octet_attr list = {
        .name = "scales", .kind = OCTET_ATTR_FLOATS, .count = 4, .floats = scales};

    if (strcmp(octet_node_string(u->n, "mode", "nearest"), "bilinear") == 0)
        OCTET_TRY(octet_edit_set_string(u->g, u->n->id, "mode", "linear", u->diag));
    if (octet_node_attr(u->n, "scales") != NULL)
        return OCTET_OK;
    octet_edit_remove_attr(u->g, u->n->id, "height_scale");
    octet_edit_remove_attr(u->g, u->n->id, "width_scale");
    return octet_edit_set_attr(u->g, u->n->id, &list, u->diag);
}

/* 7 -> 9: scales became an input. */
octet_status octet_upgrade_upsample_input(octet_upgrade *u)
{
    uint32_t count;
    const float *scales = octet_node_floats(u->n, "scales", &count);
    char *name = octet_upgrade_name(u, "scales");
    octet_value_id id;

    OCTET_TRY_ALLOC(u->diag, name);
    if (scales == NULL)
        return octet_fail(u->diag, OCTET_ERR_INVALID_MODEL, "attribute 'scales' is missing");
    OCTET_TRY(octet_edit_add_f32(u->g, name, scales, count, false, &id, u->diag));
    OCTET_TRY(octet_edit_set_input(u->g, u->n->id, 1, id, u->diag));
    octet_edit_remove_attr(u->g, u->n->id, "scales");
    return OCTET_OK;
}

octet_status octet_upgrade_upsample_to_resize(octet_upgrade *u)
{
    return octet_edit_set_op(u->g, u->n->id, "Resize", NULL, u->diag);
}

/* Some dim is made smaller and none larger. */
static bool only_shrinks(const octet_graph *g, octet_value_id id)
{
    const octet_tensor *t = octet_value_constant(g, id);
    bool shrinks = false;

    if (t == NULL)
        return false;
    for (int64_t i = 0; i < octet_tensor_count(t); i++) {
        if (octet_tensor_f64_at(t, i) > 1)
            return false;
        shrinks = shrinks || octet_tensor_f64_at(t, i) < 1;
    }
    return shrinks;
}

/* 10 -> 11: roi came in between, and the coordinates the operator had always used became one choice
 * of several. Version 10 left the nearest pixel open; ONNX Runtime rounds up where it shrinks. */
octet_status octet_upgrade_resize_modes(octet_upgrade *u)
{
    octet_value_id inputs[3] = {octet_node_input_id(u->n, 0), OCTET_NO_VALUE,
                                octet_node_input_id(u->n, 1)};

    if (inputs[2] == OCTET_NO_VALUE)
        return octet_fail(u->diag, OCTET_ERR_INVALID_MODEL, "input 'scales' is missing");
    bool shrinks = only_shrinks(u->g, inputs[2]);
    OCTET_TRY(octet_edit_set_inputs(u->g, u->n->id, inputs, 3, u->diag));
    OCTET_TRY(octet_edit_set_string(u->g, u->n->id, "coordinate_transformation_mode", "asymmetric",
                                    u->diag));
    if (strcmp(octet_node_string(u->n, "mode", "nearest"), "nearest") != 0)
        return OCTET_OK;
    return octet_edit_set_string(u->g, u->n->id, "nearest_mode", shrinks ? "ceil" : "floor",
                                 u->diag);
}

/* 11 -> 13: tf_half_pixel_for_nn went away. It is half_pixel without the final - 0.5, so that its
 * floor is round_prefer_ceil of half_pixel. */
octet_status octet_upgrade_resize_tf_nearest(octet_upgrade *u)
{
    const octet_node *n = u->n;

    if (strcmp(octet_node_string(n, "coordinate_transformation_mode", ""),
               "tf_half_pixel_for_nn") != 0 ||
        strcmp(octet_node_string(n, "nearest_mode", "round_prefer_floor"), "floor") != 0)
        return OCTET_OK;
    OCTET_TRY(octet_edit_set_string(u->g, n->id, "coordinate_transformation_mode", "half_pixel",
                                    u->diag));
    return octet_edit_set_string(u->g, n->id, "nearest_mode", "round_prefer_ceil", u->diag);
}
