/* kernels.h: the table of compute kernels
 * SPDX-License-Identifier: Apache-2.0
 *
 * Contract: kernels/README.md. Pure functions on pointers and sizes; scalar references in ref/ are the
 * definition, every variant gives the same bits.
 */
#ifndef OCTET_KERNELS_H
#define OCTET_KERNELS_H

#include <stddef.h>
#include <stdint.h>

typedef enum octet_isa { OCTET_ISA_REF, OCTET_ISA_AVX2, OCTET_ISA_AVX512, OCTET_ISA_NEON } octet_isa;

typedef struct octet_kernels {
    octet_isa isa;
#define K(name, ret, params) ret(*name) params;
#include "kernels.def"
#undef K
} octet_kernels;

/* Best level of this machine. */
octet_isa octet_isa_host(void);

/* The table for a level not above the host's; constant, shared, never freed. */
const octet_kernels *octet_kernels_get(octet_isa isa);

#endif
