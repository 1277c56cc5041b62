/* check_kernels.c: every variant of every kernel gives the reference's bits and stays in its
 * buffers SPDX-License-Identifier: Apache-2.0
 *
 * NaN payloads are not defined in arithmetic kernels: any NaN equals any other in float
 * outputs. Usage: check_kernels [seed]. The seed is printed when something differs.
 */
#define _DEFAULT_SOURCE
#include "guarded.h"

#define OCTET_KERNELS_WITHOUT_INT8 /* check_int8.c */

/* ---- y[i] = f(x[i]) */

typedef void (*map_fn)(size_t n, const float *x, float *y);

static void check_map(map_fn ref, map_fn cand)
{
    for (int round = 0; round < ROUNDS; round++)
        for (int kind = 0; kind < KINDS; kind++) {
            size_t n = size_at(round);
            float *x = random_floats(n, kind), *want = guarded(n * 4), *got = guarded(n * 4);

            ref(n, x, want);
            cand(n, x, got);
            same_floats(want, got, n, (size_t)kind);
            cand(n, x, x); /* in place */
            same_floats(want, x, n, (size_t)kind);
            release_all();
        }
}

/* Many numbers at once, spread over all floats. */
static void check_map_wide(map_fn ref, map_fn cand)
{
    enum { N = 1 << 16 };
    float *x = random_floats(N, EXTREME), *want = guarded(N * 4), *got = guarded(N * 4);

    for (uint32_t i = 0; i < N; i++) {
        uint32_t bits = i << 16 | (random_u32() & 0xffff);

        memcpy(&x[i], &bits, sizeof(bits));
    }
    ref(N, x, want);
    cand(N, x, got);
    same_floats(want, got, N, 0);
    release_all();
}

#define CHECK_MAP(kernel)                                                                          \
    static void check_##kernel(const octet_kernels *ref, const octet_kernels *cand)                \
    {                                                                                              \
        check_map(ref->kernel, cand->kernel);                                                      \
        check_map_wide(ref->kernel, cand->kernel);                                                 \
    }

CHECK_MAP(exp_f32)
CHECK_MAP(log_f32)
CHECK_MAP(tanh_f32)
CHECK_MAP(sigmoid_f32)
CHECK_MAP(eigen_tanh_f32)
CHECK_MAP(eigen_sigmoid_f32)
CHECK_MAP(erf_f32)
CHECK_MAP(sin_f32)
CHECK_MAP(cos_f32)
CHECK_MAP(relu_f32)

static void check_clip_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < ROUNDS * 2; round++) {
        size_t n = size_at(round % ROUNDS);
        int kind = round % KINDS;
        float lo = random_float(kind), hi = random_float(kind);
        float *x = random_floats(n, kind), *want = guarded(n * 4), *got = guarded(n * 4);

        ref->clip_f32(n, x, lo, hi, want);
        cand->clip_f32(n, x, lo, hi, got);
        same_floats(want, got, n, (size_t)kind);
        release_all();
    }
}

/* ---- z[i] = x[i] op y[i] */

typedef void (*binary_fn)(size_t n, const float *x, size_t x_step, const float *y, size_t y_step,
                          float *z);

static void check_binary(binary_fn ref, binary_fn cand)
{
    for (int round = 0; round < ROUNDS; round++)
        for (size_t steps = 0; steps < 4; steps++) {
            size_t n = size_at(round), xs = steps & 1, ys = steps >> 1;
            float *x = random_floats(xs ? n : n > 0, round % KINDS);
            float *y = random_floats(ys ? n : n > 0, round % KINDS);
            float *want = guarded(n * 4), *got = guarded(n * 4);

            ref(n, x, xs, y, ys, want);
            cand(n, x, xs, y, ys, got);
            same_floats(want, got, n, steps);
            release_all();
        }
}

#define CHECK_BINARY(kernel)                                                                       \
    static void check_##kernel(const octet_kernels *ref, const octet_kernels *cand)                \
    {                                                                                              \
        check_binary(ref->kernel, cand->kernel);                                                   \
    }

