/* fuzz_text.c: what the text reader accepts, the writer writes so that it reads back the same
 * SPDX-License-Identifier: Apache-2.0
 */
#include "graph/edit.h"
#include "graph/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_text(const octet_model *model, octet_text *out)
{
    octet_diag diag;

    octet_text_init(out, NULL);
    if (octet_text_write_model(model, -1, out, &diag) != OCTET_OK)
        abort();
}

/* Reads what was written, which must succeed and give the same text again. */
static void check_fixpoint(octet_context *ctx, const octet_model *model)
{
    octet_text first, second;
    octet_model *again;
    octet_diag diag;

    write_text(model, &first);
    if (octet_text_read_model(ctx, first.data, first.length, &again, &diag) != OCTET_OK)
        abort();
    write_text(again, &second);
    if (first.length != second.length || memcmp(first.data, second.data, first.length) != 0)
        abort();
    octet_text_deinit(&first);
    octet_text_deinit(&second);
    octet_model_destroy(again);
}

/* Cleaning up keeps the graph sound whatever it is. */
static void check_dead(octet_context *ctx, octet_model *model)
{
    uint32_t removed;
    octet_diag diag;

    if (octet_graph_remove_dead(model->graph, &removed, &diag) != OCTET_OK ||
        octet_graph_verify(model->graph, OCTET_ERR_INTERNAL, &diag) != OCTET_OK)
        abort();
    check_fixpoint(ctx, model);
    if (octet_graph_remove_dead(model->graph, &removed, &diag) != OCTET_OK || removed != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    octet_context_options options = {.threads = 1};
    octet_context *ctx;
    octet_model *model;
    octet_diag diag = {.text = ""};

    if (octet_context_create(&options, &ctx) != OCTET_OK)
        abort();
    if (octet_text_read_model(ctx, (const char *)data, size, &model, &diag) == OCTET_OK) {
        check_fixpoint(ctx, model);
        check_dead(ctx, model);
        octet_model_destroy(model);
    } else if (diag.text[0] == '\0') {
        abort();
    }
    octet_context_destroy(ctx);
    return 0;
}
