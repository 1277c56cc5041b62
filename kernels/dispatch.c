/* dispatch.c: which table of kernels serves a level
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

static const octet_kernels reference = {
    .isa = OCTET_ISA_REF,
#define K(name, ret, params) .name = octet_##name##_ref,
#include "kernels.def"
#undef K
};

octet_isa octet_isa_host(void)
{
#if OCTET_SIMD_X86 || OCTET_SIMD_ARM
    return octet_isa_host_simd();
#else
    return OCTET_ISA_REF;
#endif
}

const octet_kernels *octet_kernels_get(octet_isa isa)
{
#if OCTET_SIMD_X86 || OCTET_SIMD_ARM
    const octet_kernels *simd = octet_kernels_get_simd(isa);

    if (simd)
        return simd;
#else
    (void)isa;
#endif
    return &reference;
}

const octet_kernels *octet_kernels_variant(octet_isa isa, int index)
{
#if OCTET_SIMD_X86 || OCTET_SIMD_ARM
    if (isa != OCTET_ISA_REF)
        return octet_kernels_variant_simd(isa, index);
#endif
    return index == 0 && octet_kernels_get(isa)->isa == isa ? octet_kernels_get(isa) : NULL;
}
