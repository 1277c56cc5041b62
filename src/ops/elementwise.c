/* elementwise.c: operators on two or more tensors with numpy broadcasting
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/elementwise.h"

#include "ops/fused.h"

#include <stdint.h>
#include <string.h>

/* Neighbouring dims in which the same inputs are stretched are one dim here. */
typedef struct walk {
    int32_t rank;
    int64_t dims[OCTET_MAX_RANK];
    size_t a[OCTET_MAX_RANK], b[OCTET_MAX_RANK]; /* strides in elements, 0: stretched */
} walk;

static int64_t dim_of(const octet_tensor *t, int32_t rank, int32_t i)
{
    int32_t at = i - (rank - t->rank);

    return at < 0 ? 1 : t->dims[at];
}

static void walk_init(walk *w, const octet_tensor *a, const octet_tensor *b, int32_t rank,
                      const int64_t *dims)
{
    size_t step_a = 1, step_b = 1;

    w->rank = 0;
    for (int32_t i = 0; i < rank; i++) {
        int32_t last = w->rank - 1;
        size_t in_a = dim_of(a, rank, i) != 1, in_b = dim_of(b, rank, i) != 1;

        if (dims[i] == 1)
            continue;
        if (last >= 0 && w->a[last] == in_a && w->b[last] == in_b) {
            w->dims[last] *= dims[i];
            continue;
        }
        w->dims[w->rank] = dims[i];
        w->a[w->rank] = in_a;
        w->b[w->rank++] = in_b;
    }
    for (int32_t i = w->rank - 1; i >= 0; i--) {
        bool in_a = w->a[i] != 0, in_b = w->b[i] != 0;

        w->a[i] = in_a ? step_a : 0;
        w->b[i] = in_b ? step_b : 0;
        step_a *= in_a ? (size_t)w->dims[i] : 1;
        step_b *= in_b ? (size_t)w->dims[i] : 1;
    }
}

typedef struct operands {
    const char *a, *b;
    char *y;
    size_t in_size, out_size; /* bytes per element */
} operands;

/* finish NULL: nothing follows. */
static void run(const octet_kernels *k, const walk *w, octet_binary_loop loop, const operands *o,
                const octet_finish *finish)
{
    int32_t inner = w->rank - 1;
    size_t n = inner < 0 ? 1 : (size_t)w->dims[inner], at_a = 0, at_b = 0;
    size_t sa = inner >= 0 && w->a[inner] != 0, sb = inner >= 0 && w->b[inner] != 0;
    size_t block = finish == NULL ? SIZE_MAX : OCTET_FINISH_BLOCK, hot = 0, count;
    int64_t index[OCTET_MAX_RANK] = {0};
    char *y = o->y;

    for (;;) {
        int32_t d = inner - 1;

        for (size_t i = 0; i < n; i += count) {
            count = n - i < block - hot ? n - i : block - hot;
            loop(k, count, o->a + (at_a + i * sa) * o->in_size, sa,
                 o->b + (at_b + i * sb) * o->in_size, sb, y);
            y += count * o->out_size;
            hot += count;
            if (hot == block) {
                octet_finish_block(finish, 0, hot, (float *)(void *)y - hot);
                hot = 0;
            }
        }
        for (; d >= 0; d--) {
            at_a += w->a[d];
            at_b += w->b[d];
            if (++index[d] < w->dims[d])
                break;
            at_a -= w->a[d] * (size_t)w->dims[d];
            at_b -= w->b[d] * (size_t)w->dims[d];
            index[d] = 0;
        }
        if (d < 0)
            break;
    }
    if (finish != NULL)
        octet_finish_block(finish, 0, hot, (float *)(void *)y - hot);
}

static octet_status broadcast(octet_eval *e, const octet_tensor *a, const octet_tensor *b,
                              int32_t *rank, int64_t *dims)
{
    octet_text text;
    octet_status status;

    if (octet_shape_broadcast(a->rank, a->dims, b->rank, b->dims, rank, dims))
        return OCTET_OK;
    octet_text_init(&text, NULL);
    octet_tensor_print_type(a, &text);
    octet_text_add(&text, " and ");
    octet_tensor_print_type(b, &text);
    status = octet_fail(e->diag, OCTET_ERR_DATA, "%s do not broadcast",
                        text.data == NULL ? "shapes" : text.data);
    octet_text_deinit(&text);
    return status;
}

static size_t element_size(octet_dtype dtype)
{
    return octet_dtype_get(dtype)->bits / 8;
}

static bool empty(int32_t rank, const int64_t *dims)
{
    for (int32_t i = 0; i < rank; i++)
        if (dims[i] == 0)
            return true;
    return false;
}

