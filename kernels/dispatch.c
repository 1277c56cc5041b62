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
#if OCTET_SIMD_X86
    return octet_isa_host_x86();
#else
    return OCTET_ISA_REF;
#endif
}

const octet_kernels *octet_kernels_get(octet_isa isa)
{
#if OCTET_SIMD_X86
    const octet_kernels *simd = octet_kernels_get_x86(isa);

    if (simd)
        return simd;
#else
    (void)isa;
#endif
    return &reference;
}
