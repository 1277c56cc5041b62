/* cast.c: Cast, CastLike, BitCast
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

#include <string.h>

static octet_dtype wanted_type(const octet_node *n)
{
    int64_t to = octet_node_int(n, "to", 0);

    return to > 0 && to < OCTET_DTYPE_COUNT ? (octet_dtype)to : OCTET_DTYPE_UNDEFINED;
}

/* Known elements survive a cast between integer types that hold them. */
static octet_status infer_elements(octet_infer *in, octet_dtype to)
{
    uint32_t count;
    const octet_sym *value = octet_infer_value(in, 0, &count);
    const octet_dtype_traits *traits = octet_dtype_get(to);
    octet_sym *out;

    if (value == NULL || (traits->kind != OCTET_KIND_SIGNED && traits->kind != OCTET_KIND_UNSIGNED))
        return OCTET_OK;
    out = OCTET_ARENA_ARRAY(in->arena, octet_sym, (size_t)count + 1);
    OCTET_TRY_ALLOC(in->diag, out);
    for (uint32_t i = 0; i < count; i++) {
        bool limited = traits->min != 0 || traits->max != 0;

        out[i] = value[i];
        if (octet_sym_is_number(out[i]) && limited &&
            (out[i].size < traits->min || out[i].size > traits->max))
            out[i] = octet_sym_unknown();
    }
    octet_infer_set_value(in, 0, out, count);
    return OCTET_OK;
}

static octet_status infer_to(octet_infer *in, octet_dtype to)
{
    const octet_type *t = octet_infer_shape(in, 0);

    octet_infer_set(in, 0, to, t == NULL ? -1 : t->rank, t == NULL ? NULL : t->dims);
    return infer_elements(in, to);
}

static octet_status infer_cast(octet_infer *in)
{
    return infer_to(in, wanted_type(in->node));
}

static octet_status infer_cast_like(octet_infer *in)
{
    return infer_to(in, octet_infer_dtype(in, 1));
}

static octet_status infer_bit_cast(octet_infer *in)
{
    const octet_type *t = octet_infer_shape(in, 0);

    octet_infer_set(in, 0, wanted_type(in->node), t == NULL ? -1 : t->rank,
                    t == NULL ? NULL : t->dims);
    return OCTET_OK;
}

static bool is_float8(octet_dtype t)
{
    return (t >= OCTET_DTYPE_FLOAT8E4M3FN && t <= OCTET_DTYPE_FLOAT8E5M2FNUZ) ||
           t == OCTET_DTYPE_FLOAT8E8M0;
}

/* octet_convert saturates, and rounds up to float8e8m0, as the attributes' defaults say. */
static octet_status check_mode(octet_eval *e, octet_dtype to)
{
    if (is_float8(to) && octet_node_int(e->node, "saturate", 1) == 0)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "saturate = 0 is not supported");
    if (to == OCTET_DTYPE_FLOAT8E8M0 &&
        strcmp(octet_node_string(e->node, "round_mode", "up"), "up") != 0)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "round_mode is not supported");
    return OCTET_OK;
}

static octet_status eval_to(octet_eval *e, octet_dtype to)
{
    const octet_tensor *x = e->in[0];

    OCTET_TRY(check_mode(e, to));
    OCTET_TRY(octet_eval_output(e, 0, to, x->rank, x->dims));
    if (!octet_convert(to, e->out[0].data, x->dtype, x->data, 0, octet_tensor_count(x)))
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "no conversion from %s to %s",
                          octet_dtype_get(x->dtype)->name, octet_dtype_get(to)->name);
    return OCTET_OK;
}

static octet_status eval_cast(octet_eval *e)
{
    octet_dtype to = wanted_type(e->node);

    OCTET_TRY(octet_eval_require(e, 1));
    if (octet_dtype_get(to)->bits == 0)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "casting to type %lld is not supported",
                          (long long)octet_node_int(e->node, "to", 0));
    return eval_to(e, to);
}

static octet_status eval_cast_like(octet_eval *e)
{
    OCTET_TRY(octet_eval_require(e, 2));
    return eval_to(e, e->in[1]->dtype);
}

static octet_status eval_bit_cast(octet_eval *e)
{
    octet_dtype to = wanted_type(e->node);

    OCTET_TRY(octet_eval_require(e, 1));
    if (octet_dtype_get(to)->bits == 0 ||
        octet_dtype_get(to)->bits != octet_dtype_get(e->in[0]->dtype)->bits)
        return octet_fail(e->diag, OCTET_ERR_INVALID_MODEL, "the two types differ in size");
    OCTET_TRY(octet_eval_output(e, 0, to, e->in[0]->rank, e->in[0]->dims));
    if (e->in[0]->bytes > 0)
        memcpy(e->out[0].data, e->in[0]->data, e->in[0]->bytes);
    return OCTET_OK;
}

const octet_op octet_op_cast = {
    .domain = "",
    .name = "Cast",
    .since = 13,
    .in = {{.name = "input", .role = OCTET_ROLE_DATA}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .native_half = true,
    .infer = infer_cast,
    .eval = eval_cast,
};

const octet_op octet_op_cast_like = {
    .domain = "",
    .name = "CastLike",
    .since = 15,
    .in = {{.name = "input", .role = OCTET_ROLE_DATA},
           {.name = "target_type", .role = OCTET_ROLE_PARAM}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .native_half = true,
    .infer = infer_cast_like,
    .eval = eval_cast_like,
};

const octet_op octet_op_bit_cast = {
    .domain = "",
    .name = "BitCast",
    .since = 26,
    .in = {{.name = "input", .role = OCTET_ROLE_PARAM}},
    .out = {{.name = "output", .role = OCTET_ROLE_PARAM}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .native_half = true,
    .infer = infer_bit_cast,
    .eval = eval_bit_cast,
};
