/* convert.c: every element type to every other, as ONNX Cast does
 * SPDX-License-Identifier: Apache-2.0
 *
 * An element is loaded as raw bits, decoded to a number (a double, or 64 bits of an integer),
 * encoded and stored. Pairs that occur for whole tensors have plain loops. What Cast leaves open is
 * settled so:
 *   - float to integer truncates towards zero; out of range gives the nearest bound, NaN gives 0;
 *   - float8 types saturate (Cast's default), Inf included; float4e2m1 too, its NaN is 0;
 *   - float8e8m0 rounds up and saturates (Cast's defaults), and takes the magnitude of a negative;
 *   - integer to a narrower integer keeps the low bits.
 */
#include "tensor/tensor.h"

#include <math.h>
#include <string.h>

/* ---- small floating types */

/* Codes without their sign bit: finite up to `largest`, then `infinity` if there is one (else 0).
 * overflow is what too large a number becomes. */
typedef struct format {
    uint8_t exponent_bits, mantissa_bits, bias_is_high; /* FNUZ types have a bias higher by one */
    uint16_t largest, infinity, overflow, nan;
} format;

/* In FNUZ types the code of negative zero is the only NaN. */
static const format formats[OCTET_DTYPE_COUNT] = {
    [OCTET_DTYPE_FLOAT16] = {5, 10, 0, 0x7bff, 0x7c00, 0x7c00, 0x7e00},
    [OCTET_DTYPE_BFLOAT16] = {8, 7, 0, 0x7f7f, 0x7f80, 0x7f80, 0x7fc0},
    [OCTET_DTYPE_FLOAT8E4M3FN] = {4, 3, 0, 0x7e, 0, 0x7e, 0x7f},
    [OCTET_DTYPE_FLOAT8E4M3FNUZ] = {4, 3, 1, 0x7f, 0, 0x7f, 0x80},
    [OCTET_DTYPE_FLOAT8E5M2] = {5, 2, 0, 0x7b, 0x7c, 0x7b, 0x7e},
    [OCTET_DTYPE_FLOAT8E5M2FNUZ] = {5, 2, 1, 0x7f, 0, 0x7f, 0x80},
    [OCTET_DTYPE_FLOAT4E2M1] = {2, 1, 0, 0x7, 0, 0x7, 0},
};

static int format_bias(const format *f)
{
    return (1 << (f->exponent_bits - 1)) - 1 + f->bias_is_high;
}

