/* mod.c: Mod; the sign of the divisor, or of the dividend with fmod
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/elementwise.h"

#include <math.h>

static int64_t floor_mod(int64_t a, int64_t b)
{
    int64_t r = b == -1 ? 0 : a % b;

    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static int64_t trunc_mod(int64_t a, int64_t b)
{
    return b == -1 ? 0 : a % b;
}

static double floor_mod_real(double a, double b)
{
    double r = fmod(a, b);

    if (r == 0.0)
        return copysign(0.0, b);
    return (r < 0.0) != (b < 0.0) ? r + b : r;
}

#define FLOOR_REAL(T, W) OCTET_BINARY_LOOP(T, T, (T)floor_mod_real(u, v))
#define FLOOR(T, W) OCTET_BINARY_LOOP(T, T, (T)floor_mod(u, v))
#define UNSIGNED(T, W) OCTET_BINARY_LOOP(T, T, (T)(u % v))
#define TRUNC_REAL(T, W) OCTET_BINARY_LOOP_NAMED(trunc_##T, T, T, (T)fmod(u, v))
#define TRUNC(T, W) OCTET_BINARY_LOOP_NAMED(trunc_##T, T, T, (T)trunc_mod(u, v))
OCTET_FLOATS(FLOOR_REAL)
OCTET_FLOATS(TRUNC_REAL)
OCTET_SIGNED(FLOOR)
OCTET_SIGNED(TRUNC)
OCTET_UNSIGNED(UNSIGNED)

static const octet_binary_loop floor_loops[OCTET_DTYPE_COUNT] = {OCTET_FLOAT_LOOPS,
                                                                 OCTET_INTEGER_LOOPS};
static const octet_binary_loop trunc_loops[OCTET_DTYPE_COUNT] = {
    [OCTET_DTYPE_FLOAT32] = trunc_float,
    [OCTET_DTYPE_FLOAT64] = trunc_double,
    [OCTET_DTYPE_INT8] = trunc_int8_t,
    [OCTET_DTYPE_INT16] = trunc_int16_t,
    [OCTET_DTYPE_INT32] = trunc_int32_t,
    [OCTET_DTYPE_INT64] = trunc_int64_t,
    OCTET_UNSIGNED_LOOPS,
};

static octet_status eval(octet_eval *e)
{
    bool fmod_sign = octet_node_int(e->node, "fmod", 0) != 0;

    OCTET_TRY(octet_check_divisor(e));
    return octet_binary_eval(e, fmod_sign ? trunc_loops : floor_loops, OCTET_DTYPE_UNDEFINED);
}

const octet_op octet_op_mod = {
    .domain = "",
    .name = "Mod",
    .since = 13,
    .in = {{.name = "A"}, {.name = "B"}},
    .out = {{.name = "C"}},
    .fuses = true,
    .infer = octet_infer_shape_value_binary,
    .eval = eval,
};
