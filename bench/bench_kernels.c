/* bench_kernels.c: speed of the kernels, in share of what the machine can do
 * SPDX-License-Identifier: Apache-2.0
 *
 * Usage: bench_kernels [--cpu LEVEL]. Convolutions run as the operator runs them, on one thread,
 * padding included. The peak is a loop of fused multiply-adds on registers alone; depthwise
 * convolutions are also compared with memcpy between buffers of their input's and output's bytes.
 */
#define _POSIX_C_SOURCE 200809L
#include "base/context.h"
#include "ops/conv_common.h"
#include "ops/matmul_common.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* one thread: not disturbed by others */
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *floats(size_t n)
{
    float *x = malloc(n * sizeof(*x) + 64);

    if (x == NULL)
        exit(1);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)((i * 7919) % 255) / 255.0f - 0.5f;
    return x;
}

/* Seconds of one call: the best of many rounds of a few ms. */
static double measure(void (*body)(void *), void *arg)
{
    double best = 1e9;
    int calls = 1;

    body(arg);
    for (int round = 0; round < 40; round++) {
        double start = now(), t;

        for (int i = 0; i < calls; i++)
            body(arg);
        t = (now() - start) / calls;
        best = t < best ? t : best;
        calls = (int)(0.004 / t) + 1;
    }
    return best;
}

/* ---- peak */

#if OCTET_SIMD && defined(__x86_64__)
#    include <immintrin.h>

#    define SUMS 12
#    define PEAK(name, target_list, vector, set1, fma)                                             \
        __attribute__((target(target_list))) static void name(void *arg)                           \
        {                                                                                          \
            vector a = set1(0.5f), b = set1(*(volatile float *)arg);                               \
            vector s0 = b, s1 = set1(1), s2 = set1(2), s3 = set1(3), s4 = set1(4), s5 = set1(5),   \
                   s6 = set1(6), s7 = set1(7), s8 = set1(8), s9 = set1(9);                         \
            vector s10 = set1(10), s11 = set1(11);                                                 \
            for (int i = 0; i < 100000; i++) {                                                     \
                s0 = fma(a, s0, b), s1 = fma(a, s1, b), s2 = fma(a, s2, b);                        \
                s3 = fma(a, s3, b), s4 = fma(a, s4, b), s5 = fma(a, s5, b);                        \
                s6 = fma(a, s6, b), s7 = fma(a, s7, b), s8 = fma(a, s8, b);                        \
                s9 = fma(a, s9, b), s10 = fma(a, s10, b), s11 = fma(a, s11, b);                    \
            }                                                                                      \
            s0 =                                                                                   \
                fma(s0, s1, fma(s2, s3, fma(s4, s5, fma(s6, s7, fma(s8, s9, fma(s10, s11, b)))))); \
            memcpy(arg, &s0, sizeof(float));                                                       \
        }

PEAK(peak_avx2, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps)
PEAK(peak_avx512, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps)
#endif

static void peak_ref(void *arg)
{
    volatile float *x = arg;
    float s[4] = {*x, 1, 2, 3}, b = *x;

    for (int i = 0; i < 100000; i++)
        for (int j = 0; j < 4; j++)
            s[j] = fmaf(0.5f, s[j], b);
    *x = s[0] + s[1] + s[2] + s[3];
}

/* GFLOP/s. */
static double peak(octet_isa isa)
{
    float x = 0.25f;

#if OCTET_SIMD && defined(__x86_64__)
    if (isa == OCTET_ISA_AVX2)
        return 2.0 * 8 * SUMS * 100000 / measure(peak_avx2, &x) * 1e-9;
    if (isa == OCTET_ISA_AVX512)
        return 2.0 * 16 * SUMS * 100000 / measure(peak_avx512, &x) * 1e-9;
#endif
    (void)isa;
    return 2.0 * 4 * 100000 / measure(peak_ref, &x) * 1e-9;
}