static uint64_t f64_bits(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double f64_from_bits(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 2^e for exponents of normal doubles. */
static double power_of_two(int e)
{
    return f64_from_bits((uint64_t)(e + 1023) << 52);
}

static double decode_format(const format *f, uint32_t code)
{
    uint32_t sign = (uint32_t)1 << (f->exponent_bits + f->mantissa_bits);
    uint32_t magnitude = code & (sign - 1), mantissa;
    int exponent = (int)(magnitude >> f->mantissa_bits);
    double x;

    if (f->bias_is_high && code == f->nan)
        return NAN;
    if (magnitude > f->largest)
        return magnitude != f->infinity ? NAN : code & sign ? -INFINITY : INFINITY;
    mantissa = magnitude & (((uint32_t)1 << f->mantissa_bits) - 1);
    if (exponent == 0)
        exponent = 1;
    else
        mantissa |= (uint32_t)1 << f->mantissa_bits;
    x = mantissa * power_of_two(exponent - format_bias(f) - f->mantissa_bits);
    return code & sign ? -x : x;
}

/* The magnitude of a finite x other than zero, to nearest even; may lie above `largest`. */
static uint32_t encode_magnitude(const format *f, uint64_t bits)
{
    int exponent = (int)(bits >> 52 & 0x7ff) - 1023, least = 1 - format_bias(f);
    uint64_t mantissa = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52, kept, half;
    int shift = 52 - f->mantissa_bits;

    if (exponent < least)
        shift += least - exponent;
    if (shift > 54)
        return 0;
    half = (uint64_t)1 << (shift - 1);
    kept = mantissa >> shift;
    mantissa &= half * 2 - 1;
    if (mantissa > half || (mantissa == half && kept & 1))
        kept++;
    /* A normal number's implicit bit, or a carry out of the mantissa, adds one to the exponent. */
    if (exponent > least)
        kept += (uint64_t)(exponent - least) << f->mantissa_bits;
    return (uint32_t)kept;
}

static uint32_t encode_format(const format *f, double x)
{
    uint64_t bits = f64_bits(x);
    uint32_t sign = (uint32_t)(bits >> 63) << (f->exponent_bits + f->mantissa_bits), magnitude;

    if (isnan(x))
        return f->bias_is_high || f->nan == 0 ? f->nan : sign | f->nan;
    if (isinf(x))
        return sign | f->overflow;
    magnitude = encode_magnitude(f, bits);
    if (magnitude > f->largest)
        magnitude = f->overflow;
    return magnitude == 0 && f->bias_is_high ? 0 : sign | magnitude;
}

float octet_f16_to_f32(uint16_t h)
{
    return (float)decode_format(&formats[OCTET_DTYPE_FLOAT16], h);
}

uint16_t octet_f32_to_f16(float f)
{
    return (uint16_t)encode_format(&formats[OCTET_DTYPE_FLOAT16], (double)f);
}

float octet_bf16_to_f32(uint16_t h)
{
    uint32_t bits = (uint32_t)h << 16;
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

uint16_t octet_f32_to_bf16(float f)
{
    return (uint16_t)encode_format(&formats[OCTET_DTYPE_BFLOAT16], (double)f);
}

/* A power of two and nothing else: exponent + 127; 0xff is NaN. */
static double decode_e8m0(uint32_t code)
{
    return code == 0xff ? NAN : power_of_two((int)code - 127);
}

static uint32_t encode_e8m0(double x)
{
    uint64_t bits = f64_bits(x);
    int exponent = (int)(bits >> 52 & 0x7ff) - 1023;

    if (isnan(x))
        return 0xff;
    if ((bits & (((uint64_t)1 << 52) - 1)) != 0)
        exponent++;
    exponent = exponent < -127 ? -127 : exponent > 127 ? 127 : exponent;
    return (uint32_t)(exponent + 127);
}

/* ---- numbers in between */

typedef struct number {
    enum { REAL, SIGNED, UNSIGNED } kind;
    double real;
    uint64_t bits; /* of an integer, two's complement */
} number;

static double number_to_f64(const number *x)
{
    if (x->kind == REAL)
        return x->real;
    return x->kind == SIGNED ? (double)(int64_t)x->bits : (double)x->bits;
}

/* An int64 goes to float in one rounding. */
static float number_to_f32(const number *x)
{
    if (x->kind == REAL)
        return (float)x->real;
    return x->kind == SIGNED ? (float)(int64_t)x->bits : (float)x->bits;
}

/* The bounds of 64-bit types are no doubles: the next power of two is compared with instead. */
static int64_t truncate_signed(double x, int bits)
{
    double bound = power_of_two(bits - 1);

    if (isnan(x))
        return 0;
    if (x >= bound)
        return (int64_t)(((uint64_t)1 << (bits - 1)) - 1);
    if (x < -bound)
        x = -bound;
    return (int64_t)x;
}

static uint64_t truncate_unsigned(double x, int bits)
{
    if (!(x > 0)) /* NaN too */
        return 0;
    return x >= power_of_two(bits) ? UINT64_MAX >> (64 - bits) : (uint64_t)x;
}

/* ---- raw elements */

static uint64_t load_raw(const uint8_t *src, int bits, int64_t i)
{
    uint64_t raw = 0;

    if (bits < 8) {
        int64_t per_byte = 8 / bits;

        return (uint64_t)src[i / per_byte] >> (i % per_byte * bits) & ((1u << bits) - 1);
    }
    memcpy(&raw, src + i * (bits / 8), (size_t)bits / 8);
    return raw;
}

/* Elements are stored in order, so the first of a byte clears the rest of it. */
static void store_raw(uint8_t *dst, int bits, int64_t i, uint64_t raw)
{
    if (bits < 8) {
        int64_t per_byte = 8 / bits;
        unsigned shifted = (unsigned)(raw & ((1u << bits) - 1)) << (i % per_byte * bits);

        dst[i / per_byte] = (uint8_t)(i % per_byte == 0 ? shifted : dst[i / per_byte] | shifted);
        return;
    }
    memcpy(dst + i * (bits / 8), &raw, (size_t)bits / 8);
}

static double decode_real(octet_dtype dtype, uint64_t raw)
{
    uint32_t low = (uint32_t)raw;
    float f;

    if (dtype == OCTET_DTYPE_FLOAT64)
        return f64_from_bits(raw);
    if (dtype == OCTET_DTYPE_FLOAT8E8M0)
        return decode_e8m0(low);
    if (dtype != OCTET_DTYPE_FLOAT32)
        return decode_format(&formats[dtype], low);
    memcpy(&f, &low, sizeof f);
    return (double)f;
}

static number decode(octet_dtype dtype, const octet_dtype_traits *traits, uint64_t raw)
{
    uint64_t sign = (uint64_t)1 << (traits->bits - 1);

    switch (traits->kind) {
    case OCTET_KIND_FLOAT:
        return (number){.kind = REAL, .real = decode_real(dtype, raw)};
    case OCTET_KIND_SIGNED:
        return (number){.kind = SIGNED, .bits = (raw ^ sign) - sign};
    case OCTET_KIND_BOOL:
        return (number){.kind = UNSIGNED, .bits = raw != 0};
    default:
        return (number){.kind = UNSIGNED, .bits = raw};
    }
}

static uint64_t encode_real(octet_dtype dtype, const number *x)
{
    uint32_t low;
    float f;

    if (dtype == OCTET_DTYPE_FLOAT64)
        return f64_bits(number_to_f64(x));
    if (dtype == OCTET_DTYPE_FLOAT8E8M0)
        return encode_e8m0(number_to_f64(x));
    if (dtype != OCTET_DTYPE_FLOAT32)
        return encode_format(&formats[dtype], number_to_f64(x));
    f = number_to_f32(x);
    memcpy(&low, &f, sizeof low);
    return low;
}

static uint64_t encode(octet_dtype dtype, const octet_dtype_traits *traits, const number *x)
{
    switch (traits->kind) {
    case OCTET_KIND_FLOAT:
        return encode_real(dtype, x);
    case OCTET_KIND_BOOL:
        return x->kind == REAL ? x->real != 0 : x->bits != 0;
    case OCTET_KIND_SIGNED:
        return x->kind == REAL ? (uint64_t)truncate_signed(x->real, traits->bits) : x->bits;
    default:
        return x->kind == REAL ? truncate_unsigned(x->real, traits->bits) : x->bits;
    }
}

/* ---- whole tensors */

#define LOOP(name, source, target, expression)                                                     \
    static void name(void *dst, const uint8_t *src, int64_t count)                                 \
    {                                                                                              \
        for (int64_t i = 0; i < count; i++) {                                                      \
            source x;                                                                              \
            target y;                                                                              \
                                                                                                   \
            memcpy(&x, src + (size_t)i * sizeof x, sizeof x);                                      \
            y = (expression);                                                                      \
            memcpy((uint8_t *)dst + (size_t)i * sizeof y, &y, sizeof y);                           \
        }                                                                                          \
    }

LOOP(f16_f32, uint16_t, float, octet_f16_to_f32(x))
LOOP(f32_f16, float, uint16_t, octet_f32_to_f16(x))
LOOP(bf16_f32, uint16_t, float, octet_bf16_to_f32(x))
LOOP(f64_f32, double, float, (float)x)
LOOP(f32_f64, float, double, (double)x)
LOOP(u8_f32, uint8_t, float, (float)x)
LOOP(i8_f32, int8_t, float, (float)x)
LOOP(i32_f32, int32_t, float, (float)x)
LOOP(i64_f32, int64_t, float, (float)x)
LOOP(bool_f32, uint8_t, float, (float)(x != 0))
LOOP(f32_i32, float, int32_t, (int32_t)truncate_signed((double)x, 32))
LOOP(f32_i64, float, int64_t, truncate_signed((double)x, 64))
LOOP(f32_bool, float, uint8_t, x != 0)
LOOP(i32_i64, int32_t, int64_t, x)
LOOP(i64_i32, int64_t, int32_t, (int32_t)x)

static const struct {
    octet_dtype src, dst;
    void (*convert)(void *dst, const uint8_t *src, int64_t count);
} loops[] = {
    {OCTET_DTYPE_FLOAT16, OCTET_DTYPE_FLOAT32, f16_f32},
    {OCTET_DTYPE_FLOAT32, OCTET_DTYPE_FLOAT16, f32_f16},
    {OCTET_DTYPE_BFLOAT16, OCTET_DTYPE_FLOAT32, bf16_f32},
    {OCTET_DTYPE_FLOAT64, OCTET_DTYPE_FLOAT32, f64_f32},
    {OCTET_DTYPE_FLOAT32, OCTET_DTYPE_FLOAT64, f32_f64},
    {OCTET_DTYPE_UINT8, OCTET_DTYPE_FLOAT32, u8_f32},
    {OCTET_DTYPE_INT8, OCTET_DTYPE_FLOAT32, i8_f32},
    {OCTET_DTYPE_INT32, OCTET_DTYPE_FLOAT32, i32_f32},
    {OCTET_DTYPE_INT64, OCTET_DTYPE_FLOAT32, i64_f32},
    {OCTET_DTYPE_BOOL, OCTET_DTYPE_FLOAT32, bool_f32},
    {OCTET_DTYPE_FLOAT32, OCTET_DTYPE_INT32, f32_i32},
    {OCTET_DTYPE_FLOAT32, OCTET_DTYPE_INT64, f32_i64},
    {OCTET_DTYPE_FLOAT32, OCTET_DTYPE_BOOL, f32_bool},
    {OCTET_DTYPE_INT32, OCTET_DTYPE_INT64, i32_i64},
    {OCTET_DTYPE_INT64, OCTET_DTYPE_INT32, i64_i32},
};

static bool is_number(const octet_dtype_traits *traits)
{
    return traits->kind != OCTET_KIND_OTHER;
}

static void convert_each(octet_dtype dst_type, uint8_t *dst, octet_dtype src_type,
                         const uint8_t *src, int64_t from, int64_t count)
{
    const octet_dtype_traits *to = octet_dtype_get(dst_type), *of = octet_dtype_get(src_type);

    for (int64_t i = 0; i < count; i++) {
        number x = decode(src_type, of, load_raw(src, of->bits, from + i));

        store_raw(dst, to->bits, i, encode(dst_type, to, &x));
    }
}

bool octet_convert(octet_dtype dst_type, void *dst, octet_dtype src_type, const void *src,
                   int64_t from, int64_t count)
{
    const octet_dtype_traits *to = octet_dtype_get(dst_type), *of = octet_dtype_get(src_type);
    const uint8_t *bytes = src;

    if (!is_number(to) || !is_number(of))
        return false;
    if (count <= 0)
        return true;
    if (dst_type == src_type && of->bits >= 8 && of->kind != OCTET_KIND_BOOL) {
        memcpy(dst, bytes + from * (of->bits / 8), (size_t)count * (of->bits / 8));
        return true;
    }
    for (size_t i = 0; i < sizeof loops / sizeof loops[0]; i++) {
        if (loops[i].src == src_type && loops[i].dst == dst_type) {
            loops[i].convert(dst, bytes + from * (of->bits / 8), count);
            return true;
        }
    }
    convert_each(dst_type, dst, src_type, bytes, from, count);
    return true;
}
