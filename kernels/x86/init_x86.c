/* x86/init_x86.c: tables of the AVX2 and AVX-512 kernels
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#if OCTET_SIMD_X86

octet_isa octet_isa_host_x86(void)
{
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return OCTET_ISA_REF;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return OCTET_ISA_AVX512;
    return OCTET_ISA_AVX2;
}

const octet_kernels *octet_kernels_get_x86(octet_isa isa)
{
    (void)isa;
    return NULL;
}

#else
typedef int octet_no_x86; /* a translation unit must not be empty */
#endif