/* ---- an evaluation without a graph: scratch is a list freed after each call */

#define MAX_BLOCKS 16

typedef struct bench_host {
    struct octet_eval_host host;
    void *blocks[MAX_BLOCKS];
    size_t sizes[MAX_BLOCKS];
    int used;
} bench_host;

/* Blocks are kept from call to call, as the interpreter's pool does. */
static void *scratch(octet_eval *e, size_t bytes)
{
    bench_host *h = (bench_host *)(void *)e->host;
    int i = h->used++;

    if (i >= MAX_BLOCKS)
        return NULL;
    if (h->sizes[i] < bytes) {
        octet_mem_free_aligned(NULL, h->blocks[i]);
        h->blocks[i] = octet_mem_alloc_aligned(NULL, bytes);
        h->sizes[i] = bytes;
    }
    return h->blocks[i];
}

static octet_context context;
static octet_model model = {.ctx = &context};
static octet_graph graph = {.model = &model};
static octet_diag diag;

/* ---- convolutions */

typedef struct conv_case {
    const char *name;
    int channels, m, group, size, kernel, stride, pad;
} conv_case;

static const conv_case resnet_50[] = {
    {"conv1 7x7 s2", 3, 64, 1, 224, 7, 2, 3},
    {"56 1x1 64-64", 64, 64, 1, 56, 1, 1, 0},
    {"56 3x3 64", 64, 64, 1, 56, 3, 1, 1},
    {"56 1x1 64-256", 64, 256, 1, 56, 1, 1, 0},
    {"56 1x1 256-64", 256, 64, 1, 56, 1, 1, 0},
    {"56 1x1 256-128", 256, 128, 1, 56, 1, 1, 0},
    {"56 3x3 128 s2", 128, 128, 1, 56, 3, 2, 1},
    {"56 1x1 256-512 s2", 256, 512, 1, 56, 1, 2, 0},
    {"28 1x1 128-512", 128, 512, 1, 28, 1, 1, 0},
    {"28 1x1 512-128", 512, 128, 1, 28, 1, 1, 0},
    {"28 3x3 128", 128, 128, 1, 28, 3, 1, 1},
    {"28 1x1 512-256", 512, 256, 1, 28, 1, 1, 0},
    {"28 3x3 256 s2", 256, 256, 1, 28, 3, 2, 1},
    {"28 1x1 512-1024 s2", 512, 1024, 1, 28, 1, 2, 0},
    {"14 1x1 256-1024", 256, 1024, 1, 14, 1, 1, 0},
    {"14 1x1 1024-256", 1024, 256, 1, 14, 1, 1, 0},
    {"14 3x3 256", 256, 256, 1, 14, 3, 1, 1},
    {"14 1x1 1024-512", 1024, 512, 1, 14, 1, 1, 0},
    {"14 3x3 512 s2", 512, 512, 1, 14, 3, 2, 1},
    {"14 1x1 1024-2048 s2", 1024, 2048, 1, 14, 1, 2, 0},
    {"7 1x1 512-2048", 512, 2048, 1, 7, 1, 1, 0},
    {"7 1x1 2048-512", 2048, 512, 1, 7, 1, 1, 0},
    {"7 3x3 512", 512, 512, 1, 7, 3, 1, 1},
};

static const conv_case mobilenet_pointwise[] = {
    {"112 1x1 32-64", 32, 64, 1, 112, 1, 1, 0},     {"56 1x1 64-128", 64, 128, 1, 56, 1, 1, 0},
    {"56 1x1 128-128", 128, 128, 1, 56, 1, 1, 0},   {"28 1x1 128-256", 128, 256, 1, 28, 1, 1, 0},
    {"28 1x1 256-256", 256, 256, 1, 28, 1, 1, 0},   {"14 1x1 256-512", 256, 512, 1, 14, 1, 1, 0},
    {"14 1x1 512-512", 512, 512, 1, 14, 1, 1, 0},   {"7 1x1 512-1024", 512, 1024, 1, 7, 1, 1, 0},
    {"7 1x1 1024-1024", 1024, 1024, 1, 7, 1, 1, 0},
};

