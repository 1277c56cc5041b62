/* conv_transpose.c: ConvTranspose, any number of spatial axes
 * SPDX-License-Identifier: Apache-2.0
 *
 * Output o of an axis sums the taps k with o + pad = i stride + k dilation. All outputs with the
 * same (o + pad) mod stride, a phase, use the same taps on consecutive inputs, so each combination
 * of phases is an ordinary convolution with stride 1 whose results are spread over the output.
 */
#include "ops/conv_common.h"

#include <string.h>

/* ---- shapes */

typedef struct shape {
    octet_conv_shape s; /* pads as if for the full result: pad_begin elements are cut in front */
    int64_t output_padding[OCTET_MAX_SPATIAL];
    int64_t output_shape[OCTET_MAX_SPATIAL];
    bool has_output_shape;
    octet_auto_pad mode;
} shape;

static octet_status read_list(const octet_node *node, const char *name, int32_t rank, int64_t *out,
                              bool *given, octet_diag *diag)
{
    uint32_t n;
    const int64_t *v = octet_node_ints(node, name, &n);

    *given = v != NULL;
    /* output_shape may name batch and channels too */
    if (v != NULL && n == (uint32_t)rank + 2 && strcmp(name, "output_shape") == 0)
        v += 2;
    else if (v != NULL && n != (uint32_t)rank)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "%s has %u entries instead of %d", name, n,
                          rank);
    for (int32_t i = 0; i < rank; i++) {
        out[i] = v != NULL ? v[i] : 0;
        if (out[i] < 0 || out[i] > INT32_MAX)
            return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "%s contains %lld", name,
                              (long long)out[i]);
    }
    return OCTET_OK;
}

/* W is (C, M / group, kernel...): out_channels becomes M, or -1. */
static octet_status read_shape(const octet_node *node, int32_t w_rank, const int64_t *w_dims,
                               shape *t, octet_diag *diag)
{
    bool given;

    OCTET_TRY(octet_conv_read(node, w_rank, w_dims, &t->s, diag));
    t->s.out_channels = w_dims[1] < 0 ? -1 : w_dims[1];
    if (w_dims[1] >= 0 && !octet_mul_i64(w_dims[1], t->s.group, &t->s.out_channels))
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "too many output channels");
    OCTET_TRY(octet_conv_auto_pad(node, &t->mode, diag));
    OCTET_TRY(read_list(node, "output_padding", t->s.rank, t->output_padding, &given, diag));
    return read_list(node, "output_shape", t->s.rank, t->output_shape, &t->has_output_shape, diag);
}

static octet_status resolve_axis(shape *t, int32_t axis, octet_diag *diag)
{
    octet_conv_shape *s = &t->s;
    int64_t full, total;

    if (s->in[axis] > INT32_MAX)
        return octet_fail(diag, OCTET_ERR_DATA, "X has size %lld on spatial axis %d",
                          (long long)s->in[axis], axis);
    full = s->stride[axis] * (s->in[axis] - 1) + t->output_padding[axis] +
           (s->kernel[axis] - 1) * s->dilation[axis] + 1;
    if (t->mode != OCTET_PAD_NOTSET)
        s->pad_begin[axis] = s->pad_end[axis] = 0;
    s->out[axis] = full - s->pad_begin[axis] - s->pad_end[axis];
    if (t->has_output_shape)
        s->out[axis] = t->output_shape[axis];
    else if (t->mode == OCTET_PAD_SAME_UPPER || t->mode == OCTET_PAD_SAME_LOWER)
        s->out[axis] = s->in[axis] * s->stride[axis];
    if (t->has_output_shape || t->mode == OCTET_PAD_SAME_UPPER || t->mode == OCTET_PAD_SAME_LOWER) {
        total = full > s->out[axis] ? full - s->out[axis] : 0;
        s->pad_begin[axis] = t->mode == OCTET_PAD_SAME_UPPER ? total / 2 : total - total / 2;
        s->pad_end[axis] = total - s->pad_begin[axis];
    }
    if (s->out[axis] < 0 || (s->out[axis] == 0 && s->in[axis] > 0))
        return octet_fail(diag, OCTET_ERR_DATA, "the output has size %lld on spatial axis %d",
                          (long long)s->out[axis], axis);
    return OCTET_OK;
}

