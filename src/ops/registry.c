/* registry.c: the table of operator descriptors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/op.h"

#include <string.h>

#define OP(file, descriptor) extern const octet_op octet_op_##descriptor;
#include "ops/ops.def"
#undef OP

static const octet_op *const table[] = {
#define OP(file, descriptor) &octet_op_##descriptor,
#include "ops/ops.def"
#undef OP
};

#define TABLE_COUNT (sizeof table / sizeof table[0])

size_t octet_op_count(void)
{
    return TABLE_COUNT;
}

const octet_op *octet_op_at(size_t index)
{
    return index < TABLE_COUNT ? table[index] : NULL;
}

/* The better of `best` and `op` for the wanted operator. */
static const octet_op *better(const octet_op *best, const octet_op *op, const char *domain,
                              const char *name, int64_t version)
{
    if (op->since > version || (best != NULL && best->since >= op->since))
        return best;
    return strcmp(op->name, name) == 0 && strcmp(op->domain, domain) == 0 ? op : best;
}

const octet_op *octet_op_find(const char *domain, const char *name, int64_t version)
{
    const octet_op *best = NULL;

    for (size_t i = 0; i < TABLE_COUNT; i++)
        best = better(best, table[i], domain, name, version);
    return best;
}

/* Descriptors chained by name, so that a model of 10^5 nodes does not walk the table for each. */
typedef struct name_index {
    octet_map first;
    uint32_t next[TABLE_COUNT];
    bool complete; /* false: no memory, fall back to walking */
} name_index;

static void index_init(name_index *index, const octet_allocator *allocator)
{
    octet_map_init(&index->first, allocator);
    index->complete = true;
    for (uint32_t i = 0; i < TABLE_COUNT; i++) {
        index->next[i] = octet_map_get(&index->first, table[i]->name);
        if (!octet_map_set(&index->first, table[i]->name, i))
            index->complete = false;
    }
}

static const octet_op *index_find(const name_index *index, const char *domain, const char *name,
                                  int64_t version)
{
    const octet_op *best = NULL;

    if (!index->complete)
        return octet_op_find(domain, name, version);
    for (uint32_t i = octet_map_get(&index->first, name); i != OCTET_MAP_NONE; i = index->next[i])
        best = better(best, table[i], domain, name, version);
    return best;
}

static void resolve(const name_index *index, octet_graph *g)
{
    for (uint32_t i = 0; i < g->n_nodes; i++) {
        octet_node *n = g->nodes[i];

        if (n->removed)
            continue;
        n->op = index_find(index, n->domain, n->op_type, octet_model_opset(g->model, n->domain));
        for (uint32_t a = 0; a < n->n_attrs; a++) {
            const octet_attr *attr = &n->attrs[a];

            for (uint32_t s = 0; attr->graphs != NULL && s < attr->count; s++)
                resolve(index, attr->graphs[s]);
        }
    }
}

void octet_ops_resolve(octet_graph *g)
{
    name_index index;

    index_init(&index, &g->model->ctx->allocator);
    resolve(&index, g);
    octet_map_deinit(&index.first);
}
