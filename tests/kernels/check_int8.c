/* check_int8.c: every variant of the kernels on 8- and 16-bit integers gives the reference's bits
 * SPDX-License-Identifier: Apache-2.0
 *
 * All tables of all levels that this machine runs, those without the instructions for dot products
 * included. Usage: check_int8 [seed]. The seed is printed when something differs.
 */
#define _DEFAULT_SOURCE
#include "guarded.h"

enum { ANY, ALL_LOWEST, ALL_HIGHEST, ENDS, SMALL, BYTE_KINDS };

/* Bytes of a kind; read as signed or unsigned, each kind is extreme in one of them. */
static uint8_t *random_bytes(size_t n, int kind)
{
    static const uint8_t ends[] = {0, 255, 128, 127};
    uint8_t *x = guarded(n);

    for (size_t i = 0; i < n; i++)
        x[i] = kind == ALL_LOWEST    ? 128
               : kind == ALL_HIGHEST ? (uint8_t)(random_below(2) ? 255 : 127)
               : kind == ENDS        ? ends[random_below(4)]
               : kind == SMALL       ? (uint8_t)(random_below(5) - 2)
                                     : (uint8_t)random_u32();
    return x;
}

static uint8_t *constant_bytes(size_t n, uint8_t value)
{
    uint8_t *x = guarded(n);

    memset(x, value, n);
    return x;
}

/* ---- panels */

static int64_t *random_offsets(size_t n, size_t span)
{
    int64_t *offset = guarded(n * sizeof(*offset));

    for (size_t t = 0; t < n; t++)
        offset[t] = (int64_t)random_below(span);
    if (n > 0)
        offset[random_below(n)] = (int64_t)span - 1; /* the last element is reached */
    return offset;
}

/* Runs of a panel and how far they reach. */
static size_t random_runs(octet_run *runs, size_t step, size_t *reach)
{
    size_t columns = 0, n = 0;

    *reach = 0;
    while (columns < OCTET_GEMM_NR && random_below(6) != 0) {
        size_t room = OCTET_GEMM_NR - columns, end;

        runs[n].start = (int64_t)random_below(90);
        runs[n].length = random_below(2) ? room : 1 + random_below(room);
        end = (size_t)runs[n].start + (runs[n].length - 1) * step;
        *reach = end > *reach ? end : *reach;
        columns += runs[n++].length;
    }
    return n;
}

typedef void (*im2col_fn)(const octet_kernels *k, size_t steps, const int64_t *offset,
                          size_t n_runs, const octet_run *runs, size_t step, const void *x,
                          int flip, void *panel);

static void im2col_8(const octet_kernels *k, size_t steps, const int64_t *offset, size_t n_runs,
                     const octet_run *runs, size_t step, const void *x, int flip, void *panel)
{
    k->im2col_q8(steps, offset, n_runs, runs, step, x, flip ? 0x80 : 0, panel);
}

static void im2col_16(const octet_kernels *k, size_t steps, const int64_t *offset, size_t n_runs,
                      const octet_run *runs, size_t step, const void *x, int flip, void *panel)
{
    k->im2col_s16(steps, offset, n_runs, runs, step, x, flip ? 0x8000 : 0, panel);
}

/* Elements of `size` bytes. */
static void check_im2col(const octet_kernels *ref, const octet_kernels *cand, im2col_fn run,
                         size_t size)
{
    for (int round = 0; round < 3000; round++) {
        size_t quads = random_below(9), step = 1 + random_below(4), span = 1 + random_below(50);
        octet_run *runs = guarded(sizeof(*runs) * OCTET_GEMM_NR);
        size_t bytes = quads * 4 * OCTET_GEMM_NR, reach;
        size_t n_runs = random_runs(runs, step, &reach);
        uint8_t *want = guarded(bytes), *got = guarded(bytes);
        uint8_t *x = random_bytes((reach + span) * size, ANY);
        int64_t *offset = random_offsets(4 / size * quads, span);
        int flip = (int)random_below(2);

        run(ref, quads, offset, n_runs, runs, step, x, flip, want);
        run(cand, quads, offset, n_runs, runs, step, x, flip, got);
        same_bytes(want, got, bytes, n_runs * 10 + step);
        release_all();
    }
}

static void check_im2col_q8(const octet_kernels *ref, const octet_kernels *cand)
{
    check_im2col(ref, cand, im2col_8, 1);
}

static void check_im2col_s16(const octet_kernels *ref, const octet_kernels *cand)
{
    check_im2col(ref, cand, im2col_16, 2);
}

/* ---- products */