static octet_status infer_dims(octet_infer *in, const octet_type *x, const octet_type *w)
{
    int64_t w_dims[OCTET_MAX_RANK];
    shape t;
    octet_dim *dims = octet_infer_new_dims(in, x->rank);

    OCTET_TRY_ALLOC(in->diag, dims);
    for (int32_t i = 0; i < w->rank; i++)
        w_dims[i] = w->dims[i].size;
    OCTET_TRY(read_shape(in->node, w->rank, w_dims, &t, in->diag));
    if (x->dims[1].size >= 0 && w_dims[0] >= 0 &&
        (x->dims[1].size != w_dims[0] || w_dims[0] % t.s.group != 0))
        return octet_infer_fail(in, "W has %lld input channels in %lld groups but X has %lld",
                                (long long)w_dims[0], (long long)t.s.group,
                                (long long)x->dims[1].size);
    dims[0] = x->dims[0];
    dims[1] = octet_dim_known(t.s.out_channels);
    for (int32_t i = 0; i < t.s.rank; i++) {
        t.s.in[i] = x->dims[2 + i].size;
        if (t.has_output_shape)
            dims[2 + i] = octet_dim_known(t.output_shape[i]);
        if (t.s.in[i] < 0 || t.s.kernel[i] < 0)
            continue;
        OCTET_TRY(resolve_axis(&t, i, in->diag));
        dims[2 + i] = octet_dim_known(t.s.out[i]);
    }
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), x->rank, dims);
    return OCTET_OK;
}

static octet_status infer(octet_infer *in)
{
    const octet_type *x = octet_infer_shape(in, 0), *w = octet_infer_shape(in, 1);

    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    if (x == NULL || w == NULL)
        return OCTET_OK;
    if (x->rank != w->rank)
        return octet_infer_fail(in, "X has %d dims but W has %d", x->rank, w->rank);
    return infer_dims(in, x, w);
}

/* ---- phases */

/* The taps of one axis that outputs with (o + pad) mod stride == phase use: tap[j], on the input
 * q + index - shift[j], where q belongs to the phase's first output. */
typedef struct axis_phase {
    int64_t phase, first, count, q;
    int64_t n_taps;
    int64_t *tap;
} axis_phase;

static int64_t floor_mod(int64_t a, int64_t b)
{
    int64_t r = a % b;

    return r < 0 ? r + b : r;
}

static int64_t tap_shift(const octet_conv_shape *s, int32_t axis, const axis_phase *p, int64_t tap)
{
    return (tap * s->dilation[axis] - p->phase) / s->stride[axis];
}

static void find_taps(const octet_conv_shape *s, int32_t axis, int64_t phase, axis_phase *p)
{
    p->phase = phase;
    p->n_taps = 0;
    for (int64_t k = 0; k < s->kernel[axis]; k++)
        if (floor_mod(k * s->dilation[axis], s->stride[axis]) == phase)
            p->tap[p->n_taps++] = k;
}

/* Phase of the outputs first, first + stride, ...; first < stride. */
static void set_phase(const octet_conv_shape *s, int32_t axis, int64_t first, axis_phase *p)
{
    int64_t stride = s->stride[axis], at = first + s->pad_begin[axis];

    find_taps(s, axis, floor_mod(at, stride), p);
    p->first = first;
    p->count = first < s->out[axis] ? (s->out[axis] - 1 - first) / stride + 1 : 0;
    p->q = (at - p->phase) / stride;
}

static bool next_index(int32_t rank, const int64_t *dims, int64_t *index)
{
    for (int32_t i = rank - 1; i >= 0; i--) {
        if (++index[i] < dims[i])
            return true;
        index[i] = 0;
    }
    return false;
}

/* ---- evaluation */

typedef struct work {
    octet_eval *e;
    const octet_conv_shape *s;
    size_t element;
    octet_conv_sum sum;
    axis_phase axis[OCTET_MAX_SPATIAL];
    void *weights; /* of a phase, where they are not prepared */
    float *packed;
    void *spread; /* results of a phase, when they are not the output itself */
} work;

/* Weights (C, M / group, kernel) of the phase's taps as groups x M / group x (channel, tap). */
static void gather_weights(const octet_conv_shape *s, const axis_phase *axis, size_t element,
                           const uint8_t *from, uint8_t *to)
{
    size_t kernel = (size_t)octet_dims_product(s->kernel, 0, s->rank);
    size_t channels = (size_t)(s->channels / s->group), m = (size_t)(s->out_channels / s->group);
    int64_t n_taps[OCTET_MAX_SPATIAL];

    for (int32_t i = 0; i < s->rank; i++)
        n_taps[i] = axis[i].n_taps;
    if (octet_dims_product(n_taps, 0, s->rank) == 0)
        return;
    for (size_t gm = 0; gm < (size_t)s->out_channels; gm++)
        for (size_t c = 0; c < channels; c++) {
            size_t row = (gm / m * channels + c) * m + gm % m;
            int64_t index[OCTET_MAX_SPATIAL] = {0};

            do {
                int64_t at = 0;

                for (int32_t i = 0; i < s->rank; i++)
                    at = at * s->kernel[i] + axis[i].tap[index[i]];
                memcpy(to, from + (row * kernel + (size_t)at) * element, element);
                to += element;
            } while (next_index(s->rank, n_taps, index));
        }
}

