/* einsum.c: Einsum
 * SPDX-License-Identifier: Apache-2.0
 *
 * One loop over all labels, the output's outside. Float sums run in double, in the order of the
 * labels' first appearance, and are rounded once: the result does not depend on how they are
 * computed.
 */
#include "ops/common.h"

#include <string.h>

#define MAX_OPERANDS 16
#define LETTERS 52
#define LABELS                                                                                     \
    (LETTERS + OCTET_MAX_RANK) /* then the axes of the ellipsis, from the last one back */
#define MAX_STEPS ((int64_t)1 << 42)

/* The labels of the axes of one operand or of the output. */
typedef struct term {
    int32_t label[OCTET_MAX_RANK];
    int32_t rank;
} term;

typedef struct equation {
    term in[MAX_OPERANDS], out;
    uint32_t n_in;
    int32_t ellipsis; /* axes the ellipsis stands for */
} equation;

/* ---- reading the equation */

static int32_t label_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    return c >= 'a' && c <= 'z' ? 26 + c - 'a' : -1;
}

static bool add_label(term *t, int32_t label)
{
    if (t->rank == OCTET_MAX_RANK)
        return false;
    t->label[t->rank++] = label;
    return true;
}

/* Reads letters and one ellipsis of `ellipsis` axes up to a comma, an arrow or the end. */
static bool read_term(const char **at, int32_t ellipsis, term *t)
{
    bool seen = false;

    t->rank = 0;
    for (; **at != '\0' && **at != ',' && **at != '-'; ++*at) {
        if (**at == ' ')
            continue;
        if (strncmp(*at, "...", 3) == 0 && !seen) {
            seen = true;
            *at += 2;
            for (int32_t i = ellipsis - 1; i >= 0; i--)
                if (!add_label(t, LETTERS + i))
                    return false;
        } else if (label_of(**at) < 0 || !add_label(t, label_of(**at))) {
            return false;
        }
    }
    return true;
}

/* Axes that the ellipsis of a term stands for, given the operand's rank; -1: no ellipsis, or it
 * does not fit. */
static int32_t ellipsis_axes(const char *at, int32_t rank)
{
    int32_t letters = 0;
    bool seen = false;

    for (; *at != '\0' && *at != ',' && *at != '-'; at++) {
        letters += label_of(*at) >= 0;
        seen = seen || *at == '.';
    }
    return seen && rank >= letters ? rank - letters : -1;
}

/* Without an arrow: the ellipsis, then every letter that occurs once, in alphabetical order. */
static bool implied_output(equation *q)
{
    int32_t times[LABELS] = {0};

    for (uint32_t k = 0; k < q->n_in; k++)
        for (int32_t i = 0; i < q->in[k].rank; i++)
            times[q->in[k].label[i]]++;
    q->out.rank = 0;
    for (int32_t i = q->ellipsis - 1; i >= 0; i--)
        if (!add_label(&q->out, LETTERS + i))
            return false;
    for (int32_t label = 0; label < LETTERS; label++) /* labels are in alphabetical order */
        if (times[label] == 1 && !add_label(&q->out, label))
            return false;
    return true;
}

static bool has_label(const term *t, int32_t label)
{
    for (int32_t i = 0; i < t->rank; i++)
        if (t->label[i] == label)
            return true;
    return false;
}

static bool explicit_output(const char *at, equation *q)
{
    if (!read_term(&at, q->ellipsis, &q->out) || *at != '\0')
        return false;
    for (int32_t i = 0; i < q->out.rank; i++) {
        bool found = false;

        for (uint32_t k = 0; k < q->n_in && !found; k++)
            found = has_label(&q->in[k], q->out.label[i]);
        for (int32_t j = 0; j < i; j++)
            found = found && q->out.label[j] != q->out.label[i];
        if (!found)
            return false;
    }
    return true;
}

static bool read_operands(const char **at, const int32_t *ranks, equation *q)
{
    const char *scan = *at;

    for (uint32_t k = 0; k < q->n_in; k++) {
        int32_t axes = ellipsis_axes(scan, ranks[k]);

        q->ellipsis = axes > q->ellipsis ? axes : q->ellipsis;
        scan += strcspn(scan, ",-");
        scan += *scan == ',';
    }
    for (uint32_t k = 0; k < q->n_in; k++) {
        int32_t axes = ellipsis_axes(*at, ranks[k]);

        if (!read_term(at, axes < 0 ? 0 : axes, &q->in[k]) || q->in[k].rank != ranks[k])
            return false;
        if (k + 1 < q->n_in && *(*at)++ != ',')
            return false;
    }
    return true;
}

