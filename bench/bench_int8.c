/* bench_int8.c: speed of the integer kernels, in share of what the machine can do
 * SPDX-License-Identifier: Apache-2.0
 *
 * Usage: bench_int8 [avx2|avx512|neon [INDEX]]: the level and which of its tables. Convolutions and
 * products run as the operators run them, on one thread, padding, gathering and requantization
 * included. The peak is a loop of dot products on registers alone, for the tables that have them;
 * with 16-bit activations a dot product has half as many terms.
 */
#define _POSIX_C_SOURCE 200809L
#include "bench.h"
#include "ops/q8.h"

/* ---- peak */

#if OCTET_SIMD && defined(__x86_64__)
#    include <immintrin.h>

#    define SUMS(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11)
#    define ROUNDS 10000
#    define DECLARE(i) s##i = SET(seed + (i)),
#    define STEP(i) s##i = DOT(s##i, a, b);
#    define JOIN(i) b = ADD(b, s##i);
#    define PEAK(name, target_list, vector)                                                        \
        __attribute__((target(target_list))) static void name(void *arg)                           \
        {                                                                                          \
            int32_t seed = *(volatile int32_t *)arg;                                               \
            vector a = SET(seed), SUMS(DECLARE) b = SET(seed + 1);                                 \
                                                                                                   \
            for (int i = 0; i < ROUNDS; i++) {                                                     \
                SUMS(STEP)                                                                         \
            }                                                                                      \
            SUMS(JOIN)                                                                             \
            memcpy(arg, &b, sizeof(int32_t));                                                      \
        }

#    define DOT _mm512_dpbusd_epi32
#    define ADD _mm512_add_epi32
#    define SET _mm512_set1_epi32
PEAK(peak_avx512_vnni, "avx512f,avx512vnni", __m512i)
#    undef DOT
#    undef ADD
#    undef SET
#    define DOT _mm256_dpbusd_epi32
#    define ADD _mm256_add_epi32
#    define SET _mm256_set1_epi32
PEAK(peak_256_vnni, "avx512f,avx512vl,avx512vnni", __m256i)
#    undef DOT
#    undef ADD
#    undef SET
#endif

/* Operations (two a product) per second, 0: not known. */
static double peak(octet_isa isa, int index)
{
#if OCTET_SIMD && defined(__x86_64__)
    int32_t x = 3;
    double calls = 2.0 * 12 * ROUNDS;

    if (isa == OCTET_ISA_AVX512 && index == 1)
        return calls * 64 / measure(peak_avx512_vnni, &x);
    if (isa == OCTET_ISA_AVX2 && index == 1)
        return calls * 32 / measure(peak_256_vnni, &x);
#endif
    (void)isa;
    (void)index;
    return 0;
}

static uint8_t *random_bytes(size_t n)
{
    uint8_t *x = malloc(n + 64);

    if (x == NULL)
        exit(1);
    for (size_t i = 0; i < n; i++)
        x[i] = (uint8_t)(i * 7919 >> 3);
    return x;
}

static void print(const char *name, double seconds, double operations, double top)
{
    printf("%-24s %9.1f us %7.1f GOP/s", name, seconds * 1e6, operations / seconds * 1e-9);
    if (top > 0)
        printf(" %5.1f %%", 100 * operations / seconds / top);
    putchar('\n');
}

static const int32_t zero_point = 120, no_zero_point;

static octet_q8_finish to_integers(const octet_kernels *k, const float *scale, bool wide)
{
    if (wide)
        return (octet_q8_finish){.run = k->requantize_nearest_16,
                                 .element = 2,
                                 .r = {.scale = scale, .lo = INT16_MIN, .hi = INT16_MAX}};
    return (octet_q8_finish){.run = k->requantize_nearest,
                             .element = 1,
                             .r = {.scale = scale, .zero_point = 100, .lo = 0, .hi = 255}};
}

/* ---- convolutions */

