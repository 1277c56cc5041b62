/* explain.c: why a node did or did not match, as text
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/annotate.h"

#include <string.h>

static bool pattern_names(const octet_pattern *p, uint32_t element, const char *op_type)
{
    for (uint32_t i = 0; i < p->elements[element].n_ops; i++)
        if (strcmp(p->elements[element].ops[i], op_type) == 0)
            return true;
    return false;
}

/* The node `steps` producers before `node` along its first computed inputs, NO_NODE: there is none.
 */
static octet_node_id walk_back(const octet_graph *g, octet_node_id node, uint32_t steps)
{
    for (; steps > 0 && node != OCTET_NO_NODE; steps--) {
        const octet_node *n = octet_graph_node(g, node);
        node = OCTET_NO_NODE;
        for (uint32_t i = 0; i < n->n_inputs && node == OCTET_NO_NODE; i++)
            if (n->inputs[i] != OCTET_NO_VALUE)
                node = octet_graph_value(g, n->inputs[i])->producer;
    }
    return node;
}

static void explain_attempt(const octet_graph *g, const octet_pattern *p, octet_node_id root,
                            octet_node_id node, octet_text *out)
{
    octet_match match;
    octet_match_failure failure;

    octet_text_add(out, "  pattern '%s'", p->name);
    if (root != node)
        octet_text_add(out, " from node '%s'", octet_graph_node(g, root)->name);
    if (!octet_match_pattern(g, p, root, NULL, &match, &failure)) {
        octet_text_add(out, ": no, element '%s': %s\n", failure.element, failure.text);
        return;
    }
    for (uint32_t i = 0; i < p->n_elements; i++)
        if (match.node[i] == node) {
            octet_text_add(out, ": yes, as element '%s'\n", p->elements[i].as);
            return;
        }
    octet_text_add(out, ": matches without this node\n");
}

static void explain_decision(const octet_annotation *a, const octet_graph *g, octet_node_id node,
                             octet_text *out)
{
    uint32_t index = octet_annotation_notes(a, g)->unit[node];
    if (index == OCTET_NO_SITE) {
        octet_text_add(out, "  stays float: %s\n", octet_annotation_reason(a, g, node));
        return;
    }
    const octet_unit *u = &a->units[index];
    octet_text_add(out, "  belongs to a unit of pattern '%s' with", u->match.pattern->name);
    for (uint32_t i = 0; i < u->match.pattern->n_elements; i++)
        if (u->match.node[i] != OCTET_NO_NODE)
            octet_text_add(out, " %s='%s'", u->match.pattern->elements[i].as,
                           octet_graph_node(g, u->match.node[i])->name);
    if (u->quantized)
        octet_text_add(out, "\n  runs in integers with configuration '%s'\n", u->config->name);
    else
        octet_text_add(out, "\n  stays float: %s\n", u->reason);
}

octet_status octet_explain(const octet_annotation *a, const octet_graph *g, octet_node_id node,
                           octet_text *out, octet_diag *diag)
{
    char label[256];
    const octet_node *n = octet_graph_node(g, node);

    octet_text_add(out, "%s\n", octet_node_label(g, n, label, sizeof label));
    for (uint32_t i = 0; i < a->backend->n_patterns; i++) {
        const octet_pattern *p = &a->backend->patterns[i];
        for (uint32_t e = 0; e < p->n_elements; e++) {
            octet_node_id root =
                pattern_names(p, e, n->op_type) ? walk_back(g, node, e) : OCTET_NO_NODE;
            if (root != OCTET_NO_NODE)
                explain_attempt(g, p, root, node, out);
        }
    }
    explain_decision(a, g, node, out);
    return out->failed ? octet_fail_nomem(diag) : OCTET_OK;
}
