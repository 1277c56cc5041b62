/* test_op_conv.c: Conv, ConvTranspose, Gemm and MatMul against the plainest loops, bit for bit
 * SPDX-License-Identifier: Apache-2.0
 *
 * The loops here are docs/numerics.md literally. Each case runs at every CPU level of the host,
 * with one and with three threads, with and without weights packed beforehand.
 */
#include "ops/op.h"
#include "support/graph_fixture.h"

/* ---- evaluation of a node on tensors */

#define MAX_BLOCKS 64

typedef struct world {
    fixture f;
    octet_node_id node;
    octet_tensor in[3];
    uint32_t n_in;
    struct octet_eval_host host;
    void *blocks[MAX_BLOCKS];
    int n_blocks;
    uint32_t random;
} world;

static world *current; /* whose scratch it is */

static octet_status make_output(octet_eval *e, uint32_t index, const octet_tensor *description)
{
    return octet_tensor_init(&e->out[index], NULL, description->dtype, description->rank,
                             description->dims, e->diag);
}

static void *make_scratch(octet_eval *e, size_t bytes)
{
    void *block = octet_mem_alloc_aligned(NULL, bytes);

    (void)e;
    assert_true(current->n_blocks < MAX_BLOCKS);
    current->blocks[current->n_blocks++] = block;
    return block;
}

static void world_init(world *w, const char *op, const char *inputs)
{
    memset(w, 0, sizeof *w);
    fixture_init(&w->f);
    w->node = node(&w->f, w->f.g, "y", op, inputs);
    w->host = (struct octet_eval_host){.output = make_output, .scratch = make_scratch};
    w->random = 12345;
    octet_ops_resolve(w->f.g);
    current = w;
}

static void world_deinit(world *w)
{
    for (uint32_t i = 0; i < 3; i++)
        octet_tensor_deinit(&w->in[i], NULL);
    fixture_deinit(&w->f);
}

static void set_ints(world *w, const char *name, uint32_t n, const int64_t *values)
{
    octet_attr attr = {.name = name, .kind = OCTET_ATTR_INTS, .count = n, .ints = values};

    OK(&w->f, octet_edit_set_attr(w->f.g, w->node, &attr, &w->f.diag));
}

static void set_int(world *w, const char *name, int64_t value)
{
    octet_attr attr = {.name = name, .kind = OCTET_ATTR_INT, .i = value};

    OK(&w->f, octet_edit_set_attr(w->f.g, w->node, &attr, &w->f.diag));
}

static void set_float(world *w, const char *name, float value)
{
    octet_attr attr = {.name = name, .kind = OCTET_ATTR_FLOAT, .f = value};

    OK(&w->f, octet_edit_set_attr(w->f.g, w->node, &attr, &w->f.diag));
}

static float next_random(world *w)
{
    w->random = w->random * 1664525u + 1013904223u;
    return (float)(w->random >> 8) * 0x1p-23f - 1.0f;
}

static float *give(world *w, int32_t rank, const int64_t *dims)
{
    octet_tensor *t = &w->in[w->n_in++];

    OK(&w->f, octet_tensor_init(t, NULL, OCTET_DTYPE_FLOAT32, rank, dims, &w->f.diag));
    for (int64_t i = 0; i < octet_tensor_count(t); i++)
        ((float *)t->data)[i] = next_random(w);
    return t->data;
}

/* Runs the node; prepared: input 1 is a constant. */
static octet_status evaluate(world *w, octet_isa isa, int threads, bool prepared, octet_tensor *out)
{
    const octet_node *n = octet_graph_node(w->f.g, w->node);
    const octet_tensor *in[3] = {&w->in[0], &w->in[1], &w->in[2]}, *constant[3] = {NULL};
    const octet_kernels *k = octet_kernels_get(isa);
    octet_eval e = {.g = w->f.g,
                    .node = n,
                    .in = in,
                    .n_in = w->n_in,
                    .out = out,
                    .n_out = 1,
                    .k = k,
                    .threads = threads,
                    .opset = 13,
                    .diag = &w->f.diag,
                    .host = &w->host};
    octet_status status;

    memset(out, 0, sizeof *out);
    assert_non_null(n->op);
    constant[1] = &w->in[1];
    if (prepared && n->op->prepare != NULL)
        OK(&w->f, n->op->prepare(w->f.g, n, constant, k, &w->f.model->arena, &e.state, &w->f.diag));
    status = n->op->eval(&e);
    while (w->n_blocks > 0)
        octet_mem_free_aligned(NULL, w->blocks[--w->n_blocks]);
    return status;
}

