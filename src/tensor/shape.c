/* shape.c: numpy broadcasting
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tensor/tensor.h"

/* Dimension i of a result of `rank`, 1 where the operand has none. */
static int64_t dim_at(int32_t operand_rank, const int64_t *dims, int32_t rank, int32_t i)
{
    int32_t missing = rank - operand_rank;

    return i < missing ? 1 : dims[i - missing];
}

bool octet_shape_broadcast(int32_t rank_a, const int64_t *a, int32_t rank_b, const int64_t *b,
                           int32_t *rank_out, int64_t *out)
{
    int32_t rank = rank_a > rank_b ? rank_a : rank_b;

    if (rank > OCTET_MAX_RANK)
        return false;
    /* From the end, so that out may be a or b: what is read lies at or before what was written. */
    for (int32_t i = rank; i-- > 0;) {
        int64_t x = dim_at(rank_a, a, rank, i), y = dim_at(rank_b, b, rank, i);

        if (x != y && x != 1 && y != 1)
            return false;
        out[i] = x == 1 ? y : x;
    }
    *rank_out = rank;
    return true;
}
