/* q8_conv.c: convolutions of tensors of 8 bits, or of 16 with weights of 8
 * SPDX-License-Identifier: Apache-2.0
 *
 * A group with several output channels is a product of its weights with panels of gathered input
 * bytes; channels that stand alone are summed row by row. The reduction goes tap by tap, each tap
 * over the group's input channels, in quads: that is the order in which pairs saturate where they
 * do. A tile of sums is finished while it is hot. With 16 bits a quad holds two elements.
 */
#include "base/parallel.h"
#include "ops/conv_image.h"
#include "ops/q8.h"

#include <string.h>

#define MR ((size_t)OCTET_GEMM_MR)
#define NR ((size_t)OCTET_GEMM_NR)
#define MAX_PANELS 4
#define BY_ROWS 2 /* output channels */
/* Bytes of gathered panels that stay in the second-level cache. */
#define PANEL_BYTES ((size_t)128 << 10)

/* Constant weights, group after group: panels, or rows of 4 * quads for groups summed by rows. */
typedef struct weights {
    const uint8_t *data;
    const int32_t *sums; /* of each output channel, without zero points */
    bool by_rows, wide;
} weights;

typedef struct sizes {
    size_t groups, channels, m; /* of a group: input and output channels */
    size_t taps, k, quads;
    bool by_rows, wide;
    size_t size, per;   /* bytes of an element, elements in a quad */
    size_t group_bytes; /* of packed weights */
} sizes;

