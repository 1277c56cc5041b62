/* sums.c: how large the sums of an integer product can get
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/sums.h"

#include <string.h>

/* ---- where the weights lie */

typedef bool layout(const octet_node *node, int32_t rank, const int64_t *dims,
                    octet_reduction *out);

static int64_t times(int64_t a, int64_t b)
{
    return a < 0 || b < 0 || (a > 0 && b > INT64_MAX / a) ? -1 : a * b;
}

/* Tap by tap, each tap over the group's channels, as ONNX Runtime's NHWC kernels go. A channel that
 * stands alone is summed exactly. */
static bool conv(const octet_node *node, int32_t rank, const int64_t *dims, octet_reduction *out)
{
    int64_t group = octet_node_int(node, "group", 1), taps = 1;

    if (rank < 3 || group < 1)
        return false;
    for (int32_t i = 2; i < rank; i++)
        taps = times(taps, dims[i]);
    out->channels = dims[0];
    out->k = out->channel_step = times(dims[1], taps);
    out->inner = dims[1];
    out->inner_step = taps;
    out->outer_step = 1;
    if (dims[1] == 1 && dims[0] == group)
        out->x = out->w = OCTET_DTYPE_UNDEFINED;
    return true;
}

/* ONNX Runtime has the weight as the first operand and gathers the input channel by channel. */
static bool conv_integer(const octet_node *node, int32_t rank, const int64_t *dims,
                         octet_reduction *out)
{
    if (!conv(node, rank, dims, out))
        return false;
    out->inner = out->inner_step = 1;
    out->x = OCTET_DTYPE_INT8;
    out->w = OCTET_DTYPE_UINT8;
    return true;
}

static bool gemm(const octet_node *node, int32_t rank, const int64_t *dims, octet_reduction *out)
{
    bool transposed = octet_node_int(node, "transB", 0) != 0;

    if (rank != 2)
        return false;
    out->channels = dims[transposed ? 0 : 1];
    out->k = dims[transposed ? 1 : 0];
    out->channel_step = transposed ? out->k : 1;
    out->outer_step = transposed ? 1 : out->channels;
    return true;
}

static bool matmul(const octet_node *node, int32_t rank, const int64_t *dims, octet_reduction *out)
{
    (void)node;
    if (rank < 1)
        return false;
    for (int32_t i = 0; i < rank - 2; i++)
        out->batches = times(out->batches, dims[i]);
    out->channels = rank > 1 ? dims[rank - 1] : 1;
    out->k = dims[rank > 1 ? rank - 2 : 0];
    out->channel_step = 1;
    out->outer_step = out->channels;
    out->batch_step = times(out->channels, out->k);
    return true;
}

bool octet_reduction_of(const octet_node *node, int32_t rank, const int64_t *dims,
                        octet_reduction *out)
{
    static const struct {
        const char *op_type;
        layout *read;
    } table[] = {
        {"Conv", conv},
        {"QLinearConv", conv},
        {"ConvInteger", conv_integer},
        {"Gemm", gemm},
        {"QGemm", gemm},
        {"MatMul", matmul},
        {"QLinearMatMul", matmul},
        {"MatMulInteger", matmul},
        {"MatMulIntegerToFloat", matmul},
        {"DynamicQuantizeMatMul", matmul},
    };

    *out =
        (octet_reduction){.batches = 1, .inner = 1, .x = OCTET_DTYPE_UINT8, .w = OCTET_DTYPE_INT8};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(node->op_type, table[i].op_type) == 0)
            return table[i].read(node, rank, dims, out);
    return false;
}

/* ---- bounds */

/* Products of 8-bit numbers whose sum surely passes 32 bits and still fits 64. */
#define MANY ((int64_t)1 << 33)

octet_interval octet_product_range(octet_interval a, octet_interval b)
{
    const int64_t ends[4] = {a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi};
    octet_interval out = {ends[0], ends[0]};

    for (size_t i = 1; i < 4; i++) {
        out.lo = ends[i] < out.lo ? ends[i] : out.lo;
        out.hi = ends[i] > out.hi ? ends[i] : out.hi;
    }
    return out;
}

static octet_interval point(int64_t v)
{
    return (octet_interval){v, v};
}

static octet_interval plus(octet_interval a, octet_interval b)
{
    return (octet_interval){a.lo + b.lo, a.hi + b.hi};
}

static octet_interval minus(octet_interval a, octet_interval b)
{
    return (octet_interval){a.lo - b.hi, a.hi - b.lo};
}

static octet_interval widest(octet_interval a, octet_interval b)
{
    return (octet_interval){a.lo < b.lo ? a.lo : b.lo, a.hi > b.hi ? a.hi : b.hi};
}

/* A term that may or may not be in the sum yet. */
static octet_interval maybe(octet_interval a)
{
    return widest(a, point(0));
}

static int64_t weight_at(const octet_reduction *r, const octet_sum_weights *w, int64_t base,
                         int64_t i)
{
    uint8_t byte = w->data[base + i / r->inner * r->outer_step + i % r->inner * r->inner_step];

    return w->is_signed ? (int8_t)byte : byte;
}

static int64_t base_of(const octet_reduction *r, int64_t batch, int64_t channel)
{
    return batch * r->batch_step + channel * r->channel_step;
}

octet_interval octet_pair_range(const octet_reduction *r, const octet_sum_weights *w, int64_t batch,
                                int64_t channel, octet_interval x)
{
    int64_t base = base_of(r, batch, channel);
    octet_interval all = {0, 0};

    for (int64_t i = 0; i < r->k; i += 2) {
        octet_interval pair = octet_product_range(x, point(weight_at(r, w, base, i)));

        if (i + 1 < r->k)
            pair = plus(pair, octet_product_range(x, point(weight_at(r, w, base, i + 1))));
        all = widest(all, pair);
    }
    return all;
}

octet_interval octet_sum_range(const octet_reduction *r, const octet_sum_weights *w, int64_t batch,
                               int64_t channel, const octet_sum_inputs *in)
{
    octet_interval stored = maybe(in->bias), distances = stored;
    octet_interval far = minus(in->x, in->x_zero);
    int64_t base = base_of(r, batch, channel), total = 0;

    for (int64_t i = 0; i < r->k; i++) {
        int64_t v = weight_at(r, w, base, i);

        stored = plus(stored, maybe(octet_product_range(in->x, point(v))));
        distances = plus(distances, maybe(octet_product_range(far, point(v - in->w_zero))));
        total += v;
    }
    octet_interval moved = octet_product_range(in->x_zero, point(r->k * in->w_zero - total));
    octet_interval inputs = {in->x.lo * r->k, in->x.hi * r->k};
    stored = plus(stored, maybe(moved));
    stored = plus(stored, maybe(octet_product_range(inputs, point(-in->w_zero))));
    return widest(stored, distances);
}

octet_interval octet_sum_range_any(int64_t k, octet_interval w, const octet_sum_inputs *in)
{
    octet_interval one = octet_product_range(in->x, w), far = minus(in->x, in->x_zero);
    octet_interval zeros = octet_product_range(in->x_zero, w);

    k = k < MANY ? k : MANY;
    one = widest(maybe(one), octet_product_range(far, minus(w, point(in->w_zero))));
    one = plus(one, maybe(octet_product_range(zeros, point(-1))));
    one = plus(one, maybe(octet_product_range(in->x, point(-in->w_zero))));
    return plus(maybe(in->bias), (octet_interval){one.lo * k, one.hi * k});
}
