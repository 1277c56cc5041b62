/* matmul_common.c: what the matrix products share
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/matmul_common.h"

#include "base/parallel.h"

#include <math.h>
#include <string.h>

/* ---- float32 */

/* From this many rows of A on, packing B is repaid by reading it in order. */
#define PACK_ROWS 24

typedef struct product {
    const octet_kernels *k;
    octet_gemm_block g;
    size_t columns; /* of one task */
    const octet_finish *finish;
} product;

static void product_body(void *arg, size_t index, int worker)
{
    const product *p = arg;
    octet_gemm_block g = p->g;
    size_t from = index * p->columns;

    g.n = g.n - from < p->columns ? g.n - from : p->columns;
    g.b += from / OCTET_GEMM_NR * g.b_panel;
    g.c += from;
    g.bias = g.bias != NULL ? g.bias + from : NULL;
    if (p->finish != NULL && p->finish->worker != NULL)
        g.out = p->finish->worker[worker];
    octet_gemm_f32(p->k, &g);
}

/* Scratch for `count` floats, once. */
static octet_status need_floats(octet_eval *e, size_t count, float **panels)
{
    size_t bytes;

    if (*panels != NULL)
        return OCTET_OK;
    if (count != SIZE_MAX && octet_mul_size(count, sizeof(float), &bytes))
        *panels = octet_eval_scratch(e, bytes);
    OCTET_TRY_ALLOC(e->diag, *panels);
    return OCTET_OK;
}

/* B as panels or, where it is dense and few rows use it, as it is. */
static octet_status bring_b(octet_eval *e, octet_matrix b, const float *packed, float **panels,
                            octet_gemm_block *g)
{
    g->b_panel = g->k * OCTET_GEMM_NR;
    g->b_row = OCTET_GEMM_NR;
    g->b = packed;
    if (packed != NULL)
        return OCTET_OK;
    if (b.col == 1 && g->m < PACK_ROWS) {
        g->b = b.data;
        g->b_panel = OCTET_GEMM_NR;
        g->b_row = b.row;
        return OCTET_OK;
    }
    OCTET_TRY(need_floats(e, octet_gemm_b_size(g->k, g->n), panels));
    e->k->gemm_pack_b_f32(g->k, g->n, b.data, b.row, b.col, *panels);
    g->b = *panels;
    return OCTET_OK;
}

/* A as panels, or a single row as it is. */
static octet_status bring_a(octet_eval *e, octet_matrix a, float **panels, octet_gemm_block *g)
{
    g->a_panel = g->k * OCTET_GEMM_MR;
    g->a_row = OCTET_GEMM_MR;
    if (g->m == 1) {
        g->a = a.data;
        g->a_row = a.col;
        return OCTET_OK;
    }
    OCTET_TRY(need_floats(e, octet_gemm_a_size(g->m, g->k), panels));
    e->k->gemm_pack_a_f32(g->m, g->k, a.data, a.row, a.col, *panels);
    g->a = *panels;
    return OCTET_OK;
}

octet_status octet_matmul_f32(octet_eval *e, octet_matmul_panels *panels,
                              const octet_matmul_job *job)
{
    size_t n = job->n;
    product p = {.k = e->k,
                 .finish = job->finish,
                 .g = {.m = job->m,
                       .n = n,
                       .k = job->k,
                       .c = job->c,
                       .c_row = n,
                       .first = 1,
                       .bias = job->bias}};
    int threads = e->threads > 1 ? e->threads : 1;

    if (job->m == 0 || n == 0)
        return OCTET_OK;
    OCTET_TRY(bring_a(e, job->a, &panels->a, &p.g));
    OCTET_TRY(bring_b(e, job->b, job->b_packed, &panels->b, &p.g));
    p.columns = (n / (size_t)threads / OCTET_GEMM_NR + 1) * OCTET_GEMM_NR;
    octet_parallel_for((n + p.columns - 1) / p.columns, threads, product_body, &p);
    return OCTET_OK;
}