static void fill_offsets(work *w)
{
    octet_conv_sum *sum = &w->sum;
    int64_t n_taps[OCTET_MAX_SPATIAL];
    size_t t = 0;

    for (int32_t i = 0; i < w->s->rank; i++)
        n_taps[i] = w->axis[i].n_taps;
    for (size_t c = 0; c < sum->channels; c++) {
        int64_t index[OCTET_MAX_SPATIAL] = {0};

        do {
            int64_t at = 0;

            for (int32_t i = 0; i < w->s->rank; i++) {
                const axis_phase *p = &w->axis[i];

                at = at * sum->padded[i] + p->q - tap_shift(w->s, i, p, p->tap[index[i]]) +
                     sum->lead[i];
            }
            sum->offset[t++] = (int64_t)(c * sum->plane) + at;
        } while (next_index(w->s->rank, n_taps, index));
    }
}

/* Pads the input so that every tap of every output finds an element. */
static octet_status set_padding(work *w)
{
    const octet_conv_shape *s = w->s;

    for (int32_t i = 0; i < s->rank; i++) {
        int64_t reach = (s->kernel[i] - 1) * s->dilation[i];
        /* i stride = o + pad - k dilation over all o, k; rounded outwards */
        int64_t low = s->pad_begin[i] - reach - (s->stride[i] - 1);
        int64_t high = s->out[i] - 1 + s->pad_begin[i];
        int64_t lead = low < 0 ? -low / s->stride[i] : 0;
        int64_t last = high < 0 ? 0 : high / s->stride[i];

        w->sum.in[i] = s->in[i];
        w->sum.lead[i] = lead;
        w->sum.padded[i] = lead + (last + 1 > s->in[i] ? last + 1 : s->in[i]);
        w->sum.split[i] = w->sum.phases[i] = 1;
        w->sum.out[i] = 1; /* of a phase: set later */
    }
    return octet_conv_sum_sizes(w->e, &w->sum);
}

/* Writes a phase's results, batch * M images of the phase's positions, where they belong. */
static void spread_results(work *w, uint8_t *y)
{
    const octet_conv_shape *s = w->s;
    int64_t dims[OCTET_MAX_RANK], from[OCTET_MAX_RANK], to[OCTET_MAX_RANK];
    int64_t from_stride = (int64_t)w->element, to_stride = (int64_t)w->element;

    for (int32_t i = s->rank; i >= 1; i--) {
        const axis_phase *p = &w->axis[i - 1];

        dims[i] = p->count;
        from[i] = from_stride;
        to[i] = to_stride * s->stride[i - 1];
        y += p->first * to_stride;
        from_stride *= p->count;
        to_stride *= s->out[i - 1];
    }
    dims[0] = s->batch * s->out_channels;
    from[0] = from_stride;
    to[0] = to_stride;
    octet_copy_nd(w->element, s->rank + 1, dims, y, to, w->spread, from);
}

/* Which of the weights that prepare() made belong to the axes' phases. */
static size_t prepared_index(const octet_conv_shape *s, const axis_phase *axis)
{
    size_t index = 0;

    for (int32_t i = 0; i < s->rank; i++)
        index = index * (size_t)s->stride[i] + (size_t)axis[i].phase;
    return index;
}

static void bring_weights(work *w, const octet_tensor *weights)
{
    octet_conv_sum *sum = &w->sum;
    const float *const *prepared = w->e->state;

    if (prepared != NULL) {
        sum->w = prepared[prepared_index(w->s, w->axis)];
        sum->packed = octet_conv_sum_packs(sum->m) ? sum->w : NULL;
        return;
    }
    gather_weights(w->s, w->axis, w->element, weights->data, w->weights);
    if (w->packed != NULL)
        octet_conv_pack(w->e->k, sum->groups, sum->m, sum->taps, w->weights, w->packed);
    sum->w = w->weights;
    sum->packed = w->packed;
}

