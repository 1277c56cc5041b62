/* x86/init_x86.c: tables of the AVX2 and AVX-512 kernels
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#if OCTET_SIMD_X86

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
#    define octet_gemm_pack_a_f32_avx2 octet_gemm_pack_a_f32_ref

#    define octet_sha256_blocks_avx512 octet_sha256_blocks_avx2
#    define octet_pow_f32_avx512 octet_pow_f32_ref
#    define octet_gemm_pack_a_f32_avx512 octet_gemm_pack_a_f32_ref

#    define octet_im2col_q8_avx2 octet_im2col_q8_ref
#    define octet_gemm_u8s8_avx2 octet_gemm_u8s8_ref
#    define octet_gemm_s8u8_avx2 octet_gemm_s8u8_ref
#    define octet_gemm_u8s8_pairs_avx2 octet_gemm_u8s8_pairs_ref
#    define octet_gemm_s8u8_pairs_avx2 octet_gemm_s8u8_pairs_ref
#    define octet_conv_row_q8_avx2 octet_conv_row_q8_ref
#    define octet_requantize_s32_avx2 octet_requantize_s32_ref
#    define octet_requantize_f32_avx2 octet_requantize_f32_ref
#    define octet_requantize_nearest_avx2 octet_requantize_nearest_ref
#    define octet_requantize_away_avx2 octet_requantize_away_ref
#    define octet_requantize_fixed_avx2 octet_requantize_fixed_ref
#    define octet_im2col_q8_avx512 octet_im2col_q8_ref
#    define octet_gemm_u8s8_avx512 octet_gemm_u8s8_ref
#    define octet_gemm_s8u8_avx512 octet_gemm_s8u8_ref
#    define octet_gemm_u8s8_pairs_avx512 octet_gemm_u8s8_pairs_ref
#    define octet_gemm_s8u8_pairs_avx512 octet_gemm_s8u8_pairs_ref
#    define octet_conv_row_q8_avx512 octet_conv_row_q8_ref
#    define octet_requantize_s32_avx512 octet_requantize_s32_ref
#    define octet_requantize_f32_avx512 octet_requantize_f32_ref
#    define octet_requantize_nearest_avx512 octet_requantize_nearest_ref
#    define octet_requantize_away_avx512 octet_requantize_away_ref
#    define octet_requantize_fixed_avx512 octet_requantize_fixed_ref

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

const octet_kernels *octet_kernels_get_simd(octet_isa isa)
{
    if (isa == OCTET_ISA_AVX512)
        return &avx512;
    return isa == OCTET_ISA_AVX2 ? &avx2 : NULL;
}

#else
typedef int octet_no_x86; /* a translation unit must not be empty */
#endif
