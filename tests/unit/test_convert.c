/* test_convert.c: every element type to every other
 * SPDX-License-Identifier: Apache-2.0
 *
 * The digests were made with ml_dtypes 0.5 (decoding) and onnx 1.23 (Cast's saturating encoding),
 * NaN always written as 7fc00000.
 */
#include "base/hash.h"
#include "support/check.h"
#include "tensor/tensor.h"

typedef struct vector {
    octet_dtype src;
    uint64_t in; /* raw bits */
    octet_dtype dst;
    uint64_t out;
} vector;

#define F32 OCTET_DTYPE_FLOAT32
#define F64 OCTET_DTYPE_FLOAT64
#define F16 OCTET_DTYPE_FLOAT16
#define BF16 OCTET_DTYPE_BFLOAT16

static const vector vectors[] = {
    /* half: 1, the largest, first overflow, ties to even, least denormal and half of it */
    {F32, 0x3f800000, F16, 0x3c00},
    {F32, 0x477fe000, F16, 0x7bff},
    {F32, 0x477ff000, F16, 0x7c00},
    {F32, 0x477fefff, F16, 0x7bff},
    {F32, 0x3f801000, F16, 0x3c00},
    {F32, 0x3f803000, F16, 0x3c02},
    {F32, 0x33800000, F16, 0x0001},
    {F32, 0x33000000, F16, 0x0000},
    {F32, 0x33000001, F16, 0x0001},
    {F32, 0xb3000000, F16, 0x8000},
    {F32, 0xff800000, F16, 0xfc00},
    {F32, 0x7fc00000, F16, 0x7e00},
    /* a double goes to half in one rounding: 1 + 2^-11 + 2^-40 would be a tie as float */
    {F64, 0x3ff0020000001000, F16, 0x3c01},
    {F32, 0x3f808000, BF16, 0x3f80},
    {F32, 0x3f818000, BF16, 0x3f82},
    {F32, 0x7f7fffff, BF16, 0x7f80},
    {BF16, 0x0001, F32, 0x00010000},
    {F64, 0x7fefffffffffffff, F32, 0x7f800000},
    /* float to integer: towards zero, saturating, NaN is 0 */
    {F32, 0xc0700000, OCTET_DTYPE_INT32, 0xfffffffd},
    {F32, 0x4f000000, OCTET_DTYPE_INT32, 0x7fffffff},
    {F32, 0xcf000000, OCTET_DTYPE_INT32, 0x80000000},
    {F32, 0xff800000, OCTET_DTYPE_INT32, 0x80000000},
    {F32, 0x7fc00000, OCTET_DTYPE_INT32, 0},
    {F32, 0x5f000000, OCTET_DTYPE_INT64, 0x7fffffffffffffff},
    {F32, 0xdf000000, OCTET_DTYPE_INT64, 0x8000000000000000},
    {F32, 0xbf800000, OCTET_DTYPE_UINT8, 0},
    {F32, 0x437fe666, OCTET_DTYPE_UINT8, 255},
    {F32, 0x43800000, OCTET_DTYPE_UINT8, 255},
    {F32, 0xc3010000, OCTET_DTYPE_INT8, 0x80},
    {F64, 0x43f0000000000000, OCTET_DTYPE_UINT64, 0xffffffffffffffff},
    {F64, 0x43efffffffffffff, OCTET_DTYPE_UINT64, 0xfffffffffffff800},
    {F32, 0x41000000, OCTET_DTYPE_INT4, 7},
    {F32, 0xc1100000, OCTET_DTYPE_INT4, 8},
    {F32, 0x41a00000, OCTET_DTYPE_UINT4, 15},
    {F32, 0xc0400000, OCTET_DTYPE_INT2, 2},
    {F32, 0x80000000, OCTET_DTYPE_BOOL, 0},
    {F32, 0x00000001, OCTET_DTYPE_BOOL, 1},
    {F32, 0x7fc00000, OCTET_DTYPE_BOOL, 1},
    /* integer to integer keeps the low bits: 200 is -56 */
    {OCTET_DTYPE_INT16, 200, OCTET_DTYPE_INT8, 0xc8},
    {OCTET_DTYPE_INT8, 0xc8, OCTET_DTYPE_INT64, 0xffffffffffffffc8},
    {OCTET_DTYPE_INT8, 0xff, OCTET_DTYPE_UINT16, 0xffff},
    {OCTET_DTYPE_UINT8, 0xff, OCTET_DTYPE_INT16, 0x00ff},
    {OCTET_DTYPE_INT64, 0x123456789abcdef0, OCTET_DTYPE_INT32, 0x9abcdef0},
    {OCTET_DTYPE_UINT32, 0xffffffff, OCTET_DTYPE_INT64, 0xffffffff},
    {OCTET_DTYPE_INT4, 0x8, OCTET_DTYPE_INT32, 0xfffffff8},
    {OCTET_DTYPE_INT32, 0x19, OCTET_DTYPE_INT4, 0x9},
    {OCTET_DTYPE_UINT2, 3, OCTET_DTYPE_INT8, 3},
    {OCTET_DTYPE_INT2, 2, OCTET_DTYPE_INT8, 0xfe},
    {OCTET_DTYPE_INT32, 256, OCTET_DTYPE_BOOL, 1},
    {OCTET_DTYPE_BOOL, 7, OCTET_DTYPE_INT32, 1},
    {OCTET_DTYPE_BOOL, 7, OCTET_DTYPE_BOOL, 1},
    {OCTET_DTYPE_BOOL, 1, F32, 0x3f800000},
    /* 64-bit integers to float in one rounding, unsigned too */
    {OCTET_DTYPE_INT64, 0x0040000060000001, F32, 0x5a800001},
    {OCTET_DTYPE_UINT64, 0xffffffffffffffff, F32, 0x5f800000},
    {OCTET_DTYPE_UINT64, 0x8000000000000000, F64, 0x43e0000000000000},
    {OCTET_DTYPE_INT64, 0x8000000000000000, F32, 0xdf000000},
    {OCTET_DTYPE_INT64, 70000, F16, 0x7c00},
    /* float8e8m0: up, saturating */
    {F32, 0x3f800000, OCTET_DTYPE_FLOAT8E8M0, 127},
    {F32, 0x3f800001, OCTET_DTYPE_FLOAT8E8M0, 128},
    {F32, 0x7f800000, OCTET_DTYPE_FLOAT8E8M0, 0xfe},
    {F32, 0x00000000, OCTET_DTYPE_FLOAT8E8M0, 0},
    {F32, 0x7fc00000, OCTET_DTYPE_FLOAT8E8M0, 0xff},
    /* infinities saturate in float8 and float4 */
    {F32, 0xff800000, OCTET_DTYPE_FLOAT8E4M3FN, 0xfe},
    {F32, 0x7f800000, OCTET_DTYPE_FLOAT8E4M3FNUZ, 0x7f},
    {F32, 0x7f800000, OCTET_DTYPE_FLOAT8E5M2, 0x7b},
    {F32, 0xff800000, OCTET_DTYPE_FLOAT8E5M2FNUZ, 0xff},
    {F32, 0xff800000, OCTET_DTYPE_FLOAT4E2M1, 0xf},
    {F32, 0x7fc00000, OCTET_DTYPE_FLOAT8E4M3FN, 0x7f},
    {F32, 0x7fc00000, OCTET_DTYPE_FLOAT8E5M2FNUZ, 0x80},
    {F32, 0x7fc00000, OCTET_DTYPE_FLOAT4E2M1, 0},
};

