/* light.c: elementwise operators, pooling, Concat and Where between integers
 * SPDX-License-Identifier: Apache-2.0
 *
 *     y = Q(Add(DQ(a), DQ(b)))  ->  y = QLinearAdd(a, …, b, …, y's scale and zero point)
 */
#include "lower/lower.h"

#include <string.h>

typedef struct twin {
    const char *op_type, *integer;
} twin;

static const twin twins[] = {
    {"Add", "QLinearAdd"},
    {"AveragePool", "QLinearAveragePool"},
    {"Concat", "QLinearConcat"},
    {"GlobalAveragePool", "QLinearGlobalAveragePool"},
    {"LeakyRelu", "QLinearLeakyRelu"},
    {"Mul", "QLinearMul"},
    {"Sigmoid", "QLinearSigmoid"},
    {"Softmax", "QLinearSoftmax"},
    {"Where", "QLinearWhere"},
};

static const char *twin_of(const char *op_type)
{
    for (size_t i = 0; i < sizeof twins / sizeof twins[0]; i++)
        if (strcmp(twins[i].op_type, op_type) == 0)
            return twins[i].integer;
    return NULL;
}

static octet_status become(octet_group *group, const octet_inputs *in, octet_verdict *out)
{
    out->became = twin_of(group->node->op_type);
    return octet_group_become(group, out->became, OCTET_MS_DOMAIN, in);
}

/* Every input is a DQ. */
static bool complete(const octet_group *group, octet_verdict *out)
{
    if (group->n_dq != group->n_inputs) {
        out->why = "an input is float";
        return false;
    }
    return octet_group_types(group, out);
}

/* Tensor, scale, zero point for each input, then the output's. */
static octet_status visit_plain(octet_group *group, octet_verdict *out)
{
    octet_inputs in;

    if (!complete(group, out))
        return OCTET_OK;
    OCTET_TRY(octet_inputs_init(&in, group));
    for (uint32_t i = 0; i < group->n_inputs; i++)
        OCTET_TRY(octet_inputs_add_dq(&in, group, group->dq[i]));
    OCTET_TRY(octet_inputs_add_q(&in, group));
    return become(group, &in, out);
}

static octet_status visit_softmax(octet_group *group, octet_verdict *out)
{
    OCTET_TRY(visit_plain(group, out));
    if (out->became == NULL)
        return OCTET_OK;
    return octet_edit_set_int(group->g, group->node->id, "opset", 13, group->ctx->diag);
}

static octet_status visit_concat(octet_group *group, octet_verdict *out)
{
    octet_inputs in;

    if (!complete(group, out))
        return OCTET_OK;
    OCTET_TRY(octet_inputs_init(&in, group));
    OCTET_TRY(octet_inputs_add_q(&in, group));
    for (uint32_t i = 0; i < group->n_inputs; i++)
        OCTET_TRY(octet_inputs_add_dq(&in, group, group->dq[i]));
    return become(group, &in, out);
}

static octet_status visit_where(octet_group *group, octet_verdict *out)
{
    octet_inputs in;

    if (group->dq[1] == NULL || group->dq[2] == NULL) {
        out->why = "an input is float";
        return OCTET_OK;
    }
    if (!octet_group_types(group, out))
        return OCTET_OK;
    OCTET_TRY(octet_inputs_init(&in, group));
    octet_inputs_add(&in, group->node->inputs[0]);
    OCTET_TRY(octet_inputs_add_dq(&in, group, group->dq[1]));
    OCTET_TRY(octet_inputs_add_dq(&in, group, group->dq[2]));
    OCTET_TRY(octet_inputs_add_q(&in, group));
    return become(group, &in, out);
}

const octet_lower_rule octet_lower_light[] = {
    {"Add", visit_plain},       {"AveragePool", visit_plain},
    {"Concat", visit_concat},   {"GlobalAveragePool", visit_plain},
    {"LeakyRelu", visit_plain}, {"Mul", visit_plain},
    {"Sigmoid", visit_plain},   {"Softmax", visit_softmax},
    {"Where", visit_where},     {NULL, NULL},
};
