/* one_hot.c: OneHot
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

#include <string.h>

static octet_status infer(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);
    uint32_t n;
    const octet_sym *depth = octet_infer_value(in, 1, &n);
    octet_dim *dims;
    int32_t axis;

    octet_infer_set(in, 0, octet_infer_dtype(in, 2), -1, NULL);
    if (t == NULL || t->rank == OCTET_MAX_RANK)
        return OCTET_OK;
    OCTET_TRY(octet_axis_check(octet_node_int(in->node, "axis", -1), t->rank + 1, &axis, in->diag));
    dims = octet_infer_new_dims(in, t->rank + 1);
    OCTET_TRY_ALLOC(in->diag, dims);
    for (int32_t i = 0; i < t->rank; i++)
        dims[i < axis ? i : i + 1] = t->dims[i];
    if (depth != NULL && n == 1)
        dims[axis] = octet_dim_from_sym(depth[0]);
    octet_infer_set(in, 0, octet_infer_dtype(in, 2), t->rank + 1, dims);
    return OCTET_OK;
}

/* Numbers of any type, as ONNX allows for indices and depth. */
static octet_status read_numbers(octet_eval *e, uint32_t index, int64_t **out)
{
    const octet_tensor *t = e->in[index];
    int64_t n = octet_tensor_count(t);

    *out = octet_eval_scratch(e, ((size_t)n + 1) * sizeof **out);
    OCTET_TRY_ALLOC(e->diag, *out);
    if (!octet_convert(OCTET_DTYPE_INT64, *out, t->dtype, t->data, 0, n))
        return octet_fail(e->diag, OCTET_ERR_DATA, "input %u holds no numbers", index);
    return OCTET_OK;
}

static octet_status output(octet_eval *e, int32_t axis, int64_t depth)
{
    const octet_tensor *x = e->in[0];
    int64_t dims[OCTET_MAX_RANK + 1];

    dims[axis] = depth;
    for (int32_t i = 0; i < x->rank; i++)
        dims[i < axis ? i : i + 1] = x->dims[i];
    return octet_eval_output(e, 0, e->in[2]->dtype, x->rank + 1, dims);
}

static octet_status eval(octet_eval *e)
{
    int64_t *index, *depth, inner, n, none[1] = {0}, step[1];
    int32_t axis = 0;
    size_t element;
    const char *value;
    char *y;

    OCTET_TRY(octet_eval_require(e, 3));
    OCTET_TRY(octet_eval_element(e, e->in[2]->dtype, &element));
    if (octet_tensor_count(e->in[1]) != 1 || octet_tensor_count(e->in[2]) != 2)
        return octet_fail(e->diag, OCTET_ERR_DATA, "depth must be one number and values two");
    OCTET_TRY(
        octet_axis_check(octet_node_int(e->node, "axis", -1), e->in[0]->rank + 1, &axis, e->diag));
    OCTET_TRY(read_numbers(e, 0, &index));
    OCTET_TRY(read_numbers(e, 1, &depth));
    OCTET_TRY(output(e, axis, *depth));
    value = e->in[2]->data;
    y = e->out[0].data;
    step[0] = (int64_t)element;
    n = octet_tensor_count(&e->out[0]);
    octet_copy_nd(element, 1, &n, y, step, value, none);
    inner = octet_dims_product(e->in[0]->dims, axis, e->in[0]->rank);
    n = octet_tensor_count(e->in[0]);
    for (int64_t i = 0; i < n; i++) {
        int64_t at = index[i] < 0 && index[i] >= -*depth ? index[i] + *depth : index[i];

        if (at >= 0 && at < *depth)
            memcpy(y + (size_t)((i / inner * *depth + at) * inner + i % inner) * element,
                   value + element, element);
    }
    return OCTET_OK;
}

const octet_op octet_op_one_hot = {
    .domain = "",
    .name = "OneHot",
    .since = 13,
    .in = {{.name = "indices", .role = OCTET_ROLE_SHAPE},
           {.name = "depth", .role = OCTET_ROLE_SHAPE},
           {.name = "values", .role = OCTET_ROLE_PARAM}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