static const conv_case mobilenet_depthwise[] = {
    {"112 3x3 32", 32, 32, 32, 112, 3, 1, 1},     {"112 3x3 64 s2", 64, 64, 64, 112, 3, 2, 1},
    {"56 3x3 128", 128, 128, 128, 56, 3, 1, 1},   {"56 3x3 128 s2", 128, 128, 128, 56, 3, 2, 1},
    {"28 3x3 256", 256, 256, 256, 28, 3, 1, 1},   {"28 3x3 256 s2", 256, 256, 256, 28, 3, 2, 1},
    {"14 3x3 512", 512, 512, 512, 14, 3, 1, 1},   {"14 3x3 512 s2", 512, 512, 512, 14, 3, 2, 1},
    {"7 3x3 1024", 1024, 1024, 1024, 7, 3, 1, 1},
};

static const conv_case small_models[] = {
    {"squeezenet conv1 s2", 3, 64, 1, 224, 3, 2, 0},
    {"squeezenet squeeze", 128, 16, 1, 55, 1, 1, 0},
    {"squeezenet expand 1x1", 16, 64, 1, 55, 1, 1, 0},
    {"squeezenet expand 3x3", 16, 64, 1, 55, 3, 1, 1},
    {"squeezenet fire9 3x3", 64, 256, 1, 13, 3, 1, 1},
    {"squeezenet conv10", 512, 1000, 1, 13, 1, 1, 0},
    {"resnet20 32 3x3", 16, 16, 1, 32, 3, 1, 1},
};

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

static const struct {
    const char *name;
    const conv_case *cases;
    size_t n;
    bool moves; /* few products: compared with a copy of its input and output */
} conv_lists[] = {
    {"ResNet-50", resnet_50, LENGTH(resnet_50), false},
    {"MobileNet 1x1", mobilenet_pointwise, LENGTH(mobilenet_pointwise), false},
    {"small models", small_models, LENGTH(small_models), false},
    {"MobileNet depthwise", mobilenet_depthwise, LENGTH(mobilenet_depthwise), true},
};

typedef struct conv_job {
    octet_eval e;
    bench_host h;
    octet_conv_shape s;
    octet_conv_sum sum;
} conv_job;

static void run_conv(void *arg)
{
    conv_job *j = arg;
    octet_conv_sum sum;

    j->h.used = 0;
    if (octet_conv_sum_init(&j->e, &j->s, sizeof(float), true, &sum) != OCTET_OK)
        exit(1);
    sum.x = j->sum.x;
    sum.w = j->sum.w;
    sum.packed = j->sum.packed;
    sum.y = j->sum.y;
    if (octet_conv_sum_f32(&j->e, &sum) != OCTET_OK)
        exit(1);
}

typedef struct copy_job {
    float *to;
    const float *from;
    size_t n;
} copy_job;

static void run_copy(void *arg)
{
    copy_job *j = arg;

    memcpy(j->to, j->from, j->n * sizeof(float));
}

