/* arm/init_arm.c: table of the kernels for Advanced SIMD of AArch64
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#if OCTET_SIMD_ARM

#    include "arm/features.h"
#    include "arm/int8.h"

octet_isa octet_isa_host_simd(void)
{
    return OCTET_ISA_NEON;
}

/* A kernel to which vectors of four bring nothing: pow computes in double. */
#    define octet_pow_f32_neon octet_pow_f32_ref
/* One load and one store a byte at best, or rare. */
#    define octet_lookup_u8_neon octet_lookup_u8_ref
#    define octet_depth_q8_neon octet_depth_q8_ref
#    define octet_add_q8_neon octet_add_q8_ref
#    define octet_mul_q8_neon octet_mul_q8_ref
#    define octet_max_taps_q8_neon octet_max_taps_q8_ref

static const octet_kernels neon = {
    .isa = OCTET_ISA_NEON,
#    define K(name, ret, params) .name = octet_##name##_neon,
#    include "kernels.def"
#    undef K
};

/* ---- with instructions for dot products */

#    if OCTET_ARM_EXTENSIONS
#        define octet_gemm_u8s8_neon octet_gemm_u8s8_neon_dot
#        define octet_gemm_s8u8_neon octet_gemm_s8u8_neon_dot
static const octet_kernels neon_dot = {
    .isa = OCTET_ISA_NEON,
#        define K(name, ret, params) .name = octet_##name##_neon,
#        include "kernels.def"
#        undef K
};
#        undef octet_gemm_u8s8_neon
#        undef octet_gemm_s8u8_neon

#        define octet_gemm_u8s8_neon octet_gemm_u8s8_neon_i8mm
#        define octet_gemm_s8u8_neon octet_gemm_s8u8_neon_i8mm
static const octet_kernels neon_i8mm = {
    .isa = OCTET_ISA_NEON,
#        define K(name, ret, params) .name = octet_##name##_neon,
#        include "kernels.def"
#        undef K
};
#    endif

/* The tables that this processor runs, best first. */
static size_t runnable(const octet_kernels *tables[3])
{
    size_t n = 0;

#    if OCTET_ARM_EXTENSIONS
    if (octet_arm_has(OCTET_ARM_I8MM))
        tables[n++] = &neon_i8mm;
    if (octet_arm_has(OCTET_ARM_DOTPROD))
        tables[n++] = &neon_dot;
#    endif
    tables[n++] = &neon;
    return n;
}

const octet_kernels *octet_kernels_variant_simd(octet_isa isa, int index)
{
    const octet_kernels *tables[3];
    size_t n = runnable(tables);

    return isa == OCTET_ISA_NEON && (size_t)index < n ? tables[index] : NULL;
}

const octet_kernels *octet_kernels_get_simd(octet_isa isa)
{
    return octet_kernels_variant_simd(isa, 0);
}

#else
typedef int octet_no_arm; /* a translation unit must not be empty */
#endif
