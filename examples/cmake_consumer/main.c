/* main.c: runs the model that the build has quantized
 * SPDX-License-Identifier: Apache-2.0
 */
#include <octet/octet.h>

#include <stdio.h>

static int print_class(void *user, int64_t index, const char *name,
                       const octet_output_view *outputs, size_t n)
{
    const float *logits = outputs[0].data;
    size_t best = 0;
    (void)user;
    (void)index;
    (void)n;
    for (size_t i = 1; i < outputs[0].bytes / sizeof *logits; i++)
        if (logits[i] > logits[best])
            best = i;
    printf("%s: %zu\n", name, best);
    return 0;
}

int main(int argc, char **argv)
{
    octet_context *ctx;
    octet_model *model = NULL;
    octet_data *data = NULL;

    if (argc != 2) {
        fputs("usage: classify FOLDER\n", stderr);
        return 2;
    }
    if (octet_context_create(NULL, &ctx) != OCTET_OK)
        return 1;
    octet_status status = octet_model_open(ctx, MODEL, &model);
    if (status == OCTET_OK)
        status = octet_model_prepare(ctx, model, NULL);
    if (status == OCTET_OK)
        status = octet_data_open(ctx, model, argv[1], NULL, &data);
    if (status == OCTET_OK)
        status = octet_model_run(ctx, model, data, NULL, print_class, NULL, NULL);
    if (status != OCTET_OK)
        fprintf(stderr, "classify: %s\n", octet_context_message(ctx));
    octet_data_close(data);
    octet_model_destroy(model);
    octet_context_destroy(ctx);
    return octet_status_exit_code(status);
}
