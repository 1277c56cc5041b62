/* common.h: options that mean the same in every command
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_TOOL_COMMON_H
#define OCTET_TOOL_COMMON_H

#include "message.h"
#include "opt.h"

typedef struct data_args {
    const char *path;
    long long samples, random;
    opt_numbers resize, crop, mean, std, scale, pad_value;
    long long resize_short;
    bool letterbox, top_left;
    const char *interpolation, *channels, *layout;
} data_args;

/* Rows for a command's table. */
#define DATA_OPTIONS(a)                                                                            \
    {                                                                                              \
        OPT_STRING, 'd',   "data",                                                                 \
        &(a).path,  "DIR", "samples: folder, file or - (docs/calibration.md)"},                    \
        {OPT_COUNT, 'n', "samples", &(a).samples, "N", "use at most N samples"},                   \
        {OPT_COUNT, 0, "random", &(a).random, "N", "N samples of noise instead of --data"},        \
        {OPT_NUMBERS, 0, "resize", &(a).resize, "W,H", "images: resize to W by H"},                \
        {OPT_COUNT, 0, "resize-short", &(a).resize_short, "N", "images: resize the short side"},   \
        {OPT_NUMBERS, 0, "crop", &(a).crop, "W,H", "images: cut this out of the middle"},          \
        {OPT_FLAG, 0, "letterbox", &(a).letterbox, NULL, "images: keep the aspect, pad"},          \
        {OPT_FLAG, 0, "top-left", &(a).top_left, NULL, "images: letterbox at the top left"},       \
        {OPT_NUMBERS, 0, "pad-value", &(a).pad_value, "X", "images: value of the padding"},        \
        {OPT_STRING,         0,      "interpolation",                                              \
         &(a).interpolation, "NAME", "images: bilinear, bicubic or nearest"},                      \
        {OPT_STRING, 0, "channels", &(a).channels, "ORDER", "images: rgb, bgr or gray"},           \
        {OPT_STRING, 0, "layout", &(a).layout, "NAME", "images: nchw, nhwc, chw or hwc"},          \
        {OPT_NUMBERS, 0, "scale", &(a).scale, "X", "images: multiply pixels by X first"},          \
        {OPT_NUMBERS, 0, "mean", &(a).mean, "R,G,B", "images: then subtract"},                     \
    {                                                                                              \
        OPT_NUMBERS, 0, "std", &(a).std, "R,G,B", "images: then divide by"                         \
    }

/* Opens the samples the options describe. Without --data and --random: a usage error. */
int data_args_open(const data_args *args, octet_context *ctx, octet_model *model, octet_data **out);

typedef struct context_args {
    long long threads;
    const char *cpu;
} context_args;

#define CONTEXT_OPTIONS(a)                                                                         \
    {OPT_COUNT, 't', "threads", &(a).threads, "N", "threads to use (default: all cores)"},         \
    {                                                                                              \
        OPT_STRING, 0, "cpu", &(a).cpu, "LEVEL", "kernels: auto, ref, avx2, avx512 or neon"        \
    }

int context_args_create(const context_args *args, octet_context **out);

/* Refuses an existing regular file unless force; and standard output that is a terminal. */
int output_check(const char *path, bool force);

#endif