CHECK_BINARY(add_f32)
CHECK_BINARY(sub_f32)
CHECK_BINARY(mul_f32)
CHECK_BINARY(div_f32)
CHECK_BINARY(pow_f32)

/* ---- reductions */

static void check_minmax_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < ROUNDS * 4; round++) {
        size_t n = size_at(round % ROUNDS) + 1;
        float *x = random_floats(n, round % 3), *want = guarded(8), *got = guarded(8);
        int a, b;

        if (round % 5 == 0)
            x[random_below(n)] = round % 2 ? NAN : -INFINITY;
        if (round % 7 == 0)
            for (size_t i = 0; i < n; i++)
                x[i] = i % 3 ? -0.0f : 0.0f;
        want[0] = want[1] = got[0] = got[1] = 7.0f;
        a = ref->minmax_f32(n, x, &want[0], &want[1]);
        b = cand->minmax_f32(n, x, &got[0], &got[1]);
        if (a != b)
            report("another verdict", n, (size_t)round);
        same_floats(want, got, 2, (size_t)round);
        release_all();
    }
}

/* Some numbers lie beyond the bins, some in the page of equal ones; any pages are shared. */
static void check_histogram_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    enum { PAGES = 4, BINS = PAGES * OCTET_BINS_PAGE };

    for (int round = 0; round < ROUNDS * 4; round++) {
        size_t n = size_at(round % ROUNDS) + (round % 9 == 0 ? 3000 : 0), a, b, left[2];
        int bottom = (int)random_below(200) - 100;
        float *x = random_floats(n, UNIFORM), *rest[2] = {guarded(n * 4), guarded(n * 4)};
        uint16_t *want = guarded(BINS * 2), *got = guarded(BINS * 2);
        octet_bins bins = {.base = (bottom + 127 - 1) * OCTET_BINS_PAGE,
                           .scale = ldexpf(1.0f, 12 - bottom),
                           .split = (int)random_below(PAGES + 1) * OCTET_BINS_PAGE,
                           .end = BINS,
                           .negative = round % 2};

        for (size_t i = 0; i < n; i++) {
            int below = (int)random_below(i % 3 ? 6 : i % 9 ? 2 : 250);

            x[i] = ldexpf(x[i], bottom + PAGES - below);
            if (random_below(3) == 0)
                x[i] = i % 2 ? -0.0f : 0.0f;
            if (random_below(50) == 0)
                x[i] = i % 2 ? -3e38f : 3e38f;
        }
        memset(want, 0, BINS * 2);
        memset(got, 0, BINS * 2);
        a = ref->histogram_f32(n, x, &bins, want, rest[0], &left[0]);
        b = cand->histogram_f32(n, x, &bins, got, rest[1], &left[1]);
        if (a != b || left[0] != left[1])
            report("another number", n, (size_t)round);
        else
            same_floats(rest[0], rest[1], left[0], (size_t)round);
        same_bytes(want, got, BINS * 2, (size_t)round);
        release_all();
    }
}

static void check_sum_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < ROUNDS * 2; round++) {
        size_t n = size_at(round % ROUNDS);
        float *x = random_floats(n, round % KINDS), *want = guarded(4), *got = guarded(4);

        *want = ref->sum_f32(n, x);
        *got = cand->sum_f32(n, x);
        same_floats(want, got, 1, n);
        release_all();
    }
}

static void check_sum_rows_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < ROUNDS; round++) {
        size_t n = random_below(40), width = size_at(round), step = width + random_below(5);
        float *x = random_floats(n > 0 ? (n - 1) * step + width : 0, round % KINDS);
        float *want = guarded(width * 4), *got = guarded(width * 4);

        ref->sum_rows_f32(n, width, x, step, want);
        cand->sum_rows_f32(n, width, x, step, got);
        same_floats(want, got, width, n);
        release_all();
    }
}

/* ---- 8-bit integers */

