/* overflow.c: which output channels of integer products can overflow
 * SPDX-License-Identifier: Apache-2.0
 *
 * An activation may hold every value of its type: what a runtime is fed decides, not what samples
 * showed.
 */
#include "engine/overflow.h"

#include "engine/walk.h"

#include <string.h>

#define NONE UINT8_MAX

/* Inputs of an integer operator by index. */
typedef struct ports {
    const char *op_type;
    uint8_t x, x_zero, w, w_zero, bias;
} ports;

static const ports table[] = {
    {"QLinearConv", 0, 2, 3, 5, 8},
    {"QLinearMatMul", 0, 2, 3, 5, NONE},
    {"QGemm", 0, 2, 3, 5, 6},
    {"MatMulInteger", 0, 2, 1, 3, NONE},
    {"MatMulIntegerToFloat", 0, 4, 1, 5, 6},
    {"DynamicQuantizeMatMul", 0, NONE, 1, 3, 4},
    {"ConvInteger", 0, 2, 1, 3, NONE},
};

typedef struct visitor {
    octet_overflow_told *told;
    void *user;
    octet_diag *diag;
} visitor;

/* One node. */
typedef struct subject {
    octet_graph *g;
    const octet_node *node;
    const ports *at;
    octet_dtype x_type, w_type;
    const octet_tensor *w_zero, *bias; /* NULL: none */
    bool w_zero_known, bias_known;
    octet_reduction r;
    octet_sum_inputs in; /* w_zero and bias are those of one channel */
} subject;

static const octet_value *port(const subject *s, uint8_t index)
{
    return index != NONE ? octet_node_input(s->g, s->node, index) : NULL;
}

static octet_interval type_range(octet_dtype dtype)
{
    const octet_dtype_traits *t = octet_dtype_get(dtype);

    return (octet_interval){(int64_t)t->min, (int64_t)t->max};
}

/* The payload behind an optional input. *known is false when it is given but not constant. */
static octet_status read_constant(const visitor *v, const subject *s, uint8_t index,
                                  const octet_tensor **out, bool *known)
{
    const octet_value *value = port(s, index);

    *out = NULL;
    *known = true;
    if (value == NULL)
        return OCTET_OK;
    OCTET_TRY(octet_value_constant_aligned(s->g, value->id, out, v->diag));
    *known = *out != NULL;
    return OCTET_OK;
}

static bool is_8bit(octet_dtype dtype)
{
    return dtype == OCTET_DTYPE_UINT8 || dtype == OCTET_DTYPE_INT8;
}

/* A float activation is quantized by the operator itself. */
static octet_dtype stored_type(const octet_value *v)
{
    octet_dtype dtype = v != NULL ? v->type.dtype : OCTET_DTYPE_UNDEFINED;

    return dtype == OCTET_DTYPE_FLOAT32 ? OCTET_DTYPE_UINT8 : dtype;
}

static bool read_weight(subject *s)
{
    const octet_value *w = port(s, s->at->w);
    const octet_tensor *t = w != NULL ? octet_value_constant(s->g, w->id) : NULL;
    int64_t dims[OCTET_MAX_RANK];

    if (w == NULL || w->type.rank > OCTET_MAX_RANK)
        return false;
    s->w_type = t != NULL ? t->dtype : w->type.dtype;
    if (t != NULL)
        return octet_reduction_of(s->node, t->rank, t->dims, &s->r);
    for (int32_t i = 0; i < w->type.rank; i++)
        dims[i] = w->type.dims[i].size;
    return octet_reduction_of(s->node, w->type.rank, dims, &s->r);
}

/* Finds the node in the table; false: not an integer product that is well formed. */
static bool recognise(subject *s)
{
    for (size_t i = 0; i < sizeof table / sizeof *table && s->at == NULL; i++)
        if (strcmp(s->node->op_type, table[i].op_type) == 0)
            s->at = &table[i];
    if (s->at == NULL || !read_weight(s))
        return false;
    s->x_type = stored_type(port(s, s->at->x));
    return is_8bit(s->x_type) && is_8bit(s->w_type);
}

static octet_status read_inputs(const visitor *v, subject *s)
{
    const octet_tensor *zero;
    bool known;

    s->in.x = s->in.x_zero = type_range(s->x_type);
    OCTET_TRY(read_constant(v, s, s->at->x_zero, &zero, &known));
    if (s->at->x_zero != NONE && known && (zero == NULL || octet_tensor_count(zero) == 1))
        s->in.x_zero.lo = s->in.x_zero.hi = zero != NULL ? octet_tensor_i64_at(zero, 0) : 0;
    OCTET_TRY(read_constant(v, s, s->at->w_zero, &s->w_zero, &s->w_zero_known));
    OCTET_TRY(read_constant(v, s, s->at->bias, &s->bias, &s->bias_known));
    if (s->bias != NULL && s->bias->dtype != OCTET_DTYPE_INT32)
        s->bias = NULL; /* of floats: added later */
    return OCTET_OK;
}

