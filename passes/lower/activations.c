/* activations.c: Relu and Clip go where a QuantizeLinear behind them clamps anyway
 * SPDX-License-Identifier: Apache-2.0
 *
 *     q = Q(Relu(x))  ->  q = Q(x)         zero point: the lowest integer
 *     q = Q(Clip(x, lo, hi))  ->  q = Q(x)     lo and hi are no closer than the type's bounds
 */
#include "lower/lower.h"

#include <float.h>
#include <math.h>

static bool bound(const octet_graph *g, const octet_node *n, uint32_t input, double absent,
                  double *out)
{
    octet_value_id v = octet_node_input_id(n, input);

    *out = absent;
    return v == OCTET_NO_VALUE || octet_const_scalar(g, v, out);
}

static bool clamps_anyway(const octet_graph *g, const octet_node *n, const octet_node *q)
{
    const octet_dtype_traits *t = octet_dtype_get(octet_q_dtype(g, q));
    int32_t zero_point;
    double lo, hi;
    float scale;

    if (!octet_q_params(g, q, &scale, &zero_point, NULL) || t->bits == 0 || t->bits > 16)
        return false;
    if (octet_node_is(n, "Relu"))
        return (double)zero_point == (double)t->min;
    return bound(g, n, 1, (double)-FLT_MAX, &lo) && bound(g, n, 2, (double)FLT_MAX, &hi) &&
           rint(lo / (double)scale) + zero_point <= (double)t->min &&
           rint(hi / (double)scale) + zero_point >= (double)t->max;
}

static octet_status visit(octet_graph *g, octet_node *n, octet_pass_ctx *ctx)
{
    const octet_node *q;

    if (!octet_node_is(n, "Relu") && !octet_node_is(n, "Clip"))
        return OCTET_OK;
    q = octet_only_q(g, n, 0);
    if (q == NULL || !clamps_anyway(g, n, q))
        return OCTET_OK;
    return octet_pass_bypass(g, n, n->inputs[0], ctx);
}

octet_status octet_lower_activations(octet_graph *g, octet_pass_ctx *ctx)
{
    octet_node *n;

    OCTET_FOR_EACH_NODE(g, n)
    OCTET_TRY(visit(g, n, ctx));
    return OCTET_OK;
}