static octet_status read_equation(const octet_node *n, const int32_t *ranks, uint32_t n_in,
                                  equation *q, octet_diag *diag)
{
    const char *text = octet_node_string(n, "equation", ""), *at = text;
    bool ok;

    if (n_in > MAX_OPERANDS)
        return octet_fail(diag, OCTET_ERR_UNSUPPORTED, "more than %d operands", MAX_OPERANDS);
    memset(q, 0, sizeof *q);
    q->n_in = n_in;
    ok = read_operands(&at, ranks, q);
    if (ok && *at == '\0')
        ok = implied_output(q);
    else
        ok = ok && at[0] == '-' && at[1] == '>' && explicit_output(at + 2, q);
    if (!ok)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "equation '%s' does not suit the inputs",
                          text);
    return OCTET_OK;
}

/* ---- inference */

static octet_status infer(octet_infer *in)
{
    octet_dim size[LABELS], *dims;
    int32_t ranks[MAX_OPERANDS];
    equation q;

    octet_infer_set(in, 0, octet_infer_dtype(in, 0), -1, NULL);
    for (uint32_t k = 0; k < in->n_in; k++) {
        if (k >= MAX_OPERANDS || octet_infer_shape(in, k) == NULL)
            return OCTET_OK;
        ranks[k] = in->in[k]->rank;
    }
    OCTET_TRY(read_equation(in->node, ranks, in->n_in, &q, in->diag));
    for (int32_t i = 0; i < LABELS; i++)
        size[i] = octet_dim_known(1);
    for (uint32_t k = 0; k < q.n_in; k++)
        for (int32_t i = 0; i < q.in[k].rank; i++) {
            octet_dim *d = &size[q.in[k].label[i]];

            if (!octet_dim_broadcast(*d, in->in[k]->dims[i], d))
                return octet_infer_fail(in, "axis %d of input %u has another size than before",
                                        (int)i, k);
        }
    dims = octet_infer_new_dims(in, q.out.rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    for (int32_t i = 0; i < q.out.rank; i++)
        dims[i] = size[q.out.label[i]];
    octet_infer_set(in, 0, octet_infer_dtype(in, 0), q.out.rank, dims);
    return OCTET_OK;
}

/* ---- evaluation */

/* The loops: the output's labels first, then those that are summed over. */
typedef struct nest {
    int64_t n[LABELS], stride[MAX_OPERANDS][LABELS]; /* strides in elements */
    int32_t depth, outer;
    int64_t inner; /* steps of the sum */
} nest;

static octet_status label_sizes(octet_eval *e, const equation *q, int64_t size[LABELS])
{
    for (int32_t i = 0; i < LABELS; i++)
        size[i] = 1;
    for (uint32_t k = 0; k < q->n_in; k++)
        for (int32_t i = 0; i < q->in[k].rank; i++) {
            int64_t d = e->in[k]->dims[i], *s = &size[q->in[k].label[i]];

            if (d != *s && d != 1 && *s != 1)
                return octet_fail(e->diag, OCTET_ERR_DATA,
                                  "axis %d of input %u has size %lld instead of %lld", (int)i, k,
                                  (long long)d, (long long)*s);
            *s = d == 1 ? *s : d;
        }
    return OCTET_OK;
}

static void add_loop(nest *t, octet_eval *e, const equation *q, int32_t label, int64_t size)
{
    int64_t own[OCTET_MAX_RANK];

    t->n[t->depth] = size;
    for (uint32_t k = 0; k < q->n_in; k++) {
        t->stride[k][t->depth] = 0;
        octet_strides(e->in[k]->rank, e->in[k]->dims, 1, own);
        for (int32_t i = 0; i < q->in[k].rank; i++) /* a repeated label walks the diagonal */
            if (q->in[k].label[i] == label && e->in[k]->dims[i] != 1)
                t->stride[k][t->depth] += own[i];
    }
    t->depth++;
}

static octet_status build_nest(octet_eval *e, const equation *q, const int64_t size[LABELS],
                               nest *t)
{
    bool used[LABELS] = {false};
    int64_t steps = 1;

    t->depth = 0;
    for (int32_t i = 0; i < q->out.rank; i++) {
        add_loop(t, e, q, q->out.label[i], size[q->out.label[i]]);
        used[q->out.label[i]] = true;
    }
    t->outer = t->depth;
    t->inner = 1;
    for (uint32_t k = 0; k < q->n_in; k++)
        for (int32_t i = 0; i < q->in[k].rank; i++) {
            int32_t label = q->in[k].label[i];

            if (used[label])
                continue;
            used[label] = true;
            add_loop(t, e, q, label, size[label]);
            if (!octet_mul_i64(t->inner, size[label], &t->inner))
                t->inner = INT64_MAX;
        }
    for (int32_t i = 0; i < t->depth; i++)
        if (t->n[i] == 0)
            steps = 0;
    for (int32_t i = 0; i < t->depth; i++)
        if (!octet_mul_i64(steps, t->n[i], &steps) || steps > MAX_STEPS)
            return octet_fail(e->diag, OCTET_ERR_DATA, "the sum has too many terms");
    return OCTET_OK;
}

/* Moves on in loops [from, to); offsets follow. */
static void step(const nest *t, uint32_t n_in, int32_t from, int32_t to, int64_t *index,
                 int64_t *offset)
{
    for (int32_t i = to - 1; i >= from; i--) {
        bool wrap = ++index[i] == t->n[i];

        for (uint32_t k = 0; k < n_in; k++)
            offset[k] += t->stride[k][i] * (wrap ? 1 - t->n[i] : 1);
        if (!wrap)
            return;
        index[i] = 0;
    }
}

#define SUM(name, type)                                                                            \
    static void name(const nest *t, uint32_t n_in, const void *const *data, type *out, int64_t n)  \
    {                                                                                              \
        int64_t index[LABELS] = {0}, offset[MAX_OPERANDS] = {0};                                   \
        for (int64_t o = 0; o < n; o++) {                                                          \
            type sum = 0;                                                                          \
            for (int64_t s = 0; s < t->inner; s++) {                                               \
                type product = ((const type *)data[0])[offset[0]];                                 \
                for (uint32_t k = 1; k < n_in; k++)                                                \
                    product *= ((const type *)data[k])[offset[k]];                                 \
                sum += product;                                                                    \
                step(t, n_in, t->outer, t->depth, index, offset);                                  \
            }                                                                                      \
            out[o] = sum;                                                                          \
            step(t, n_in, 0, t->outer, index, offset);                                             \
        }                                                                                          \
    }

SUM(sum_f64, double)
SUM(sum_u64, uint64_t)

/* Every input as double, or as 64-bit integers that wrap. */
static octet_status widen(octet_eval *e, octet_dtype wide, const void **data)
{
    for (uint32_t k = 0; k < e->n_in; k++) {
        int64_t n = octet_tensor_count(e->in[k]);
        void *copy = octet_eval_scratch(e, ((size_t)n + 1) * 8);

        OCTET_TRY_ALLOC(e->diag, copy);
        if (e->in[k]->dtype != e->in[0]->dtype ||
            !octet_convert(wide, copy, e->in[k]->dtype, e->in[k]->data, 0, n))
            return octet_fail(e->diag, OCTET_ERR_DATA, "input %u has another type than input 0", k);
        data[k] = copy;
    }
    return OCTET_OK;
}

static octet_status sum_all(octet_eval *e, const nest *t)
{
    octet_tensor *y = &e->out[0];
    bool is_float = octet_dtype_get(y->dtype)->kind == OCTET_KIND_FLOAT;
    octet_dtype wide = is_float ? OCTET_DTYPE_FLOAT64 : OCTET_DTYPE_INT64;
    const void *data[MAX_OPERANDS];
    int64_t n = octet_tensor_count(y);
    void *sums = octet_eval_scratch(e, ((size_t)n + 1) * 8);

    OCTET_TRY_ALLOC(e->diag, sums);
    OCTET_TRY(widen(e, wide, data));
    if (is_float)
        sum_f64(t, e->n_in, data, sums, n);
    else
        sum_u64(t, e->n_in, data, sums, n);
    if (!octet_convert(y->dtype, y->data, wide, sums, 0, n))
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "type %s is not supported",
                          octet_dtype_get(y->dtype)->name);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    int64_t size[LABELS], dims[OCTET_MAX_RANK];
    int32_t ranks[MAX_OPERANDS] = {0};
    equation q;
    nest t;

    if (e->n_in == 0)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "there are no inputs");
    OCTET_TRY(octet_eval_require(e, e->n_in));
    for (uint32_t k = 0; k < e->n_in && k < MAX_OPERANDS; k++)
        ranks[k] = e->in[k]->rank;
    OCTET_TRY(read_equation(e->node, ranks, e->n_in, &q, e->diag));
    OCTET_TRY(label_sizes(e, &q, size));
    OCTET_TRY(build_nest(e, &q, size, &t));
    for (int32_t i = 0; i < q.out.rank; i++)
        dims[i] = size[q.out.label[i]];
    OCTET_TRY(octet_eval_output(e, 0, e->in[0]->dtype, q.out.rank, dims));
    return sum_all(e, &t);
}

const octet_op octet_op_einsum = {
    .domain = "",
    .name = "Einsum",
    .since = 13,
    .in = {{.name = "Inputs", .role = OCTET_ROLE_DATA, .variadic = true}},
    .out = {{.name = "Output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
