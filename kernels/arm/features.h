/* arm/features.h: which extensions beyond Advanced SIMD this processor has
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_KERNELS_ARM_FEATURES_H
#define OCTET_KERNELS_ARM_FEATURES_H

/* Clang before 16 knows the intrinsics of an extension only where a whole file is compiled for it.
 */
#if defined(__clang__) && __clang_major__ < 16
#    define OCTET_ARM_EXTENSIONS 0
#else
#    define OCTET_ARM_EXTENSIONS 1
#endif

typedef enum octet_arm_feature {
    OCTET_ARM_SHA2,
    OCTET_ARM_DOTPROD, /* sdot, udot */
    OCTET_ARM_I8MM     /* usdot */
} octet_arm_feature;

/* 0 also where the system has no way to tell that is known here. */
int octet_arm_has(octet_arm_feature feature);

#endif