octet_status octet_matmul_pack(const octet_kernels *kernels, octet_arena *arena,
                               const octet_tensor *b, size_t count, size_t k, size_t n, size_t row,
                               size_t col, const void **state, octet_diag *diag)
{
    size_t one = octet_gemm_b_size(k, n), bytes;
    float *packed;

    if (one == SIZE_MAX || !octet_mul_size(one, count, &bytes) ||
        !octet_mul_size(bytes, sizeof(float), &bytes))
        return octet_fail_nomem(diag);
    packed = octet_arena_alloc_aligned(arena, bytes);
    OCTET_TRY_ALLOC(diag, packed);
    for (size_t i = 0; i < count; i++)
        kernels->gemm_pack_b_f32(k, n, (const float *)b->data + i * k * n, row, col,
                                 packed + i * one);
    *state = packed;
    return OCTET_OK;
}

/* ---- other types: plain loops */

static octet_status converted(octet_eval *e, const octet_tensor *t, octet_dtype to,
                              const void **out)
{
    int64_t count = octet_tensor_count(t);
    size_t bytes;
    void *copy = octet_dtype_bytes(to, count, &bytes) ? octet_eval_scratch(e, bytes) : NULL;

    OCTET_TRY_ALLOC(e->diag, copy);
    if (!octet_convert(to, copy, t->dtype, t->data, 0, count))
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "type %s is not supported",
                          octet_dtype_get(t->dtype)->name);
    *out = copy;
    return OCTET_OK;
}

octet_status octet_eval_doubles(octet_eval *e, const octet_tensor *t, const double **out)
{
    const void *copy;

    OCTET_TRY(converted(e, t, OCTET_DTYPE_FLOAT64, &copy));
    *out = copy;
    return OCTET_OK;
}

octet_status octet_eval_integers(octet_eval *e, const octet_tensor *t, const int64_t **out)
{
    const void *copy;

    OCTET_TRY(converted(e, t, OCTET_DTYPE_INT64, &copy));
    *out = copy;
    return OCTET_OK;
}

void octet_matmul_f64(size_t m, size_t n, size_t k, octet_matrix a, octet_matrix b, double *c)
{
    const double *pa = a.data, *pb = b.data;

    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = 0;

            for (size_t r = 0; r < k; r++)
                sum = fma(pa[i * a.row + r * a.col], pb[r * b.row + j * b.col], sum);
            c[i * n + j] = sum;
        }
}

/* Unsigned arithmetic: sums wrap. */
void octet_matmul_i64(size_t m, size_t n, size_t k, octet_matrix a, octet_matrix b, int64_t *c)
{
    const uint64_t *pa = a.data, *pb = b.data;

    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            uint64_t sum = 0;

            for (size_t r = 0; r < k; r++)
                sum += pa[i * a.row + r * a.col] * pb[r * b.row + j * b.col];
            c[i * n + j] = (int64_t)sum;
        }
}

/* ---- shapes */

/* Batch dims of an operand aligned to `rank` dims and their steps, 0 where stretched. */
static void batch_steps(const octet_tensor *t, int32_t rank, int64_t *step)
{
    int32_t own = t->rank > 2 ? t->rank - 2 : 0;
    int64_t stride = 1;

    for (int32_t i = rank - 1; i >= 0; i--) {
        int32_t from = i - (rank - own);

        step[i] = from >= 0 && t->dims[from] != 1 ? stride : 0;
        if (from >= 0)
            stride *= t->dims[from];
    }
}

static octet_status check_inner(octet_eval *e, const octet_tensor *a, const octet_tensor *b,
                                octet_matmul_shape *s)
{
    int64_t b_rows;

    if (a->rank < 1 || b->rank < 1)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "an operand is a scalar");
    s->m = a->rank > 1 ? a->dims[a->rank - 2] : 1;
    s->k = a->dims[a->rank - 1];
    b_rows = b->dims[b->rank > 1 ? b->rank - 2 : 0];
    s->n = b->rank > 1 ? b->dims[b->rank - 1] : 1;
    if (s->k != b_rows)
        return octet_fail(e->diag, OCTET_ERR_DATA, "A has %lld columns but B has %lld rows",
                          (long long)s->k, (long long)b_rows);
    return OCTET_OK;
}