typedef void (*gemm_fn)(const octet_gemm_q8 *g);

static size_t panels_of(size_t n, size_t width)
{
    return (n + width - 1) / width;
}

static void run_gemm(gemm_fn ref, gemm_fn cand, octet_gemm_q8 *g)
{
    size_t n = g->m && g->n ? (g->m - 1) * g->c_row + g->n : 0;
    int32_t *want = guarded(n * 4), *got = guarded(n * 4);

    for (size_t i = 0; i < n; i++)
        want[i] = got[i] = (int32_t)random_u32();
    g->c = want;
    ref(g);
    g->c = got;
    cand(g);
    same_bytes(want, got, n * 4, g->m * 1000000 + g->n * 1000 + g->quads);
    release_all();
}

static void check_gemm(gemm_fn ref, gemm_fn cand)
{
    for (int round = 0; round < 2500; round++) {
        size_t m = random_below(28), n = size_at((int)random_below(25)), quads = random_below(20);
        size_t a_panel = quads * 4 * OCTET_GEMM_MR + 4 * random_below(3);
        size_t b_panel = quads * 4 * OCTET_GEMM_NR + 4 * random_below(3);
        int kind = round % BYTE_KINDS, other = (int)random_below(BYTE_KINDS);
        octet_gemm_q8 g = {.m = m,
                           .n = n,
                           .quads = quads,
                           .a = random_bytes(panels_of(m, OCTET_GEMM_MR) * a_panel, kind),
                           .a_panel = a_panel,
                           .b = random_bytes(panels_of(n, OCTET_GEMM_NR) * b_panel, other),
                           .b_panel = b_panel,
                           .c_row = n + random_below(5)};

        run_gemm(ref, cand, &g);
    }
}

/* Sums that leave int32: 255 * 127 or 255 * -128, two million times. */
static void check_gemm_wraps(gemm_fn ref, gemm_fn cand)
{
    for (int round = 0; round < 4; round++) {
        size_t quads = 17000;
        octet_gemm_q8 g = {.m = 1 + (size_t)round % 2,
                           .n = 3,
                           .quads = quads,
                           .a = constant_bytes(quads * 4 * OCTET_GEMM_MR, round < 2 ? 255 : 128),
                           .b = constant_bytes(quads * 4 * OCTET_GEMM_NR, round < 2 ? 128 : 255),
                           .c_row = 3};

        run_gemm(ref, cand, &g);
    }
}

#define CHECK_GEMM(kernel)                                                                         \
    static void check_##kernel(const octet_kernels *ref, const octet_kernels *cand)                \
    {                                                                                              \
        check_gemm(ref->kernel, cand->kernel);                                                     \
        check_gemm_wraps(ref->kernel, cand->kernel);                                               \
    }

CHECK_GEMM(gemm_u8s8)
CHECK_GEMM(gemm_s8u8)
CHECK_GEMM(gemm_u8s8_pairs)
CHECK_GEMM(gemm_s8u8_pairs)
CHECK_GEMM(gemm_s16)

typedef void (*row_fn)(const octet_kernels *k, size_t n, size_t steps, const int64_t *offset,
                       const void *x, size_t step, int flip, const void *w, int32_t *y);

static void row_8(const octet_kernels *k, size_t n, size_t steps, const int64_t *offset,
                  const void *x, size_t step, int flip, const void *w, int32_t *y)
{
    k->conv_row_q8(n, steps, offset, x, step, flip ? 0x80 : 0, w, y);
}

static void row_16(const octet_kernels *k, size_t n, size_t steps, const int64_t *offset,
                   const void *x, size_t step, int flip, const void *w, int32_t *y)
{
    k->conv_row_s16(n, steps, offset, x, step, flip ? 0x8000 : 0, w, y);
}

static void check_conv_row(const octet_kernels *ref, const octet_kernels *cand, row_fn run,
                           size_t size)
{
    for (int round = 0; round < 3000; round++) {
        size_t n = size_at(round % ROUNDS), quads = random_below(8);
        size_t step = 1 + random_below(3), span = 1 + random_below(50);
        int kind = round % BYTE_KINDS, other = (int)random_below(BYTE_KINDS);
        int64_t *offset = random_offsets(4 / size * quads, span);
        uint8_t *x = random_bytes(((n > 0 ? n - 1 : 0) * step + span) * size, kind);
        uint8_t *w = random_bytes(4 * quads, other);
        int32_t *want = guarded(n * 4), *got = guarded(n * 4);
        int flip = (int)random_below(2);

        run(ref, n, quads, offset, x, step, flip, w, want);
        run(cand, n, quads, offset, x, step, flip, w, got);
        same_bytes(want, got, n * 4, quads * 10 + step);
        release_all();
    }
}

