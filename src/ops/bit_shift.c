/* bit_shift.c: BitShift; a shift by too many bits leaves nothing but the sign
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/elementwise.h"

#include <string.h>

/* `by` is the amount as an unsigned number, so a negative one counts as too large. */
static uint64_t left(uint64_t x, uint64_t by, size_t bits)
{
    return by < bits ? x << by : 0;
}

static uint64_t right(uint64_t x, uint64_t by, size_t bits)
{
    return by < bits ? x >> by : 0;
}

static int64_t right_signed(int64_t x, uint64_t by, size_t bits)
{
    return x < 0 ? (int64_t)~right(~(uint64_t)x, by, bits) : (int64_t)right((uint64_t)x, by, bits);
}

#define LEFT(T, W)                                                                                 \
    OCTET_BINARY_LOOP_NAMED(left_##T, T, T, (T)left((uint64_t)u, (uint64_t)v, sizeof(T) * 8))
#define RIGHT(T, W) OCTET_BINARY_LOOP(T, T, (T)right((uint64_t)u, (uint64_t)v, sizeof(T) * 8))
#define RIGHT_SIGNED(T, W) OCTET_BINARY_LOOP(T, T, (T)right_signed(u, (uint64_t)v, sizeof(T) * 8))
OCTET_INTEGERS(LEFT)
OCTET_UNSIGNED(RIGHT)
OCTET_SIGNED(RIGHT_SIGNED)

static const octet_binary_loop right_loops[OCTET_DTYPE_COUNT] = {OCTET_INTEGER_LOOPS};
static const octet_binary_loop left_loops[OCTET_DTYPE_COUNT] = {
    [OCTET_DTYPE_INT8] = left_int8_t,     [OCTET_DTYPE_INT16] = left_int16_t,
    [OCTET_DTYPE_INT32] = left_int32_t,   [OCTET_DTYPE_INT64] = left_int64_t,
    [OCTET_DTYPE_UINT8] = left_uint8_t,   [OCTET_DTYPE_UINT16] = left_uint16_t,
    [OCTET_DTYPE_UINT32] = left_uint32_t, [OCTET_DTYPE_UINT64] = left_uint64_t,
};

static octet_status eval(octet_eval *e)
{
    const char *direction = octet_node_string(e->node, "direction", "");

    if (strcmp(direction, "LEFT") == 0)
        return octet_binary_eval(e, left_loops, OCTET_DTYPE_UNDEFINED);
    if (strcmp(direction, "RIGHT") == 0)
        return octet_binary_eval(e, right_loops, OCTET_DTYPE_UNDEFINED);
    return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "direction '%s' is not LEFT or RIGHT",
                      direction);
}

const octet_op octet_op_bit_shift = {
    .domain = "",
    .name = "BitShift",
    .since = 11,
    .in = {{.name = "X"}, {.name = "Y"}},
    .out = {{.name = "Z"}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = octet_infer_broadcast,
    .eval = eval,
};