/* The bias of a channel: C of a QGemm may have a row for each row of the result. */
static octet_interval bias_of(const subject *s, int64_t channel)
{
    octet_interval out = {0, 0};
    int64_t count = s->bias != NULL ? octet_tensor_count(s->bias) : 0, columns, first;

    if (!s->bias_known)
        return type_range(OCTET_DTYPE_INT32);
    if (count == 0)
        return out;
    columns = s->bias->rank > 0 ? s->bias->dims[s->bias->rank - 1] : 1;
    first = columns > 1 ? channel % columns : 0;
    out.lo = out.hi = octet_tensor_i64_at(s->bias, first);
    for (int64_t i = first; i < count; i += columns) {
        int64_t v = octet_tensor_i64_at(s->bias, i);

        out.lo = v < out.lo ? v : out.lo;
        out.hi = v > out.hi ? v : out.hi;
    }
    return out;
}

static int64_t w_zero_of(const subject *s, int64_t channel)
{
    int64_t count = s->w_zero != NULL ? octet_tensor_count(s->w_zero) : 0;

    return count > 0 ? octet_tensor_i64_at(s->w_zero, count > 1 ? channel % count : 0) : 0;
}

/* ONNX Runtime moves int8 activations of QDQ models to uint8 before; what is still signed is
 * widened. */
static bool adds_pairs(const subject *s)
{
    return s->x_type == s->r.x && s->w_type == s->r.w;
}

static octet_status tell(const visitor *v, const subject *s, octet_channel_sums sums)
{
    sums.g = s->g;
    sums.node = s->node;
    sums.weight = port(s, s->at->w)->id;
    return v->told(v->user, &sums);
}

static octet_status visit_any(const visitor *v, subject *s)
{
    octet_interval w = type_range(s->w_type), one;
    octet_channel_sums sums = {.channel = -1, .longest = -1};
    int64_t products = s->r.k >= 0 && s->r.k < 2 ? s->r.k : 2; /* of a pair */

    s->in.w_zero = s->w_zero_known ? w_zero_of(s, 0) : w.lo;
    s->in.bias = bias_of(s, 0);
    one = octet_product_range(s->in.x, w);
    if (adds_pairs(s))
        sums.pair = (octet_interval){products * one.lo, products * one.hi};
    sums.sum = octet_sum_range_any(s->r.k < 0 ? 1 : s->r.k, w, &s->in);
    if (s->r.k < 0) {
        int64_t up = INT32_MAX / (sums.sum.hi > 0 ? sums.sum.hi : 1);
        int64_t down = -(int64_t)INT32_MAX / (sums.sum.lo < 0 ? sums.sum.lo : -1);

        sums.longest = up < down ? up : down;
    }
    return tell(v, s, sums);
}

static octet_status visit_constant(const visitor *v, subject *s, const octet_constant_view *view)
{
    octet_sum_weights w = {.data = view->tensor.data, .is_signed = s->w_type == OCTET_DTYPE_INT8};
    octet_status status = OCTET_OK;

    for (int64_t b = 0; b < s->r.batches; b++)
        for (int64_t c = 0; c < s->r.channels && status == OCTET_OK; c++) {
            octet_channel_sums sums = {.channel = b * s->r.channels + c, .longest = -1};

            s->in.w_zero = w_zero_of(s, c);
            s->in.bias = bias_of(s, c);
            if (adds_pairs(s))
                sums.pair = octet_pair_range(&s->r, &w, b, c, s->in.x);
            sums.sum = octet_sum_range(&s->r, &w, b, c, &s->in);
            status = tell(v, s, sums);
        }
    return status;
}

static octet_status visit_node(const visitor *v, octet_graph *g, const octet_node *node)
{
    subject s = {.g = g, .node = node};
    octet_constant_view view;
    octet_status status;

    if (!recognise(&s))
        return OCTET_OK;
    OCTET_TRY(read_inputs(v, &s));
    if (octet_value_constant(g, node->inputs[s.at->w]) == NULL || !s.w_zero_known)
        return visit_any(v, &s);
    OCTET_TRY(octet_constant_open(g, node->inputs[s.at->w], &view, v->diag));
    /* Without products there may be any number of channels, and nothing to tell of them. */
    status = octet_tensor_count(&view.tensor) > 0 ? visit_constant(v, &s, &view) : OCTET_OK;
    octet_constant_close(g, node->inputs[s.at->w], &view);
    return status;
}

static octet_status visit_graph(const visitor *v, octet_graph *g)
{
    octet_node *n;

    OCTET_FOR_EACH_NODE(g, n)
    {
        octet_subgraphs it = {0};
        octet_graph *sub;

        OCTET_TRY(visit_node(v, g, n));
        while ((sub = octet_node_next_subgraph(n, &it)) != NULL)
            OCTET_TRY(visit_graph(v, sub));
    }
    return OCTET_OK;
}

octet_status octet_overflow_visit(octet_model *model, octet_overflow_told *told, void *user,
                                  octet_diag *diag)
{
    const visitor v = {.told = told, .user = user, .diag = diag};

    return visit_graph(&v, model->graph);
}
