/* source.h: what the kinds of sample sources share
 * SPDX-License-Identifier: Apache-2.0
 *
 * A source loads raw samples; samples.c checks and converts them to what the model wants.
 */
#ifndef OCTET_DATA_SOURCE_H
#define OCTET_DATA_SOURCE_H

#include "base/arena.h"
#include "base/file.h"
#include "data/samples.h"

typedef struct octet_source {
    /* Fills out->tensors and out->owned. A source of unknown length sets *end. */
    octet_status (*load)(octet_samples *samples, int64_t index, octet_sample *out, bool *end,
                         octet_diag *diag);
    void (*name)(const octet_samples *samples, int64_t index, char *buffer, size_t size);
    /* Before what the sample owns is freed; may be NULL. */
    void (*release)(const octet_samples *samples, const octet_sample *sample);
    void (*close)(octet_samples *samples); /* may be NULL */
} octet_source;

struct octet_samples {
    octet_context *ctx;
    octet_arena arena; /* of the opening thread; what is loaded later does not use it */
    octet_sample_input *inputs;
    uint32_t n_inputs;
    int64_t count; /* -1: unknown */
    int64_t limit; /* 0: none */
    const octet_source *source;
    void *state;
};

/* The openers set source, state and count. Paths in lists are in the samples' arena. */

/* How an array holds samples. */
typedef struct octet_array_spec {
    const char *path; /* of the file, for messages and mapping */
    uint32_t input;
    int32_t axis;      /* samples lie along this axis; OCTET_AXIS_BY_SHAPE: decided by shape */
    int64_t count;     /* samples the manifest promises; -1: as many as there are */
    octet_dtype dtype; /* the manifest's; UNDEFINED: not said */
    int32_t rank;      /* of one sample, the manifest's; -1: not said */
    const int64_t *dims;
} octet_array_spec;
#define OCTET_AXIS_BY_SHAPE (-1)

/* per_input: one file for each input, in step. Else the files hold one input's samples in turn. */
octet_status octet_source_arrays(octet_samples *samples, const octet_array_spec *specs, uint32_t n,
                                 bool per_input, octet_diag *diag);
/* One archive, unpacked; its arrays are treated as files of a folder. */
octet_status octet_source_archive(octet_samples *samples, const char *path, octet_diag *diag);
/* One archive per sample. */
octet_status octet_source_archives(octet_samples *samples, char **paths, uint32_t n,
                                   octet_diag *diag);
octet_status octet_source_images(octet_samples *samples, char **paths, uint32_t n, uint32_t input,
                                 const octet_image_options *options, octet_diag *diag);
/* Folders of input_*.pb, one per sample. */
octet_status octet_source_protos(octet_samples *samples, char **folders, uint32_t n,
                                 octet_diag *diag);
octet_status octet_source_stream(octet_samples *samples, int fd, octet_diag *diag);
/* folder/samples.json, mapped in `json`. */
octet_status octet_source_manifest(octet_samples *samples, const char *folder, const char *path,
                                   const octet_file *json, octet_diag *diag);

/* ---- shared by the sources */

/* A source without a kind yet: arena and copied inputs. Ended with octet_samples_close(). */
octet_status octet_source_new(octet_context *ctx, const octet_sample_input *inputs,
                              uint32_t n_inputs, octet_samples **out, octet_diag *diag);

/* The input of this name, or OCTET_NO_INPUT. */
uint32_t octet_source_find_input(const octet_samples *samples, const char *name);
#define OCTET_NO_INPUT UINT32_MAX
/* "unknown input 'xx', did you mean 'x'?" */
octet_status octet_source_unknown_input(const octet_samples *samples, const char *what,
                                        const char *name, octet_diag *diag);
/* Names in a folder, sorted by their bytes; hidden files are left out. In the samples' arena. */
octet_status octet_source_list(octet_samples *samples, const char *folder, char ***names,
                               uint32_t *n, octet_diag *diag);
/* folder/name, or name alone where that is absolute. In the arena. */
char *octet_source_join(octet_samples *samples, const char *folder, const char *name);
/* Fails where there is no such file, or one without an end, such as a device or a pipe. */
octet_status octet_source_check_file(const char *path, octet_diag *diag);
/* What follows the last '/'. */
const char *octet_source_base_name(const char *path);
/* Case-insensitive: octet_source_has_suffix("a.JPG", ".jpg"). */
bool octet_source_has_suffix(const char *name, const char *suffix);
bool octet_source_is_image(const char *name);

/* ---- fit.c: a loaded tensor against what the model wants */

/* dims of the model's input match, symbolic ones match anything. */
bool octet_fit_dims(const int64_t *wanted, const int64_t *dims, int32_t rank);
/* Adds a missing batch axis, converts the dtype; `*owned` follows. */
octet_status octet_fit_input(const octet_sample_input *input, const octet_allocator *allocator,
                             octet_tensor *tensor, bool *owned, octet_diag *diag);
/* "input 'x' is float32[3,225], the model wants float32[N,3,224]" */
octet_status octet_fit_mismatch(const octet_sample_input *input, const octet_tensor *tensor,
                                octet_diag *diag);

#endif
