/* tensor.h: element types, shapes and tensors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Payloads are dense, row-major, little-endian, exactly as TensorProto.raw_data: 4-bit types hold
 * two elements a byte (low nibble first), 2-bit types four, bool one byte of 0 or 1. Strings have
 * no payload here; they travel with their origin.
 */
#ifndef OCTET_TENSOR_TENSOR_H
#define OCTET_TENSOR_TENSOR_H

#include "base/alloc.h"
#include "base/diag.h"
#include "base/text.h"

#define OCTET_MAX_RANK 12

/* Values of TensorProto.DataType. */
typedef enum octet_dtype {
    OCTET_DTYPE_UNDEFINED = 0,
    OCTET_DTYPE_FLOAT32 = 1,
    OCTET_DTYPE_UINT8 = 2,
    OCTET_DTYPE_INT8 = 3,
    OCTET_DTYPE_UINT16 = 4,
    OCTET_DTYPE_INT16 = 5,
    OCTET_DTYPE_INT32 = 6,
    OCTET_DTYPE_INT64 = 7,
    OCTET_DTYPE_STRING = 8,
    OCTET_DTYPE_BOOL = 9,
    OCTET_DTYPE_FLOAT16 = 10,
    OCTET_DTYPE_FLOAT64 = 11,
    OCTET_DTYPE_UINT32 = 12,
    OCTET_DTYPE_UINT64 = 13,
    OCTET_DTYPE_COMPLEX64 = 14,
    OCTET_DTYPE_COMPLEX128 = 15,
    OCTET_DTYPE_BFLOAT16 = 16,
    OCTET_DTYPE_FLOAT8E4M3FN = 17,
    OCTET_DTYPE_FLOAT8E4M3FNUZ = 18,
    OCTET_DTYPE_FLOAT8E5M2 = 19,
    OCTET_DTYPE_FLOAT8E5M2FNUZ = 20,
    OCTET_DTYPE_UINT4 = 21,
    OCTET_DTYPE_INT4 = 22,
    OCTET_DTYPE_FLOAT4E2M1 = 23,
    OCTET_DTYPE_FLOAT8E8M0 = 24,
    OCTET_DTYPE_UINT2 = 25,
    OCTET_DTYPE_INT2 = 26,
    OCTET_DTYPE_COUNT, /* later releases' types are carried as numbers */
} octet_dtype;

typedef enum octet_dtype_kind {
    OCTET_KIND_OTHER,
    OCTET_KIND_BOOL,
    OCTET_KIND_SIGNED,
    OCTET_KIND_UNSIGNED,
    OCTET_KIND_FLOAT, /* every floating type, half and smaller included */
} octet_dtype_kind;

typedef struct octet_dtype_traits {
    const char *name; /* ONNX text syntax: "float", "uint8", "int64", "float16", "bool" … */
    octet_dtype_kind kind;
    uint8_t bits;     /* per element; 0 for string */
    int64_t min, max; /* integer types up to 32 bits and bool; else 0, 0 */
} octet_dtype_traits;

/* Never NULL; name "undefined" for an unknown number. */
const octet_dtype_traits *octet_dtype_get(octet_dtype dtype);
/* OCTET_DTYPE_UNDEFINED when there is no such name. "float32" and "double"/"float64" are accepted.
 */
octet_dtype octet_dtype_from_name(const char *name);

/* float16 or bfloat16. */
bool octet_dtype_is_half(octet_dtype dtype);

typedef struct octet_tensor {
    octet_dtype dtype;
    int32_t rank; /* 0: scalar */
    int64_t dims[OCTET_MAX_RANK];
    void *data; /* read-only unless the holder made it; may be unaligned when it is a file slice */
    size_t bytes;
} octet_tensor;

int64_t octet_tensor_count(const octet_tensor *tensor); /* elements */

/* Payload size of `count` elements; false on overflow. */
bool octet_dtype_bytes(octet_dtype dtype, int64_t count, size_t *out);

/* Fills dtype, rank, dims, bytes; data is left NULL. Fails on a rank above OCTET_MAX_RANK, negative
 * dims or overflow. */
octet_status octet_tensor_describe(octet_tensor *out, octet_dtype dtype, int32_t rank,
                                   const int64_t *dims, octet_diag *diag);
/* describe + 64-byte aligned, uncleared payload; deinit frees it. */
octet_status octet_tensor_init(octet_tensor *out, const octet_allocator *allocator,
                               octet_dtype dtype, int32_t rank, const int64_t *dims,
                               octet_diag *diag);
void octet_tensor_deinit(octet_tensor *tensor, const octet_allocator *allocator);

/* dst[0..count) = src[from..from+count) converted as ONNX Cast does (float to integer truncates;
 * NaN and out of range are defined in docs/numerics.md; 4-bit and float8 types included). src need
 * not be aligned. false: no such conversion (strings, complex). */
bool octet_convert(octet_dtype dst_type, void *dst, octet_dtype src_type, const void *src,
                   int64_t from, int64_t count);

/* One element as a number; for tests, printing, attributes. */
double octet_tensor_f64_at(const octet_tensor *tensor, int64_t index);
int64_t octet_tensor_i64_at(const octet_tensor *tensor, int64_t index);

/* "float32[3,224,225]" */
void octet_tensor_print_type(const octet_tensor *tensor, octet_text *out);

/* Numpy broadcasting of two or more shapes; false if they do not fit. out holds OCTET_MAX_RANK. */
bool octet_shape_broadcast(int32_t rank_a, const int64_t *a, int32_t rank_b, const int64_t *b,
                           int32_t *rank_out, int64_t *out);

/* The scalar conversions everything shares (round to nearest even). */
float octet_f16_to_f32(uint16_t h);
uint16_t octet_f32_to_f16(float f);
float octet_bf16_to_f32(uint16_t h);
uint16_t octet_f32_to_bf16(float f);

#endif