#define CHECK_QUANTIZE(kernel, type, low, high)                                                    \
    static void check_##kernel(const octet_kernels *ref, const octet_kernels *cand)                \
    {                                                                                              \
        for (int round = 0; round < ROUNDS * 2; round++) {                                         \
            size_t n = size_at(round % ROUNDS);                                                    \
            int32_t zero = (low) + (int32_t)random_below(256);                                     \
            float scale = fabsf(random_float(UNIFORM)) * (round % 2 ? 1.0f : 0.01f) + 1e-6f;       \
            float *x = random_floats(n, round % KINDS);                                            \
            type *want = guarded(n), *got = guarded(n);                                            \
            for (size_t i = 0; i < n; i += 3)                                                      \
                x[i] = ((float)random_below(512) - 255.5f) * scale; /* ties */                     \
            ref->kernel(n, x, scale, zero, want);                                                  \
            cand->kernel(n, x, scale, zero, got);                                                  \
            same_bytes(want, got, n, (size_t)round);                                               \
            release_all();                                                                         \
        }                                                                                          \
    }

CHECK_QUANTIZE(quantize_f32_u8, uint8_t, 0, 255)
CHECK_QUANTIZE(quantize_f32_s8, int8_t, -128, 127)

#define CHECK_DEQUANTIZE(kernel, type, low)                                                        \
    static void check_##kernel(const octet_kernels *ref, const octet_kernels *cand)                \
    {                                                                                              \
        for (int round = 0; round < ROUNDS; round++) {                                             \
            size_t n = size_at(round);                                                             \
            int32_t zero = (low) + (int32_t)random_below(256);                                     \
            float scale = random_float(round % KINDS), *want = guarded(n * 4);                     \
            float *got = guarded(n * 4);                                                           \
            type *x = guarded(n);                                                                  \
            for (size_t i = 0; i < n; i++)                                                         \
                x[i] = (type)random_u32();                                                         \
            ref->kernel(n, x, scale, zero, want);                                                  \
            cand->kernel(n, x, scale, zero, got);                                                  \
            same_floats(want, got, n, (size_t)round);                                              \
            release_all();                                                                         \
        }                                                                                          \
    }

CHECK_DEQUANTIZE(dequantize_u8_f32, uint8_t, 0)
CHECK_DEQUANTIZE(dequantize_s8_f32, int8_t, -128)

/* ---- matrix product */

typedef void (*pack_fn)(size_t rows, size_t columns, const float *x, size_t row_step,
                        size_t col_step, float *packed);

static void check_pack(pack_fn ref, pack_fn cand, size_t (*size)(size_t, size_t))
{
    for (int round = 0; round < ROUNDS * 2; round++) {
        size_t rows = size_at((int)random_below(30)), columns = size_at(round % ROUNDS);
        int transposed = round % 2;
        size_t row_step = transposed ? 1 : columns + random_below(3);
        size_t col_step = transposed ? rows + random_below(3) : 1;
        size_t n = rows && columns ? (rows - 1) * row_step + (columns - 1) * col_step + 1 : 0;
        size_t packed = size(rows, columns) * 4;
        float *x = random_floats(n, UNIFORM), *want = guarded(packed), *got = guarded(packed);

        ref(rows, columns, x, row_step, col_step, want);
        cand(rows, columns, x, row_step, col_step, got);
        same_floats(want, got, packed / 4, columns);
        release_all();
    }
}

static void check_gemm_pack_a_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    check_pack(ref->gemm_pack_a_f32, cand->gemm_pack_a_f32, octet_gemm_a_size);
}

static void check_gemm_pack_b_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    check_pack(ref->gemm_pack_b_f32, cand->gemm_pack_b_f32, octet_gemm_b_size);
}

