/* biases.c: a float bias becomes int32 where input, weight and output are quantized
 * SPDX-License-Identifier: Apache-2.0
 *
 *     Q(Conv(DQ(x), DQ(w), b))  ->  Q(Conv(DQ(x), DQ(w), DQ(rne(b / s))))     s = x's scale · w's
 */
#include "lower/lower.h"

#include <math.h>

enum { X, W, BIAS };

typedef struct bias {
    octet_graph *g;
    octet_node *n;
    const octet_tensor *value, *w_scale;
    float x_scale;
} bias;

/* Relus and Clips may stand between. */
static bool leads_to_q(const octet_graph *g, const octet_node *n)
{
    uint32_t input;

    do {
        n = n->n_outputs == 1 ? octet_sole_consumer(g, octet_node_output(g, n, 0), &input) : NULL;
        if (octet_is_q(n))
            return true;
    } while (n != NULL && (octet_node_is(n, "Relu") || octet_node_is(n, "Clip")));
    return false;
}

static bool scales_fit(const bias *b, const octet_node *dq_w)
{
    int64_t axis = octet_node_int(dq_w, "axis", 1), want = 0;
    int32_t rank = octet_value_rank(octet_node_input(b->g, dq_w, OCTET_Q_X));

    if (octet_tensor_count(b->w_scale) == 1)
        return true;
    if (octet_node_is(b->n, "Gemm"))
        want = octet_node_int(b->n, "transB", 0) != 0 ? 0 : 1;
    return b->w_scale->rank == 1 && b->w_scale->dims[0] == b->value->dims[0] &&
           octet_node_int(dq_w, "block_size", 0) == 0 && (axis < 0 ? axis + rank : axis) == want;
}

static bool find(bias *b)
{
    const octet_graph *g = b->g;
    const octet_node *dq_x = octet_dq_of(g, b->n, X), *dq_w = octet_dq_of(g, b->n, W);
    octet_value_id v = octet_node_input_id(b->n, BIAS);
    int32_t zero_point;

    if (dq_x == NULL || dq_w == NULL || v == OCTET_NO_VALUE || !leads_to_q(g, b->n) ||
        !octet_q_params(g, dq_x, &b->x_scale, &zero_point, NULL))
        return false;
    b->value = octet_value_constant(g, v);
    b->w_scale = octet_value_constant(g, octet_node_input_id(dq_w, OCTET_Q_SCALE));
    return b->value != NULL && b->value->dtype == OCTET_DTYPE_FLOAT32 && b->value->rank == 1 &&
           b->w_scale != NULL && b->w_scale->dtype == OCTET_DTYPE_FLOAT32 && scales_fit(b, dq_w);
}

static octet_status add_array(bias *b, const char *name, octet_dtype dtype, int64_t n, bool vector,
                              void *data, octet_value_id *out, octet_diag *diag)
{
    octet_tensor t;

    OCTET_TRY(octet_tensor_describe(&t, dtype, vector ? 1 : 0, &n, diag));
    t.data = data;
    return octet_edit_add_initializer(b->g, name, &t, out, diag);
}

/* Rounded to int32, scales written beside. */
static octet_status quantize(bias *b, octet_value_id *integers, octet_value_id *scales,
                             octet_pass_ctx *ctx)
{
    int64_t n = b->value->dims[0], n_scales = octet_tensor_count(b->w_scale);
    octet_arena *arena = &b->g->model->arena;
    int32_t *q = OCTET_ARENA_ARRAY(arena, int32_t, (size_t)n + 1);
    float *s = OCTET_ARENA_ARRAY(arena, float, (size_t)n_scales + 1);
    const char *name = octet_graph_value(b->g, b->n->inputs[BIAS])->name;

    OCTET_TRY_ALLOC(ctx->diag, q);
    OCTET_TRY_ALLOC(ctx->diag, s);
    for (int64_t i = 0; i < n_scales; i++)
        s[i] = b->x_scale * (float)octet_tensor_f64_at(b->w_scale, i);
    for (int64_t i = 0; i < n; i++) {
        float v = rintf((float)octet_tensor_f64_at(b->value, i) / s[n_scales == 1 ? 0 : i]);

        octet_convert(OCTET_DTYPE_INT32, &q[i], OCTET_DTYPE_FLOAT32, &v, 0, 1);
    }
    OCTET_TRY(add_array(b, name, OCTET_DTYPE_INT32, n, true, q, integers, ctx->diag));
    return add_array(b, name, OCTET_DTYPE_FLOAT32, n_scales, n_scales != 1, s, scales, ctx->diag);
}

static octet_status visit(octet_graph *g, octet_node *n, octet_pass_ctx *ctx)
{
    octet_attr axis = {.name = "axis", .kind = OCTET_ATTR_INT, .i = 0};
    bias b = {.g = g, .n = n};
    octet_value_id inputs[2], out;
    octet_node_id id;

    if ((!octet_node_is(n, "Conv") && !octet_node_is(n, "ConvTranspose") &&
         !octet_node_is(n, "Gemm")) ||
        !find(&b))
        return OCTET_OK;
    OCTET_TRY(quantize(&b, &inputs[0], &inputs[1], ctx));
    const octet_value *old = octet_graph_value(g, n->inputs[BIAS]);
    OCTET_TRY(octet_edit_add_value(g, old->name, &old->type, &out, ctx->diag));
    octet_node_desc desc = {
        .op_type = "DequantizeLinear",
        .inputs = inputs,
        .n_inputs = 2,
        .outputs = &out,
        .n_outputs = 1,
        .attrs = &axis,
        .n_attrs = octet_tensor_count(b.w_scale) == 1 ? 0 : 1,
    };
    OCTET_TRY(octet_edit_add_node(g, &desc, OCTET_LOWER_STAMP, &id, ctx->diag));
    OCTET_TRY(octet_edit_set_input(g, n->id, BIAS, out, ctx->diag));
    ctx->changes++;
    return OCTET_OK;
}

octet_status octet_lower_biases(octet_graph *g, octet_pass_ctx *ctx)
{
    octet_node *n;

    OCTET_FOR_EACH_NODE(g, n)
    OCTET_TRY(visit(g, n, ctx));
    return OCTET_OK;
}
