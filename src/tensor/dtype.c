/* dtype.c: what is known of each element type
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tensor/tensor.h"

#include <string.h>

/* Indexed by the values of TensorProto.DataType; names as in the ONNX text syntax. */
static const octet_dtype_traits traits[OCTET_DTYPE_COUNT] = {
    [OCTET_DTYPE_UNDEFINED] = {"undefined", OCTET_KIND_OTHER, 0, 0, 0},
    [OCTET_DTYPE_FLOAT32] = {"float", OCTET_KIND_FLOAT, 32, 0, 0},
    [OCTET_DTYPE_UINT8] = {"uint8", OCTET_KIND_UNSIGNED, 8, 0, UINT8_MAX},
    [OCTET_DTYPE_INT8] = {"int8", OCTET_KIND_SIGNED, 8, INT8_MIN, INT8_MAX},
    [OCTET_DTYPE_UINT16] = {"uint16", OCTET_KIND_UNSIGNED, 16, 0, UINT16_MAX},
    [OCTET_DTYPE_INT16] = {"int16", OCTET_KIND_SIGNED, 16, INT16_MIN, INT16_MAX},
    [OCTET_DTYPE_INT32] = {"int32", OCTET_KIND_SIGNED, 32, INT32_MIN, INT32_MAX},
    [OCTET_DTYPE_INT64] = {"int64", OCTET_KIND_SIGNED, 64, 0, 0},
    [OCTET_DTYPE_STRING] = {"string", OCTET_KIND_OTHER, 0, 0, 0},
    [OCTET_DTYPE_BOOL] = {"bool", OCTET_KIND_BOOL, 8, 0, 1},
    [OCTET_DTYPE_FLOAT16] = {"float16", OCTET_KIND_FLOAT, 16, 0, 0},
    [OCTET_DTYPE_FLOAT64] = {"double", OCTET_KIND_FLOAT, 64, 0, 0},
    [OCTET_DTYPE_UINT32] = {"uint32", OCTET_KIND_UNSIGNED, 32, 0, UINT32_MAX},
    [OCTET_DTYPE_UINT64] = {"uint64", OCTET_KIND_UNSIGNED, 64, 0, 0},
    [OCTET_DTYPE_COMPLEX64] = {"complex64", OCTET_KIND_OTHER, 64, 0, 0},
    [OCTET_DTYPE_COMPLEX128] = {"complex128", OCTET_KIND_OTHER, 128, 0, 0},
    [OCTET_DTYPE_BFLOAT16] = {"bfloat16", OCTET_KIND_FLOAT, 16, 0, 0},
    [OCTET_DTYPE_FLOAT8E4M3FN] = {"float8e4m3fn", OCTET_KIND_FLOAT, 8, 0, 0},
    [OCTET_DTYPE_FLOAT8E4M3FNUZ] = {"float8e4m3fnuz", OCTET_KIND_FLOAT, 8, 0, 0},
    [OCTET_DTYPE_FLOAT8E5M2] = {"float8e5m2", OCTET_KIND_FLOAT, 8, 0, 0},
    [OCTET_DTYPE_FLOAT8E5M2FNUZ] = {"float8e5m2fnuz", OCTET_KIND_FLOAT, 8, 0, 0},
    [OCTET_DTYPE_UINT4] = {"uint4", OCTET_KIND_UNSIGNED, 4, 0, 15},
    [OCTET_DTYPE_INT4] = {"int4", OCTET_KIND_SIGNED, 4, -8, 7},
    [OCTET_DTYPE_FLOAT4E2M1] = {"float4e2m1", OCTET_KIND_FLOAT, 4, 0, 0},
    [OCTET_DTYPE_FLOAT8E8M0] = {"float8e8m0", OCTET_KIND_FLOAT, 8, 0, 0},
    [OCTET_DTYPE_UINT2] = {"uint2", OCTET_KIND_UNSIGNED, 2, 0, 3},
    [OCTET_DTYPE_INT2] = {"int2", OCTET_KIND_SIGNED, 2, -2, 1},
};

static const struct {
    const char *name;
    octet_dtype dtype;
} aliases[] = {
    {"float32", OCTET_DTYPE_FLOAT32},
    {"float64", OCTET_DTYPE_FLOAT64},
};

bool octet_dtype_is_half(octet_dtype dtype)
{
    return dtype == OCTET_DTYPE_FLOAT16 || dtype == OCTET_DTYPE_BFLOAT16;
}

const octet_dtype_traits *octet_dtype_get(octet_dtype dtype)
{
    size_t index = (size_t)dtype;

    return &traits[index < OCTET_DTYPE_COUNT ? index : OCTET_DTYPE_UNDEFINED];
}

octet_dtype octet_dtype_from_name(const char *name)
{
    for (size_t i = OCTET_DTYPE_UNDEFINED + 1; i < OCTET_DTYPE_COUNT; i++) {
        if (strcmp(name, traits[i].name) == 0)
            return (octet_dtype)i;
    }
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        if (strcmp(name, aliases[i].name) == 0)
            return aliases[i].dtype;
    }
    return OCTET_DTYPE_UNDEFINED;
}

/* Elements share bytes below 8 bits; the last byte may be partly used. */
bool octet_dtype_bytes(octet_dtype dtype, int64_t count, size_t *out)
{
    size_t bits = octet_dtype_get(dtype)->bits;

    if (count < 0 || (uint64_t)count > SIZE_MAX)
        return false;
    if (bits < 8) {
        size_t per_byte = bits == 0 ? 1 : 8 / bits, n = (size_t)count;

        *out = bits == 0 ? 0 : n / per_byte + (n % per_byte != 0);
        return true;
    }
    return octet_mul_size((size_t)count, bits / 8, out);
}
