/* pass.h: what a pass is
 * SPDX-License-Identifier: Apache-2.0
 *
 * A pass reads the graph, decides, and changes it through edit.h. It keeps nothing in nodes or
 * values; its working memory is ctx->scratch, released when it returns. After each pass the manager
 * verifies the graph.
 */
#ifndef OCTET_PASSES_PASS_H
#define OCTET_PASSES_PASS_H

#include "graph/edit.h"
#include "ops/op.h"

typedef struct octet_pass_ctx {
    octet_arena *scratch;
    uint32_t changes;  /* counted by the pass */
    int64_t min_opset; /* upgrade-opset: bring ai.onnx to at least this (13 or more) */
    uint32_t *widened; /* widen-half: do it and count; NULL: leave the model as it is */
    octet_diag *diag;
} octet_pass_ctx;

typedef struct octet_pass {
    const char *name;    /* "fold-batchnorm" */
    const char *summary; /* one line for help */
    octet_status (*run)(octet_model *model, octet_pass_ctx *ctx);
} octet_pass;

/* passes.def: PASS(name_with_underscores) in pipeline order -> extern const octet_pass
 * octet_pass_<name>. */
typedef struct octet_pipeline_options {
    int64_t min_opset;      /* 0: 13 */
    uint32_t *widened;      /* not NULL: float16 becomes float32, and how much did is counted */
    const char *stop_after; /* pass name, NULL: all */
    void (*dump)(void *user, const octet_pass *pass, const octet_model *model);
    void *dump_user;
} octet_pipeline_options;

/* Runs every pass of passes.def, verifying after each. Messages name the pass. */
octet_status octet_passes_run(octet_model *model, const octet_pipeline_options *options,
                              octet_diag *diag);
/* Runs one pass and verifies: for tests and tools. */
octet_status octet_pass_run(const octet_pass *pass, octet_model *model,
                            const octet_pipeline_options *options, octet_diag *diag);
const octet_pass *octet_pass_find(const char *name);
const octet_pass *octet_pass_find_any(const char *name); /* also those outside the pipeline */
/* Sorts, looks the operators up and verifies: after a change. */
octet_status octet_pass_settle(octet_model *model, octet_diag *diag);
size_t octet_pass_count(void);
const octet_pass *octet_pass_at(size_t index);

#endif
