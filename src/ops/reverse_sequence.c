/* reverse_sequence.c: ReverseSequence
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

static octet_status read_axes(octet_eval *e, int32_t *batch, int32_t *time)
{
    *batch = octet_node_int(e->node, "batch_axis", 1) != 0;
    *time = octet_node_int(e->node, "time_axis", 0) != 0;
    if (*batch == *time || e->in[0]->rank < 2)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL,
                          "batch_axis, time_axis and the rank %d "
                          "do not go together",
                          (int)e->in[0]->rank);
    return OCTET_OK;
}

/* One entry of the batch: its first `length` steps backwards, the rest as they are. */
static void reverse(const octet_tensor *x, octet_tensor *y, int32_t batch, int32_t time, int64_t b,
                    int64_t length, size_t element)
{
    int64_t strides[OCTET_MAX_RANK], from[OCTET_MAX_RANK], dims[OCTET_MAX_RANK], at;

    octet_strides(x->rank, x->dims, element, strides);
    for (int32_t i = 0; i < x->rank; i++) {
        dims[i] = x->dims[i];
        from[i] = strides[i];
    }
    dims[batch] = 1;
    at = b * strides[batch];
    dims[time] = length;
    from[time] = -strides[time];
    if (length > 0)
        octet_copy_nd(element, x->rank, dims, (char *)y->data + at, strides,
                      (const char *)x->data + at + (length - 1) * strides[time], from);
    dims[time] = x->dims[time] - length;
    at += length * strides[time];
    octet_copy_nd(element, x->rank, dims, (char *)y->data + at, strides, (const char *)x->data + at,
                  strides);
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x;
    int32_t batch = 0, time = 0;
    int64_t *lengths;
    uint32_t n;
    size_t element;

    OCTET_TRY(octet_eval_require(e, 2));
    x = e->in[0];
    OCTET_TRY(octet_eval_element(e, x->dtype, &element));
    OCTET_TRY(read_axes(e, &batch, &time));
    OCTET_TRY(octet_eval_ints(e, 1, &lengths, &n));
    if ((int64_t)n != x->dims[batch])
        return octet_fail(e->diag, OCTET_ERR_DATA, "%u sequence lengths for a batch of %lld", n,
                          (long long)x->dims[batch]);
    OCTET_TRY(octet_eval_output_like(e, 0, x));
    for (uint32_t b = 0; b < n; b++)
        if (lengths[b] < 0 || lengths[b] > x->dims[time])
            return octet_fail(e->diag, OCTET_ERR_DATA, "sequence length %lld is out of range",
                              (long long)lengths[b]);
    for (uint32_t b = 0; x->bytes > 0 && b < n; b++)
        reverse(x, &e->out[0], batch, time, b, lengths[b], element);
    return OCTET_OK;
}

const octet_op octet_op_reverse_sequence = {
    .domain = "",
    .name = "ReverseSequence",
    .since = 13,
    .in = {{.name = "input", .role = OCTET_ROLE_DATA},
           {.name = "sequence_lens", .role = OCTET_ROLE_SHAPE}},
    .out = {{.name = "Y", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = octet_infer_same,
    .eval = eval,
};
