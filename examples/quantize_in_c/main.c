/* main.c: quantizes a model with samples that the program has in memory
 * SPDX-License-Identifier: Apache-2.0
 */
#include <octet/octet.h>

#include <stdio.h>

enum { SIDE = 8, SAMPLES = 32 };

/* Stands for a camera: a bright bar that moves over a dark background. */
static int next_picture(void *user, int64_t index, octet_input *inputs, unsigned n)
{
    float *pixels = user;
    if (index == SAMPLES || n != 1)
        return 0;
    for (int i = 0; i < SIDE * SIDE; i++)
        pixels[i] = i % SIDE == (int)index % SIDE ? 2.0F : -1.0F + (float)index / SAMPLES;
    inputs[0] = (octet_input){
        .dtype = 1, /* float32 */
        .rank = 4,
        .dims = {1, 1, SIDE, SIDE},
        .data = pixels,
    };
    return 1;
}

static octet_status quantize(octet_context *ctx, octet_model *model, const char *to)
{
    float pixels[SIDE * SIDE];
    octet_data *data;
    octet_report *report;

    octet_status status = octet_data_from_callback(ctx, model, next_picture, pixels, &data);
    if (status != OCTET_OK)
        return status;
    status = octet_quantize(ctx, model, data, NULL, &report);
    octet_data_close(data);
    if (status != OCTET_OK)
        return status;
    printf("%lld samples, %u nodes in int8, %u in float\n", (long long)report->samples,
           report->nodes_integer, report->nodes_float);
    octet_report_free(report);
    return octet_model_save(ctx, model, to, NULL, NULL);
}

int main(int argc, char **argv)
{
    octet_context *ctx;
    octet_model *model = NULL;

    if (argc != 3) {
        fputs("usage: quantize_in_c MODEL OUT\n", stderr);
        return 2;
    }
    octet_status status = octet_context_create(NULL, &ctx);
    if (status != OCTET_OK) {
        fprintf(stderr, "%s\n", octet_context_message(NULL));
        return octet_status_exit_code(status);
    }
    status = octet_model_open(ctx, argv[1], &model);
    if (status == OCTET_OK)
        status = quantize(ctx, model, argv[2]);
    if (status != OCTET_OK)
        fprintf(stderr, "quantize_in_c: %s\n", octet_context_message(ctx));
    octet_model_destroy(model);
    octet_context_destroy(ctx);
    return octet_status_exit_code(status);
}