static octet_status run_phase(work *w, const octet_tensor *weights)
{
    octet_conv_sum *sum = &w->sum;
    octet_tensor *y = &w->e->out[0];
    int64_t stride = 1;

    sum->taps = sum->channels;
    for (int32_t i = w->s->rank - 1; i >= 0; i--) {
        sum->out[i] = w->axis[i].count;
        sum->step[i] = stride;
        stride *= sum->padded[i];
        sum->taps *= (size_t)w->axis[i].n_taps;
    }
    sum->positions = (size_t)octet_dims_product(sum->out, 0, w->s->rank);
    if (sum->taps > 0)
        fill_offsets(w);
    bring_weights(w, weights);
    sum->y = w->spread != NULL ? w->spread : y->data;
    OCTET_TRY(w->element == sizeof(float) ? octet_conv_sum_f32(w->e, sum)
                                          : octet_conv_sum_run(w->e, sum));
    if (w->spread != NULL)
        spread_results(w, y->data);
    return OCTET_OK;
}

static octet_status make_buffers(work *w, bool pack)
{
    const octet_conv_shape *s = w->s;
    octet_eval *e = w->e;
    size_t taps = w->sum.channels * (size_t)octet_dims_product(s->kernel, 0, s->rank);
    size_t lines = (size_t)s->out_channels, packed;

    for (int32_t i = 0; i < s->rank; i++) {
        w->axis[i].tap = octet_eval_scratch(e, (size_t)s->kernel[i] * sizeof(int64_t));
        OCTET_TRY_ALLOC(e->diag, w->axis[i].tap);
        if (s->stride[i] > 1 && w->spread == NULL) {
            w->spread = octet_eval_scratch(e, e->out[0].bytes);
            OCTET_TRY_ALLOC(e->diag, w->spread);
        }
    }
    w->sum.offset = octet_eval_scratch(e, taps * sizeof(int64_t));
    OCTET_TRY_ALLOC(e->diag, w->sum.offset);
    if (e->state != NULL)
        return OCTET_OK;
    w->weights = octet_eval_scratch(e, lines * taps * w->element);
    OCTET_TRY_ALLOC(e->diag, w->weights);
    if (pack && octet_conv_sum_packs(w->sum.m)) {
        packed = octet_conv_packed_size(w->sum.groups, w->sum.m, taps);
        w->packed = packed == SIZE_MAX ? NULL : octet_eval_scratch(e, packed * sizeof(float));
        OCTET_TRY_ALLOC(e->diag, w->packed);
    }
    return OCTET_OK;
}

static octet_status run(work *w, const octet_tensor *weights)
{
    const octet_conv_shape *s = w->s;
    int64_t phases[OCTET_MAX_SPATIAL], index[OCTET_MAX_SPATIAL] = {0};

    for (int32_t i = 0; i < s->rank; i++)
        phases[i] = s->stride[i] < s->out[i] ? s->stride[i] : s->out[i];
    do {
        for (int32_t i = 0; i < s->rank; i++)
            set_phase(s, i, index[i], &w->axis[i]);
        OCTET_TRY(run_phase(w, weights));
    } while (next_index(s->rank, phases, index));
    return OCTET_OK;
}

static octet_status resolve(octet_eval *e, const octet_tensor *x, const octet_tensor *w, shape *t)
{
    const octet_tensor *bias = octet_eval_input(e, 2);

    OCTET_TRY(read_shape(e->node, w->rank, w->dims, t, e->diag));
    if (w->dims[0] % t->s.group != 0)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL,
                          "%lld input channels do not divide into %lld groups",
                          (long long)w->dims[0], (long long)t->s.group);
    OCTET_TRY(octet_conv_bind(&t->s, x, w->dims[0] / t->s.group, bias, e->diag));
    for (int32_t i = 0; i < t->s.rank; i++)
        OCTET_TRY(resolve_axis(t, i, e->diag));
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    const octet_tensor *x = octet_eval_input(e, 0), *w = octet_eval_input(e, 1);
    const octet_tensor *bias = octet_eval_input(e, 2);
    bool is_double;
    int64_t dims[OCTET_MAX_RANK];
    int32_t rank;
    shape t;
    work job;

    OCTET_TRY(octet_eval_require(e, 2));
    OCTET_TRY(octet_conv_float_types(x, w, bias, e->diag));
    is_double = x->dtype == OCTET_DTYPE_FLOAT64;
    OCTET_TRY(resolve(e, x, w, &t));
    rank = octet_conv_out_dims(&t.s, dims);
    OCTET_TRY(octet_eval_output(e, 0, x->dtype, rank, dims));
    if (octet_tensor_count(&e->out[0]) == 0)
        return OCTET_OK;
    job = (work){.e = e, .s = &t.s, .element = is_double ? sizeof(double) : sizeof(float)};
    job.sum.element = job.element;
    job.sum.batch = (size_t)t.s.batch;
    job.sum.groups = (size_t)t.s.group;
    job.sum.rank = t.s.rank;
    job.sum.channels = (size_t)(t.s.channels / t.s.group);
    job.sum.m = (size_t)(t.s.out_channels / t.s.group);
    job.sum.x = x->data;
    job.sum.bias = bias != NULL ? bias->data : NULL;
    job.sum.row = octet_conv_row_f64;
    OCTET_TRY(set_padding(&job));
    OCTET_TRY(make_buffers(&job, !is_double));
    return run(&job, w);
}