static void known_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const vector *v = &vectors[i];
        uint64_t out = 0;

        assert_true(octet_convert(v->dst, &out, v->src, &v->in, 0, 1));
        if (out != v->out)
            print_error("vector %zu: %s %llx to %s\n", i, octet_dtype_get(v->src)->name,
                        (unsigned long long)v->in, octet_dtype_get(v->dst)->name);
        assert_int_equal(out, v->out);
    }
}

static const struct {
    octet_dtype dtype;
    const char *decoded, *encoded;
} small_floats[] = {
    {OCTET_DTYPE_FLOAT16, "385ff5fe69182797cda5f1827e20cf423f4416bc9246f27d0eec27cac9039259",
     "2cbf0d554bc4771bd135d8e10d0e6cf2e28557253e52798aafb590a32e3c084b"},
    {OCTET_DTYPE_BFLOAT16, "f12e27efe34841dfd6391497b86f389096b03a376586e1d9691bba0a8de3980a",
     "e10546440efafc2c3bc0857b7ab0a728b406e08e5e2760cd000b27a4c9a4b0ba"},
    {OCTET_DTYPE_FLOAT8E4M3FN, "422eccfaa21e72a6b26855bb10cdcfead6c1ce3262ecd813c99d8cbf9677f2e2",
     "3fe52082e08063b63ac8c3877584664f0ebce6f09438789542773e85074d2e61"},
    {OCTET_DTYPE_FLOAT8E4M3FNUZ, "ac4866f772a7c08077713fde1fa54131d49c26339c885e971a24fc0fac6e33f4",
     "d3fc2721f96311c8b2116fb0fc3a30486890a435c975be22abdc9b466d1c6006"},
    {OCTET_DTYPE_FLOAT8E5M2, "229a94c5f728edf2259da970a0e1dfb45cc1d69cce2b30e37659f3212ec4b8b9",
     "452860536a8b7c9ba0bfe503eafd821d0ba7ac54f6d13b01652f73832cfbfbbe"},
    {OCTET_DTYPE_FLOAT8E5M2FNUZ, "aac12d2730bf26ca53bfa107a7a6a8df192aba8cf58b971eec9126f83991e6d4",
     "32ba6660258abae165e3ba954941579f54511b9056cd180b94f579c7c0650d6e"},
    {OCTET_DTYPE_FLOAT8E8M0, "2fb2732a956043772ccd2c1664ae5d2558c62f9c06780c04d95f1ff0050f2f2f",
     "fa7ea5c1eac8e5d97b9fd347d48e9b1f7055551efb76c90a68f5a2674bf43466"},
    {OCTET_DTYPE_FLOAT4E2M1, "c736c7e2e761e08975d601fab3563265be14d8df46628e596c0989b97735b5f5",
     "36c02304774e5e85f21b9712bf19ce8b53cc6f9b55c47635dd6607910974b38a"},
};