/* An epilogue by chance and the range it starts from; the same for two runs. */
static octet_epilogue random_epilogue(octet_minmax *range)
{
    octet_epilogue o = {.act = (octet_act)random_below(3),
                        .lo = random_float(UNIFORM),
                        .hi = random_float(random_below(2) ? UNIFORM : WIDE)};

    *range = OCTET_MINMAX_EMPTY;
    o.range = random_below(3) ? range : NULL;
    return o;
}

static void same_range(const octet_minmax *want, const octet_minmax *got, size_t detail)
{
    if (want->not_finite != got->not_finite)
        report("another verdict", 0, detail);
    else if (!want->not_finite && (memcmp(&want->min, &got->min, sizeof(float)) != 0 ||
                                   memcmp(&want->max, &got->max, sizeof(float)) != 0))
        report("another range", 0, detail);
}

static void check_gemm_once(const octet_kernels *ref, const octet_kernels *cand, int round)
{
    size_t m = round % 5 ? 1 + random_below(27) : 1;
    size_t n = size_at((int)random_below(40)), k = random_below(40);
    size_t row = n + random_below(9), c_size = n ? (m - 1) * row + n : 0;
    int kind = round % KINDS, packed = round % 2, flat = m == 1 && random_below(2);
    size_t a_size = flat ? k : octet_gemm_a_size(m, k);
    size_t b_size = packed ? octet_gemm_b_size(k, n) : k && n ? (k - 1) * row + n : 0;
    float *want = guarded(c_size * 4), *got = guarded(c_size * 4);
    octet_minmax ranges[2];
    octet_gemm_block g = {.m = m,
                          .n = n,
                          .k = k,
                          .a = random_floats(a_size, kind),
                          .a_panel = k * OCTET_GEMM_MR,
                          .a_row = flat ? 1 : OCTET_GEMM_MR,
                          .b = random_floats(b_size, kind),
                          .b_panel = packed ? k * OCTET_GEMM_NR : OCTET_GEMM_NR,
                          .b_row = packed ? OCTET_GEMM_NR : row,
                          .c = want,
                          .c_row = row,
                          .first = (int)random_below(2),
                          .bias = random_below(2) ? random_floats(n, kind) : NULL,
                          .out = random_epilogue(&ranges[0])};

    ranges[1] = ranges[0];
    for (size_t i = 0; i < c_size; i++)
        want[i] = got[i] = random_float(kind);
    ref->gemm_block_f32(&g);
    g.c = got;
    g.out.range = g.out.range ? &ranges[1] : NULL;
    cand->gemm_block_f32(&g);
    same_floats(want, got, c_size, m * 1000 + k);
    same_range(&ranges[0], &ranges[1], m * 1000 + k);
    release_all();
}

static void check_gemm_block_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < 3000; round++)
        check_gemm_once(ref, cand, round);
}

/* ---- convolution */

/* Taps anywhere in an image of `span` elements behind which `reach` elements are used. */
static int64_t *random_offsets(size_t taps, size_t span)
{
    int64_t *offset = guarded(taps * sizeof(*offset));

    for (size_t t = 0; t < taps; t++)
        offset[t] = (int64_t)random_below(span);
    if (taps > 0)
        offset[taps - 1] = (int64_t)span - 1; /* the last element is reached */
    return offset;
}