/* Share of the peak, or of the speed at which memcpy moves as many bytes. */
static double bench_conv(const octet_kernels *k, const conv_case *c, double top, bool moves)
{
    int out = (c->size + 2 * c->pad - c->kernel) / c->stride + 1;
    size_t taps = (size_t)(c->channels / c->group * c->kernel * c->kernel);
    size_t m = (size_t)(c->m / c->group), groups = (size_t)c->group;
    float *x = floats((size_t)(c->channels * c->size * c->size)), *w = floats((size_t)c->m * taps);
    float *y = floats((size_t)(c->m * out * out));
    float *packed = floats(octet_conv_packed_size(groups, m, taps));
    size_t in, count;
    double share, flop = 2.0 * c->m * (double)taps * out * out, t;
    conv_job j = {.h = {.host = {.scratch = scratch}},
                  .s = {.rank = 2,
                        .batch = 1,
                        .channels = c->channels,
                        .out_channels = c->m,
                        .group = c->group,
                        .kernel = {c->kernel, c->kernel},
                        .stride = {c->stride, c->stride},
                        .dilation = {1, 1},
                        .in = {c->size, c->size},
                        .out = {out, out},
                        .pad_begin = {c->pad, c->pad},
                        .pad_end = {c->pad, c->pad}}};

    j.e = (octet_eval){.g = &graph, .k = k, .threads = 1, .diag = &diag, .host = &j.h.host};
    octet_conv_pack(k, groups, m, taps, w, packed);
    j.sum =
        (octet_conv_sum){.x = x, .w = w, .y = y, .packed = octet_conv_sum_packs(m) ? packed : NULL};
    t = measure(run_conv, &j);
    in = (size_t)(c->channels * c->size * c->size);
    count = in + (size_t)(c->m * out * out);
    printf("%-24s %9.1f us %7.1f GFLOP/s %5.1f %%", c->name, t * 1e6, flop / t * 1e-9,
           flop / t * 1e-7 / top);
    share = flop / t * 1e-9 / top;
    if (moves) {
        copy_job copy = {.to = floats(count), .from = floats(count), .n = count / 2};

        share = measure(run_copy, &copy) / t;
        printf("  %6.1f GB/s, %3.0f %% of a copy's", 4.0 * (double)count / t * 1e-9, share * 100);
        free(copy.to);
        free((void *)(uintptr_t)copy.from);
    }
    putchar('\n');
    for (int i = 0; i < MAX_BLOCKS; i++)
        octet_mem_free_aligned(NULL, j.h.blocks[i]);
    free(x);
    free(w);
    free(y);
    free(packed);
    return share;
}

/* All shapes of a list and the mean share. */
static void bench_list(const octet_kernels *k, size_t list, double top)
{
    double sum = 0;

    printf("%s\n", conv_lists[list].name);
    for (size_t i = 0; i < conv_lists[list].n; i++)
        sum += bench_conv(k, &conv_lists[list].cases[i], top, conv_lists[list].moves);
    printf("%-24s %36.1f %% on average\n\n", "", sum / (double)conv_lists[list].n * 100);
}

/* ---- products */

static const struct {
    size_t m, n, k;
} product_cases[] = {{512, 512, 512}, {64, 64, 64},   {128, 384, 1536}, {1, 1000, 512},
                     {16, 1000, 512}, {128, 32, 128}, {128, 128, 32}};

typedef struct product_job {
    octet_eval e;
    bench_host h;
    size_t m, n, k;
    const float *a, *b, *packed;
    float *c;
} product_job;

static void run_product(void *arg)
{
    product_job *j = arg;

    octet_matmul_panels panels = {NULL, NULL};

    j->h.used = 0;
    if (octet_matmul_f32(&j->e, &panels,
                         &(octet_matmul_job){.m = j->m,
                                             .n = j->n,
                                             .k = j->k,
                                             .a = {j->a, j->k, 1},
                                             .b = {j->b, j->n, 1},
                                             .b_packed = j->packed,
                                             .c = j->c}) != OCTET_OK)
        exit(1);
}