static void hash_hex(const void *data, size_t size, char hex[65])
{
    octet_sha256 hash;
    uint8_t digest[32];

    octet_sha256_init(&hash);
    octet_sha256_add(&hash, data, size);
    octet_sha256_finish(&hash, digest);
    octet_sha256_hex(digest, hex);
}

/* Every code of a type, packed. */
static int64_t all_codes(int bits, uint8_t *out)
{
    int64_t count = (int64_t)1 << bits;

    for (int64_t i = 0; i < count; i++) {
        if (bits >= 8)
            memcpy(out + i * bits / 8, &i, (size_t)bits / 8);
        else if (i % 2 == 0)
            out[i / 2] = (uint8_t)(i | (i + 1) << 4);
    }
    return count;
}

static void every_code_decodes(void **state)
{
    uint8_t *codes = malloc(65536 * 2);
    float *x = malloc(65536 * sizeof *x);
    char hex[65];

    (void)state;
    for (size_t t = 0; t < sizeof small_floats / sizeof small_floats[0]; t++) {
        octet_dtype dtype = small_floats[t].dtype;
        int64_t count = all_codes(octet_dtype_get(dtype)->bits, codes);

        assert_true(octet_convert(F32, x, dtype, codes, 0, count));
        for (int64_t i = 0; i < count; i++) {
            if (isnan(x[i]))
                memcpy(&x[i], &(uint32_t){0x7fc00000}, sizeof x[i]);
        }
        hash_hex(x, (size_t)count * sizeof *x, hex);
        assert_string_equal(hex, small_floats[t].decoded);
    }
    free(codes);
    free(x);
}

/* Floats with every upper half, and lower halves around the ties. float8e8m0 goes without zeros,
 * denormals and infinities. */
static int64_t many_floats(octet_dtype dtype, float *out)
{
    static const uint32_t lows[] = {0, 1, 0x1000, 0x7fff, 0x8000, 0x8001, 0xffff};
    int64_t count = 0;

    for (size_t l = 0; l < sizeof lows / sizeof lows[0]; l++) {
        for (uint32_t high = 0; high < 65536; high++) {
            uint32_t bits = high << 16 | lows[l], exponent = bits >> 23 & 0xff;
            float x;

            memcpy(&x, &bits, sizeof x);
            if (isnan(x) ||
                (dtype == OCTET_DTYPE_FLOAT8E8M0 && (exponent == 0 || exponent == 0xff)))
                continue;
            out[count++] = x;
        }
    }
    return count;
}

static void floats_encode_as_the_reference_does(void **state)
{
    float *x = malloc((size_t)7 * 65536 * sizeof *x);
    uint8_t *codes = malloc((size_t)7 * 65536 * 2);
    char hex[65];

    (void)state;
    for (size_t t = 0; t < sizeof small_floats / sizeof small_floats[0]; t++) {
        octet_dtype dtype = small_floats[t].dtype;
        int bits = octet_dtype_get(dtype)->bits;
        int64_t count = many_floats(dtype, x);

        assert_true(octet_convert(dtype, codes, F32, x, 0, count));
        /* The digest is of one element a byte. */
        for (int64_t i = count; bits == 4 && i-- > 0;)
            codes[i] = codes[i / 2] >> (i % 2 * 4) & 15;
        hash_hex(codes, (size_t)(bits == 4 ? count : count * bits / 8), hex);
        assert_string_equal(hex, small_floats[t].encoded);
    }
    free(codes);
    free(x);
}