static void expect(world *w, const float *want, int32_t rank, const int64_t *dims)
{
    int64_t count = 1;

    for (int32_t i = 0; i < rank; i++)
        count *= dims[i];
    for (int isa = OCTET_ISA_REF; isa <= (int)octet_isa_host(); isa++)
        for (int how = 0; how < 4; how++) {
            octet_tensor y;
            octet_status status = evaluate(w, (octet_isa)isa, how & 1 ? 3 : 1, how & 2, &y);

            if (status != OCTET_OK)
                fail_msg("%s", w->f.diag.text);
            assert_int_equal(y.rank, rank);
            assert_memory_equal(y.dims, dims, (size_t)rank * sizeof *dims);
            for (int64_t i = 0; i < count; i++)
                if (memcmp((float *)y.data + i, want + i, sizeof *want) != 0)
                    fail_msg("element %lld is %a instead of %a (level %d, way %d)", (long long)i,
                             (double)((float *)y.data)[i], (double)want[i], isa, how);
            octet_tensor_deinit(&y, NULL);
        }
}

static void expect_failure(world *w, octet_status code, const char *text)
{
    octet_tensor y;

    assert_int_equal(evaluate(w, OCTET_ISA_REF, 1, true, &y), code);
    if (strstr(w->f.diag.text, text) == NULL)
        fail_msg("'%s' does not say '%s'", w->f.diag.text, text);
    octet_tensor_deinit(&y, NULL);
}

/* ---- convolutions in up to three axes: (depth, rows, columns), absent axes have size 1 */

typedef struct conv_case {
    int rank;
    int64_t batch, group, channels, m; /* of a group */
    int64_t in[3], kernel[3], stride[3], dilation[3], begin[3], end[3];
    bool bias;
} conv_case;

