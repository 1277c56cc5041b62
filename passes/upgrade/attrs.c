/* attrs.c: attributes that went away, became inputs or changed their type or default
 * SPDX-License-Identifier: Apache-2.0
 */
#include "upgrade/upgrade.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

octet_status octet_upgrade_drop_attr(octet_upgrade *u)
{
    octet_edit_remove_attr(u->g, u->n->id, u->rule->attr);
    return OCTET_OK;
}

octet_status octet_upgrade_refuse(octet_upgrade *u)
{
    return octet_fail(u->diag, OCTET_ERR_UNSUPPORTED,
                      "its meaning before opset %d is not supported", u->rule->version);
}

/* attribute `name` (INT or INTS) -> input `index`; nothing when it is absent */
static octet_status move(octet_upgrade *u, const char *name, int64_t index)
{
    const octet_attr *attr = octet_node_attr(u->n, name);
    octet_value_id id;

    if (attr == NULL)
        return OCTET_OK;
    bool one = attr->kind == OCTET_ATTR_INT;
    if (!one && attr->kind != OCTET_ATTR_INTS)
        return octet_fail(u->diag, OCTET_ERR_INVALID_MODEL,
                          "attribute '%s' must be a list of integers", name);
    OCTET_TRY(
        octet_upgrade_add_ints(u, name, one ? &attr->i : attr->ints, one ? 1 : attr->count, &id));
    OCTET_TRY(octet_edit_set_input(u->g, u->n->id, (uint32_t)index, id, u->diag));
    octet_edit_remove_attr(u->g, u->n->id, name);
    return OCTET_OK;
}

octet_status octet_upgrade_attr_to_input(octet_upgrade *u)
{
    return move(u, u->rule->attr, u->rule->arg);
}

octet_status octet_upgrade_slice_bounds(octet_upgrade *u)
{
    OCTET_TRY(move(u, "starts", 1));
    OCTET_TRY(move(u, "ends", 2));
    return move(u, "axes", 3);
}

octet_status octet_upgrade_value_to_input(octet_upgrade *u)
{
    double value = (double)octet_node_float(u->n, u->rule->attr, 0);
    octet_value_id id;

    octet_edit_remove_attr(u->g, u->n->id, u->rule->attr);
    if (value == 0)
        return OCTET_OK;
    OCTET_TRY(octet_upgrade_add_scalar(u, u->rule->attr, value, &id));
    return octet_edit_set_input(u->g, u->n->id, (uint32_t)u->rule->arg, id, u->diag);
}

/* The defaults -FLT_MAX and FLT_MAX became absent inputs. */
static octet_status move_bound(octet_upgrade *u, const char *name, uint32_t index, float fallback)
{
    float bound = octet_node_float(u->n, name, fallback);
    octet_value_id id;

    octet_edit_remove_attr(u->g, u->n->id, name);
    if (bound == fallback)
        return OCTET_OK;
    OCTET_TRY(octet_upgrade_add_scalar(u, name, (double)bound, &id));
    return octet_edit_set_input(u->g, u->n->id, index, id, u->diag);
}

octet_status octet_upgrade_clip_bounds(octet_upgrade *u)
{
    OCTET_TRY(move_bound(u, "min", 1, -FLT_MAX));
    return move_bound(u, "max", 2, FLT_MAX);
}

octet_status octet_upgrade_default_int(octet_upgrade *u)
{
    if (octet_node_attr(u->n, u->rule->attr) != NULL)
        return OCTET_OK;
    return octet_edit_set_int(u->g, u->n->id, u->rule->attr, u->rule->arg, u->diag);
}

octet_status octet_upgrade_float_to_int(octet_upgrade *u)
{
    const octet_attr *attr = octet_node_attr(u->n, u->rule->attr);

    if (attr == NULL || attr->kind != OCTET_ATTR_FLOAT)
        return OCTET_OK;
    if (!(attr->f >= 1 && attr->f < 1e6f))
        return octet_fail(u->diag, OCTET_ERR_UNSUPPORTED, "attribute '%s' is no small integer",
                          attr->name);
    return octet_edit_set_int(u->g, u->n->id, attr->name, (int64_t)attr->f, u->diag);
}

/* to = "FLOAT"  ->  to = 1 */
octet_status octet_upgrade_cast_to(octet_upgrade *u)
{
    const octet_attr *to = octet_node_attr(u->n, "to");
    char name[16] = "";

    if (to == NULL || to->kind != OCTET_ATTR_STRING)
        return OCTET_OK;
    for (size_t i = 0; i + 1 < sizeof name && to->s[i] != '\0'; i++)
        name[i] = (char)(to->s[i] >= 'A' && to->s[i] <= 'Z' ? to->s[i] - 'A' + 'a' : to->s[i]);
    octet_dtype dtype = octet_dtype_from_name(name);
    if (dtype == OCTET_DTYPE_UNDEFINED)
        return octet_fail(u->diag, OCTET_ERR_INVALID_MODEL, "there is no element type '%s'", to->s);
    return octet_edit_set_int(u->g, u->n->id, "to", (int64_t)dtype, u->diag);
}

