/* infer_types.c: types and shapes of all values
 * SPDX-License-Identifier: Apache-2.0
 *
 *     c = Conv(x, w)                ->  float[N,16,112,112] c
 *
 * It changes nothing that is computed; the passes after it may look at ranks and shapes.
 */
#include "engine/pass.h"

static octet_status run(octet_model *model, octet_pass_ctx *ctx)
{
    return octet_infer_types(model->graph, ctx->diag);
}

const octet_pass octet_pass_infer_types = {
    .name = "infer-types",
    .summary = "infer types and shapes of all values",
    .run = run,
};
