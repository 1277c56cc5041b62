/* profile.c: the ways in which quantized operators compute, and the graph each runtime makes
 * SPDX-License-Identifier: Apache-2.0
 */
#include "api/api.h"

#include "engine/lower.h"

#include <string.h>

static const octet_profile table[] = {
    {"onnx", "the standard's definition: each Q, DQ and operator by itself", OCTET_ARITH_ONNX,
     OCTET_LOWER_NONE},
    {"ort-vnni", "ONNX Runtime where integer sums are exact: x86 with VNNI", OCTET_ARITH_ORT_VNNI,
     OCTET_LOWER_ORT},
    {"ort-avx2", "ONNX Runtime on x86 without VNNI: pairs of products saturate at 16 bits",
     OCTET_ARITH_ORT_AVX2, OCTET_LOWER_ORT},
    {"onnx2c", "C made by onnx2c: halves away from zero", OCTET_ARITH_ONNX2C, OCTET_LOWER_NONE},
    {"fixed-point", "integer multiplier and shift, as TFLite and CMSIS-NN", OCTET_ARITH_FIXED_POINT,
     OCTET_LOWER_FIXED},
};

#define TABLE_COUNT (sizeof table / sizeof table[0])

const char *octet_profile_name(size_t index)
{
    return index < TABLE_COUNT ? table[index].name : NULL;
}

const char *octet_profile_summary(size_t index)
{
    return index < TABLE_COUNT ? table[index].summary : NULL;
}

octet_status octet_profile_find(const char *name, const octet_profile **out, octet_diag *diag)
{
    const char *names[TABLE_COUNT], *near;

    for (size_t i = 0; i < TABLE_COUNT; i++) {
        *out = &table[i];
        if (name == NULL || strcmp(name, table[i].name) == 0)
            return OCTET_OK;
        names[i] = table[i].name;
    }
    near = octet_nearest(name, names, TABLE_COUNT);
    return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT, "there is no profile '%s'%s%s%s", name,
                      near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                      near != NULL ? "'?" : "");
}

octet_status octet_model_lower(octet_context *ctx, octet_model *model, const char *as)
{
    const octet_profile *profile;

    OCTET_TRY(octet_profile_find(as, &profile, &ctx->diag));
    return octet_lower(model, profile->rules, NULL, NULL, &ctx->diag);
}
