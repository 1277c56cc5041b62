/* norm.c: Softmax and its kin, BatchNormalization, GroupNormalization
 * SPDX-License-Identifier: Apache-2.0
 */
#include "upgrade/upgrade.h"

/* Shape of x for a Reshape back: a constant where at most one dim is unknown. */
static octet_status shape_of(octet_upgrade *u, octet_value_id x, octet_value_id *out)
{
    const octet_type *type = &octet_graph_value(u->g, x)->type;
    int64_t dims[OCTET_MAX_RANK];
    int unknown = 0;

    if (type->rank < 0 || type->rank > OCTET_MAX_RANK)
        return octet_upgrade_add_node(u, "Shape", x, OCTET_NO_VALUE, out);
    for (int32_t i = 0; i < type->rank; i++) {
        dims[i] = type->dims[i].size >= 0 ? type->dims[i].size : -1;
        unknown += dims[i] <= 0; /* a 0 would copy the dim of the flattened tensor */
        if (dims[i] == 0)
            return octet_upgrade_add_node(u, "Shape", x, OCTET_NO_VALUE, out);
    }
    if (unknown > 1)
        return octet_upgrade_add_node(u, "Shape", x, OCTET_NO_VALUE, out);
    return octet_upgrade_add_ints(u, "shape", dims, (uint32_t)type->rank, out);
}

/* y = Softmax <axis = k> (x)  ->  y = Reshape(Softmax <axis = 1> (Flatten <axis = k> (x)), shape)
 */
static octet_status around(octet_upgrade *u, int64_t axis)
{
    octet_value_id x = u->n->inputs[0], y = u->n->outputs[0], flat, inner, shape, pair[2];
    octet_node_id made;
    char *name = octet_upgrade_name(u, "Reshape");

    OCTET_TRY_ALLOC(u->diag, name);
    OCTET_TRY(shape_of(u, x, &shape));
    OCTET_TRY(octet_upgrade_add_node(u, "Flatten", x, OCTET_NO_VALUE, &flat));
    OCTET_TRY(
        octet_edit_set_int(u->g, octet_graph_value(u->g, flat)->producer, "axis", axis, u->diag));
    OCTET_TRY(octet_edit_set_input(u->g, u->n->id, 0, flat, u->diag));
    OCTET_TRY(octet_edit_add_value(u->g, name, NULL, &inner, u->diag));
    OCTET_TRY(octet_edit_set_output(u->g, u->n->id, 0, inner, u->diag));
    pair[0] = inner;
    pair[1] = shape;
    octet_node_desc desc = {
        .name = name,
        .op_type = "Reshape",
        .inputs = pair,
        .n_inputs = 2,
        .outputs = &y,
        .n_outputs = 1,
    };
    OCTET_TRY(octet_edit_add_node(u->g, &desc, "upgrade-opset", &made, u->diag));
    return octet_edit_set_int(u->g, u->n->id, "axis", 1, u->diag);
}

static bool ones_after(const octet_type *type, int64_t axis)
{
    for (int64_t i = axis + 1; i < type->rank; i++)
        if (type->dims[i].size != 1)
            return false;
    return true;
}

/* Before 13 the input was read as a matrix: dims before axis, dims from axis on. From 13 on only
 * the dim `axis` is normalised, which is the same when all later dims are 1. */
octet_status octet_upgrade_softmax(octet_upgrade *u)
{
    const octet_value *x = octet_node_input(u->g, u->n, 0);
    int64_t axis = octet_node_int(u->n, "axis", 1);
    int32_t rank = octet_value_rank(x);

    if (x == NULL || octet_node_output(u->g, u->n, 0) == NULL)
        return octet_fail(u->diag, OCTET_ERR_INVALID_MODEL, "input or output is missing");
    if (rank < 0)
        return axis == -1 ? OCTET_OK : around(u, axis);
    if (axis < -rank || axis > rank)
        return octet_fail(u->diag, OCTET_ERR_INVALID_MODEL, "axis %lld is out of range",
                          (long long)axis);
    axis += axis < 0 ? rank : 0;
    if (axis == rank || !ones_after(&x->type, axis))
        return around(u, axis);
    return octet_edit_set_int(u->g, u->n->id, "axis", axis == rank - 1 ? -1 : axis, u->diag);
}

