/* q8_product.c: matrix products of 8-bit operands, or of 16 bits with 8
 * SPDX-License-Identifier: Apache-2.0
 *
 * Both operands are packed whole along the reduction; a tile of sums is finished while it is hot,
 * so no matrix of int32 exists. Where A has 16 bits, a quad holds two elements.
 */
#include "base/parallel.h"
#include "ops/q8.h"

#include <string.h>

#define MR ((size_t)OCTET_GEMM_MR)
#define NR ((size_t)OCTET_GEMM_NR)
/* A tile of sums (12 x 128) stays in the nearest cache, four panels of B in the second. */
#define TILE_COLUMNS (4 * NR)
#define TASK_ROWS (8 * MR)

static size_t div_up(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

/* ---- packing */

static size_t quads_of(const octet_q8_product *p)
{
    return div_up(p->k, 4 / octet_q8_size(p->a.wide));
}

/* Quads of B's panel handled at once: their offsets are on the stack. */
#define CHUNK 64

/* Panel j of B (k x n): what lies beyond k is 0 whatever the flip. */
static void pack_b_panel(const octet_kernels *kernels, const octet_q8_product *p, size_t j,
                         uint8_t *panel)
{
    int64_t offset[4 * CHUNK];
    octet_run run = {.start = (int64_t)(j * NR * p->b_col),
                     .length = p->n - j * NR < NR ? p->n - j * NR : NR};
    size_t quads = div_up(p->k, 4);

    for (size_t q0 = 0; q0 < quads; q0 += CHUNK) {
        size_t count = quads - q0 < CHUNK ? quads - q0 : CHUNK;

        for (size_t t = 0; t < 4 * count; t++)
            offset[t] = (int64_t)((4 * q0 + t < p->k ? 4 * q0 + t : p->k - 1) * p->b_row);
        kernels->im2col_q8(count, offset, 1, &run, p->b_col, p->b.data, p->b.flip,
                           panel + q0 * 4 * NR);
    }
    for (size_t t = p->k; t < 4 * quads; t++)
        for (size_t c = 0; c < NR; c++)
            panel[((quads - 1) * NR + c) * 4 + t % 4] = 0;
}

/* The same beside an A of 16 bits. */
static void pack_b_wide(const octet_q8_product *p, size_t j, uint8_t *panel)
{
    for (size_t r = 0; r < 2 * quads_of(p); r++)
        for (size_t c = 0; c < NR; c++) {
            bool inside = r < p->k && j * NR + c < p->n;
            size_t at = r * p->b_row + (j * NR + c) * p->b_col;

            octet_q8_put(panel + (r / 2 * NR + c) * 4 + r % 2 * 2, true,
                         inside ? (int8_t)(p->b.data[at] ^ p->b.flip) : 0);
        }
}

static void pack_b(const octet_kernels *kernels, const octet_q8_product *p, uint8_t *panels)
{
    for (size_t j = 0; j < div_up(p->n, NR); j++) {
        uint8_t *panel = panels + j * NR * 4 * quads_of(p);

        if (p->a.wide)
            pack_b_wide(p, j, panel);
        else
            pack_b_panel(kernels, p, j, panel);
    }
}

static void pack_a_row(const octet_q8_product *p, size_t i, uint8_t *to)
{
    size_t size = octet_q8_size(p->a.wide), per = 4 / size, r = 0;
    const uint8_t *a = p->a.data + i * p->a_row * size;
    uint32_t quad, flip = (p->a.wide ? UINT32_C(0x00010001) : UINT32_C(0x01010101)) * p->a.flip;

    for (; p->a_col == 1 && r + per <= p->k; r += per, to += 4 * MR) {
        memcpy(&quad, a + r * size, sizeof(quad));
        quad ^= flip;
        memcpy(to, &quad, sizeof(quad));
    }
    for (; r < p->k; r += per, to += 4 * MR) {
        quad = flip; /* what lies beyond k is 0 */
        for (size_t t = r; t < r + per && t < p->k; t++)
            memcpy((uint8_t *)&quad + (t - r) * size, a + t * p->a_col * size, size);
        quad ^= flip;
        memcpy(to, &quad, sizeof(quad));
    }
}

static void pack_a(const octet_q8_product *p, uint8_t *panels)
{
    size_t quads = quads_of(p);

    for (size_t i = 0; i < p->m; i++)
        pack_a_row(p, i, panels + i / MR * MR * 4 * quads + i % MR * 4);
    for (size_t i = p->m; i % MR != 0; i++) /* rows beyond m are read */
        for (size_t q = 0; q < quads; q++)
            memset(panels + i / MR * MR * 4 * quads + (q * MR + i % MR) * 4, 0, 4);
}

/* Bytes of `count` lines in panels of `width`; false: too many. */
static bool panel_bytes(size_t count, size_t width, size_t quads, size_t *out)
{
    return octet_mul_size(div_up(count, width) * width, quads, out) && octet_mul_size(*out, 4, out);
}

/* ---- sums of lines, for the zero points */

static void column_sums(const octet_q8_product *p, int32_t *sums)
{
    memset(sums, 0, p->n * sizeof(*sums));
    for (size_t r = 0; r < p->k; r++) {
        const uint8_t *b = p->b.data + r * p->b_row;

        for (size_t j = 0; j < p->n; j++)
            sums[j] =
                (int32_t)((uint32_t)sums[j] + (uint32_t)(int8_t)(b[j * p->b_col] ^ p->b.flip));
    }
}

static uint32_t activation_at(const octet_q8_operand *a, size_t index)
{
    uint16_t word;

    if (!a->wide)
        return (uint32_t)(a->data[index] ^ a->flip);
    memcpy(&word, a->data + 2 * index, sizeof(word));
    return (uint32_t)(int16_t)(word ^ a->flip);
}

static void row_sums(const octet_q8_product *p, int32_t *sums)
{
    for (size_t i = 0; i < p->m; i++) {
        uint32_t sum = 0;

        for (size_t r = 0; r < p->k; r++)
            sum += activation_at(&p->a, i * p->a_row + r * p->a_col);
        sums[i] = (int32_t)sum;
    }
}

octet_status octet_q8_product_prepare(const octet_kernels *k, octet_arena *arena,
                                      const octet_tensor *t, bool wide, size_t count, size_t rows,
                                      size_t columns, size_t row, size_t col, const void **state,
                                      octet_diag *diag)
{
    octet_q8_product p = {.n = columns, .k = rows, .a = {.wide = wide}, .b_row = row, .b_col = col};
    octet_q8_packed *packed;
    uint8_t *panels;
    int32_t *sums;
    size_t bytes;

    if (t == NULL || !octet_q8_weight_flip(t->dtype, &p.b.flip) || octet_tensor_count(t) == 0)
        return OCTET_OK;
    packed = OCTET_ARENA_NEW(arena, octet_q8_packed);
    OCTET_TRY_ALLOC(diag, packed);
    if (!panel_bytes(columns, NR, quads_of(&p), &packed->panel_bytes) ||
        !octet_mul_size(packed->panel_bytes, count, &bytes))
        return octet_fail_nomem(diag);
    panels = octet_arena_alloc_aligned(arena, bytes);
    sums = OCTET_ARENA_ARRAY(arena, int32_t, count * columns);
    OCTET_TRY_ALLOC(diag, panels);
    OCTET_TRY_ALLOC(diag, sums);
    for (size_t i = 0; i < count; i++) {
        p.b.data = (const uint8_t *)t->data + i * rows * columns;
        pack_b(k, &p, panels + i * packed->panel_bytes);
        column_sums(&p, sums + i * columns);
    }
    packed->panels = panels;
    packed->sums = sums;
    packed->wide = wide;
    *state = packed;
    return OCTET_OK;
}

/* ---- the product */

typedef struct job {
    const octet_q8_product *p;
    void (*gemm)(const octet_gemm_q8 *g);
    const uint8_t *a, *b;
    octet_requant r;        /* of the whole result, corrections included */
    const int32_t *row_sum; /* times b's zero point taken off one by one; NULL: nothing */
    size_t column_tasks;
} job;

/* Scratch of one product, kept for the next of the same sizes. */
typedef struct buffers {
    uint8_t *a, *b;
    int32_t *columns, *rows, *b_sums;
} buffers;

/* What octet_requant has no room for: both operands with zero points line by line, a matrix added.
 */
static void add_rest(const job *j, size_t i0, size_t j0, size_t m, size_t n, int32_t *tile)
{
    const octet_q8_product *p = j->p;

    for (size_t i = 0; i < m; i++)
        for (size_t c = 0; c < n; c++) {
            uint32_t v = (uint32_t)tile[i * TILE_COLUMNS + c];

            if (p->add != NULL)
                v += (uint32_t)p->add[(i0 + i) * p->add_row + (j0 + c) * p->add_col];
            if (j->row_sum != NULL)
                v -= (uint32_t)j->row_sum[i0 + i] * (uint32_t)p->b.zero[(j0 + c) * p->b.zero_step];
            tile[i * TILE_COLUMNS + c] = (int32_t)v;
        }
}

static const int32_t *from(const int32_t *list, size_t index)
{
    return list != NULL ? list + index : NULL;
}

/* The part of the result at (i0, j0). */
static octet_requant part_of(const octet_requant *r, size_t element, size_t i0, size_t j0)
{
    octet_requant part = *r;
    size_t s = i0 * r->scale_row + j0 * r->scale_col;

    part.row_add = from(r->row_add, i0);
    part.col_add = from(r->col_add, j0);
    part.row_factor = from(r->row_factor, i0);
    part.col_factor = from(r->col_factor, j0);
    part.scale = r->scale != NULL ? r->scale + s : NULL;
    part.multiplier = from(r->multiplier, s);
    part.shift = from(r->shift, s);
    part.bias = r->bias != NULL ? r->bias + j0 : NULL;
    part.y = (uint8_t *)r->y + (i0 * r->y_row + j0) * element;
    return part;
}

static void task(void *arg, size_t index, int worker)
{
    const job *j = arg;
    const octet_q8_product *p = j->p;
    size_t j0 = index % j->column_tasks * TILE_COLUMNS, first = index / j->column_tasks * TASK_ROWS;
    size_t n = p->n - j0 < TILE_COLUMNS ? p->n - j0 : TILE_COLUMNS, quads = quads_of(p);
    size_t end = p->m - first < TASK_ROWS ? p->m : first + TASK_ROWS;
    int32_t tile[MR * TILE_COLUMNS];

    (void)worker;
    for (size_t i0 = first; i0 < end; i0 += MR) {
        octet_gemm_q8 g = {.m = end - i0 < MR ? end - i0 : MR,
                           .n = n,
                           .quads = quads,
                           .a = j->a + i0 * 4 * quads,
                           .a_panel = MR * 4 * quads,
                           .b = j->b + j0 * 4 * quads,
                           .b_panel = NR * 4 * quads,
                           .c = tile,
                           .c_row = TILE_COLUMNS};
        octet_requant r = part_of(&j->r, p->finish.element, i0, j0);

        j->gemm(&g);
        if (p->add != NULL || j->row_sum != NULL)
            add_rest(j, i0, j0, g.m, n, tile);
        r.m = g.m;
        r.n = n;
        r.acc = tile;
        r.acc_row = TILE_COLUMNS;
        p->finish.run(&r);
    }
}

static bool any_zero_point(const octet_q8_operand *o, size_t count)
{
    for (size_t i = 0; i < (o->zero_step ? count : 1); i++)
        if (o->zero[i] != 0)
            return true;
    return false;
}

/* sum of (a - za)(b - zb) = sum of ab - za (sum of b - k zb) - zb sum of a */
static void correct(job *j, const int32_t *b_sums, const buffers *use)
{
    const octet_q8_product *p = j->p;
    bool moved = any_zero_point(&p->b, p->n);
    int32_t *cols = use->columns, *minus = cols + p->n, *rows = use->rows, *sums = rows + p->m;

    for (size_t c = 0; c < p->n; c++) {
        uint32_t zero = (uint32_t)p->b.zero[c * p->b.zero_step];
        uint32_t b = (uint32_t)b_sums[c] - (uint32_t)p->k * zero;

        cols[c] = (int32_t)(p->a.zero_step ? b : 0u - (uint32_t)p->a.zero[0] * b);
        minus[c] = (int32_t)(0u - zero);
    }
    if (moved)
        row_sums(p, sums);
    if (!p->a.zero_step) {
        j->r.col_add = cols;
        j->r.row_factor = moved ? sums : NULL;
        j->r.col_factor = minus;
        return;
    }
    for (size_t i = 0; i < p->m; i++)
        rows[i] = -p->a.zero[i];
    j->r.row_factor = rows;
    j->r.col_factor = cols;
    j->row_sum = moved ? sums : NULL;
}

static bool is_packed(const octet_q8_product *p)
{
    return p->packed != NULL && p->packed->wide == p->a.wide;
}

static octet_status make_buffers(octet_eval *e, const octet_q8_product *p, buffers *use)
{
    size_t a, b = 0;

    if (use->a != NULL)
        return OCTET_OK;
    if (!panel_bytes(p->m, MR, quads_of(p), &a) ||
        (!is_packed(p) && !panel_bytes(p->n, NR, quads_of(p), &b)))
        return octet_fail_nomem(e->diag);
    use->a = octet_eval_scratch(e, a + 1);
    use->b = octet_eval_scratch(e, b + 1);
    use->columns = octet_eval_scratch(e, 2 * p->n * sizeof(int32_t));
    use->rows = octet_eval_scratch(e, 2 * p->m * sizeof(int32_t));
    use->b_sums = octet_eval_scratch(e, p->n * sizeof(int32_t));
    OCTET_TRY_ALLOC(e->diag, use->a);
    OCTET_TRY_ALLOC(e->diag, use->b);
    OCTET_TRY_ALLOC(e->diag, use->columns);
    OCTET_TRY_ALLOC(e->diag, use->rows);
    OCTET_TRY_ALLOC(e->diag, use->b_sums);
    return OCTET_OK;
}

static octet_status run(octet_eval *e, const octet_q8_product *p, buffers *use)
{
    bool pairs = octet_q8_pairs(e, &p->a, &p->b);
    job j = {.p = p,
             .gemm = p->a.wide ? e->k->gemm_s16
                     : pairs   ? e->k->gemm_u8s8_pairs
                               : e->k->gemm_u8s8,
             .r = p->finish.r,
             .column_tasks = div_up(p->n, TILE_COLUMNS)};

    if (p->m == 0 || p->n == 0)
        return OCTET_OK;
    OCTET_TRY(make_buffers(e, p, use));
    j.r.y = p->y;
    j.r.y_row = p->n;
    j.r.row_step = 1;
    j.a = use->a;
    pack_a(p, use->a);
    if (is_packed(p)) {
        j.b = p->packed->panels + p->matrix * p->packed->panel_bytes;
        correct(&j, p->packed->sums + p->matrix * p->n, use);
    } else {
        j.b = use->b;
        pack_b(e->k, p, use->b);
        column_sums(p, use->b_sums);
        correct(&j, use->b_sums, use);
    }
    octet_parallel_for(j.column_tasks * div_up(p->m, TASK_ROWS), e->threads > 1 ? e->threads : 1,
                       task, &j);
    return OCTET_OK;
}

octet_status octet_q8_product_run(octet_eval *e, const octet_q8_product *p)
{
    buffers use = {0};

    return run(e, p, &use);
}

/* ---- MatMul */

octet_status octet_q8_matmul_prepare(const octet_kernels *k, octet_arena *arena,
                                     const octet_tensor *b, bool wide, const void **state,
                                     octet_diag *diag)
{
    size_t rows, columns;

    if (b == NULL || b->rank < 1 || octet_tensor_count(b) == 0)
        return OCTET_OK;
    rows = (size_t)b->dims[b->rank > 1 ? b->rank - 2 : 0];
    columns = b->rank > 1 ? (size_t)b->dims[b->rank - 1] : 1;
    return octet_q8_product_prepare(k, arena, b, wide,
                                    (size_t)octet_tensor_count(b) / rows / columns, rows, columns,
                                    columns, 1, state, diag);
}

octet_status octet_q8_matmul_init(octet_eval *e, const octet_tensor *a, const octet_tensor *b,
                                  const octet_tensor *a_zero, const octet_tensor *b_zero,
                                  octet_q8_matmul *out)
{
    octet_q8_product *p = &out->p;

    *out = (octet_q8_matmul){.p = {.packed = e->state}};
    OCTET_TRY(octet_matmul_resolve(e, a, b, &out->s));
    p->m = (size_t)out->s.m;
    p->n = (size_t)out->s.n;
    p->k = (size_t)out->s.k;
    p->a_row = p->k;
    p->b_row = p->n;
    p->a_col = p->b_col = 1;
    OCTET_TRY(octet_q8_activation(e, a, a_zero, p->m, &p->a));
    return octet_q8_weight(e, b, b_zero, p->n, &p->b);
}

octet_status octet_q8_matmul_run(octet_eval *e, const octet_q8_matmul *mm, size_t first,
                                 size_t count, void *y)
{
    const octet_q8_product *whole = &mm->p;
    octet_q8_product p = *whole;
    buffers use = {0};

    p.m = count;
    if (p.a.zero_step)
        p.a.zero += first;
    for (int64_t i = 0; i < mm->s.batches; i++) {
        int64_t ia, ib;

        octet_matmul_batch(&mm->s, i, &ia, &ib);
        p.a.data = whole->a.data +
                   ((size_t)ia * whole->m + first) * whole->k * octet_q8_size(whole->a.wide);
        p.b.data = whole->b.data + (size_t)ib * whole->k * whole->n;
        p.matrix = (size_t)ib;
        p.y = (uint8_t *)y + ((size_t)i * whole->m + first) * whole->n * p.finish.element;
        OCTET_TRY(run(e, &p, &use));
    }
    return OCTET_OK;
}

octet_status octet_q8_matmul_to_f32(octet_eval *e, octet_q8_matmul *mm, float x_scale,
                                    uint32_t w_scale, uint32_t bias)
{
    octet_q8_scales scales = {.x = x_scale, .alpha = 1.0f, .by_column = true};
    const float *add;

    OCTET_TRY(octet_q8_read_scales(e, w_scale, mm->p.n, &scales.w, &scales.count));
    OCTET_TRY(octet_q8_read_bias(e, bias, mm->p.n, &add));
    OCTET_TRY(octet_q8_finish_f32(e, &scales, add, &mm->p.finish));
    OCTET_TRY(octet_eval_output(e, 0, OCTET_DTYPE_FLOAT32, mm->s.rank, mm->s.dims));
    return octet_q8_matmul_run(e, mm, 0, mm->p.m, e->out[0].data);
}