static const conv_case conv_cases[] = {
    {"resnet conv1 7x7", 3, 64, 1, 224, 7, 2, 3},
    {"resnet 56 1x1 64", 64, 64, 1, 56, 1, 1, 0},
    {"resnet 56 1x1 256", 64, 256, 1, 56, 1, 1, 0},
    {"resnet 56 1x1 256-64", 256, 64, 1, 56, 1, 1, 0},
    {"resnet 56 3x3", 64, 64, 1, 56, 3, 1, 1},
    {"resnet 28 3x3", 128, 128, 1, 28, 3, 1, 1},
    {"resnet 28 1x1 512", 128, 512, 1, 28, 1, 1, 0},
    {"resnet 28 3x3 s2", 128, 256, 1, 28, 3, 2, 1},
    {"resnet 14 3x3", 256, 256, 1, 14, 3, 1, 1},
    {"resnet 14 1x1 1024", 256, 1024, 1, 14, 1, 1, 0},
    {"resnet 7 3x3", 512, 512, 1, 7, 3, 1, 1},
    {"resnet 7 1x1 2048", 512, 2048, 1, 7, 1, 1, 0},
    {"squeezenet squeeze", 128, 16, 1, 55, 1, 1, 0},
    {"squeezenet expand1x1", 16, 64, 1, 55, 1, 1, 0},
    {"squeezenet expand3x3", 16, 64, 1, 55, 3, 1, 1},
    {"mobilenet 112 pw", 24, 48, 1, 112, 1, 1, 0},
    {"mobilenet 28 pw", 192, 192, 1, 28, 1, 1, 0},
    {"mobilenet 14 pw", 384, 384, 1, 14, 1, 1, 0},
    {"mobilenet 112 dw", 24, 24, 24, 112, 3, 1, 1},
    {"mobilenet 112 dw s2", 48, 48, 48, 112, 3, 2, 1},
    {"mobilenet 28 dw", 192, 192, 192, 28, 3, 1, 1},
    {"mobilenet 14 dw", 384, 384, 384, 14, 3, 1, 1},
    {"mobilenet 14 dw s2", 384, 384, 384, 14, 3, 2, 1},
    {"mobilenet 7 dw", 768, 768, 768, 7, 3, 1, 1},
};

typedef struct conv_job {
    octet_eval e;
    bench_host h;
    octet_q8_conv c;
} conv_job;

static void run_conv(void *arg)
{
    conv_job *j = arg;

    j->h.used = 0;
    if (octet_q8_conv_run(&j->e, &j->c) != OCTET_OK)
        exit(1);
}

static void bench_conv(const octet_kernels *k, const conv_case *c, bool wide, double top)
{
    int out = conv_case_out(c);
    int64_t dims[4] = {c->m, c->channels / c->group, c->kernel, c->kernel};
    size_t taps = (size_t)(dims[1] * dims[2] * dims[3]);
    octet_attr group = {.name = "group", .kind = OCTET_ATTR_INT, .i = c->group};
    octet_node node = {.attrs = &group, .n_attrs = 1};
    uint8_t *x = random_bytes(octet_q8_size(wide) * (size_t)(c->channels * c->size * c->size));
    uint8_t *y = random_bytes(octet_q8_size(wide) * (size_t)(c->m * out * out));
    uint8_t *w = random_bytes((size_t)c->m * taps);
    float *scale = malloc((size_t)c->m * sizeof(*scale));
    octet_tensor weight;
    octet_arena arena;
    conv_job j = {.c = {.s = conv_case_shape(c),
                        .x = {.data = x, .wide = wide, .zero = wide ? &no_zero_point : &zero_point},
                        .w = {.data = w, .zero = &no_zero_point},
                        .y = y}};

    octet_arena_init(&arena, NULL);
    j.e = bench_eval(k, &j.h);
    j.c.finish = to_integers(k, scale, wide);
    j.c.finish.r.scale_row = 1;
    if (scale == NULL || octet_tensor_describe(&weight, OCTET_DTYPE_INT8, 4, dims, &diag) != 0)
        exit(1);
    for (int i = 0; i < c->m; i++)
        scale[i] = 0.001f;
    weight.data = w;
    if (octet_q8_conv_prepare(&node, &weight, wide, &arena, &j.e.state, &diag) != OCTET_OK)
        exit(1);
    print(c->name, measure(run_conv, &j), 2.0 * c->m * (double)taps * out * out, top);
    octet_arena_deinit(&arena);
    free_blocks(&j.h);
    free(x);
    free(w);
    free(y);
    free(scale);
}

