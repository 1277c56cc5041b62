/* variants.h: prototypes octet_<kernel>_<level> of all kernels at all levels
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_KERNELS_VARIANTS_H
#define OCTET_KERNELS_VARIANTS_H

#include "kernels.h"

#ifndef OCTET_SIMD
#    define OCTET_SIMD 1
#endif

#if OCTET_SIMD && defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#    define OCTET_SIMD_X86 1
#else
#    define OCTET_SIMD_X86 0
#endif

#if OCTET_SIMD && defined(__AARCH64EL__) && (defined(__GNUC__) || defined(__clang__))
#    define OCTET_SIMD_ARM 1
#else
#    define OCTET_SIMD_ARM 0
#endif

#define K(name, ret, params)                                                                       \
    ret octet_##name##_ref params;                                                                 \
    ret octet_##name##_avx2 params;                                                                \
    ret octet_##name##_avx512 params;                                                              \
    ret octet_##name##_neon params;
#include "kernels.def"
#undef K

/* What the references of products do to a finished sum. */
float octet_finish_ref(float sum, const float *bias, const octet_epilogue *o);

/* The negative float next to 0. `x <= OCTET_BELOW_ZERO ? 0 : x` is `x < 0 ? 0 : x`, of which clang
 * makes a maximum for AArch64, where that of -0 and +0 is +0. */
#define OCTET_BELOW_ZERO (-0x1p-149f)

/* Fractional parts of the cube roots of the first 64 primes: the constants of SHA-256. */
extern const uint32_t octet_sha256_k[64];

#if OCTET_SIMD_X86 || OCTET_SIMD_ARM
octet_isa octet_isa_host_simd(void);
const octet_kernels *octet_kernels_get_simd(octet_isa isa); /* NULL: use the reference */
const octet_kernels *octet_kernels_variant_simd(octet_isa isa, int index);
#endif

#endif