/* Weights of each phase: in panels or, for few output channels, gathered. */
static octet_status prepare_phase(const octet_conv_shape *s, const octet_kernels *k,
                                  const axis_phase *axis, const octet_tensor *w, octet_arena *arena,
                                  const float **out, octet_diag *diag)
{
    size_t groups = (size_t)s->group, m = (size_t)s->out_channels / groups;
    size_t taps = (size_t)s->channels / groups, count, bytes;
    float *weights, *packed;

    for (int32_t i = 0; i < s->rank; i++)
        taps *= (size_t)axis[i].n_taps;
    weights = octet_mul_size(m * groups, taps * sizeof(float), &bytes)
                  ? octet_arena_alloc_aligned(arena, bytes)
                  : NULL;
    OCTET_TRY_ALLOC(diag, weights);
    gather_weights(s, axis, sizeof(float), w->data, (uint8_t *)weights);
    *out = weights;
    if (!octet_conv_sum_packs(m))
        return OCTET_OK;
    count = octet_conv_packed_size(groups, m, taps);
    packed = count == SIZE_MAX ? NULL : octet_arena_alloc_aligned(arena, count * sizeof(float));
    OCTET_TRY_ALLOC(diag, packed);
    octet_conv_pack(k, groups, m, taps, weights, packed);
    *out = packed;
    return OCTET_OK;
}

/* The shape of a constant W that eval would accept, with channels; false: eval says what is wrong.
 */
static bool constant_shape(const octet_node *node, const octet_tensor *w, shape *t)
{
    if (w == NULL || w->dtype != OCTET_DTYPE_FLOAT32 || octet_tensor_count(w) == 0 ||
        read_shape(node, w->rank, w->dims, t, NULL) != OCTET_OK || w->dims[0] % t->s.group != 0)
        return false;
    t->s.channels = w->dims[0];
    return true;
}

/* More phases than this are gathered when they run. */
#define MAX_PREPARED 1024

static octet_status prepare(const octet_graph *g, const octet_node *node,
                            const octet_tensor *const *constant, const octet_kernels *k,
                            octet_arena *arena, const void **state, octet_diag *diag)
{
    const octet_tensor *w = node->n_inputs > 1 ? constant[1] : NULL;
    axis_phase axis[OCTET_MAX_SPATIAL] = {{0}};
    int64_t index[OCTET_MAX_SPATIAL] = {0}, phases = 1;
    const float **out;
    shape t;

    (void)g;
    if (!constant_shape(node, w, &t))
        return OCTET_OK;
    for (int32_t i = 0; i < t.s.rank; i++) {
        axis[i].tap = OCTET_ARENA_ARRAY(arena, int64_t, (size_t)t.s.kernel[i]);
        OCTET_TRY_ALLOC(diag, axis[i].tap);
        if (!octet_mul_i64(phases, t.s.stride[i], &phases) || phases > MAX_PREPARED)
            return OCTET_OK;
    }
    out = OCTET_ARENA_ARRAY(arena, const float *, (size_t)phases);
    OCTET_TRY_ALLOC(diag, out);
    do {
        for (int32_t i = 0; i < t.s.rank; i++)
            find_taps(&t.s, i, index[i], &axis[i]);
        OCTET_TRY(prepare_phase(&t.s, k, axis, w, arena, &out[prepared_index(&t.s, axis)], diag));
    } while (next_index(t.s.rank, t.s.stride, index));
    *state = out;
    return OCTET_OK;
}

static int weight_axis(const octet_node *node, int weight_rank)
{
    (void)node;
    (void)weight_rank;
    return 1;
}

const octet_op octet_op_conv_transpose = {
    .domain = "",
    .name = "ConvTranspose",
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
};
