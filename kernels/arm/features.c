/* arm/features.c: which extensions beyond Advanced SIMD this processor has
 * SPDX-License-Identifier: Apache-2.0
 */
#include "arm/features.h"

#if defined(__aarch64__) && defined(__linux__)

#    include <sys/auxv.h>

/* The kernel's numbers, which older C libraries do not name: AT_HWCAP bits 6 and 20, AT_HWCAP2 bit
 * 13. */
static const struct {
    unsigned long word;
    int bit;
} features[] = {
    [OCTET_ARM_SHA2] = {AT_HWCAP, 6},
    [OCTET_ARM_DOTPROD] = {AT_HWCAP, 20},
    [OCTET_ARM_I8MM] = {AT_HWCAP2, 13},
};

int octet_arm_has(octet_arm_feature feature)
{
    return (int)(getauxval(features[feature].word) >> features[feature].bit & 1);
}

#else

int octet_arm_has(octet_arm_feature feature)
{
    (void)feature;
    return 0;
}

#endif
