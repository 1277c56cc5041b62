/* conv.c: Conv, any number of spatial axes
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/conv_common.h"

static octet_status infer(octet_infer *in)
{
    return octet_conv_infer(in, 0, 1, octet_infer_dtype(in, 0));
}

static octet_status prepare(const octet_graph *g, const octet_node *node,
                            const octet_tensor *const *constant, const octet_kernels *k,
                            octet_arena *arena, const void **state, octet_diag *diag)
{
    const octet_tensor *w = node->n_inputs > 1 ? constant[1] : NULL;
    octet_conv_shape s;
    size_t groups, m, taps, count;
    float *packed;

    (void)g;
    if (w == NULL || w->dtype != OCTET_DTYPE_FLOAT32 || octet_tensor_count(w) == 0 ||
        octet_conv_read(node, w->rank, w->dims, &s, NULL) != OCTET_OK ||
        s.out_channels % s.group != 0)
        return OCTET_OK; /* eval says what is wrong */
    groups = (size_t)s.group;
    m = (size_t)s.out_channels / groups;
    taps = (size_t)octet_dims_product(w->dims, 1, w->rank);
    if (!octet_conv_sum_packs(m))
        return OCTET_OK;
    count = octet_conv_packed_size(groups, m, taps);
    packed = count == SIZE_MAX ? NULL : octet_arena_alloc_aligned(arena, count * sizeof(float));
    OCTET_TRY_ALLOC(diag, packed);
    octet_conv_pack(k, groups, m, taps, w->data, packed);
    *state = packed;
    return OCTET_OK;
}

/* Weights in panels: what prepare made, else packed now. */
static octet_status pack_now(octet_eval *e, octet_conv_sum *sum)
{
    size_t count = octet_conv_packed_size(sum->groups, sum->m, sum->taps);
    float *packed;

    if (e->state != NULL || !octet_conv_sum_packs(sum->m)) {
        sum->packed = e->state;
        return OCTET_OK;
    }
    packed = count == SIZE_MAX ? NULL : octet_eval_scratch(e, count * sizeof(float));
    OCTET_TRY_ALLOC(e->diag, packed);
    octet_conv_pack(e->k, sum->groups, sum->m, sum->taps, sum->w, packed);
    sum->packed = packed;
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x = octet_eval_input(e, 0), *w = octet_eval_input(e, 1);
    const octet_tensor *bias = octet_eval_input(e, 2);
    bool is_double;
    int64_t dims[OCTET_MAX_RANK];
    octet_conv_shape s;
    octet_conv_sum sum;
    int32_t rank;

    OCTET_TRY(octet_eval_require(e, 2));
    OCTET_TRY(octet_conv_float_types(x, w, bias, e->diag));
    is_double = x->dtype == OCTET_DTYPE_FLOAT64;
    OCTET_TRY(octet_conv_resolve(e->node, x, w, bias, &s, e->diag));
    rank = octet_conv_out_dims(&s, dims);
    OCTET_TRY(octet_eval_output(e, 0, x->dtype, rank, dims));
    OCTET_TRY(
        octet_conv_sum_init(e, &s, is_double ? sizeof(double) : sizeof(float), !is_double, &sum));
    sum.x = x->data;
    sum.w = w->data;
    sum.bias = bias != NULL ? bias->data : NULL;
    sum.y = e->out[0].data;
    sum.row = octet_conv_row_f64;
    if (is_double)
        return octet_conv_sum_run(e, &sum);
    OCTET_TRY(pack_now(e, &sum));
    return octet_conv_sum_f32(e, &sum);
}

static int weight_axis(const octet_node *node, int weight_rank)
{
    (void)node;
    (void)weight_rank;
    return 0;
}

const octet_op octet_op_conv = {
    .domain = "",
    .name = "Conv",
    .since = 13,
    .in = {{.name = "X"},
           {.name = "W", .role = OCTET_ROLE_WEIGHT},
           {.name = "B", .role = OCTET_ROLE_BIAS, .optional = true}},
    .out = {{.name = "Y"}},
    .quant = {.weight_axis = weight_axis},
    .fuses = true,
    .infer = infer,
    .eval = eval,
    .prepare = prepare,
    .packs = 1u << 1,
};
