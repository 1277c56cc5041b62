/* remove_inputs.c: drop graph inputs that only declare an initializer
 * SPDX-License-Identifier: Apache-2.0
 *
 *     g (float[1,3,8,8] x, float[4,3,3,3] w) <float[4,3,3,3] w = {…}>
 *  -> g (float[1,3,8,8] x)                   <float[4,3,3,3] w = {…}>
 *
 * Up to IR version 3 every initializer had to be an input as well; from 4 on such an input has a
 * default that a caller may override, which nobody can mean for a weight that is about to be
 * quantized. The model then is at least of IR version 4.
 */
#include "engine/walk.h"

#define FIRST_IR_WITH_FREE_INITIALIZERS 4

static octet_status run(octet_model *model, octet_pass_ctx *ctx)
{
    octet_graph *g = model->graph;

    for (uint32_t i = g->n_inputs; i-- > 0;) {
        if (!octet_graph_value(g, g->inputs[i])->is_initializer)
            continue;
        octet_edit_remove_graph_input(g, i);
        ctx->changes++;
    }
    if (model->ir_version < FIRST_IR_WITH_FREE_INITIALIZERS)
        model->ir_version = FIRST_IR_WITH_FREE_INITIALIZERS;
    return OCTET_OK;
}

const octet_pass octet_pass_remove_inputs = {
    .name = "remove-inputs",
    .summary = "drop graph inputs that only declare an initializer",
    .run = run,
};