static void packed_elements_keep_their_order(void **state)
{
    static const uint8_t packed[] = {0x21, 0x43, 0xf5};
    int8_t out[4];
    uint8_t again[2] = {0xff, 0xff};

    (void)state;
    assert_true(octet_convert(OCTET_DTYPE_INT8, out, OCTET_DTYPE_INT4, packed, 1, 4));
    assert_memory_equal(out, ((const int8_t[]){2, 3, 4, 5}), 4);
    assert_true(octet_convert(OCTET_DTYPE_UINT4, again, OCTET_DTYPE_INT8, out, 0, 3));
    assert_memory_equal(again, ((const uint8_t[]){0x32, 0x04}), 2);
    assert_true(octet_convert(OCTET_DTYPE_UINT2, again, OCTET_DTYPE_INT8, out, 0, 4));
    assert_int_equal(again[0], 0x4e);
    assert_true(octet_convert(OCTET_DTYPE_INT4, again, OCTET_DTYPE_INT4, packed, 1, 3));
    assert_memory_equal(again, ((const uint8_t[]){0x32, 0x04}), 2);
}

/* Initializers are slices of a file: no alignment can be counted on. */
static void sources_may_be_unaligned(void **state)
{
    uint8_t bytes[1 + 3 * 8];
    int64_t in[] = {1, -2, 3};
    float out[2];

    (void)state;
    memcpy(bytes + 1, in, sizeof in);
    assert_true(octet_convert(F32, out, OCTET_DTYPE_INT64, bytes + 1, 1, 2));
    assert_true(out[0] == -2 && out[1] == 3);
    assert_true(octet_convert(OCTET_DTYPE_INT64, in, OCTET_DTYPE_INT64, bytes + 1, 2, 1));
    assert_int_equal(in[0], 3);
}

/* The plain loops and the general way must agree: every pair both ways round-trips small integers.
 */
static void every_pair_converts(void **state)
{
    (void)state;
    for (int a = 1; a < OCTET_DTYPE_COUNT; a++) {
        for (int b = 1; b < OCTET_DTYPE_COUNT; b++) {
            static const int64_t ones[] = {1, 1, 1, 1, 1};
            uint8_t of_a[64] = {0}, of_b[64] = {0};
            int64_t back[5] = {0};
            bool numbers = octet_dtype_get((octet_dtype)a)->kind != OCTET_KIND_OTHER &&
                           octet_dtype_get((octet_dtype)b)->kind != OCTET_KIND_OTHER;

            octet_convert((octet_dtype)a, of_a, OCTET_DTYPE_INT64, ones, 0, 5);
            assert_int_equal(octet_convert((octet_dtype)b, of_b, (octet_dtype)a, of_a, 0, 5),
                             numbers);
            if (!numbers)
                continue;
            octet_convert(OCTET_DTYPE_INT64, back, (octet_dtype)b, of_b, 0, 5);
            assert_memory_equal(back, ones, sizeof ones);
        }
    }
    assert_false(octet_convert(F32, NULL, OCTET_DTYPE_STRING, NULL, 0, 0));
    assert_true(octet_convert(F32, NULL, OCTET_DTYPE_INT8, NULL, 0, 0));
}

static void single_elements(void **state)
{
    uint16_t halves[] = {0x3c00, 0xc100};
    octet_tensor tensor = {
        .dtype = F16, .rank = 1, .dims = {2}, .data = halves, .bytes = sizeof halves};

    (void)state;
    assert_true(octet_tensor_f64_at(&tensor, 1) == -2.5);
    assert_int_equal(octet_tensor_i64_at(&tensor, 1), -2);
    assert_true(octet_f16_to_f32(0x3c00) == 1 && octet_f32_to_f16(-2.5f) == 0xc100);
    assert_true(octet_bf16_to_f32(0x3f80) == 1 && octet_f32_to_bf16(1) == 0x3f80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_vectors),
        cmocka_unit_test(every_code_decodes),
        cmocka_unit_test(floats_encode_as_the_reference_does),
        cmocka_unit_test(packed_elements_keep_their_order),
        cmocka_unit_test(sources_may_be_unaligned),
        cmocka_unit_test(every_pair_converts),
        cmocka_unit_test(single_elements),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