static void check_conv_row_q8(const octet_kernels *ref, const octet_kernels *cand)
{
    check_conv_row(ref, cand, row_8, 1);
}

static void check_conv_row_s16(const octet_kernels *ref, const octet_kernels *cand)
{
    check_conv_row(ref, cand, row_16, 2);
}

/* ---- channels one by one */

/* A place of the image from which the whole sheet lies in it. */
static int64_t depth_offset(const octet_depth_q8 *g, size_t phases, size_t rows, size_t columns)
{
    size_t down = rows - g->rows, right = columns - g->columns;

    return (int64_t)(random_below(phases) * g->plane + random_below(down + 1) * g->pitch +
                     random_below(right + 1));
}

static void check_depth_q8(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < 1500; round++) {
        octet_depth_q8 g = {.channels = 1 + random_below(3),
                            .in_rows = 1 + random_below(12),
                            .in_columns = 1 + random_below(round % 5 ? 40 : 150),
                            .flip = random_below(2) ? 0x80 : 0,
                            .row_step = 1 + random_below(3),
                            .column_step = 1 + random_below(2),
                            .top = random_below(4),
                            .left = random_below(4),
                            .quads = 1 + random_below(5),
                            .scale_step = random_below(2),
                            .lo = round % 2 ? -128 : 0,
                            .hi = round % 2 ? 127 : 255};
        size_t height = (g.top + g.in_rows + random_below(4) + g.row_step - 1) / g.row_step;
        size_t phases = g.row_step * g.column_step, image, sheet, out;
        float *scale = guarded(g.channels * sizeof(*scale));
        int32_t *add = guarded(g.channels * sizeof(*add));
        int64_t *offset = guarded(4 * g.quads * sizeof(*offset));
        uint8_t *want, *got, *start;

        g.pitch = (g.left + g.in_columns + random_below(4) + g.column_step - 1) / g.column_step;
        g.plane = height * g.pitch;
        g.rows = 1 + random_below(height);
        g.columns = 1 + random_below(g.pitch);
        g.zero_point = g.lo + (int32_t)random_below(256);
        for (size_t c = 0; c < g.channels; c++) {
            scale[c] = 1e-3f * (float)(1 + random_below(99));
            add[c] = (int32_t)random_below(20000) - 10000;
        }
        for (size_t t = 0; t < 4 * g.quads; t++)
            offset[t] = depth_offset(&g, phases, height, g.pitch);
        image = phases * g.plane + OCTET_DEPTH_SLACK;
        sheet = (g.rows - 1) * g.pitch + g.columns + OCTET_DEPTH_SLACK;
        out = g.channels * g.rows * g.columns;
        g.x = random_bytes(g.channels * g.in_rows * g.in_columns, round % BYTE_KINDS);
        g.w = (const int8_t *)random_bytes(g.channels * 4 * g.quads, (int)random_below(BYTE_KINDS));
        g.scale = scale;
        g.add = add;
        g.offset = offset;
        start = random_bytes(image, ANY);
        g.image = guarded(image);
        g.sheet = guarded(sheet);
        want = guarded(out);
        got = guarded(out);
        memcpy(g.image, start, image);
        g.y = want;
        ref->depth_q8(&g);
        memcpy(g.image, start, image);
        g.y = got;
        cand->depth_q8(&g);
        same_bytes(want, got, out, g.rows * 1000 + g.columns);
        release_all();
    }
}

/* ---- results */

static int32_t random_sum(int kind)
{
    static const int32_t ends[] = {INT32_MIN, INT32_MIN + 1, INT32_MAX, -1, 0, 1};

    return kind == 0   ? (int32_t)random_u32()
           : kind == 1 ? ends[random_below(6)]
           : kind == 2 ? (int32_t)random_below(64) * 2 - 63 /* halves, with a scale of 1/2 */
                       : (int32_t)random_below(40000) - 20000;
}

static int32_t *random_sums(size_t n, int kind)
{
    int32_t *x = guarded(n * 4);

    for (size_t i = 0; i < n; i++)
        x[i] = random_sum(kind);
    return x;
}

static float *random_scales(size_t n, int kind)
{
    float *x = guarded(n * 4);

    for (size_t i = 0; i < n; i++)
        x[i] = kind == 0   ? 1e-7f * (float)(1 + random_below(100))
               : kind == 2 ? (random_below(2) ? 0.5f : 0.25f)
               : kind == 1 ? random_float(EXTREME)
                           : 1e-2f * (float)(1 + random_below(100)) / 99.0f;
    return x;
}

