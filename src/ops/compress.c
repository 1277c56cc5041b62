/* compress.c: Compress
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

#include <string.h>

static octet_status infer(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);
    bool flat = octet_node_attr(in->node, "axis") == NULL;
    octet_dim *dims;
    int32_t axis = 0;

    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    if (!flat && t == NULL)
        return OCTET_OK;
    dims = octet_infer_new_dims(in, flat ? 1 : t->rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    if (!flat)
        OCTET_TRY(octet_axis_check(octet_node_int(in->node, "axis", 0), t->rank, &axis, in->diag));
    for (int32_t i = 0; !flat && i < t->rank; i++)
        dims[i] = i == axis ? octet_dim_unknown() : t->dims[i];
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), flat ? 1 : t->rank, dims);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    bool flat = octet_node_attr(e->node, "axis") == NULL;
    const octet_tensor *x, *condition;
    int64_t dims[OCTET_MAX_RANK], outer, size, limit, kept = 0;
    const uint8_t *keep;
    int32_t axis = 0;
    size_t element, inner;
    char *to;

    OCTET_TRY(octet_eval_require(e, 2));
    x = e->in[0];
    condition = e->in[1];
    OCTET_TRY(octet_eval_element(e, x->dtype, &element));
    if (condition->dtype != OCTET_DTYPE_BOOL || condition->rank != 1)
        return octet_fail(e->diag, OCTET_ERR_DATA, "condition must be a vector of bool");
    if (!flat)
        OCTET_TRY(octet_axis_check(octet_node_int(e->node, "axis", 0), x->rank, &axis, e->diag));
    size = flat ? octet_tensor_count(x) : x->dims[axis];
    outer = flat ? 1 : octet_dims_product(x->dims, 0, axis);
    inner = element * (flat ? 1 : (size_t)octet_dims_product(x->dims, axis + 1, x->rank));
    keep = condition->data;
    limit = condition->dims[0] < size ? condition->dims[0] : size;
    for (int64_t i = 0; i < limit; i++)
        kept += keep[i] != 0;
    for (int32_t i = 0; !flat && i < x->rank; i++)
        dims[i] = i == axis ? kept : x->dims[i];
    OCTET_TRY(octet_eval_output(e, 0, x->dtype, flat ? 1 : x->rank, flat ? &kept : dims));
    to = e->out[0].data;
    for (int64_t o = 0; e->out[0].bytes > 0 && o < outer; o++)
        for (int64_t i = 0; i < limit; i++)
            if (keep[i]) {
                memcpy(to, (const char *)x->data + (size_t)(o * size + i) * inner, inner);
                to += inner;
            }
    return OCTET_OK;
}

const octet_op octet_op_compress = {
    .domain = "",
    .name = "Compress",
    .since = 13,
    .in = {{.name = "input", .role = OCTET_ROLE_DATA},
           {.name = "condition", .role = OCTET_ROLE_SHAPE}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