octet_status octet_matmul_resolve(octet_eval *e, const octet_tensor *a, const octet_tensor *b,
                                  octet_matmul_shape *out)
{
    octet_matmul_shape *s = out;

    OCTET_TRY(check_inner(e, a, b, s));
    if (!octet_shape_broadcast(a->rank > 2 ? a->rank - 2 : 0, a->dims,
                               b->rank > 2 ? b->rank - 2 : 0, b->dims, &s->batch_rank, s->batch))
        return octet_fail(e->diag, OCTET_ERR_DATA, "the leading dims of A and B do not broadcast");
    batch_steps(a, s->batch_rank, s->a_step);
    batch_steps(b, s->batch_rank, s->b_step);
    s->batches = octet_dims_product(s->batch, 0, s->batch_rank);
    s->rank = s->batch_rank;
    memcpy(s->dims, s->batch, (size_t)s->rank * sizeof(*s->dims));
    if (a->rank > 1)
        s->dims[s->rank++] = s->m;
    if (b->rank > 1)
        s->dims[s->rank++] = s->n;
    return OCTET_OK;
}

void octet_matmul_batch(const octet_matmul_shape *s, int64_t i, int64_t *a, int64_t *b)
{
    *a = *b = 0;
    for (int32_t d = s->batch_rank - 1; d >= 0; d--) {
        *a += i % s->batch[d] * s->a_step[d];
        *b += i % s->batch[d] * s->b_step[d];
        i /= s->batch[d];
    }
}

static octet_status infer_batch(octet_infer *in, const octet_type *a, const octet_type *b,
                                octet_dim *dims, int32_t rank)
{
    for (int32_t i = 0; i < rank; i++) {
        int32_t ia = i - (rank - (a->rank - 2)), ib = i - (rank - (b->rank - 2));
        octet_dim da = a->rank > 2 && ia >= 0 ? a->dims[ia] : octet_dim_known(1);
        octet_dim db = b->rank > 2 && ib >= 0 ? b->dims[ib] : octet_dim_known(1);

        if (!octet_dim_broadcast(da, db, &dims[i]))
            return octet_infer_fail(in, "the leading dims of A and B do not broadcast");
    }
    return OCTET_OK;
}

octet_status octet_matmul_infer(octet_infer *in, uint32_t ia, uint32_t ib, octet_dtype dtype)
{
    const octet_type *a = octet_infer_shape(in, ia), *b = octet_infer_shape(in, ib);
    int32_t batch, rank;
    int64_t ka, kb;
    octet_dim *dims;

    octet_infer_set(in, 0, dtype, -1, NULL);
    if (a == NULL || b == NULL)
        return OCTET_OK;
    if (a->rank < 1 || b->rank < 1)
        return octet_infer_fail(in, "an operand is a scalar");
    ka = a->dims[a->rank - 1].size;
    kb = b->dims[b->rank > 1 ? b->rank - 2 : 0].size;
    if (ka >= 0 && kb >= 0 && ka != kb)
        return octet_infer_fail(in, "A has %lld columns but B has %lld rows", (long long)ka,
                                (long long)kb);
    batch = a->rank > b->rank ? a->rank - 2 : b->rank - 2;
    rank = batch = batch > 0 ? batch : 0;
    dims = octet_infer_new_dims(in, batch + 2);
    OCTET_TRY_ALLOC(in->diag, dims);
    OCTET_TRY(infer_batch(in, a, b, dims, batch));
    if (a->rank > 1)
        dims[rank++] = a->dims[a->rank - 2];
    if (b->rank > 1)
        dims[rank++] = b->dims[b->rank - 1];
    octet_infer_set(in, 0, dtype, rank, dims);
    return OCTET_OK;
}

int octet_matmul_weight_axis(const octet_node *node, int weight_rank)
{
    (void)node;
    return weight_rank - 1;
}

int octet_gemm_weight_axis(const octet_node *node, int weight_rank)
{
    (void)weight_rank;
    return octet_node_int(node, "transB", 0) != 0 ? 0 : 1;
}
