/* reshape.c: Reshape
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

#include <string.h>

/* ---- inference: the size that stands for -1 */

/* A product of sizes: a number and named factors; open when an unnamed unknown is among them. */
typedef struct factors {
    int64_t number;
    const char *symbol[OCTET_MAX_RANK];
    int32_t n;
    bool open;
} factors;

static void factors_add(factors *f, octet_dim d)
{
    if (d.size < 0 && d.symbol != NULL)
        f->symbol[f->n++] = d.symbol;
    else if (d.size < 0 || !octet_mul_i64(f->number, d.size, &f->number))
        f->open = true;
}

static bool factors_cancel(factors *f, const char *symbol)
{
    for (int32_t i = 0; i < f->n; i++)
        if (strcmp(f->symbol[i], symbol) == 0) {
            f->symbol[i] = f->symbol[--f->n];
            return true;
        }
    return false;
}

/* all / rest as one dimension, if that is a number or one symbol. */
static octet_dim quotient(factors *all, const factors *rest)
{
    if (all->open || rest->open || rest->number <= 0 || all->number % rest->number != 0)
        return octet_dim_unknown();
    for (int32_t i = 0; i < rest->n; i++)
        if (!factors_cancel(all, rest->symbol[i]))
            return octet_dim_unknown();
    if (all->n == 0)
        return octet_dim_known(all->number / rest->number);
    if (all->n == 1 && all->number == rest->number)
        return (octet_dim){.size = -1, .symbol = all->symbol[0]};
    return octet_dim_unknown();
}

/* An axis copied by 0 cancels itself, known or not. */
static void complete(const octet_type *t, const octet_sym *target, octet_dim *dims, int32_t rank,
                     int32_t hole, bool allow_zero)
{
    factors all = {.number = 1}, rest = {.number = 1};

    for (int32_t i = 0; i < t->rank; i++)
        if (allow_zero || i >= rank || target[i].size != 0)
            factors_add(&all, t->dims[i]);
    for (int32_t i = 0; i < rank; i++)
        if (i != hole && (allow_zero || target[i].size != 0))
            factors_add(&rest, dims[i]);
    dims[hole] = quotient(&all, &rest);
}

static octet_status infer_dims(octet_infer *in, const octet_sym *target, octet_dim *dims,
                               int32_t rank)
{
    const octet_type *t = octet_infer_shape(in, 0);
    bool allow_zero = octet_node_int(in->node, "allowzero", 0) != 0;
    int32_t hole = -1;

    for (int32_t i = 0; i < rank; i++) {
        dims[i] = octet_dim_from_sym(target[i]);
        if (target[i].size == -1 && hole >= 0)
            return octet_infer_fail(in, "shape has more than one -1");
        if (target[i].size == -1)
            hole = i;
        else if (target[i].size == 0 && !allow_zero)
            dims[i] = t != NULL && i < t->rank ? t->dims[i] : octet_dim_unknown();
    }
    if (hole >= 0 && t != NULL)
        complete(t, target, dims, rank, hole, allow_zero);
    return OCTET_OK;
}

static octet_status infer_elements(octet_infer *in)
{
    uint32_t count;
    const octet_sym *value = octet_infer_value(in, 0, &count);

    if (value != NULL)
        octet_infer_set_value(in, 0, value, count);
    return OCTET_OK;
}

static octet_status infer(octet_infer *in)
{
    uint32_t count;
    const octet_sym *target = octet_infer_value(in, 1, &count);
    const octet_type *shape = octet_infer_shape(in, 1);
    octet_dtype dtype = octet_infer_dtype(in, 0);
    int64_t rank = target != NULL                      ? count
                   : shape != NULL && shape->rank == 1 ? shape->dims[0].size
                                                       : -1;
    octet_dim *dims;

    octet_infer_set(in, 0, dtype, -1, NULL);
    if (rank < 0 || rank > OCTET_MAX_RANK)
        return OCTET_OK;
    dims = octet_infer_new_dims(in, (int32_t)rank);
    OCTET_TRY_ALLOC(in->diag, dims);
    if (target != NULL)
        OCTET_TRY(infer_dims(in, target, dims, (int32_t)rank));
    octet_infer_set(in, 0, dtype, (int32_t)rank, dims);
    return infer_elements(in);
}

/* ---- evaluation */

static octet_status resolve(octet_eval *e, int64_t *dims, int32_t rank)
{
    const octet_tensor *x = e->in[0];
    bool allow_zero = octet_node_int(e->node, "allowzero", 0) != 0;
    int32_t hole = -1;
    int64_t rest = 1, count = octet_tensor_count(x);

    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] == 0 && !allow_zero && i < x->rank)
            dims[i] = x->dims[i];
        if (dims[i] < -1 || (dims[i] == -1 && hole >= 0))
            return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "shape is not valid");
        if (dims[i] == -1)
            hole = i;
        else if (!octet_mul_i64(rest, dims[i], &rest))
            return octet_fail(e->diag, OCTET_ERR_DATA, "the output is too large");
    }
    if (hole >= 0) {
        if (rest == 0 ? count != 0 : count % rest != 0)
            return octet_fail(e->diag, OCTET_ERR_DATA, "%lld elements do not fit the shape",
                              (long long)count);
        dims[hole] = rest == 0 ? 0 : count / rest;
    } else if (rest != count) {
        return octet_fail(e->diag, OCTET_ERR_DATA, "%lld elements do not fit a shape of %lld",
                          (long long)count, (long long)rest);
    }
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    int64_t *dims;
    uint32_t rank;

    OCTET_TRY(octet_eval_require(e, 2));
    OCTET_TRY(octet_eval_ints(e, 1, &dims, &rank));
    if (rank > OCTET_MAX_RANK)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "rank %u is not supported", rank);
    OCTET_TRY(resolve(e, dims, (int32_t)rank));
    return octet_eval_output_view(e, 0, 0, (int32_t)rank, dims);
}

const octet_op octet_op_reshape = {
    .domain = "",
    .name = "Reshape",
    .since = 13,
    .in = {{.name = "data", .role = OCTET_ROLE_DATA}, {.name = "shape", .role = OCTET_ROLE_SHAPE}},
    .out = {{.name = "reshaped", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_SHARED},
    .native_half = true,
    .infer = infer,
    .eval = eval,
};