/* spatial = 0: one mean, variance, scale and bias for each element of a sample. That is no
 * BatchNormalization any more, but (x - mean) / sqrt(var + epsilon) * scale + bias. */
static octet_status per_element(octet_upgrade *u)
{
    const octet_value_id *in = u->n->inputs;
    octet_value_id x = in[0], scale = in[1], bias = in[2], mean = in[3], var = in[4], epsilon;

    OCTET_TRY(octet_upgrade_add_scalar(u, "epsilon",
                                       (double)octet_node_float(u->n, "epsilon", 1e-5f), &epsilon));
    OCTET_TRY(octet_upgrade_add_node(u, "Add", var, epsilon, &var));
    OCTET_TRY(octet_upgrade_add_node(u, "Sqrt", var, OCTET_NO_VALUE, &var));
    OCTET_TRY(octet_upgrade_add_node(u, "Sub", x, mean, &x));
    OCTET_TRY(octet_upgrade_add_node(u, "Div", x, var, &x));
    OCTET_TRY(octet_upgrade_add_node(u, "Mul", x, scale, &x));
    return octet_upgrade_become(u, "Add", x, bias);
}

octet_status octet_upgrade_bn_spatial(octet_upgrade *u)
{
    bool spatial = octet_node_int(u->n, "spatial", 1) != 0;

    octet_edit_remove_attr(u->g, u->n->id, "spatial");
    if (spatial || octet_value_rank(octet_node_input(u->g, u->n, 1)) == 1)
        return OCTET_OK;
    if (u->n->n_inputs != 5 || u->n->n_outputs != 1)
        return octet_fail(u->diag, OCTET_ERR_UNSUPPORTED, "training mode is not supported");
    return per_element(u);
}

/* The outputs beyond the first belonged to training; unused ones are left out. */
octet_status octet_upgrade_bn_outputs(octet_upgrade *u)
{
    for (uint32_t i = 1; i < u->n->n_outputs; i++) {
        const octet_value *v = octet_node_output(u->g, u->n, i);

        if (v != NULL && v->n_uses > 0)
            return octet_fail(u->diag, OCTET_ERR_UNSUPPORTED, "training mode is not supported");
        OCTET_TRY(octet_edit_set_output(u->g, u->n->id, i, OCTET_NO_VALUE, u->diag));
    }
    octet_edit_trim_outputs(u->g, u->n->id);
    return OCTET_OK;
}

/* [groups] -> [groups, 1] -> [groups, channels / groups] -> [channels] */
static octet_status repeat(octet_upgrade *u, uint32_t index, int64_t groups, int64_t each)
{
    const int64_t grid[2] = {groups, each}, all = -1;
    octet_value_id v = u->n->inputs[index], shape;

    OCTET_TRY(octet_upgrade_append_ones(u, v, 1, 1, &v));
    OCTET_TRY(octet_upgrade_add_ints(u, "grid", grid, 2, &shape));
    OCTET_TRY(octet_upgrade_add_node(u, "Expand", v, shape, &v));
    OCTET_TRY(octet_upgrade_add_ints(u, "all", &all, 1, &shape));
    OCTET_TRY(octet_upgrade_add_node(u, "Reshape", v, shape, &v));
    return octet_edit_set_input(u->g, u->n->id, index, v, u->diag);
}

/* Before 21 scale and bias had one element for each group, from then on one for each channel. */
octet_status octet_upgrade_group_norm(octet_upgrade *u)
{
    const octet_value *x = octet_node_input(u->g, u->n, 0);
    int64_t groups = octet_node_int(u->n, "num_groups", 0);

    if (octet_value_rank(x) < 2 || x->type.dims[1].size < 0)
        return octet_fail(u->diag, OCTET_ERR_UNSUPPORTED, "the number of channels is not known");
    if (u->n->n_inputs != 3 || groups <= 0 || x->type.dims[1].size % groups != 0)
        return octet_fail(u->diag, OCTET_ERR_INVALID_MODEL,
                          "num_groups %lld does not divide %lld channels", (long long)groups,
                          (long long)x->type.dims[1].size);
    OCTET_TRY(repeat(u, 1, groups, x->type.dims[1].size / groups));
    return repeat(u, 2, groups, x->type.dims[1].size / groups);
}
