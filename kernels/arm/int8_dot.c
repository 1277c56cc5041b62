/* arm/int8_dot.c: products of 8-bit integers with the dot product instructions of AArch64
 * SPDX-License-Identifier: Apache-2.0
 *
 * usdot (8-bit matrix extension) takes bytes of both kinds. sdot and udot (dot product extension)
 * take two of a kind: there the sign bits of B are inverted, which moves its numbers by 128, and
 * the sums begin with what this changes, 128 times the sum of the row of A.
 */
#include "arm/features.h"
#include "arm/int8.h"

#if OCTET_SIMD_ARM && OCTET_ARM_EXTENSIONS

typedef struct dot_tile {
    size_t quads;
    const uint8_t *a, *b;
    int32_t *c;
    size_t c_row, rows, columns;
    int32_t start[OCTET_GEMM_MR];
} dot_tile;

static inline int8x16_t load_signed(const uint8_t *p)
{
    return vreinterpretq_s8_u8(vld1q_u8(p));
}

static inline uint8x16_t load_flipped(const uint8_t *p)
{
    return veorq_u8(vld1q_u8(p), vdupq_n_u8(0x80));
}

/* ---- u8s8 by udot: x (w + 128) - 128 x */

#    define TARGET __attribute__((target("arch=armv8.2-a+dotprod")))
#    define NAME(part) udot_##part
#    define GEMM octet_gemm_u8s8_neon_dot
#    define va uint8x16_t
#    define vb uint8x16_t
#    define LOAD_A(p) vld1q_u8(p)
#    define LOAD_B(p) load_flipped(p)
#    define DOT(sum, b, a, lane)                                                                   \
        vreinterpretq_s32_u32(vdotq_laneq_u32(vreinterpretq_u32_s32(sum), b, a, lane))
#    define ROW_SUMS(sum, a)                                                                       \
        vsubq_s32(sum, vreinterpretq_s32_u32(vdotq_u32(vdupq_n_u32(0), a, vdupq_n_u8(128))))
#    include "arm/dot.inc"

/* ---- s8u8 by sdot: w (x - 128) + 128 w */

#    define TARGET __attribute__((target("arch=armv8.2-a+dotprod")))
#    define NAME(part) sdot_##part
#    define GEMM octet_gemm_s8u8_neon_dot
#    define va int8x16_t
#    define vb int8x16_t
#    define LOAD_A(p) load_signed(p)
#    define LOAD_B(p) vreinterpretq_s8_u8(load_flipped(p))
#    define DOT(sum, b, a, lane) vdotq_laneq_s32(sum, b, a, lane)
#    define ROW_SUMS(sum, a) vsubq_s32(sum, vdotq_s32(vdupq_n_s32(0), a, vdupq_n_s8(-128)))
#    include "arm/dot.inc"

/* ---- either with usdot and sudot */

#    define TARGET __attribute__((target("arch=armv8.2-a+dotprod+i8mm")))
#    define NAME(part) sudot_##part
#    define GEMM octet_gemm_u8s8_neon_i8mm
#    define va uint8x16_t
#    define vb int8x16_t
#    define LOAD_A(p) vld1q_u8(p)
#    define LOAD_B(p) load_signed(p)
#    define DOT(sum, b, a, lane) vsudotq_laneq_s32(sum, b, a, lane)
#    define ROW_SUMS(sum, a) ((void)(a), sum)
#    include "arm/dot.inc"

#    define TARGET __attribute__((target("arch=armv8.2-a+dotprod+i8mm")))
#    define NAME(part) usdot_##part
#    define GEMM octet_gemm_s8u8_neon_i8mm
#    define va int8x16_t
#    define vb uint8x16_t
#    define LOAD_A(p) load_signed(p)
#    define LOAD_B(p) vld1q_u8(p)
#    define DOT(sum, b, a, lane) vusdotq_laneq_s32(sum, b, a, lane)
#    define ROW_SUMS(sum, a) ((void)(a), sum)
#    include "arm/dot.inc"

#else
typedef int octet_no_arm_dot; /* a translation unit must not be empty */
#endif
