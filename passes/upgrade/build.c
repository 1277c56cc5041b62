/* build.c: what upgrade rules build nodes and constants with
 * SPDX-License-Identifier: Apache-2.0
 */
#include "upgrade/upgrade.h"

#define STAMP "upgrade-opset"

octet_dtype octet_upgrade_dtype(const octet_upgrade *u)
{
    const octet_value *x = octet_node_input(u->g, u->n, 0);
    bool known = x != NULL && x->type.kind == OCTET_TYPE_TENSOR &&
                 octet_dtype_get(x->type.dtype)->kind != OCTET_KIND_OTHER;

    return known ? x->type.dtype : OCTET_DTYPE_FLOAT32;
}

char *octet_upgrade_name(const octet_upgrade *u, const char *what)
{
    const char *base = u->n->name[0] != '\0' ? u->n->name : u->n->op_type;

    return octet_arena_printf(u->scratch, "%s_%s", base, what);
}

octet_status octet_upgrade_add_ints(octet_upgrade *u, const char *what, const int64_t *values,
                                    uint32_t n, octet_value_id *out)
{
    char *name = octet_upgrade_name(u, what);

    OCTET_TRY_ALLOC(u->diag, name);
    return octet_edit_add_i64(u->g, name, values, n, false, out, u->diag);
}

octet_status octet_upgrade_add_scalar(octet_upgrade *u, const char *what, double value,
                                      octet_value_id *out)
{
    char *name = octet_upgrade_name(u, what);

    OCTET_TRY_ALLOC(u->diag, name);
    return octet_pass_add_constant(u->g, name, octet_upgrade_dtype(u), 0, NULL, &value, out,
                                   u->diag);
}

octet_status octet_upgrade_add_node(octet_upgrade *u, const char *what, octet_value_id a,
                                    octet_value_id b, octet_value_id *out)
{
    char *name = octet_upgrade_name(u, what);
    octet_value_id inputs[2] = {a, b};
    octet_node_id made;

    OCTET_TRY_ALLOC(u->diag, name);
    OCTET_TRY(octet_edit_add_value(u->g, name, NULL, out, u->diag));
    octet_node_desc desc = {
        .name = name,
        .op_type = what,
        .inputs = inputs,
        .n_inputs = b == OCTET_NO_VALUE ? 1 : 2,
        .outputs = out,
        .n_outputs = 1,
    };
    return octet_edit_add_node(u->g, &desc, STAMP, &made, u->diag);
}

octet_status octet_upgrade_become(octet_upgrade *u, const char *op, octet_value_id a,
                                  octet_value_id b)
{
    octet_value_id inputs[2] = {a, b};

    while (u->n->n_attrs > 0)
        octet_edit_remove_attr(u->g, u->n->id, u->n->attrs[u->n->n_attrs - 1].name);
    OCTET_TRY(octet_edit_set_inputs(u->g, u->n->id, inputs, b == OCTET_NO_VALUE ? 1 : 2, u->diag));
    return octet_edit_set_op(u->g, u->n->id, op, NULL, u->diag);
}

static octet_status append_to_constant(octet_upgrade *u, const octet_tensor *t, int32_t count,
                                       octet_value_id *out)
{
    octet_tensor longer = *t;
    char *name = octet_upgrade_name(u, "aligned");

    OCTET_TRY_ALLOC(u->diag, name);
    for (int32_t i = 0; i < count; i++)
        longer.dims[longer.rank++] = 1;
    return octet_edit_add_initializer(u->g, name, &longer, out, u->diag);
}

octet_status octet_upgrade_append_ones(octet_upgrade *u, octet_value_id b, int32_t rank,
                                       int32_t count, octet_value_id *out)
{
    const octet_tensor *t = b == OCTET_NO_VALUE ? NULL : octet_value_constant(u->g, b);
    int64_t axes[OCTET_MAX_RANK];
    octet_value_id axes_id;

    *out = b;
    if (count == 0)
        return OCTET_OK;
    if (b == OCTET_NO_VALUE || count < 0 || rank + count > OCTET_MAX_RANK)
        return octet_fail(u->diag, OCTET_ERR_INVALID_MODEL, "operands do not fit each other");
    if (t != NULL)
        return append_to_constant(u, t, count, out);
    for (int32_t i = 0; i < count; i++)
        axes[i] = rank + i;
    OCTET_TRY(octet_upgrade_add_ints(u, "axes", axes, (uint32_t)count, &axes_id));
    return octet_upgrade_add_node(u, "Unsqueeze", b, axes_id, out);
}
