/* check_input.c: a sample's tensor against what the graph declares
 * SPDX-License-Identifier: Apache-2.0
 */
#include "run/run.h"

static void print_declared(const octet_type *type, octet_text *out)
{
    octet_text_add(out, "%s", octet_dtype_get(type->dtype)->name);
    if (type->rank < 0)
        return;
    octet_text_add(out, "[");
    for (int32_t i = 0; i < type->rank; i++) {
        const octet_dim *dim = &type->dims[i];
        if (i > 0)
            octet_text_add(out, ",");
        if (dim->size >= 0)
            octet_text_add(out, "%lld", (long long)dim->size);
        else
            octet_text_add(out, "%s", dim->symbol != NULL ? dim->symbol : "?");
    }
    octet_text_add(out, "]");
}

static bool fits(const octet_type *type, const octet_tensor *t)
{
    if (type->dtype != OCTET_DTYPE_UNDEFINED && type->dtype != t->dtype)
        return false;
    if (type->rank < 0)
        return true;
    if (type->rank != t->rank)
        return false;
    for (int32_t i = 0; i < t->rank; i++)
        if (type->dims[i].size >= 0 && type->dims[i].size != t->dims[i])
            return false;
    return true;
}

octet_status octet_check_input(const octet_graph *g, octet_value_id input, const octet_tensor *t,
                               octet_diag *diag)
{
    const octet_value *v = octet_graph_value(g, input);
    octet_text text;

    if (v->type.kind == OCTET_TYPE_OTHER)
        return octet_fail(diag, OCTET_ERR_UNSUPPORTED, "input '%s' is not a tensor", v->name);
    if (fits(&v->type, t))
        return OCTET_OK;
    octet_text_init(&text, &g->model->ctx->allocator);
    octet_tensor_print_type(t, &text);
    octet_text_add(&text, ", the model wants ");
    print_declared(&v->type, &text);
    octet_status status = octet_fail(diag, OCTET_ERR_DATA, "input '%s' is %s", v->name,
                                     text.data != NULL ? text.data : "unfit");
    octet_text_deinit(&text);
    return status;
}
