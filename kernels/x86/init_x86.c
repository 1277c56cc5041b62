/* x86/init_x86.c: tables of the AVX2 and AVX-512 kernels
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#if OCTET_SIMD_X86

#    include <cpuid.h>

#    include "x86/int8_variants.h"

octet_isa octet_isa_host_simd(void)
{
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return OCTET_ISA_REF;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return OCTET_ISA_AVX512;
    return OCTET_ISA_AVX2;
}

/* A kernel that a level does not have: the name of the one that serves it there. */
#    define octet_pow_f32_avx2 octet_pow_f32_ref

#    define octet_sha256_blocks_avx512 octet_sha256_blocks_avx2
#    define octet_im2col_s16_avx512 octet_im2col_s16_avx2
#    define octet_pow_f32_avx512 octet_pow_f32_ref

static const octet_kernels avx2 = {
    .isa = OCTET_ISA_AVX2,
#    define K(name, ret, params) .name = octet_##name##_avx2,
#    include "kernels.def"
#    undef K
};

static const octet_kernels avx512 = {
    .isa = OCTET_ISA_AVX512,
#    define K(name, ret, params) .name = octet_##name##_avx512,
#    include "kernels.def"
#    undef K
};

/* ---- with instructions for dot products, which a level may have or not */

#    define octet_gemm_u8s8_avx512 octet_gemm_u8s8_avx512_vnni
#    define octet_gemm_s8u8_avx512 octet_gemm_s8u8_avx512_vnni
#    define octet_conv_row_q8_avx512 octet_conv_row_q8_avx512_vnni
#    define octet_depth_q8_avx512 octet_depth_q8_avx512_vnni
#    define octet_gemm_s16_avx512 octet_gemm_s16_avx512_vnni
#    define octet_conv_row_s16_avx512 octet_conv_row_s16_avx512_vnni
static const octet_kernels avx512_vnni = {
    .isa = OCTET_ISA_AVX512,
#    define K(name, ret, params) .name = octet_##name##_avx512,
#    include "kernels.def"
#    undef K
};

#    define octet_gemm_u8s8_avx2 octet_gemm_u8s8_avx2_vnni
#    define octet_gemm_s8u8_avx2 octet_gemm_s8u8_avx2_vnni
#    define octet_conv_row_q8_avx2 octet_conv_row_q8_avx2_vnni
#    define octet_depth_q8_avx2 octet_depth_q8_avx2_vnni
#    define octet_gemm_s16_avx2 octet_gemm_s16_avx2_vnni
#    define octet_conv_row_s16_avx2 octet_conv_row_s16_avx2_vnni
static const octet_kernels avx2_vnni = {
    .isa = OCTET_ISA_AVX2,
#    define K(name, ret, params) .name = octet_##name##_avx2,
#    include "kernels.def"
#    undef K
};
#    undef octet_gemm_u8s8_avx2
#    undef octet_gemm_s8u8_avx2
#    undef octet_conv_row_q8_avx2
#    undef octet_depth_q8_avx2
#    undef octet_gemm_s16_avx2
#    undef octet_conv_row_s16_avx2

#    define octet_gemm_u8s8_avx2 octet_gemm_u8s8_avx2_evex
#    define octet_gemm_s8u8_avx2 octet_gemm_s8u8_avx2_evex
#    define octet_conv_row_q8_avx2 octet_conv_row_q8_avx2_evex
#    define octet_depth_q8_avx2 octet_depth_q8_avx2_evex
#    define octet_gemm_s16_avx2 octet_gemm_s16_avx2_evex
#    define octet_conv_row_s16_avx2 octet_conv_row_s16_avx2_evex
static const octet_kernels avx2_evex = {
    .isa = OCTET_ISA_AVX2,
#    define K(name, ret, params) .name = octet_##name##_avx2,
#    include "kernels.def"
#    undef K
};

/* Not every compiler's __builtin_cpu_supports knows the name. */
static int has_avx_vnni(void)
{
    unsigned a, b, c, d;

    return octet_isa_host_simd() != OCTET_ISA_REF && __get_cpuid_count(7, 1, &a, &b, &c, &d) &&
           (a & 1u << 4) != 0;
}

static int has_avx512_vnni(void)
{
    return octet_isa_host_simd() == OCTET_ISA_AVX512 && __builtin_cpu_supports("avx512vnni");
}

const octet_kernels *octet_kernels_get_simd(octet_isa isa)
{
    if (isa == OCTET_ISA_AVX512)
        return has_avx512_vnni() ? &avx512_vnni : &avx512;
    if (isa == OCTET_ISA_AVX2)
        return has_avx_vnni() ? &avx2_vnni : &avx2;
    return NULL;
}

const octet_kernels *octet_kernels_variant_simd(octet_isa isa, int index)
{
    const octet_kernels *all[] = {&avx2, has_avx_vnni() ? &avx2_vnni : NULL,
                                  has_avx512_vnni() ? &avx2_evex : NULL, &avx512,
                                  has_avx512_vnni() ? &avx512_vnni : NULL};

    if (isa > octet_isa_host_simd())
        return NULL;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i] != NULL && all[i]->isa == isa && index-- == 0)
            return all[i];
    return NULL;
}

#else
typedef int octet_no_x86; /* a translation unit must not be empty */
#endif
