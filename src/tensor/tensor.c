/* tensor.c: making tensors, describing them
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tensor/tensor.h"

#include <inttypes.h>
#include <string.h>

int64_t octet_tensor_count(const octet_tensor *tensor)
{
    int64_t count = 1;

    for (int32_t i = 0; i < tensor->rank; i++)
        count *= tensor->dims[i]; /* octet_tensor_describe() saw that it fits */
    return count;
}

/* The product of the dims other than 0 must fit too: loops over part of the dims rely on it. */
static bool count_elements(int32_t rank, const int64_t *dims, int64_t *out)
{
    int64_t product = 1;
    bool empty = false;

    for (int32_t i = 0; i < rank; i++) {
        empty = empty || dims[i] == 0;
        if (dims[i] != 0 && !octet_mul_i64(product, dims[i], &product))
            return false;
    }
    *out = empty ? 0 : product;
    return true;
}

octet_status octet_tensor_describe(octet_tensor *out, octet_dtype dtype, int32_t rank,
                                   const int64_t *dims, octet_diag *diag)
{
    int64_t count;

    *out = (octet_tensor){.dtype = dtype};
    if (rank < 0 || rank > OCTET_MAX_RANK)
        return octet_fail(diag, OCTET_ERR_UNSUPPORTED, "rank %" PRId32 " is above %d", rank,
                          OCTET_MAX_RANK);
    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] < 0)
            return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "dimension %" PRId32 " is %" PRId64, i,
                              dims[i]);
    }
    if (!count_elements(rank, dims, &count) || !octet_dtype_bytes(dtype, count, &out->bytes))
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "the tensor is too large to address");
    out->rank = rank;
    if (rank > 0)
        memcpy(out->dims, dims, (size_t)rank * sizeof dims[0]);
    return OCTET_OK;
}

octet_status octet_tensor_init(octet_tensor *out, const octet_allocator *allocator,
                               octet_dtype dtype, int32_t rank, const int64_t *dims,
                               octet_diag *diag)
{
    OCTET_TRY(octet_tensor_describe(out, dtype, rank, dims, diag));
    out->data = octet_mem_alloc_aligned(allocator, out->bytes);
    OCTET_TRY_ALLOC(diag, out->data);
    return OCTET_OK;
}

void octet_tensor_deinit(octet_tensor *tensor, const octet_allocator *allocator)
{
    octet_mem_free_aligned(allocator, tensor->data);
    *tensor = (octet_tensor){0};
}

double octet_tensor_f64_at(const octet_tensor *tensor, int64_t index)
{
    double value = 0;

    octet_convert(OCTET_DTYPE_FLOAT64, &value, tensor->dtype, tensor->data, index, 1);
    return value;
}

int64_t octet_tensor_i64_at(const octet_tensor *tensor, int64_t index)
{
    int64_t value = 0;

    /* Zero points, which are read at each run. */
    if (tensor->dtype == OCTET_DTYPE_UINT8)
        return ((const uint8_t *)tensor->data)[index];
    if (tensor->dtype == OCTET_DTYPE_INT8)
        return ((const int8_t *)tensor->data)[index];
    octet_convert(OCTET_DTYPE_INT64, &value, tensor->dtype, tensor->data, index, 1);
    return value;
}

void octet_tensor_print_type(const octet_tensor *tensor, octet_text *out)
{
    /* "float" alone would leave open which; the text syntax has no other name for it. */
    const char *name =
        tensor->dtype == OCTET_DTYPE_FLOAT32 ? "float32" : octet_dtype_get(tensor->dtype)->name;

    octet_text_add(out, "%s[", name);
    for (int32_t i = 0; i < tensor->rank; i++)
        octet_text_add(out, "%s%" PRId64, i == 0 ? "" : ",", tensor->dims[i]);
    octet_text_add(out, "]");
}