static const conv_case conv_cases[] = {
    {1, 1, 1, 1, 1, {9}, {3}, {1}, {1}, {0}, {0}, false},
    {1, 2, 1, 3, 5, {13}, {4}, {2}, {2}, {3}, {1}, true},
    {1, 1, 4, 1, 1, {70}, {3}, {1}, {1}, {1}, {1}, true},
    {2, 1, 1, 3, 13, {11, 17}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, true},
    {2, 2, 1, 3, 7, {12, 15}, {3, 2}, {2, 2}, {1, 2}, {0, 1}, {2, 1}, false},
    {2, 1, 1, 40, 25, {9, 8}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, true},
    {2, 1, 1, 16, 4, {7, 23}, {1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, true},
    {2, 1, 1, 8, 4, {20, 23}, {1, 1}, {2, 3}, {1, 1}, {0, 0}, {0, 0}, true},
    {2, 2, 6, 1, 1, {14, 40}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, true},
    {2, 1, 5, 1, 2, {15, 90}, {5, 3}, {2, 2}, {1, 1}, {2, 1}, {1, 0}, true},
    {2, 1, 3, 1, 1, {9, 31}, {3, 3}, {3, 3}, {2, 2}, {2, 2}, {2, 2}, false},
    {2, 3, 2, 2, 4, {6, 6}, {2, 2}, {1, 1}, {1, 1}, {0, 0}, {1, 1}, true},
    {2, 1, 1, 2, 4, {9, 9}, {2, 2}, {1, 1}, {1, 1}, {-1, -2}, {0, -1}, true},
    /* images that are made in bands, the last of which has fewer tiles */
    {2, 1, 1, 64, 32, {41, 37}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, true},
    {2, 1, 1, 8, 12, {127, 120}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, true},
    {2, 1, 1, 40, 20, {50, 51}, {1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, true},
    {3, 1, 1, 4, 5, {30, 30, 31}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, true},
    {3, 1, 1, 2, 6, {5, 6, 7}, {3, 3, 3}, {1, 2, 1}, {1, 1, 2}, {1, 1, 2}, {1, 0, 1}, true},
    {3, 2, 2, 1, 1, {4, 5, 20}, {2, 2, 2}, {1, 1, 1}, {2, 1, 1}, {1, 0, 0}, {0, 0, 1}, true},
};

/* The case with three axes. */
static conv_case widen(const conv_case *c)
{
    conv_case w = *c;
    int skip = 3 - c->rank;

    for (int i = 0; i < 3; i++) {
        bool real = i >= skip;

        w.in[i] = real ? c->in[i - skip] : 1;
        w.kernel[i] = real ? c->kernel[i - skip] : 1;
        w.stride[i] = real ? c->stride[i - skip] : 1;
        w.dilation[i] = real ? c->dilation[i - skip] : 1;
        w.begin[i] = real ? c->begin[i - skip] : 0;
        w.end[i] = real ? c->end[i - skip] : 0;
    }
    return w;
}

static int64_t volume(const int64_t *v)
{
    return v[0] * v[1] * v[2];
}

static void setup_conv(world *w, const conv_case *c, int64_t w0, int64_t w1)
{
    int64_t dims[5] = {c->batch, c->group * c->channels}, w_dims[5] = {w0, w1}, pads[6];
    int64_t m = c->group * c->m;

    memcpy(dims + 2, c->in, sizeof c->in);
    memcpy(w_dims + 2, c->kernel, sizeof c->kernel);
    memcpy(pads, c->begin, (size_t)c->rank * sizeof *pads);
    memcpy(pads + c->rank, c->end, (size_t)c->rank * sizeof *pads);
    set_ints(w, "strides", (uint32_t)c->rank, c->stride);
    set_ints(w, "dilations", (uint32_t)c->rank, c->dilation);
    set_ints(w, "pads", (uint32_t)c->rank * 2, pads);
    set_int(w, "group", c->group);
    give(w, c->rank + 2, dims);
    give(w, c->rank + 2, w_dims);
    if (c->bias)
        give(w, 1, &m);
}

/* x at an index that may lie on the padding. */
static float tap(const conv_case *c, const float *x, const int64_t at[3])
{
    for (int i = 0; i < 3; i++)
        if (at[i] < 0 || at[i] >= c->in[i])
            return 0.0f;
    return x[(at[0] * c->in[1] + at[1]) * c->in[2] + at[2]];
}

static void unflatten(int64_t i, const int64_t dims[3], int64_t out[3])
{
    out[2] = i % dims[2];
    out[1] = i / dims[2] % dims[1];
    out[0] = i / dims[2] / dims[1];
}

static float conv_element(const conv_case *c, const float *x, const float *weights,
                          const int64_t o[3])
{
    float acc = 0.0f;

    for (int64_t channel = 0; channel < c->channels; channel++)
        for (int64_t t = 0; t < volume(c->kernel); t++) {
            int64_t k[3], at[3];

            unflatten(t, c->kernel, k);
            for (int i = 0; i < 3; i++)
                at[i] = o[i] * c->stride[i] + k[i] * c->dilation[i] - c->begin[i];
            acc = fmaf(*weights++, tap(c, x + channel * volume(c->in), at), acc);
        }
    return acc;
}

static void conv_matches(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof conv_cases / sizeof conv_cases[0]; n++) {
        const conv_case *small = &conv_cases[n];
        conv_case c = widen(small);
        int64_t out[3], dims[5] = {c.batch, c.group * c.m}, taps = c.channels * volume(c.kernel);
        float *want, *y;
        world w;

        world_init(&w, "Conv", small->bias ? "x,w,b" : "x,w");
        setup_conv(&w, small, c.group * c.m, c.channels);
        for (int i = 0; i < 3; i++)
            out[i] = (c.in[i] + c.begin[i] + c.end[i] - (c.kernel[i] - 1) * c.dilation[i] - 1) /
                         c.stride[i] +
                     1;
        memcpy(dims + 2, out + 3 - c.rank, (size_t)c.rank * sizeof *dims);
        want = y = malloc((size_t)(dims[0] * dims[1] * volume(out)) * sizeof *want);
        for (int64_t i = 0; i < dims[0] * dims[1] * volume(out); i++) {
            int64_t m = i / volume(out) % dims[1], image = i / volume(out) / dims[1], o[3];
            const float *x = (const float *)w.in[0].data +
                             (image * c.group + m / c.m) * c.channels * volume(c.in);

            unflatten(i % volume(out), out, o);
            y[i] = conv_element(&c, x, (const float *)w.in[1].data + m * taps, o);
            if (c.bias)
                y[i] += ((const float *)w.in[2].data)[m];
        }
        expect(&w, want, c.rank + 2, dims);
        free(want);
        world_deinit(&w);
    }
}

/* W is (channels, m, kernel): taps whose place is a multiple of the stride, in order. */
static float transpose_element(const conv_case *c, const float *x, const float *weights,
                               const int64_t o[3])
{
    float acc = 0.0f;

    for (int64_t channel = 0; channel < c->channels; channel++)
        for (int64_t t = 0; t < volume(c->kernel); t++) {
            bool hit = true;
            int64_t k[3], at[3];

            unflatten(t, c->kernel, k);
            for (int i = 0; i < 3; i++) {
                int64_t place = o[i] + c->begin[i] - k[i] * c->dilation[i];

                hit = hit && place % c->stride[i] == 0;
                at[i] = place / c->stride[i];
            }
            if (hit)
                acc = fmaf(weights[channel * c->m * volume(c->kernel) + t],
                           tap(c, x + channel * volume(c->in), at), acc);
        }
    return acc;
}

static void conv_transpose_matches(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof conv_cases / sizeof conv_cases[0]; n++) {
        const conv_case *small = &conv_cases[n];
        conv_case c = widen(small);
        int64_t out[3], dims[5] = {c.batch, c.group * c.m}, kernel = volume(c.kernel);
        float *want;
        world w;

        world_init(&w, "ConvTranspose", small->bias ? "x,w,b" : "x,w");
        setup_conv(&w, small, c.group * c.channels, c.m);
        for (int i = 0; i < 3; i++)
            out[i] = c.stride[i] * (c.in[i] - 1) + (c.kernel[i] - 1) * c.dilation[i] + 1 -
                     c.begin[i] - c.end[i];
        memcpy(dims + 2, out + 3 - c.rank, (size_t)c.rank * sizeof *dims);
        want = malloc((size_t)(dims[0] * dims[1] * volume(out)) * sizeof *want);
        for (int64_t i = 0; i < dims[0] * dims[1] * volume(out); i++) {
            int64_t m = i / volume(out) % dims[1], image = i / volume(out) / dims[1], o[3];
            int64_t group = m / c.m;
            const float *x =
                (const float *)w.in[0].data + (image * c.group + group) * c.channels * volume(c.in);

            unflatten(i % volume(out), out, o);
            want[i] = transpose_element(
                &c, x, (const float *)w.in[1].data + (group * c.channels * c.m + m % c.m) * kernel,
                o);
            if (c.bias)
                want[i] += ((const float *)w.in[2].data)[m];
        }
        expect(&w, want, c.rank + 2, dims);
        free(want);
        world_deinit(&w);
    }
}

