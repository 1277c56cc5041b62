/* fit.c: whether a loaded tensor is what the model wants
 * SPDX-License-Identifier: Apache-2.0
 */
#include "data/source.h"

#include <string.h>

bool octet_fit_dims(const int64_t *wanted, const int64_t *dims, int32_t rank)
{
    for (int32_t i = 0; i < rank; i++)
        if (wanted[i] >= 0 && wanted[i] != dims[i])
            return false;
    return true;
}

static void print_wanted(const octet_sample_input *input, octet_text *out)
{
    octet_tensor scalar = {.dtype = input->dtype};

    octet_tensor_print_type(&scalar, out); /* "float32[]" */
    if (input->rank < 0) {
        octet_text_add(out, " of any shape");
        return;
    }
    if (out->length > 0 && out->data[out->length - 1] == ']')
        out->length -= 2;
    octet_text_add(out, "[");
    for (int32_t i = 0; i < input->rank; i++) {
        if (input->dims[i] < 0)
            octet_text_add(out, "%s%s", i ? "," : "", i ? "?" : "N");
        else
            octet_text_add(out, "%s%lld", i ? "," : "", (long long)input->dims[i]);
    }
    octet_text_add(out, "]");
}

octet_status octet_fit_mismatch(const octet_sample_input *input, const octet_tensor *tensor,
                                octet_diag *diag)
{
    octet_text is, wanted;
    octet_status status;

    octet_text_init(&is, NULL);
    octet_text_init(&wanted, NULL);
    octet_tensor_print_type(tensor, &is);
    print_wanted(input, &wanted);
    if (is.failed || wanted.failed)
        status = octet_fail_nomem(diag);
    else
        status = octet_fail(diag, OCTET_ERR_DATA, "input '%s' is %s, the model wants %s",
                            input->name, is.data, wanted.data);
    octet_text_deinit(&is);
    octet_text_deinit(&wanted);
    return status;
}

/* A shape that lacks only a leading batch axis is given one. */
static bool fit_shape(const octet_sample_input *input, octet_tensor *tensor)
{
    if (input->rank < 0)
        return true;
    if (tensor->rank == input->rank)
        return octet_fit_dims(input->dims, tensor->dims, input->rank);
    if (tensor->rank + 1 != input->rank || (input->dims[0] >= 0 && input->dims[0] != 1) ||
        !octet_fit_dims(input->dims + 1, tensor->dims, tensor->rank))
        return false;
    memmove(tensor->dims + 1, tensor->dims, (size_t)tensor->rank * sizeof tensor->dims[0]);
    tensor->dims[0] = 1;
    tensor->rank++;
    return true;
}

/* Bits of significand, the hidden one included; 0 where the dtype is not used for data. */
static int significand(octet_dtype dtype)
{
    switch (dtype) {
    case OCTET_DTYPE_FLOAT16:
        return 11;
    case OCTET_DTYPE_BFLOAT16:
        return 8;
    case OCTET_DTYPE_FLOAT32:
        return 24;
    case OCTET_DTYPE_FLOAT64:
        return 53;
    default:
        return 0;
    }
}

/* A model that wants float32, float16 or bfloat16 takes wider floats, too: Python makes float64 by
 * default, preprocessing float32, and the model computes in its own type all the same. */
static bool may_round(octet_dtype from, octet_dtype to)
{
    return from != to && (from == OCTET_DTYPE_FLOAT64 || from == OCTET_DTYPE_FLOAT32) &&
           (to == OCTET_DTYPE_FLOAT32 || to == OCTET_DTYPE_FLOAT16 || to == OCTET_DTYPE_BFLOAT16);
}

/* Else every value of `from` must be a value of `to`. */
static bool may_convert(octet_dtype from, octet_dtype to)
{
    const octet_dtype_traits *a = octet_dtype_get(from), *b = octet_dtype_get(to);
    bool a_integer = a->kind == OCTET_KIND_SIGNED || a->kind == OCTET_KIND_UNSIGNED;

    if (may_round(from, to))
        return true;
    if (a->kind == OCTET_KIND_FLOAT && b->kind == OCTET_KIND_FLOAT)
        return significand(from) && significand(from) < significand(to) &&
               !(from == OCTET_DTYPE_BFLOAT16 && to == OCTET_DTYPE_FLOAT16);
    if (a_integer && b->kind == OCTET_KIND_FLOAT)
        return a->bits <= significand(to) + (a->kind == OCTET_KIND_SIGNED ? 1 : 0);
    if (a->kind == OCTET_KIND_UNSIGNED && b->kind == OCTET_KIND_SIGNED)
        return a->bits < b->bits;
    return a_integer && a->kind == b->kind && a->bits < b->bits;
}

static octet_status convert(const octet_allocator *allocator, octet_dtype dtype,
                            octet_tensor *tensor, bool *owned, octet_diag *diag)
{
    octet_tensor wider;

    OCTET_TRY(octet_tensor_init(&wider, allocator, dtype, tensor->rank, tensor->dims, diag));
    if (!octet_convert(dtype, wider.data, tensor->dtype, tensor->data, 0,
                       octet_tensor_count(tensor))) {
        octet_tensor_deinit(&wider, allocator);
        return octet_fail(diag, OCTET_ERR_DATA, "%s cannot be converted to %s",
                          octet_dtype_get(tensor->dtype)->name, octet_dtype_get(dtype)->name);
    }
    if (*owned)
        octet_tensor_deinit(tensor, allocator);
    *tensor = wider;
    *owned = true;
    return OCTET_OK;
}

octet_status octet_fit_input(const octet_sample_input *input, const octet_allocator *allocator,
                             octet_tensor *tensor, bool *owned, octet_diag *diag)
{
    bool convertible = tensor->dtype == input->dtype || may_convert(tensor->dtype, input->dtype);

    if (!convertible || !fit_shape(input, tensor))
        return octet_fit_mismatch(input, tensor, diag);
    if (tensor->dtype == input->dtype)
        return OCTET_OK;
    OCTET_TRY_NOTE(diag, convert(allocator, input->dtype, tensor, owned, diag), "input '%s'",
                   input->name);
    return OCTET_OK;
}
