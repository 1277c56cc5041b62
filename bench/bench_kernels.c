/* bench_kernels.c: speed of the kernels, in share of what the machine can do
 * SPDX-License-Identifier: Apache-2.0
 *
 * Usage: bench_kernels [--cpu LEVEL] [--only TEXT] [--peak [--threads N]]
 *
 * Convolutions run as the operator runs them, on one thread, padding included; --only takes those
 * whose list or name has TEXT in it. The peak is a loop of fused multiply-adds on registers alone;
 * depthwise convolutions are also compared with memcpy between buffers of their input's and
 * output's bytes. --peak prints nothing but the GFLOP/s of N threads that run the loop together.
 */
#define _POSIX_C_SOURCE 200809L
#include "base/parallel.h"
#include "bench.h"
#include "ops/conv_common.h"
#include "ops/matmul_common.h"

#include <math.h>

static float *floats(size_t n)
{
    float *x = malloc(n * sizeof(*x) + 64);

    if (x == NULL)
        exit(1);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)((i * 7919) % 255) / 255.0f - 0.5f;
    return x;
}

/* ---- peak */

#define PEAK_STEPS 100000

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
            for (int i = 0; i < PEAK_STEPS; i++) {                                                 \
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

    for (int i = 0; i < PEAK_STEPS; i++)
        for (int j = 0; j < 4; j++)
            s[j] = fmaf(0.5f, s[j], b);
    *x = s[0] + s[1] + s[2] + s[3];
}

typedef struct peak_loop {
    void (*body)(void *);
    double flop;
} peak_loop;

static peak_loop peak_of(octet_isa isa)
{
#if OCTET_SIMD && defined(__x86_64__)
    if (isa == OCTET_ISA_AVX2)
        return (peak_loop){peak_avx2, 2.0 * 8 * SUMS * PEAK_STEPS};
    if (isa == OCTET_ISA_AVX512)
        return (peak_loop){peak_avx512, 2.0 * 16 * SUMS * PEAK_STEPS};
#endif
    (void)isa;
    return (peak_loop){peak_ref, 2.0 * 4 * PEAK_STEPS};
}

/* GFLOP/s of one thread. */
static double peak(octet_isa isa)
{
    peak_loop loop = peak_of(isa);
    float x = 0.25f;

    return loop.flop / measure(loop.body, &x) * 1e-9;
}

static double wall(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Turns of the loop that one thread takes in a round, so that starting the threads is nothing. */
#define PEAK_TURNS 10

static void peak_turns(void *arg, size_t index, int worker)
{
    const peak_loop *loop = arg;
    float x = 0.25f;

    (void)index;
    (void)worker;
    for (int i = 0; i < PEAK_TURNS; i++)
        loop->body(&x);
}

/* GFLOP/s of all threads together, by the clock on the wall: the best of several rounds. */
static double peak_together(octet_isa isa, int threads)
{
    peak_loop loop = peak_of(isa);
    double best = 0;

    for (int round = 0; round < 100; round++) {
        double start = wall(), speed;

        octet_parallel_for((size_t)threads, threads, peak_turns, &loop);
        speed = loop.flop * PEAK_TURNS * threads / (wall() - start) * 1e-9;
        best = speed > best ? speed : best;
    }
    return best;
}

/* ---- convolutions */

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
    {"resnet8 16 3x3", 32, 32, 1, 16, 3, 1, 1},
    {"resnet8 8 3x3", 64, 64, 1, 8, 3, 1, 1},
    {"tbefn 180 3x3", 16, 16, 1, 240, 3, 1, 1},
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
    int out = conv_case_out(c);
    size_t taps = (size_t)(c->channels / c->group * c->kernel * c->kernel);
    size_t m = (size_t)(c->m / c->group), groups = (size_t)c->group;
    float *x = floats((size_t)(c->channels * c->size * c->size)), *w = floats((size_t)c->m * taps);
    float *y = floats((size_t)(c->m * out * out));
    float *packed = floats(octet_conv_packed_size(groups, m, taps));
    size_t in, count;
    double share, flop = 2.0 * c->m * (double)taps * out * out, t;
    conv_job j = {.s = conv_case_shape(c)};

    j.e = bench_eval(k, &j.h);
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
    free_blocks(&j.h);
    free(x);
    free(w);
    free(y);
    free(packed);
    return share;
}

/* All shapes of a list that were asked for, and the mean share. */
static void bench_list(const octet_kernels *k, size_t list, double top, const char *only)
{
    bool all = only == NULL || strstr(conv_lists[list].name, only) != NULL;
    size_t n = 0;
    double sum = 0;

    for (size_t i = 0; i < conv_lists[list].n; i++) {
        const conv_case *c = &conv_lists[list].cases[i];

        if (!all && strstr(c->name, only) == NULL)
            continue;
        if (n++ == 0)
            puts(conv_lists[list].name);
        sum += bench_conv(k, c, top, conv_lists[list].moves);
    }
    if (n > 0)
        printf("%-24s %36.1f %% on average\n\n", "", sum / (double)n * 100);
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
    product_job j = {
        .m = product_cases[index].m, .n = product_cases[index].n, .k = product_cases[index].k};
    float *a = floats(j.m * j.k), *b = floats(j.k * j.n), *c = floats(j.m * j.n);
    float *packed = floats(octet_gemm_b_size(j.k, j.n));
    double flop = 2.0 * (double)(j.m * j.n * j.k);

    j.e = bench_eval(k, &j.h);
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
    free_blocks(&j.h);
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

/* ---- arguments */

static const char *const level_names[] = {"ref", "avx2", "avx512", "neon"};

typedef struct options {
    octet_isa isa;
    const char *only;
    bool peak;
    int threads;
} options;

static void usage(void)
{
    fprintf(stderr, "usage: bench_kernels [--cpu LEVEL] [--only TEXT] [--peak [--threads N]]\n");
    exit(2);
}

static options parse(int argc, char **argv)
{
    options o = {.isa = octet_isa_host(), .threads = 1};

    for (int i = 1; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;

        if (strcmp(argv[i], "--peak") == 0)
            o.peak = true;
        else if (next == NULL)
            usage();
        else if (strcmp(argv[i], "--only") == 0)
            o.only = argv[++i];
        else if (strcmp(argv[i], "--threads") == 0)
            o.threads = atoi(argv[++i]);
        else if (strcmp(argv[i], "--cpu") == 0)
            for (i++; strcmp(next, level_names[o.isa]) != 0 && o.isa > OCTET_ISA_REF;)
                o.isa--;
        else
            usage();
    }
    if (o.threads < 1 || o.threads > 1024)
        usage();
    return o;
}

int main(int argc, char **argv)
{
    options o = parse(argc, argv);
    const octet_kernels *k = octet_kernels_get(o.isa);
    double top;

    if (o.peak) {
        printf("%.1f GFLOP/s, %d threads, %s\n", peak_together(k->isa, o.threads), o.threads,
               level_names[k->isa]);
        return 0;
    }
    top = peak(k->isa);
    printf("level %s, peak %.1f GFLOP/s\n\n", level_names[k->isa], top);
    for (size_t i = 0; i < LENGTH(conv_lists); i++)
        bench_list(k, i, top, o.only);
    if (o.only != NULL)
        return 0;
    for (size_t i = 0; i < LENGTH(product_cases); i++)
        bench_product(k, i, top);
    putchar('\n');
    bench_vectors(k);
    return 0;
}