/* Sums of two stretches of taps for positions in some runs, with vectors across either. */
static void check_conv_once(const octet_kernels *ref, const octet_kernels *cand, int round,
                            int wide)
{
    size_t m = 1 + random_below(70), taps = random_below(20), cut = random_below(taps + 1);
    size_t span = 1 + random_below(50), positions = 0, end = 0, limit = wide ? OCTET_CONV_NR : 150;
    int kind = round % KINDS, slack = (int)random_below(2);
    octet_run *runs = guarded(sizeof(*runs) * 150);
    octet_minmax ranges[2];
    octet_conv_block b = {.m = m,
                          .w_panel = taps * OCTET_GEMM_NR,
                          .offset = random_offsets(taps, span),
                          .runs = runs,
                          .slack = slack,
                          .out = random_epilogue(&ranges[0])};
    float *w = random_floats(octet_gemm_b_size(taps, m), kind), *y[2];

    while (end < limit && (b.n_runs == 0 || random_below(5) != 0)) {
        size_t gap = b.n_runs ? random_below(4) : 0;
        size_t room = limit - end > gap ? limit - end - gap : 0;
        size_t length = random_below(2) ? room : 1 + random_below(room < 20 ? room : 20);

        if (room == 0)
            break;
        runs[b.n_runs++] = (octet_run){.start = (int64_t)(end + gap), .length = length};
        end += gap + length;
        positions += length;
    }
    b.x = random_floats(end + span - 1 + (slack ? OCTET_CONV_NR : 0), kind);
    b.bias = random_below(2) ? random_floats(m, kind) : NULL;
    b.y_row = positions + random_below(4);
    ranges[1] = ranges[0];
    for (int i = 0; i < 2; i++) {
        const octet_kernels *k = i == 0 ? ref : cand;
        const int64_t *offset = b.offset;
        octet_conv_block half = b;

        half.part = guarded(
            4 * (wide ? octet_conv_wide_part_size(m) : octet_conv_tall_part_size(m, positions)));
        half.y = y[i] = guarded(4 * ((m - 1) * b.y_row + positions));
        half.out.range = b.out.range ? &ranges[i] : NULL;
        for (int part = 0; part < 2; part++) {
            half.k = part ? taps - cut : cut;
            half.w = w + (part ? cut * OCTET_GEMM_NR : 0);
            half.offset = offset + (part ? cut : 0);
            half.first = !part;
            half.last = part;
            if (cut == 0 && part == 0)
                continue;
            half.first |= cut == 0;
            (wide ? k->conv_wide_f32 : k->conv_tall_f32)(&half);
        }
    }
    same_floats(y[0], y[1], (m - 1) * b.y_row + positions, m * 1000 + taps);
    same_range(&ranges[0], &ranges[1], m * 1000 + taps);
    release_all();
}

static void check_conv_wide_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < 3000; round++)
        check_conv_once(ref, cand, round, 1);
}

static void check_conv_tall_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < 3000; round++)
        check_conv_once(ref, cand, round, 0);
}

static void check_conv_depth_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < 3000; round++) {
        size_t rows = 1 + random_below(11), columns = 1 + size_at(round % ROUNDS) % 70;
        size_t taps = random_below(12), span = 1 + random_below(50), y_size = rows * columns;
        int kind = round % KINDS, slack = (int)random_below(2);
        octet_minmax ranges[2];
        octet_conv_depth d = {.rows = rows,
                              .columns = columns,
                              .x_row = columns + random_below(5),
                              .slack = slack,
                              .out = random_epilogue(&ranges[0])};

        d.taps = taps;
        d.offset = random_offsets(taps, span);
        d.x = random_floats((rows - 1) * d.x_row + columns + span - 1 + (slack ? OCTET_CONV_NR : 0),
                            kind);
        d.w = random_floats(d.taps, kind);
        d.bias = random_below(2) ? random_floats(1, kind) : NULL;
        ranges[1] = ranges[0];
        float *want = guarded(y_size * 4), *got = guarded(y_size * 4);

        d.y = want;
        ref->conv_depth_f32(&d);
        d.y = got;
        d.out.range = d.out.range ? &ranges[1] : NULL;
        cand->conv_depth_f32(&d);
        same_floats(want, got, y_size, d.taps);
        same_range(&ranges[0], &ranges[1], d.taps);
        release_all();
    }
}