static void set_fixed(octet_requant *r, size_t n)
{
    int32_t *multiplier = guarded(n * 4), *shift = guarded(n * 4);

    for (size_t i = 0; i < n; i++) {
        multiplier[i] = (int32_t)(random_below(8)   ? (1u << 30) + random_u32() / 4
                                  : random_below(2) ? (1u << 30)
                                                    : 0);
        shift[i] = random_below(3) ? -(int32_t)random_below(12) : (int32_t)random_below(62) - 31;
    }
    r->multiplier = multiplier;
    r->shift = shift;
}

static void check_requantize(void (*ref)(const octet_requant *),
                             void (*cand)(const octet_requant *), size_t element)
{
    for (int round = 0; round < 4000; round++) {
        size_t m = random_below(4), n = size_at((int)random_below(25)), scales;
        int kind = round % 4, is_signed = (int)random_below(2), range = element == 2 ? 65536 : 256;
        octet_requant r = {.m = m,
                           .n = n,
                           .acc_row = n + random_below(4),
                           .row_step = random_below(2),
                           .scale_row = random_below(2),
                           .scale_col = random_below(2),
                           .divisor = random_below(2) ? 1.0f : 0.037f,
                           .y_row = n + random_below(4)};
        size_t bytes = m && n ? ((m - 1) * r.y_row + n) * element : 0;
        uint8_t *want = guarded(bytes), *got = guarded(bytes);

        r.lo = is_signed ? -range / 2 : 0;
        r.hi = r.lo + range - 1;
        r.zero_point = r.lo + (int32_t)random_below((size_t)range);
        r.acc = random_sums(m && n ? (m - 1) * r.acc_row + n : 0, kind);
        r.row_add = random_below(2) ? random_sums(m + 1, 3) : NULL;
        r.col_add = random_below(2) ? random_sums(n, kind == 2 ? 2 : 3) : NULL;
        if (random_below(2)) {
            r.row_factor = random_sums(m + 1, kind);
            r.col_factor = random_sums(n, 3);
        }
        scales = (m > 0 ? m - 1 : 0) * r.scale_row + (n > 0 ? n - 1 : 0) * r.scale_col + 1;
        r.scale = random_scales(scales, kind);
        set_fixed(&r, scales);
        r.bias = random_below(2) ? random_floats(n, UNIFORM) : NULL;
        r.y = want;
        ref(&r);
        r.y = got;
        cand(&r);
        if (element == sizeof(float) && r.scale != NULL)
            same_floats((float *)(void *)want, (float *)(void *)got, bytes / 4, m);
        else
            same_bytes(want, got, bytes, m);
        release_all();
    }
}

#define CHECK_REQUANTIZE(kernel, element)                                                          \
    static void check_##kernel(const octet_kernels *ref, const octet_kernels *cand)                \
    {                                                                                              \
        check_requantize(ref->kernel, cand->kernel, element);                                      \
    }

CHECK_REQUANTIZE(requantize_s32, 4)
CHECK_REQUANTIZE(requantize_f32, 4)
CHECK_REQUANTIZE(requantize_nearest, 1)
CHECK_REQUANTIZE(requantize_away, 1)
CHECK_REQUANTIZE(requantize_fixed, 1)
CHECK_REQUANTIZE(requantize_nearest_16, 2)
CHECK_REQUANTIZE(requantize_away_16, 2)
CHECK_REQUANTIZE(requantize_fixed_16, 2)

/* ---- all of them */

static void check_table(const octet_kernels *ref, const octet_kernels *cand, int index)
{
    char label[128];

    current = label;
#define K(name, ret, params)                                                                       \
    snprintf(label, sizeof(label), "%s at level %s, table %d", #name, level_names[cand->isa],      \
             index);                                                                               \
    state = seed;                                                                                  \
    if (cand->name != ref->name)                                                                   \
        check_##name(ref, cand);
#include "int8.def"
#undef K
}

int main(int argc, char **argv)
{
    const octet_kernels *ref = octet_kernels_get(OCTET_ISA_REF), *cand;
    int tables = 0;

    if (argc > 1)
        seed = strtoull(argv[1], NULL, 10);
    for (int isa = OCTET_ISA_REF + 1; isa <= OCTET_ISA_NEON; isa++)
        for (int i = 0; (cand = octet_kernels_variant((octet_isa)isa, i)) != NULL; i++) {
            check_table(ref, cand, i);
            tables++;
        }
    printf("%d tables above the reference, %d differences\n", tables, failures);
    return failures != 0;
}
