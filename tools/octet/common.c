/* common.c: options that mean the same in every command
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L
#include "common.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void fill3(float out[3], const opt_numbers *numbers, float fallback)
{
    for (int i = 0; i < 3; i++) {
        int at = i < numbers->count ? i : 0;
        out[i] = numbers->count == 0 ? fallback : (float)numbers->values[at];
    }
}

#define LARGEST_SIDE 65535

/* "W,H", or one number for both. */
static int fill_size(const char *option, int *width, int *height, const opt_numbers *numbers)
{
    for (int i = 0; i < numbers->count; i++) {
        double value = numbers->values[i];
        /* written so that a NaN is refused too */
        if (i > 1 || !(value >= 1.0 && value <= LARGEST_SIDE) || value != (double)(int)value)
            return message_usage("option '--%s' takes one or two whole numbers of 1 to %d", option,
                                 LARGEST_SIDE);
    }
    if (numbers->count > 0) {
        *width = (int)numbers->values[0];
        *height = (int)numbers->values[numbers->count - 1];
    }
    return 0;
}

static bool wants_images(const data_args *a)
{
    return a->resize.count > 0 || a->crop.count > 0 || a->mean.count > 0 || a->std.count > 0 ||
           a->scale.count > 0 || a->resize_short > 0 || a->channels != NULL || a->layout != NULL ||
           a->interpolation != NULL || a->letterbox;
}

int data_args_open(const data_args *a, octet_context *ctx, octet_model *model, octet_data **out)
{
    octet_data_options options = {.limit = a->samples};
    octet_image_preprocessing *image = &options.image;
    octet_status status;

    if (a->path == NULL && a->random == 0)
        return message_usage(
            "no samples are given: --data DIR names them (or --random N for a try)");
    if (a->path != NULL && a->random > 0)
        return message_usage("--data and --random exclude each other");
    if (a->random > 0) {
        status = octet_data_random(ctx, model, a->random, out);
        return status == OCTET_OK ? 0 : message_failure(ctx, status);
    }
    image->given = wants_images(a);
    int code = fill_size("resize", &image->resize_width, &image->resize_height, &a->resize);
    if (code == 0)
        code = fill_size("crop", &image->crop_width, &image->crop_height, &a->crop);
    if (code != 0)
        return code;
    image->resize_short = (int)a->resize_short;
    image->letterbox = a->letterbox;
    image->letterbox_top_left = a->top_left;
    image->pad_value = a->pad_value.count > 0 ? (float)a->pad_value.values[0] : 0.0F;
    image->interpolation = a->interpolation;
    image->channels = a->channels;
    image->layout = a->layout;
    image->scale = a->scale.count > 0 ? (float)a->scale.values[0] : 1.0F;
    fill3(image->mean, &a->mean, 0.0F);
    fill3(image->std, &a->std, 1.0F);
    status = octet_data_open(ctx, model, a->path, &options, out);
    return status == OCTET_OK ? 0 : message_failure(ctx, status);
}

int context_args_create(const context_args *args, octet_context **out)
{
    static const char *const names[] = {"auto", "ref", "avx2", "avx512", "neon"};
    octet_context_options options = {.threads = (int)args->threads};
    size_t level = 0;

    while (args->cpu != NULL && level < 5 && strcmp(names[level], args->cpu) != 0)
        level++;
    if (level == 5)
        return message_usage("there is no CPU level '%s'; they are auto, ref, avx2, avx512, neon",
                             args->cpu);
    options.cpu = (octet_cpu_level)level;
    octet_status status = octet_context_create(&options, out);
    if (status == OCTET_OK)
        return 0;
    message_usage("%s", octet_context_message(NULL));
    return octet_status_exit_code(status);
}

int output_check(const char *path, bool force)
{
    struct stat info;
    if (strcmp(path, "-") == 0)
        return isatty(STDOUT_FILENO) == 1
                   ? message_usage("a model is not written to a terminal; name a file with -o")
                   : 0;
    if (!force && stat(path, &info) == 0 && S_ISREG(info.st_mode))
        return message_usage("'%s' exists; -f overwrites it", path);
    return 0;
}