static void check_conv_3x3_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < 3000; round++) {
        size_t stride = 1 + random_below(2), rows = 1 + random_below(11);
        size_t columns = 1 + size_at(round % ROUNDS) % 70, channels = random_below(4);
        octet_minmax ranges[2];
        octet_conv_3x3 g = {.channels = channels,
                            .in_rows = 1 + random_below(rows * stride + 3),
                            .in_columns = 1 + random_below(columns * stride + 3),
                            .rows = rows,
                            .columns = columns,
                            .stride = stride,
                            .top = random_below(3),
                            .left = random_below(3),
                            .out = random_epilogue(&ranges[0])};
        size_t y_size = channels * rows * columns;
        int kind = round % KINDS;
        float *want = guarded(y_size * 4), *got = guarded(y_size * 4);

        if (random_below(2)) { /* as operators have it */
            g.in_rows = (rows - 1) * stride + 3 - g.top;
            g.in_columns = (columns - 1) * stride + 3 - g.left;
        }
        g.x = random_floats(channels * g.in_rows * g.in_columns, kind);
        g.w = random_floats(channels * 9, kind);
        g.bias = random_below(2) ? random_floats(channels, kind) : NULL;
        ranges[1] = ranges[0];
        g.y = want;
        ref->conv_3x3_f32(&g);
        g.y = got;
        g.out.range = g.out.range ? &ranges[1] : NULL;
        cand->conv_3x3_f32(&g);
        same_floats(want, got, y_size, stride * 100 + columns);
        same_range(&ranges[0], &ranges[1], stride * 100 + columns);
        release_all();
    }
}

static void check_conv_pad_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < 2000; round++) {
        size_t rows = random_below(12), count = size_at((int)random_below(24)) % 70;
        size_t step = 1 + random_below(3), left = random_below(20);
        size_t width = left + count + random_below(20), n = rows * width + OCTET_CONV_NR;
        size_t reach = count ? (count - 1) * step + 1 : 0;
        float *x = random_floats(reach + 30, UNIFORM), *want = guarded(n * 4),
              *got = guarded(n * 4);
        int64_t *source = guarded(rows * sizeof(*source));

        for (size_t r = 0; r < rows; r++)
            source[r] = (int64_t)random_below(32) - 1;
        ref->conv_pad_f32(rows, source, x, step, left, count, width, want);
        cand->conv_pad_f32(rows, source, x, step, left, count, width, got);
        same_floats(want, got, n, step);
        release_all();
    }
}

/* ---- in files of their own */

#include "checks_bytes.h"
#include "checks_move.h"
#include "checks_pointwise.h"
#include "checks_pool.h"

/* ---- hashing */

static void check_sha256_blocks(const octet_kernels *ref, const octet_kernels *cand)
{
    for (size_t n = 0; n < 9; n++) {
        uint32_t a[8], b[8];
        uint8_t data[64 * 8];

        for (size_t i = 0; i < sizeof data; i++)
            data[i] = (uint8_t)random_below(256);
        for (int i = 0; i < 8; i++)
            a[i] = b[i] = (uint32_t)random_below(UINT32_MAX);
        ref->sha256_blocks(a, n, data);
        cand->sha256_blocks(b, n, data);
        if (memcmp(a, b, sizeof a) != 0)
            report("another state", n, 0);
    }
}

/* ---- all of them */

static void check_level(const octet_kernels *ref, const octet_kernels *cand)
{
    char label[128];

    current = label;
#define K(name, ret, params)                                                                       \
    snprintf(label, sizeof(label), "%s at level %s", #name, level_names[cand->isa]);               \
    state = seed;                                                                                  \
    if (cand->name != ref->name)                                                                   \
        check_##name(ref, cand);
#include "kernels.def"
#undef K
}

int main(int argc, char **argv)
{
    const octet_kernels *ref = octet_kernels_get(OCTET_ISA_REF);
    octet_isa host = octet_isa_host();
    int levels = 0;

    if (argc > 1)
        seed = strtoull(argv[1], NULL, 10);
    for (int isa = OCTET_ISA_REF + 1; isa <= (int)host; isa++) {
        const octet_kernels *cand = octet_kernels_get((octet_isa)isa);

        if (cand->isa != (octet_isa)isa)
            continue; /* not in this build */
        check_level(ref, cand);
        levels++;
    }
    printf("%d levels above the reference, %d differences\n", levels, failures);
    return failures != 0;
}