/* ---- matrix products */

static void gemm_matches(void **state)
{
    static const int64_t sizes[][3] = {{1, 1, 1}, {3, 33, 5}, {13, 31, 600}, {30, 70, 20}};

    (void)state;
    for (size_t n = 0; n < sizeof sizes / sizeof sizes[0] * 8; n++) {
        int64_t m = sizes[n / 8][0], columns = sizes[n / 8][1], k = sizes[n / 8][2];
        bool trans_a = n & 1, trans_b = n & 2, scaled = n & 4;
        int64_t a[2] = {trans_a ? k : m, trans_a ? m : k};
        int64_t b[2] = {trans_b ? columns : k, trans_b ? k : columns};
        float alpha = scaled ? 0.3f : 1.0f, beta = scaled ? 0.7f : 1.0f;
        float *want = malloc((size_t)(m * columns) * sizeof *want);
        const float *pa, *pb, *pc;
        world w;

        world_init(&w, "Gemm", "a,b,c");
        set_int(&w, "transA", trans_a);
        set_int(&w, "transB", trans_b);
        set_float(&w, "alpha", alpha);
        set_float(&w, "beta", beta);
        pa = give(&w, 2, a);
        pb = give(&w, 2, b);
        pc = give(&w, 1, &columns);
        for (int64_t i = 0; i < m * columns; i++) {
            int64_t row = i / columns, j = i % columns;
            float acc = 0.0f;

            for (int64_t r = 0; r < k; r++)
                acc = fmaf(pa[trans_a ? r * m + row : row * k + r],
                           pb[trans_b ? j * k + r : r * columns + j], acc);
            acc = scaled ? alpha * acc : acc;
            want[i] = acc + (scaled ? beta * pc[j] : pc[j]);
        }
        expect(&w, want, 2, (int64_t[]){m, columns});
        free(want);
        world_deinit(&w);
    }
}