/* ---- products */

static const struct {
    size_t m, n, k;
} product_cases[] = {{512, 512, 512},  {64, 64, 64},   {128, 384, 384}, {128, 1536, 384},
                     {128, 384, 1536}, {128, 128, 32}, {1, 1000, 512},  {16, 1000, 512}};

typedef struct product_job {
    octet_eval e;
    bench_host h;
    octet_q8_product p;
} product_job;

static void run_product(void *arg)
{
    product_job *j = arg;

    j->h.used = 0;
    if (octet_q8_product_run(&j->e, &j->p) != OCTET_OK)
        exit(1);
}

static void bench_product(const octet_kernels *k, size_t index, bool wide, double top)
{
    size_t m = product_cases[index].m, n = product_cases[index].n, depth = product_cases[index].k;
    int64_t dims[2] = {(int64_t)depth, (int64_t)n};
    uint8_t *a = random_bytes(octet_q8_size(wide) * m * depth), *b = random_bytes(depth * n);
    uint8_t *y = random_bytes(octet_q8_size(wide) * m * n);
    float scale = 0.001f;
    product_job j = {
        .p = {.m = m,
              .n = n,
              .k = depth,
              .a = {.data = a, .wide = wide, .zero = wide ? &no_zero_point : &zero_point},
              .b = {.data = b, .zero = &no_zero_point},
              .a_row = depth,
              .a_col = 1,
              .b_row = n,
              .b_col = 1,
              .finish = to_integers(k, &scale, wide),
              .y = y}};
    const void *packed = NULL;
    octet_tensor weight;
    octet_arena arena;

    octet_arena_init(&arena, NULL);
    j.e = bench_eval(k, &j.h);
    if (octet_tensor_describe(&weight, OCTET_DTYPE_INT8, 2, dims, &diag) != OCTET_OK)
        exit(1);
    weight.data = b;
    if (octet_q8_matmul_prepare(k, &arena, &weight, wide, &packed, &diag) != OCTET_OK)
        exit(1);
    for (int constant = 0; constant < 2; constant++) {
        char name[64];

        j.p.packed = constant ? packed : NULL;
        snprintf(name, sizeof(name), "%zux%zux%zu%s", m, n, depth, constant ? " packed B" : "");
        print(name, measure(run_product, &j), 2.0 * (double)(m * n * depth), top);
    }
    octet_arena_deinit(&arena);
    free_blocks(&j.h);
    free(a);
    free(b);
    free(y);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"ref", "avx2", "avx512", "neon"};
    octet_isa isa = octet_isa_host();
    int index = argc > 2 ? atoi(argv[2]) : 0;
    const octet_kernels *k;
    double top;

    for (int i = 0; argc > 1 && i < 4; i++)
        if (strcmp(argv[1], names[i]) == 0)
            isa = (octet_isa)i;
    for (int i = 0; argc <= 2 && octet_kernels_variant(isa, i) != NULL; i++)
        if (octet_kernels_variant(isa, i) == octet_kernels_get(isa))
            index = i;
    k = octet_kernels_variant(isa, index);
    if (k == NULL) {
        fprintf(stderr, "this machine has no such table\n");
        return 1;
    }
    top = peak(isa, index);
    printf("level %s, table %d, peak %.1f GOP/s\n\n", names[k->isa], index, top * 1e-9);
    for (int wide = 0; wide < 2; wide++) {
        printf("%s%d-bit activations\n", wide ? "\n" : "", wide ? 16 : 8);
        for (size_t i = 0; i < sizeof(conv_cases) / sizeof(conv_cases[0]); i++)
            bench_conv(k, &conv_cases[i], wide, top / (1 + wide));
        putchar('\n');
        for (size_t i = 0; i < sizeof(product_cases) / sizeof(product_cases[0]); i++)
            bench_product(k, i, wide, top / (1 + wide));
    }
    return 0;
}