/* The axis became an input, and its default changed from 1 to -2. */
octet_status octet_upgrade_dft_axis(octet_upgrade *u)
{
    int64_t axis = octet_node_int(u->n, "axis", 1);
    char *name = octet_upgrade_name(u, "axis");
    octet_value_id id;

    OCTET_TRY_ALLOC(u->diag, name);
    OCTET_TRY(octet_edit_add_i64(u->g, name, &axis, 1, true, &id, u->diag));
    octet_edit_remove_attr(u->g, u->n->id, "axis");
    return octet_edit_set_input(u->g, u->n->id, 2, id, u->diag);
}

octet_status octet_upgrade_dropout_ratio(octet_upgrade *u)
{
    const octet_attr *ratio = octet_node_attr(u->n, "ratio");
    char *name = octet_upgrade_name(u, "ratio");
    octet_value_id id;

    OCTET_TRY_ALLOC(u->diag, name);
    if (ratio == NULL)
        return OCTET_OK;
    OCTET_TRY(octet_edit_add_f32(u->g, name, &ratio->f, 1, true, &id, u->diag));
    octet_edit_remove_attr(u->g, u->n->id, "ratio");
    return octet_edit_set_input(u->g, u->n->id, 1, id, u->diag);
}

octet_status octet_upgrade_grid_mode(octet_upgrade *u)
{
    const char *mode = octet_node_string(u->n, "mode", "bilinear");

    if (strcmp(mode, "bilinear") == 0)
        return octet_edit_set_string(u->g, u->n->id, "mode", "linear", u->diag);
    if (strcmp(mode, "bicubic") == 0)
        return octet_edit_set_string(u->g, u->n->id, "mode", "cubic", u->diag);
    return OCTET_OK;
}

octet_status octet_upgrade_pad_paddings(octet_upgrade *u)
{
    uint32_t count;
    const int64_t *pads = octet_node_ints(u->n, "paddings", &count);

    if (pads == NULL)
        return OCTET_OK;
    OCTET_TRY(octet_edit_set_ints(u->g, u->n->id, "pads", pads, count, u->diag));
    octet_edit_remove_attr(u->g, u->n->id, "paddings");
    return OCTET_OK;
}

octet_status octet_upgrade_roi_align_mode(octet_upgrade *u)
{
    return octet_edit_set_string(u->g, u->n->id, "coordinate_transformation_mode",
                                 "output_half_pixel", u->diag);
}

octet_status octet_upgrade_scatter(octet_upgrade *u)
{
    return octet_edit_set_op(u->g, u->n->id, "ScatterElements", NULL, u->diag);
}

/* The constants were given more digits at 6. */
octet_status octet_upgrade_selu_defaults(octet_upgrade *u)
{
    octet_edit_remove_attr(u->g, u->n->id, "consumed_inputs");
    if (octet_node_attr(u->n, "alpha") == NULL)
        OCTET_TRY(octet_edit_set_float(u->g, u->n->id, "alpha", 1.6732f, u->diag));
    if (octet_node_attr(u->n, "gamma") == NULL)
        OCTET_TRY(octet_edit_set_float(u->g, u->n->id, "gamma", 1.0507f, u->diag));
    return OCTET_OK;
}

/* Equal parts have to be asked for. */
octet_status octet_upgrade_split_outputs(octet_upgrade *u)
{
    if (octet_node_input_id(u->n, 1) != OCTET_NO_VALUE)
        return OCTET_OK;
    return octet_edit_set_int(u->g, u->n->id, "num_outputs", u->n->n_outputs, u->diag);
}

/* Inputs tiles and axis became a list of repeats. */
octet_status octet_upgrade_tile(octet_upgrade *u)
{
    int64_t repeats[OCTET_MAX_RANK], tiles, axis;
    int32_t rank = octet_value_rank(octet_node_input(u->g, u->n, 0));
    double tiles_value, axis_value;
    octet_value_id inputs[2] = {octet_node_input_id(u->n, 0), OCTET_NO_VALUE};

    if (u->n->n_inputs == 2)
        return OCTET_OK;
    if (rank < 0 || rank > OCTET_MAX_RANK ||
        !octet_const_scalar(u->g, octet_node_input_id(u->n, 1), &tiles_value) ||
        !octet_const_scalar(u->g, octet_node_input_id(u->n, 2), &axis_value))
        return octet_upgrade_refuse(u);
    tiles = tiles_value >= 0 && tiles_value < 1e9 ? (int64_t)tiles_value : -1;
    axis = axis_value >= 0 && axis_value < rank ? (int64_t)axis_value : -1;
    if (tiles < 0 || axis < 0)
        return octet_fail(u->diag, OCTET_ERR_INVALID_MODEL, "tiles or axis is out of range");
    for (int32_t i = 0; i < rank; i++)
        repeats[i] = i == axis ? tiles : 1;
    OCTET_TRY(octet_upgrade_add_ints(u, "repeats", repeats, (uint32_t)rank, &inputs[1]));
    return octet_edit_set_inputs(u->g, u->n->id, inputs, 2, u->diag);
}