static void matmul_matches(void **state)
{
    const int64_t a[4] = {2, 1, 5, 37}, b[3] = {3, 37, 65};
    float *want = malloc(sizeof(float) * 6 * 5 * 65);
    const float *pa, *pb;
    world w;

    (void)state;
    world_init(&w, "MatMul", "a,b");
    pa = give(&w, 4, a);
    pb = give(&w, 3, b);
    for (int64_t i = 0; i < 6 * 5 * 65; i++) {
        int64_t batch = i / (5 * 65), row = i / 65 % 5, j = i % 65;
        float acc = 0.0f;

        for (int64_t r = 0; r < 37; r++)
            acc = fmaf(pa[(batch / 3 * 5 + row) * 37 + r], pb[(batch % 3 * 37 + r) * 65 + j], acc);
        want[i] = acc;
    }
    expect(&w, want, 4, (int64_t[]){2, 3, 5, 65});
    free(want);
    world_deinit(&w);
}

/* ---- what is wrong is said */

static void bad_shapes_are_named(void **state)
{
    static const struct {
        const char *op;
        int64_t x[4], w[4], group;
        const char *text;
    } cases[] = {
        {"Conv",
         {1, 4, 8, 8},
         {2, 3, 3, 3},
         1,
         "W has 3 input channels per group but X has 4 in 1 groups"},
        {"Conv", {1, 4, 8, 8}, {3, 2, 3, 3}, 2, "3 output channels do not divide into 2 groups"},
        {"Conv", {1, 4, 8, 8}, {2, 4, 3, 3}, 0, "group is 0"},
        {"Conv", {1, 4, 2, 8}, {2, 4, 3, 3}, 1, "the padded input has only 2"},
        {"Conv", {1, 4, 8, 8}, {2, 4, 0, 3}, 1, "the kernel has size 0 on axis 0"},
        {"ConvTranspose", {1, 4, 8, 8}, {2, 4, 3, 3}, 1, "but X has 4"},
        {"ConvTranspose", {1, 4, 8, 8}, {4, 4, 3, 3}, 3, "do not divide into 3 groups"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        octet_status code = OCTET_ERR_INVALID_MODEL;
        octet_tensor y;
        world w;

        world_init(&w, cases[i].op, "x,w");
        set_int(&w, "group", cases[i].group);
        give(&w, 4, cases[i].x);
        give(&w, 4, cases[i].w);
        code = evaluate(&w, OCTET_ISA_REF, 1, true, &y);
        assert_true(code == OCTET_ERR_INVALID_MODEL || code == OCTET_ERR_DATA);
        expect_failure(&w, code, cases[i].text);
        world_deinit(&w);
    }
}

static void hostile_attributes_are_refused(void **state)
{
    static const struct {
        const char *name;
        uint32_t n;
        int64_t values[4];
    } cases[] = {
        {"strides", 2, {0, 1}},
        {"strides", 1, {1}},
        {"dilations", 2, {1, -1}},
        {"dilations", 2, {INT64_MAX, 1}},
        {"pads", 4, {INT64_MAX, 0, 0, 0}},
        {"pads", 4, {-5, -5, -5, -5}},
        {"pads", 4, {INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX}},
        {"kernel_shape", 2, {2, 3}},
        {"kernel_shape", 3, {3, 3, 3}},
    };
    static const char *const ops[] = {"Conv", "ConvTranspose"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0] * 2; i++) {
        bool big_cut = i / 2 == 5 || i / 2 == 6;
        octet_tensor y;
        world w;

        if (big_cut && i % 2 == 1) /* pads cut ConvTranspose's output: judged by its size */
            continue;
        world_init(&w, ops[i % 2], "x,w");
        w.f.ctx->limits.max_tensor_bytes = 1 << 30;
        set_ints(&w, cases[i / 2].name, cases[i / 2].n, cases[i / 2].values);
        give(&w, 4, (int64_t[]){1, 4, 8, 8});
        give(&w, 4, (int64_t[]){4, 4, 3, 3});
        assert_int_not_equal(evaluate(&w, OCTET_ISA_REF, 1, true, &y), OCTET_OK);
        assert_true(strlen(w.f.diag.text) > 0);
        octet_tensor_deinit(&y, NULL);
        world_deinit(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv_matches),         cmocka_unit_test(conv_transpose_matches),
        cmocka_unit_test(gemm_matches),         cmocka_unit_test(matmul_matches),
        cmocka_unit_test(bad_shapes_are_named), cmocka_unit_test(hostile_attributes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