static void bench_product(const octet_kernels *k, size_t index, double top)
{
    product_job j = {.h = {.host = {.scratch = scratch}},
                     .m = product_cases[index].m,
                     .n = product_cases[index].n,
                     .k = product_cases[index].k};
    float *a = floats(j.m * j.k), *b = floats(j.k * j.n), *c = floats(j.m * j.n);
    float *packed = floats(octet_gemm_b_size(j.k, j.n));
    double flop = 2.0 * (double)(j.m * j.n * j.k);

    j.e = (octet_eval){.g = &graph, .k = k, .threads = 1, .diag = &diag, .host = &j.h.host};
    k->gemm_pack_b_f32(j.k, j.n, b, j.n, 1, packed);
    j.a = a;
    j.b = b;
    j.c = c;
    for (int constant = 0; constant < 2; constant++) {
        double t;

        j.packed = constant ? packed : NULL;
        t = measure(run_product, &j);
        printf("%4zux%4zux%4zu %-9s %9.1f us %7.1f GFLOP/s %5.1f %%\n", j.m, j.n, j.k,
               constant ? "packed B" : "", t * 1e6, flop / t * 1e-9, flop / t * 1e-7 / top);
    }
    for (int i = 0; i < MAX_BLOCKS; i++)
        octet_mem_free_aligned(NULL, j.h.blocks[i]);
    free(a);
    free(b);
    free(c);
    free(packed);
}

/* ---- functions of arrays */

enum { N = 1 << 14 };
static float vx[N], vy[N];
static uint8_t vq[N];
static const octet_kernels *vk;

#define VECTOR_CASES(V)                                                                            \
    V(exp, vk->exp_f32(N, vx, vy))                                                                 \
    V(log, vk->log_f32(N, vx, vy))                                                                 \
    V(tanh, vk->tanh_f32(N, vx, vy))                                                               \
    V(sigmoid, vk->sigmoid_f32(N, vx, vy))                                                         \
    V(erf, vk->erf_f32(N, vx, vy))                                                                 \
    V(sin, vk->sin_f32(N, vx, vy))                                                                 \
    V(pow, vk->pow_f32(N, vx, 1, vy, 0, vy))                                                       \
    V(add, vk->add_f32(N, vx, 1, vx, 1, vy))                                                       \
    V(minmax, vk->minmax_f32(N, vx, &vy[0], &vy[1]))                                               \
    V(sum, vy[0] = vk->sum_f32(N, vx))                                                             \
    V(quantize, vk->quantize_f32_u8(N, vx, 0.01f, 128, vq))                                        \
    V(dequantize, vk->dequantize_u8_f32(N, vq, 0.01f, 128, vy))

#define VECTOR_BODY(name, call)                                                                    \
    static void vector_##name(void *arg)                                                           \
    {                                                                                              \
        (void)arg;                                                                                 \
        call;                                                                                      \
    }
VECTOR_CASES(VECTOR_BODY)

static const struct {
    const char *name;
    void (*body)(void *);
} vector_cases[] = {
#define VECTOR_ENTRY(name, call) {#name, vector_##name},
    VECTOR_CASES(VECTOR_ENTRY)};

static void bench_vectors(const octet_kernels *k)
{
    vk = k;
    for (int i = 0; i < N; i++)
        vx[i] = (float)i / N * 4.0f - 2.0f;
    for (size_t i = 0; i < sizeof(vector_cases) / sizeof(vector_cases[0]); i++)
        printf("%-24s %9.3f ns per element\n", vector_cases[i].name,
               measure(vector_cases[i].body, NULL) / N * 1e9);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"ref", "avx2", "avx512", "neon"};
    octet_isa isa = octet_isa_host();
    const octet_kernels *k;
    double top;

    if (argc != 1 && (argc != 3 || strcmp(argv[1], "--cpu") != 0)) {
        fprintf(stderr, "usage: bench_kernels [--cpu LEVEL]\n");
        return 2;
    }
    for (int i = 0; argc == 3 && i < 4; i++)
        if (strcmp(argv[2], names[i]) == 0 && i <= (int)octet_isa_host())
            isa = (octet_isa)i;
    k = octet_kernels_get(isa);
    top = peak(k->isa);
    printf("level %s, peak %.1f GFLOP/s\n\n", names[k->isa], top);
    for (size_t i = 0; i < LENGTH(conv_lists); i++)
        bench_list(k, i, top);
    for (size_t i = 0; i < LENGTH(product_cases); i++)
        bench_product(k, i, top);
    putchar('\n');
    bench_vectors(k);
    return 0;
}
