/* saturate.c: how much of a tensor's range its readers can tell apart
 * SPDX-License-Identifier: Apache-2.0
 *
 * The output of a convolution before a SiLU or HardSwish often reaches far below zero, where the
 * activation is flat: steps spent there are lost to the values that matter. A HardSwish is exactly
 * 0 below -3; x * sigmoid(x) comes within any tolerance of 0.
 */
#include "engine/saturate.h"

#include "engine/walk.h"

#include <math.h>

static const octet_node *reader(const octet_graph *g, const octet_value *v, uint32_t i)
{
    return v->uses[i].kind == OCTET_USE_INPUT ? octet_graph_node(g, v->uses[i].node) : NULL;
}

static octet_saturation exact(float lo, float hi)
{
    return (octet_saturation){OCTET_SATURATION_EXACT, lo, hi, OCTET_NO_VALUE};
}

static octet_saturation hard_sigmoid(const octet_node *node, bool both_sides)
{
    float alpha = octet_node_float(node, "alpha", 0.2F);
    float beta = octet_node_float(node, "beta", 0.5F);
    if (!(alpha > 0.0F) || !(beta > 0.0F) || !(beta < 1.0F))
        return (octet_saturation){0};
    return exact(-beta / alpha, both_sides ? (1.0F - beta) / alpha : INFINITY);
}

static octet_saturation single_reader(const octet_node *node)
{
    if (octet_node_is(node, "Relu"))
        return exact(0.0F, INFINITY);
    if (octet_node_is(node, "HardSwish"))
        return exact(-3.0F, INFINITY);
    if (octet_node_is(node, "HardSigmoid"))
        return hard_sigmoid(node, true);
    if (octet_node_is(node, "Sigmoid"))
        return (octet_saturation){.kind = OCTET_SATURATION_SIGMOID};
    return (octet_saturation){0};
}

/* gate = f(x), product = x * gate, and nobody else reads either. */
static octet_saturation gated(const octet_graph *g, const octet_value *x, const octet_node *gate,
                              const octet_node *product)
{
    const octet_value *y = octet_node_output(g, gate, 0);
    if (!octet_node_is(product, "Mul") || product->n_inputs != 2 || y == NULL || y->n_uses != 1)
        return (octet_saturation){0};
    if (!(product->inputs[0] == x->id && product->inputs[1] == y->id) &&
        !(product->inputs[1] == x->id && product->inputs[0] == y->id))
        return (octet_saturation){0};
    if (octet_node_is(gate, "HardSigmoid"))
        return hard_sigmoid(gate, false);
    if (octet_node_is(gate, "Sigmoid"))
        return (octet_saturation){.kind = OCTET_SATURATION_SILU, .product = product->outputs[0]};
    return (octet_saturation){0};
}

octet_saturation octet_saturation_of(const octet_graph *g, octet_value_id value)
{
    const octet_value *v = octet_graph_value(g, value);
    const octet_node *a = v->n_uses > 0 ? reader(g, v, 0) : NULL;
    const octet_node *b = v->n_uses > 1 ? reader(g, v, 1) : NULL;

    if (v->n_uses == 1 && a != NULL)
        return single_reader(a);
    if (v->n_uses != 2 || a == NULL || b == NULL)
        return (octet_saturation){0};
    octet_saturation s = gated(g, v, a, b);
    return s.kind != OCTET_SATURATION_NONE ? s : gated(g, v, b, a);
}

float octet_silu_floor(float tolerance)
{
    /* m / (1 + e^m) falls for m > 1.28: bisection on [1.3, 40] to 2^-10. */
    double lo = 1.3, hi = 40.0;
    while (hi - lo > 1.0 / 1024.0) {
        double m = (lo + hi) / 2.0;
        if (m / (1.0 + exp(m)) <= (double)tolerance)
            hi = m;
        else
            lo = m;
    }
    return (float)(ceil(hi * 1024.0) / 1024.0);
}