static size_t div_up(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

static bool product(const int64_t *dims, int32_t n, size_t *out)
{
    *out = 1;
    for (int32_t i = 0; i < n; i++)
        if (!octet_mul_size(*out, (size_t)dims[i], out))
            return false;
    return true;
}

/* Sizes; groups of one input channel and up to `rows` output channels are summed by rows. */
static bool read_sizes(const octet_conv_shape *s, size_t channels, size_t rows, bool wide,
                       sizes *out)
{
    size_t all;

    out->groups = (size_t)s->group;
    out->channels = channels;
    out->m = (size_t)(s->out_channels / s->group);
    if (!product(s->kernel, s->rank, &out->taps) ||
        !octet_mul_size(out->taps, out->channels, &out->k))
        return false;
    out->wide = wide;
    out->size = octet_q8_size(wide);
    out->per = 4 / out->size;
    out->quads = div_up(out->k, out->per);
    out->by_rows = out->channels == 1 && out->m <= rows;
    return octet_mul_size(out->quads, 4 * (out->by_rows ? out->m : div_up(out->m, MR) * MR),
                          &out->group_bytes) &&
           octet_mul_size(out->group_bytes, out->groups, &all) && all <= INT64_MAX / 16;
}

/* ---- weights */

/* Bytes from the first element of a packed row to element r. */
static size_t element_at(const sizes *z, size_t r)
{
    return r / z->per * (z->by_rows ? 4 : 4 * MR) + r % z->per * z->size;
}

/* Row `i` of a group's weights (channels x taps) as quads in the order of the reduction. */
static void pack_row(const sizes *z, const uint8_t *w, uint16_t flip, size_t i, uint8_t *group,
                     int32_t *sum)
{
    uint8_t *to =
        z->by_rows ? group + i * 4 * z->quads : group + i / MR * MR * 4 * z->quads + i % MR * 4;
    uint32_t total = 0;

    for (size_t r = 0; r < z->per * z->quads; r++) {
        size_t at = r % z->channels * z->taps + r / z->channels;
        int8_t v = r < z->k ? (int8_t)(w[at] ^ flip) : 0;

        octet_q8_put(to + element_at(z, r), z->wide, v);
        total += (uint32_t)v;
    }
    *sum = (int32_t)total;
}

static void pack(const sizes *z, const uint8_t *w, uint16_t flip, uint8_t *data, int32_t *sums)
{
    memset(data, 0, z->groups * z->group_bytes); /* rows beyond m are read */
    for (size_t g = 0; g < z->groups; g++)
        for (size_t i = 0; i < z->m; i++)
            pack_row(z, w + (g * z->m + i) * z->k, flip, i, data + g * z->group_bytes,
                     &sums[g * z->m + i]);
}

octet_status octet_q8_conv_prepare(const octet_node *node, const octet_tensor *w, bool wide,
                                   octet_arena *arena, const void **state, octet_diag *diag)
{
    octet_conv_shape s;
    weights *out;
    uint8_t *data;
    int32_t *sums;
    uint16_t flip;
    sizes z;

    if (w == NULL || !octet_q8_weight_flip(w->dtype, &flip) || octet_tensor_count(w) == 0 ||
        octet_conv_read(node, w->rank, w->dims, &s, NULL) != OCTET_OK ||
        s.out_channels % s.group != 0)
        return OCTET_OK; /* eval says what is wrong */
    if (!read_sizes(&s, (size_t)w->dims[1], BY_ROWS, wide, &z))
        return octet_fail_nomem(diag);
    out = OCTET_ARENA_NEW(arena, weights);
    data = octet_arena_alloc_aligned(arena, z.groups * z.group_bytes);
    sums = OCTET_ARENA_ARRAY(arena, int32_t, z.groups * z.m);
    OCTET_TRY_ALLOC(diag, out);
    OCTET_TRY_ALLOC(diag, data);
    OCTET_TRY_ALLOC(diag, sums);
    pack(&z, w->data, flip, data, sums);
    *out = (weights){.data = data, .sums = sums, .by_rows = z.by_rows, .wide = wide};
    *state = out;
    return OCTET_OK;
}

/* ---- the job */

typedef struct job {
    const octet_kernels *k;
    const octet_q8_conv *c;
    void (*gemm)(const octet_gemm_q8 *g), (*exact)(const octet_gemm_q8 *g);
    sizes z;
    weights w;
    octet_requant r; /* of one image, corrections included */
    /* the padded image; a negative pad crops */
    int64_t padded[OCTET_MAX_SPATIAL], step[OCTET_MAX_SPATIAL];
    size_t in_plane, plane, positions;
    bool direct; /* nothing is padded */
    int64_t *offset;
    const uint8_t *ones; /* a line of weights that sums the inputs; NULL: not needed */
    size_t tile;         /* positions at once */
    size_t pitch;        /* of a sheet; 0: row by row */
    uint8_t *image, *panels, *sheets;
    size_t image_bytes, panel_bytes, sheet_bytes; /* per worker */
    const uint8_t *x;                             /* of the one group whose tiles are shared out */
} job;

/* Offsets of the reduction's elements; those beyond k have weight 0 and may be any. */
static void fill_offsets(job *j, const int64_t *strides)
{
    const octet_conv_shape *s = &j->c->s;
    int64_t tap[OCTET_MAX_SPATIAL] = {0};
    size_t r = 0;

    do {
        int64_t at = 0;

        for (int32_t i = 0; i < s->rank; i++)
            at += tap[i] * s->dilation[i] * strides[i];
        for (size_t c = 0; c < j->z.channels; c++)
            j->offset[r++] = at + (int64_t)(c * j->plane);
    } while (octet_image_advance(s->rank, s->kernel, tap));
    for (; r < j->z.per * j->z.quads; r++)
        j->offset[r] = 0;
}

/* Positions that the row kernels sum at once. */
#define STRETCH 64

/* Rows of narrow outputs are summed as one long row that runs on through what lies between them;
 * what it yields there is left out. Elements from row to row of such a sheet, 0: not worth it. */
static size_t sheet_pitch(const job *j)
{
    const octet_conv_shape *s = &j->c->s;
    size_t width = (size_t)s->out[s->rank - 1], rows, pitch;

    if (s->rank < 2 || j->step[s->rank - 2] % j->step[s->rank - 1] != 0)
        return 0;
    rows = (size_t)s->out[s->rank - 2];
    pitch = (size_t)(j->step[s->rank - 2] / j->step[s->rank - 1]);
    if (pitch < width ||
        div_up((rows - 1) * pitch + width, STRETCH) > rows * div_up(width, STRETCH))
        return 0;
    return pitch;
}

static size_t sheet_length(const job *j)
{
    const octet_conv_shape *s = &j->c->s;

    if (j->pitch == 0)
        return (size_t)s->out[s->rank - 1];
    return (size_t)(s->out[s->rank - 2] - 1) * j->pitch + (size_t)s->out[s->rank - 1];
}

static octet_status layout(octet_eval *e, job *j)
{
    const octet_conv_shape *s = &j->c->s;
    uint64_t limit = e->g->model->ctx->limits.max_tensor_bytes;
    int64_t strides[OCTET_MAX_SPATIAL];
    size_t bytes;

    j->direct = true;
    for (int32_t i = 0; i < s->rank; i++) {
        j->padded[i] = s->in[i] + s->pad_begin[i] + s->pad_end[i];
        j->direct = j->direct && s->pad_begin[i] == 0 && s->pad_end[i] == 0;
    }
    if (!product(s->in, s->rank, &j->in_plane) || !product(j->padded, s->rank, &j->plane) ||
        !product(s->out, s->rank, &j->positions) ||
        !octet_mul_size(j->plane, j->z.channels, &bytes) ||
        !octet_mul_size(bytes, j->z.size, &bytes) || bytes > INT64_MAX / 16 ||
        (limit != 0 && bytes > limit))
        return octet_fail(e->diag, OCTET_ERR_DATA, "the padded input is too large");
    octet_image_strides(s->rank, j->padded, strides);
    for (int32_t i = 0; i < s->rank; i++)
        j->step[i] = strides[i] * s->stride[i];
    if (!octet_mul_size(j->z.per * j->z.quads, sizeof(*j->offset), &bytes))
        return octet_fail_nomem(e->diag);
    j->offset = octet_eval_scratch(e, bytes + 1);
    OCTET_TRY_ALLOC(e->diag, j->offset);
    if (j->z.channels > 0)
        fill_offsets(j, strides);
    return OCTET_OK;
}

/* sum of (x - zx)(w - zw) = sum of xw - zx (sum of w - k zw) - zw sum of x, plus the bias */
static octet_status correct(octet_eval *e, job *j)
{
    const octet_q8_conv *c = j->c;
    size_t m = j->z.groups * j->z.m;
    int32_t *rows = octet_eval_scratch(e, 2 * (m + 1) * sizeof(*rows)), *minus = rows + m;
    uint32_t zx = (uint32_t)c->x.zero[0];
    bool moved = false;
    uint8_t *ones;

    OCTET_TRY_ALLOC(e->diag, rows);
    for (size_t i = 0; i < m; i++) {
        uint32_t zw = (uint32_t)c->w.zero[i * c->w.zero_step];
        uint32_t w = (uint32_t)j->w.sums[i] - (uint32_t)j->z.k * zw;

        rows[i] = (int32_t)((c->bias != NULL ? (uint32_t)c->bias[i] : 0) - zx * w);
        minus[i] = (int32_t)(0u - zw);
        moved = moved || zw != 0;
    }
    j->r.row_add = rows;
    j->r.row_factor = moved ? minus : NULL;
    if (!moved)
        return OCTET_OK;
    ones = octet_eval_scratch(e, 4 * MR * j->z.quads + 1);
    OCTET_TRY_ALLOC(e->diag, ones);
    memset(ones, 0, 4 * MR * j->z.quads);
    for (size_t r = 0; r < j->z.k; r++)
        octet_q8_put(ones + element_at(&j->z, r), j->z.wide, 1);
    j->ones = ones;
    return OCTET_OK;
}

/* ---- padding */

static void fill_with_zero_point(const job *j, uint8_t *padded)
{
    uint16_t zero = (uint16_t)(j->c->x.zero[0] ^ j->c->x.flip), *words = (void *)padded;

    if (!j->z.wide)
        memset(padded, zero & 0xff, j->plane);
    for (size_t i = 0; j->z.wide && i < j->plane; i++)
        words[i] = zero;
}

/* One channel's padded image; what lies around the input is the zero point. */
static void pad_channel(const job *j, const uint8_t *x, uint8_t *padded)
{
    const octet_conv_shape *s = &j->c->s;

    fill_with_zero_point(j, padded);
    octet_image_copy(s->rank, s->in, s->pad_begin, j->padded, j->z.size, x, padded);
}

static const uint8_t *pad_group(const job *j, const uint8_t *x, uint8_t *buffer)
{
    if (j->direct)
        return x;
    for (size_t c = 0; c < j->z.channels; c++)
        pad_channel(j, x + c * j->in_plane * j->z.size, buffer + c * j->plane * j->z.size);
    return buffer;
}

/* ---- one group of one image */

/* Element offset of output position p. */
static int64_t position(const job *j, size_t p)
{
    return octet_image_position(j->c->s.rank, j->c->s.out, j->step, p);
}

/* Positions [p, p + n) as runs along the last axis; neighbours that continue each other are joined.
 */
static size_t find_runs(const job *j, size_t p, size_t n, octet_run *runs)
{
    int32_t last_axis = j->c->s.rank - 1;
    size_t width = (size_t)j->c->s.out[last_axis], count = 0;

    while (n > 0) {
        size_t length = width - p % width < n ? width - p % width : n;
        int64_t start = position(j, p);
        octet_run *last = count > 0 ? &runs[count - 1] : NULL;

        if (last != NULL && last->start + (int64_t)last->length * j->step[last_axis] == start)
            last->length += length;
        else
            runs[count++] = (octet_run){.start = start, .length = length};
        p += length;
        n -= length;
    }
    return count;
}

/* The requantization of channels [channel, channel + m) of an image at y, from position p on. */
static octet_requant finish_of(const job *j, size_t channel, size_t p, uint8_t *y)
{
    octet_requant r = j->r;
    size_t s = channel * r.scale_row;

    r.row_add += channel;
    r.row_factor = r.row_factor != NULL ? r.row_factor + channel : NULL;
    r.scale = r.scale != NULL ? r.scale + s : NULL;
    r.multiplier = r.multiplier != NULL ? r.multiplier + s : NULL;
    r.shift = r.shift != NULL ? r.shift + s : NULL;
    r.y = y + (channel * j->positions + p) * j->c->finish.element;
    return r;
}

static void gather(const job *j, size_t n_runs, const octet_run *runs, const void *x, void *panel)
{
    size_t quads = j->z.quads, step = (size_t)j->step[j->c->s.rank - 1];
    uint16_t flip = j->c->x.flip;

    if (j->z.wide)
        j->k->im2col_s16(quads, j->offset, n_runs, runs, step, x, flip, panel);
    else
        j->k->im2col_q8(quads, j->offset, n_runs, runs, step, x, (uint8_t)flip, panel);
}

static void sum_row(const job *j, size_t n, const void *x, const void *w, int32_t *sums)
{
    size_t quads = j->z.quads, step = (size_t)j->step[j->c->s.rank - 1];
    uint16_t flip = j->c->x.flip;

    if (j->z.wide)
        j->k->conv_row_s16(n, quads, j->offset, x, step, flip, w, sums);
    else
        j->k->conv_row_q8(n, quads, j->offset, x, step, (uint8_t)flip, w, sums);
}

static void run_tile(const job *j, const uint8_t *x, size_t group, uint8_t *y, size_t index,
                     uint8_t *panels)
{
    const sizes *z = &j->z;
    size_t p = index * j->tile, n = j->positions - p < j->tile ? j->positions - p : j->tile;
    size_t panel = 4 * NR * z->quads;
    int32_t tile[MR * MAX_PANELS * NR], sums[MAX_PANELS * NR];
    octet_gemm_q8 g = {.m = 1,
                       .n = n,
                       .quads = z->quads,
                       .a = j->ones,
                       .a_panel = 4 * MR * z->quads,
                       .b = panels,
                       .b_panel = panel,
                       .c = sums,
                       .c_row = MAX_PANELS * NR};

    for (size_t i = 0; i * NR < n; i++) {
        octet_run runs[NR];
        size_t count = find_runs(j, p + i * NR, n - i * NR < NR ? n - i * NR : NR, runs);

        gather(j, count, runs, x, panels + i * panel);
    }
    if (j->ones != NULL)
        j->exact(&g);
    g.c = tile;
    for (size_t i0 = 0; i0 < z->m; i0 += MR) {
        octet_requant r = finish_of(j, group * z->m + i0, p, y);

        g.m = z->m - i0 < MR ? z->m - i0 : MR;
        g.a = j->w.data + group * z->group_bytes + i0 * 4 * z->quads;
        j->gemm(&g);
        r.m = g.m;
        r.n = n;
        r.acc = tile;
        r.acc_row = g.c_row;
        r.col_factor = sums;
        j->c->finish.run(&r);
    }
}

/* One output channel, whose positions from p on are `count` rows of the output. */
static void run_sheet(const job *j, const uint8_t *x, size_t channel, size_t p, size_t count,
                      uint8_t *y, int32_t *sheet)
{
    size_t width = (size_t)j->c->s.out[j->c->s.rank - 1], length = sheet_length(j);
    octet_requant r = finish_of(j, channel, p, y);

    sum_row(j, length, x, j->w.data + channel * 4 * j->z.quads, sheet);
    if (j->ones != NULL)
        sum_row(j, length, x, j->ones, sheet + length);
    r.m = count;
    r.n = width;
    r.acc = sheet;
    r.acc_row = j->pitch;
    r.y_row = width;
    r.row_step = r.scale_row = 0;
    if (r.row_factor == NULL) {
        j->c->finish.run(&r);
        return;
    }
    r.m = 1;
    for (size_t i = 0; i < count; i++) { /* the sums of the inputs differ from row to row */
        r.acc = sheet + i * j->pitch;
        r.col_factor = sheet + length + i * j->pitch;
        j->c->finish.run(&r);
        r.y = (uint8_t *)r.y + width * j->c->finish.element;
    }
}

static void run_rows(const job *j, const uint8_t *x, size_t group, uint8_t *y, int32_t *sheet)
{
    const octet_conv_shape *s = &j->c->s;
    size_t rows = j->pitch > 0 ? (size_t)s->out[s->rank - 2] : 1;
    size_t stretch = rows * (size_t)s->out[s->rank - 1];

    for (size_t p = 0; p < j->positions; p += stretch)
        for (size_t i = 0; i < j->z.m; i++)
            run_sheet(j, x + (size_t)position(j, p) * j->z.size, group * j->z.m + i, p, rows, y,
                      sheet);
}

static size_t tile_count(const job *j)
{
    return div_up(j->positions, j->tile);
}

static uint8_t *share(uint8_t *blocks, int worker, size_t bytes)
{
    return blocks != NULL ? blocks + (size_t)worker * bytes : NULL;
}

static void group_body(void *arg, size_t index, int worker)
{
    const job *j = arg;
    size_t group = index % j->z.groups, image = index / j->z.groups;
    const uint8_t *x = j->c->x.data + index * j->z.channels * j->in_plane * j->z.size;
    uint8_t *y =
        (uint8_t *)j->c->y + image * j->z.groups * j->z.m * j->positions * j->c->finish.element;

    x = pad_group(j, x, share(j->image, worker, j->image_bytes));
    if (j->z.by_rows) {
        run_rows(j, x, group, y, (int32_t *)(void *)share(j->sheets, worker, j->sheet_bytes));
        return;
    }
    for (size_t t = 0; t < tile_count(j); t++)
        run_tile(j, x, group, y, t, share(j->panels, worker, j->panel_bytes));
}

static void tile_body(void *arg, size_t index, int worker)
{
    const job *j = arg;

    run_tile(j, j->x, 0, j->c->y, index, share(j->panels, worker, j->panel_bytes));
}

/* `bytes` for each worker, in whole cache lines. */
static octet_status per_worker(octet_eval *e, size_t bytes, size_t workers, uint8_t **out,
                               size_t *each)
{
    size_t all;

    *each = (bytes + 63) / 64 * 64;
    *out = octet_mul_size(*each, workers, &all) ? octet_eval_scratch(e, all + 1) : NULL;
    OCTET_TRY_ALLOC(e->diag, *out);
    return OCTET_OK;
}

static octet_status make_scratch(octet_eval *e, job *j, size_t workers)
{
    size_t panel = 4 * NR * j->z.quads, panels;

    if (!j->direct)
        OCTET_TRY(per_worker(e, j->z.channels * j->plane * j->z.size, workers, &j->image,
                             &j->image_bytes));
    if (j->z.by_rows) { /* a sheet is no longer than the padded plane */
        j->pitch = sheet_pitch(j);
        return per_worker(e, 2 * sheet_length(j) * sizeof(int32_t), workers, &j->sheets,
                          &j->sheet_bytes);
    }
    panels = panel > 0 ? PANEL_BYTES / panel : MAX_PANELS;
    panels = panels < 1 ? 1 : panels > MAX_PANELS ? MAX_PANELS : panels;
    j->tile = panels * NR;
    return per_worker(e, panels * panel, workers, &j->panels, &j->panel_bytes);
}

static octet_status bring_weights(octet_eval *e, job *j)
{
    size_t bytes = j->z.groups * j->z.group_bytes;
    const weights *packed = e->state;
    uint8_t *data;
    int32_t *sums;

    if (packed != NULL && packed->by_rows == j->z.by_rows && packed->wide == j->z.wide) {
        j->w = *packed;
        return OCTET_OK;
    }
    data = octet_eval_scratch(e, bytes + 1);
    sums = octet_eval_scratch(e, (j->z.groups * j->z.m + 1) * sizeof(*sums));
    OCTET_TRY_ALLOC(e->diag, data);
    OCTET_TRY_ALLOC(e->diag, sums);
    pack(&j->z, j->c->w.data, j->c->w.flip, data, sums);
    j->w = (weights){.data = data, .sums = sums};
    return OCTET_OK;
}

octet_status octet_q8_conv_run(octet_eval *e, const octet_q8_conv *c)
{
    bool pairs = !c->exact && octet_q8_pairs(e, &c->x, &c->w);
    job j = {
        .k = e->k, .c = c, .exact = c->x.wide ? e->k->gemm_s16 : e->k->gemm_s8u8, .r = c->finish.r};
    size_t channels = (size_t)(c->s.channels / c->s.group), units;
    int threads = e->threads > 1 ? e->threads : 1;

    /* ONNX Runtime sums channels that stand alone exactly, several of a group as a product. */
    j.gemm = pairs ? e->k->gemm_s8u8_pairs : j.exact;
    if (!read_sizes(&c->s, channels, pairs ? 1 : BY_ROWS, c->x.wide, &j.z))
        return octet_fail(e->diag, OCTET_ERR_DATA, "the kernel is too large");
    OCTET_TRY(layout(e, &j));
    units = (size_t)c->s.batch * j.z.groups;
    if (units == 0 || j.z.m == 0 || j.positions == 0)
        return OCTET_OK;
    OCTET_TRY(bring_weights(e, &j));
    OCTET_TRY(correct(e, &j));
    j.r.y_row = j.positions;
    j.r.row_step = 1;
    if (j.z.by_rows && octet_q8_depth_fits(e, c, &j.r))
        return octet_q8_depth_run(e, c, (const int8_t *)j.w.data, j.z.quads, &j.r);
    if (units > 1 && (size_t)threads > units)
        threads = (int)units;
    OCTET_TRY(make_scratch(e, &j, (size_t)threads));
    if (units > 1 || j.z.by_rows) {
        octet_parallel_for(units, threads, group_body, &j);
        return OCTET_OK;
    }
    j.x = pad_group(&j, c->x.data, j.image);
    octet_parallel_for(tile_count(&j), threads, tile_body, &j);
    return OCTET_OK;
}
