/* manager.c: the list of passes, and running them one after the other
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/pass.h"

#include "engine/lower.h"

#include <string.h>

#define PASS(name) extern const octet_pass octet_pass_##name;
#include "passes.def"
#undef PASS

static const octet_pass *const table[] = {
#define PASS(name) &octet_pass_##name,
#include "passes.def"
#undef PASS
};

static const octet_pass *const others[] = {&octet_pass_lower_qdq};

#define TABLE_COUNT (sizeof table / sizeof table[0])
#define DEFAULT_MIN_OPSET 13

size_t octet_pass_count(void)
{
    return TABLE_COUNT;
}

const octet_pass *octet_pass_at(size_t index)
{
    return index < TABLE_COUNT ? table[index] : NULL;
}

const octet_pass *octet_pass_find(const char *name)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}

const octet_pass *octet_pass_find_any(const char *name)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(others[i]->name, name) == 0)
            return others[i];
    return octet_pass_find(name);
}

/* New nodes stand at the end of the order and have no descriptor yet. */
octet_status octet_pass_settle(octet_model *model, octet_diag *diag)
{
    OCTET_TRY(octet_graph_sort(model->graph, diag));
    octet_ops_resolve(model->graph);
    return octet_graph_verify(model->graph, OCTET_ERR_INTERNAL, diag);
}

static octet_status run_in_scratch(const octet_pass *pass, octet_model *model,
                                   const octet_pipeline_options *options, octet_diag *diag)
{
    octet_arena scratch;

    octet_arena_init(&scratch, &model->ctx->allocator);
    octet_pass_ctx ctx = {
        .scratch = &scratch,
        .min_opset = options->min_opset > 0 ? options->min_opset : DEFAULT_MIN_OPSET,
        .widened = options->widened,
        .diag = diag,
    };
    octet_status status = pass->run(model, &ctx);

    octet_arena_deinit(&scratch);
    if (status == OCTET_OK && ctx.changes > 0)
        status = octet_pass_settle(model, diag);
    return octet_note(diag, status, "pass '%s'", pass->name);
}

octet_status octet_pass_run(const octet_pass *pass, octet_model *model,
                            const octet_pipeline_options *options, octet_diag *diag)
{
    static const octet_pipeline_options defaults;

    if (options == NULL)
        options = &defaults;
    OCTET_TRY(run_in_scratch(pass, model, options, diag));
    if (options->dump != NULL)
        options->dump(options->dump_user, pass, model);
    return OCTET_OK;
}

octet_status octet_passes_run(octet_model *model, const octet_pipeline_options *options,
                              octet_diag *diag)
{
    const char *last = options != NULL ? options->stop_after : NULL;

    if (last != NULL && octet_pass_find(last) == NULL)
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT, "there is no pass '%s'", last);
    octet_ops_resolve(model->graph);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        OCTET_TRY(octet_pass_run(table[i], model, options, diag));
        if (last != NULL && strcmp(table[i]->name, last) == 0)
            break;
    }
    return OCTET_OK;
}