static void apply(const octet_kernels *k, octet_binary_loop loop, const octet_tensor *a,
                  const octet_tensor *b, const octet_tensor *y, const octet_finish *finish)
{
    walk w;
    operands o = {.a = a->data, .b = b->data, .y = y->data};

    if (empty(y->rank, y->dims))
        return;
    o.in_size = element_size(a->dtype);
    o.out_size = element_size(y->dtype);
    walk_init(&w, a, b, y->rank, y->dims);
    run(k, &w, loop, &o, finish);
}

octet_status octet_binary_eval_on(octet_eval *e, octet_binary_loop loop, const octet_tensor *a,
                                  const octet_tensor *b, octet_dtype result)
{
    int32_t rank;
    int64_t dims[OCTET_MAX_RANK];
    octet_finish finish;

    OCTET_TRY(broadcast(e, a, b, &rank, dims));
    OCTET_TRY(octet_eval_output(e, 0, result, rank, dims));
    if (result != OCTET_DTYPE_FLOAT32 || e->fused == NULL) {
        apply(e->k, loop, a, b, &e->out[0], NULL);
        return OCTET_OK;
    }
    OCTET_TRY(octet_finish_begin(e, &finish));
    apply(e->k, loop, a, b, &e->out[0], &finish);
    octet_finish_end(e, &finish);
    return OCTET_OK;
}

/* acc = acc f b in scratch. */
static octet_status step(octet_eval *e, octet_binary_loop loop, const octet_tensor *b,
                         octet_tensor *acc)
{
    int32_t rank;
    int64_t dims[OCTET_MAX_RANK];
    octet_tensor y;

    OCTET_TRY(broadcast(e, acc, b, &rank, dims));
    OCTET_TRY(octet_tensor_describe(&y, acc->dtype, rank, dims, e->diag));
    y.data = octet_eval_scratch(e, y.bytes);
    OCTET_TRY_ALLOC(e->diag, y.data);
    apply(e->k, loop, acc, b, &y, NULL);
    *acc = y;
    return OCTET_OK;
}

/* All inputs have the type of input 0, and it has a loop. */
static octet_status check_types(octet_eval *e, const octet_binary_loop *loops)
{
    octet_dtype dtype = e->in[0]->dtype;

    for (uint32_t i = 1; i < e->n_in; i++)
        if (e->in[i]->dtype != dtype)
            return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "input 0 is %s, but input %u is %s",
                              octet_dtype_get(dtype)->name, i,
                              octet_dtype_get(e->in[i]->dtype)->name);
    if ((unsigned)dtype >= OCTET_DTYPE_COUNT || loops[dtype] == NULL)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "element type %s is not supported",
                          octet_dtype_get(dtype)->name);
    return OCTET_OK;
}

octet_status octet_binary_eval(octet_eval *e, const octet_binary_loop *loops, octet_dtype result)
{
    octet_dtype dtype;

    OCTET_TRY(octet_eval_require(e, 2));
    OCTET_TRY(check_types(e, loops));
    dtype = e->in[0]->dtype;
    return octet_binary_eval_on(e, loops[dtype], e->in[0], e->in[1],
                                result == OCTET_DTYPE_UNDEFINED ? dtype : result);
}

octet_status octet_variadic_eval(octet_eval *e, const octet_binary_loop *loops)
{
    octet_tensor acc;

    OCTET_TRY(octet_eval_require(e, e->n_in > 0 ? e->n_in : 1));
    OCTET_TRY(check_types(e, loops));
    acc = *e->in[0];
    if (e->n_in == 1 && e->fused == NULL)
        return octet_eval_output_view(e, 0, 0, acc.rank, acc.dims);
    if (e->n_in == 1) {
        OCTET_TRY(octet_eval_copy(e, 0, &acc));
        return octet_finish_output(e);
    }
    for (uint32_t i = 1; i + 1 < e->n_in; i++)
        OCTET_TRY(step(e, loops[acc.dtype], e->in[i], &acc));
    return octet_binary_eval_on(e, loops[acc.dtype], &acc, e->in[e->n_in - 1], acc.dtype);
}

octet_status octet_infer_compare(octet_infer *in)
{
    OCTET_TRY(octet_infer_shape_value_binary(in));
    in->out[0].dtype = OCTET_DTYPE_BOOL;
    return OCTET_OK;
}

octet_status octet_check_divisor(octet_eval *e)
{
    const octet_tensor *b;
    size_t size;

    OCTET_TRY(octet_eval_require(e, 2));
    b = e->in[1];
    if (octet_dtype_get(b->dtype)->kind == OCTET_KIND_FLOAT)
        return OCTET_OK;
    OCTET_TRY(octet_eval_element(e, b->dtype, &size));
    for (const char *p = b->data, *end = p + b->bytes; p < end; p += size)
        if (memcmp(p, "\0\0\0\0\0\0\0", size) == 0)
            return octet_fail(e->diag, OCTET_ERR_DATA, "integer division by zero");
    return OCTET_OK;
}
