/* linear.c: Conv, ConvTranspose, Gemm and MatMul with a constant weight, by output channel
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/linear.h"

#include "engine/walk.h"

/* ---- shapes of weights */

static bool shape_conv(octet_linear *l, const octet_tensor *w)
{
    l->per_group = l->channels = w->rank >= 3 ? w->dims[0] : 0;
    l->rows = 1;
    return w->rank >= 3;
}

/* [in, out / group, …] */
static bool shape_conv_transpose(octet_linear *l, const octet_tensor *w)
{
    int64_t groups = octet_node_int(l->n, "group", 1);

    if (w->rank < 3 || groups < 1 || w->dims[0] % groups != 0 ||
        !octet_mul_i64(w->dims[1], groups, &l->channels))
        return false;
    l->per_group = w->dims[1];
    l->rows = w->dims[0] / groups;
    return true;
}

static bool shape_gemm(octet_linear *l, const octet_tensor *w)
{
    bool transposed = octet_node_int(l->n, "transB", 0) != 0;

    if (w->rank != 2)
        return false;
    l->per_group = l->channels = w->dims[transposed ? 0 : 1];
    l->rows = transposed ? 1 : w->dims[0];
    return true;
}

static bool shape_matmul(octet_linear *l, const octet_tensor *w)
{
    if (w->rank < 2)
        return false;
    l->per_group = l->channels = w->dims[w->rank - 1];
    l->rows = octet_tensor_count(w) / l->channels;
    l->last_axis = true;
    return true;
}

static const struct {
    const char *op;
    bool bias_port;
    bool (*shape)(octet_linear *l, const octet_tensor *w);
} operators[] = {
    {"Conv", true, shape_conv},
    {"ConvTranspose", true, shape_conv_transpose},
    {"Gemm", true, shape_gemm},
    {"MatMul", false, shape_matmul},
};

bool octet_linear_init(octet_linear *l, octet_graph *g, octet_node *n)
{
    octet_value *weight = octet_node_input(g, n, 1);
    const octet_tensor *w = weight == NULL ? NULL : octet_value_constant(g, weight->id);
    size_t i = 0, count = sizeof operators / sizeof operators[0];

    while (i < count && !octet_node_is(n, operators[i].op))
        i++;
    *l = (octet_linear){.g = g, .n = n, .weight = weight, .payload = w};
    if (i == count || w == NULL || octet_dtype_get(w->dtype)->kind != OCTET_KIND_FLOAT ||
        octet_tensor_count(w) <= 0 || !operators[i].shape(l, w))
        return false;
    l->inner = octet_tensor_count(w) / (l->rows * l->channels);
    l->bias_port = operators[i].bias_port;
    return true;
}

int32_t octet_linear_rank(const octet_linear *l)
{
    return octet_node_is(l->n, "MatMul") ? octet_value_rank(octet_node_output(l->g, l->n, 0))
                                         : l->payload->rank;
}

/* ---- constants */

bool octet_linear_operand(const octet_linear *l, octet_value_id id, double *out)
{
    const octet_tensor *t = id == OCTET_NO_VALUE ? NULL : octet_value_constant(l->g, id);
    int32_t rank = octet_linear_rank(l);

    if (t == NULL || t->dtype != l->payload->dtype || (t->rank > rank && t->rank > 1))
        return false;
    int32_t axis = t->rank - (l->last_axis ? 1 : rank - 1);
    for (int32_t i = 0; i < t->rank; i++)
        if (t->dims[i] != 1 && (i != axis || t->dims[i] != l->channels))
            return false;
    bool one = octet_tensor_count(t) == 1;
    for (int64_t c = 0; c < l->channels; c++)
        out[c] = octet_tensor_f64_at(t, one ? 0 : c);
    return true;
}

bool octet_linear_vector(const octet_linear *l, octet_value_id id, double *out)
{
    const octet_tensor *t = id == OCTET_NO_VALUE ? NULL : octet_value_constant(l->g, id);

    if (t == NULL || t->rank != 1 || t->dims[0] != l->channels ||
        octet_dtype_get(t->dtype)->kind != OCTET_KIND_FLOAT)
        return false;
    for (int64_t c = 0; c < l->channels; c++)
        out[c] = octet_tensor_f64_at(t, c);
    return true;
}

/* ---- weights */

/* Where in the weight an element is. */
typedef struct cursor {
    int64_t inner, channel, row, first; /* first: of the group's channels */
} cursor;

static void advance(const octet_linear *l, cursor *at)
{
    if (++at->inner < l->inner)
        return;
    at->inner = 0;
    if (++at->channel < l->per_group)
        return;
    at->channel = 0;
    if (++at->row < l->rows)
        return;
    at->row = 0;
    at->first += l->per_group;
}

bool octet_linear_scale(const octet_linear *l, const double *scale, void *dst)
{
    enum { CHUNK = 512 };
    const octet_tensor *w = l->payload;
    int64_t count = octet_tensor_count(w), n;
    size_t element = w->bytes / (size_t)count;
    cursor at = {0};
    double chunk[CHUNK];

    for (int64_t from = 0; from < count; from += n) {
        n = count - from < CHUNK ? count - from : CHUNK;
        if (!octet_convert(OCTET_DTYPE_FLOAT64, chunk, w->dtype, w->data, from, n))
            return false;
        for (int64_t i = 0; i < n; i++, advance(l, &at))
            chunk[i] *= scale[at.first + at.channel];
        if (!octet_convert(w->dtype, (char *)dst + (size_t)from * element, OCTET_DTYPE_FLOAT64,
                           chunk, 0, n))
            return false;
    }
    return true;
}
