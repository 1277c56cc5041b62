/* arm/init_arm.c: table of the kernels for Advanced SIMD of AArch64
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#if OCTET_SIMD_ARM

octet_isa octet_isa_host_simd(void)
{
    return OCTET_ISA_NEON;
}

/* Kernels to which vectors of four bring nothing: pow computes in double, packing A gathers single
 * elements. */
#    define octet_pow_f32_neon octet_pow_f32_ref
#    define octet_gemm_pack_a_f32_neon octet_gemm_pack_a_f32_ref

static const octet_kernels neon = {
    .isa = OCTET_ISA_NEON,
#    define K(name, ret, params) .name = octet_##name##_neon,
#    include "kernels.def"
#    undef K
};

const octet_kernels *octet_kernels_get_simd(octet_isa isa)
{
    return isa == OCTET_ISA_NEON ? &neon : NULL;
}

#else
typedef int octet_no_arm; /* a translation unit must not be empty */
#endif
