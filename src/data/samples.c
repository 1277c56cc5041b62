/* samples.c: opening a sample source and loading checked samples from it
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L

#include "base/hash.h"
#include "data/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---------------------------------------------------------------- inputs */

uint32_t octet_source_find_input(const octet_samples *samples, const char *name)
{
    for (uint32_t i = 0; i < samples->n_inputs; i++)
        if (strcmp(samples->inputs[i].name, name) == 0)
            return i;
    return OCTET_NO_INPUT;
}

octet_status octet_source_unknown_input(const octet_samples *samples, const char *what,
                                        const char *name, octet_diag *diag)
{
    const char **names = octet_mem_alloc(NULL, samples->n_inputs, sizeof *names);
    const char *near;

    OCTET_TRY_ALLOC(diag, names);
    for (uint32_t i = 0; i < samples->n_inputs; i++)
        names[i] = samples->inputs[i].name;
    near = octet_nearest(name, names, samples->n_inputs);
    if (!near && samples->n_inputs == 1)
        near = names[0];
    octet_fail(diag, OCTET_ERR_DATA, "%s '%s' is not an input of the model%s%s%s", what, name,
               near ? " (is '" : "", near ? near : "", near ? "' meant?)" : "");
    octet_mem_free(NULL, names);
    return OCTET_ERR_DATA;
}

static octet_status copy_inputs(octet_samples *samples, const octet_sample_input *inputs,
                                uint32_t n, octet_diag *diag)
{
    if (n == 0)
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT, "the model has no inputs to feed");
    samples->inputs = octet_arena_memdup(&samples->arena, inputs, n * sizeof *inputs);
    OCTET_TRY_ALLOC(diag, samples->inputs);
    for (uint32_t i = 0; i < n; i++) {
        samples->inputs[i].name = octet_arena_strdup(&samples->arena, inputs[i].name);
        OCTET_TRY_ALLOC(diag, samples->inputs[i].name);
    }
    samples->n_inputs = n;
    return OCTET_OK;
}

octet_status octet_source_new(octet_context *ctx, const octet_sample_input *inputs,
                              uint32_t n_inputs, octet_samples **out, octet_diag *diag)
{
    octet_samples *samples = octet_mem_zalloc(&ctx->allocator, 1, sizeof *samples);
    octet_status status;

    *out = NULL;
    OCTET_TRY_ALLOC(diag, samples);
    samples->ctx = ctx;
    octet_arena_init(&samples->arena, &ctx->allocator);
    status = copy_inputs(samples, inputs, n_inputs, diag);
    if (status == OCTET_OK)
        *out = samples;
    else
        octet_samples_close(samples);
    return status;
}

/* ---------------------------------------------------------------- folders */

/* What a folder holds, by the ends of its names. */
typedef struct contents {
    const char *folder;
    char **names;
    uint32_t n;
    uint32_t npy, npz, images, protos, data_sets;
    bool manifest;
} contents;

static bool is_npy(const char *name)
{
    return octet_source_has_suffix(name, ".npy");
}

static bool is_npz(const char *name)
{
    return octet_source_has_suffix(name, ".npz");
}

static bool is_proto(const char *name)
{
    return strncmp(name, "input_", 6) == 0 && octet_source_has_suffix(name, ".pb");
}

static bool is_data_set(const char *name)
{
    return strncmp(name, "test_data_set_", 14) == 0;
}

static void count_contents(contents *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        c->npy += is_npy(c->names[i]);
        c->npz += is_npz(c->names[i]);
        c->images += octet_source_is_image(c->names[i]);
        c->protos += is_proto(c->names[i]);
        c->data_sets += is_data_set(c->names[i]);
        c->manifest = c->manifest || strcmp(c->names[i], "samples.json") == 0;
    }
}

/* The names that pass, joined to the folder. */
static octet_status choose(octet_samples *samples, const contents *c, bool (*passes)(const char *),
                           char ***paths, uint32_t *n, octet_diag *diag)
{
    *paths = OCTET_ARENA_ARRAY(&samples->arena, char *, c->n);
    OCTET_TRY_ALLOC(diag, *paths);
    for (uint32_t i = *n = 0; i < c->n; i++) {
        if (!passes(c->names[i]))
            continue;
        (*paths)[*n] = octet_source_join(samples, c->folder, c->names[i]);
        OCTET_TRY_ALLOC(diag, (*paths)[*n]);
        ++*n;
    }
    return OCTET_OK;
}

static octet_status open_manifest(octet_samples *samples, const char *folder, octet_diag *diag)
{
    char *path = octet_source_join(samples, folder, "samples.json");
    octet_file json;
    octet_status status;

    OCTET_TRY_ALLOC(diag, path);
    OCTET_TRY(octet_file_map(path, &json, diag));
    status = octet_source_manifest(samples, folder, path, &json, diag);
    octet_file_unmap(&json);
    return octet_note(diag, status, "'%s'", path);
}

/* "a:b" is "a_b.npy" on disk. */
static bool is_stem_of(const char *file, const char *input)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t n = strlen(input);

    if (strlen(file) != n + 4)
        return false;
    for (size_t i = 0; i < n; i++)
        if (file[i] != (strchr(plain, input[i]) ? input[i] : '_'))
            return false;
    return true;
}

/* Every input's own file, by its name. found: how many inputs have one. */
static octet_status match_stems(octet_samples *samples, const contents *c, octet_array_spec *specs,
                                uint32_t *found, octet_diag *diag)
{
    *found = 0;
    for (uint32_t i = 0; i < samples->n_inputs; i++) {
        for (uint32_t f = 0; f < c->n && !specs[i].path; f++) {
            if (!is_npy(c->names[f]) || !is_stem_of(c->names[f], samples->inputs[i].name))
                continue;
            specs[i].path = octet_source_join(samples, c->folder, c->names[f]);
            OCTET_TRY_ALLOC(diag, specs[i].path);
            ++*found;
        }
    }
    return OCTET_OK;
}

static octet_status missing_file(const octet_samples *samples, const contents *c,
                                 const octet_array_spec *specs, octet_diag *diag)
{
    for (uint32_t i = 0; i < samples->n_inputs; i++)
        if (!specs[i].path)
            return octet_fail(diag, OCTET_ERR_DATA, "folder '%s' has no .npy file for input '%s'",
                              c->folder, samples->inputs[i].name);
    return OCTET_OK;
}

static const octet_array_spec by_shape = {.axis = OCTET_AXIS_BY_SHAPE, .count = -1, .rank = -1};

/* Files named as the inputs; or, with one input, all files in turn. */
static octet_status open_npy_folder(octet_samples *samples, const contents *c, octet_diag *diag)
{
    uint32_t n = samples->n_inputs > c->npy ? samples->n_inputs : c->npy, found;
    octet_array_spec *specs = OCTET_ARENA_ARRAY(&samples->arena, octet_array_spec, n);
    char **paths;

    OCTET_TRY_ALLOC(diag, specs);
    for (uint32_t i = 0; i < n; i++) {
        specs[i] = by_shape;
        specs[i].input = i;
    }
    OCTET_TRY(match_stems(samples, c, specs, &found, diag));
    if (found > 0 || samples->n_inputs > 1) {
        OCTET_TRY(missing_file(samples, c, specs, diag));
        return octet_source_arrays(samples, specs, samples->n_inputs, true, diag);
    }
    OCTET_TRY(choose(samples, c, is_npy, &paths, &n, diag));
    for (uint32_t i = 0; i < n; i++) {
        specs[i].path = paths[i];
        specs[i].input = 0;
    }
    return octet_source_arrays(samples, specs, n, false, diag);
}

static octet_status open_images(octet_samples *samples, char **paths, uint32_t n,
                                const octet_samples_options *options, octet_diag *diag)
{
    if (!options->have_images)
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT,
                          "'%s' is an image: how images become input '%s' must be said, by options "
                          "or in a samples.json",
                          paths[0], samples->inputs[0].name);
    if (samples->n_inputs != 1)
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT,
                          "images feed one input, but the model has %u",
                          (unsigned)samples->n_inputs);
    return octet_source_images(samples, paths, n, 0, &options->image, diag);
}

static octet_status open_folder(octet_samples *samples, char *path,
                                const octet_samples_options *options, octet_diag *diag)
{
    contents c = {.folder = path};
    char **paths;
    uint32_t n;

    OCTET_TRY(octet_source_list(samples, path, &c.names, &c.n, diag));
    count_contents(&c);
    if (c.manifest)
        return open_manifest(samples, path, diag);
    if (c.protos)
        return octet_source_protos(samples, &path, 1, diag);
    if (c.data_sets) {
        OCTET_TRY(choose(samples, &c, is_data_set, &paths, &n, diag));
        return octet_source_protos(samples, paths, n, diag);
    }
    if (c.images && (options->have_images || (!c.npy && !c.npz))) {
        OCTET_TRY(choose(samples, &c, octet_source_is_image, &paths, &n, diag));
        return open_images(samples, paths, n, options, diag);
    }
    if (c.npy && c.npz)
        return octet_fail(diag, OCTET_ERR_DATA,
                          "folder '%s' holds both .npy and .npz files: a samples.json must say "
                          "which are the samples",
                          path);
    if (c.npy)
        return open_npy_folder(samples, &c, diag);
    if (c.npz) {
        OCTET_TRY(choose(samples, &c, is_npz, &paths, &n, diag));
        return octet_source_archives(samples, paths, n, diag);
    }
    return octet_fail(diag, OCTET_ERR_DATA,
                      "folder '%s' holds no samples: neither samples.json nor .npy, .npz, JPEG or "
                      "PNG files nor test_data_set_* folders",
                      path);
}

/* ---------------------------------------------------------------- opening */

static octet_status open_array(octet_samples *samples, const char *path, octet_diag *diag)
{
    octet_array_spec spec = by_shape;

    spec.path = path;
    if (samples->n_inputs != 1)
        return octet_fail(diag, OCTET_ERR_DATA,
                          "'%s' holds one array, but the model has %u inputs: give a folder with "
                          "one .npy file for each",
                          path, (unsigned)samples->n_inputs);
    return octet_source_arrays(samples, &spec, 1, false, diag);
}

static octet_status open_file(octet_samples *samples, char *path,
                              const octet_samples_options *options, octet_diag *diag)
{
    const char *name = octet_source_base_name(path);

    if (is_npy(name))
        return open_array(samples, path, diag);
    if (is_npz(name))
        return octet_source_archive(samples, path, diag);
    if (octet_source_is_image(name))
        return open_images(samples, &path, 1, options, diag);
    if (strcmp(name, "samples.json") == 0) {
        path[name - path] = '\0';
        return open_manifest(samples, name == path ? "." : path, diag);
    }
    return octet_fail(diag, OCTET_ERR_DATA,
                      "'%s' is no sample: .npy, .npz, JPEG, PNG or a folder is wanted", path);
}

static octet_status open_path(octet_samples *samples, const char *path,
                              const octet_samples_options *options, octet_diag *diag)
{
    char *copy = octet_arena_strdup(&samples->arena, path);
    struct stat about;

    OCTET_TRY_ALLOC(diag, copy);
    if (strcmp(path, "-") == 0)
        return octet_source_stream(samples, STDIN_FILENO, diag);
    if (stat(path, &about) != 0)
        return octet_fail(diag, OCTET_ERR_IO, "cannot read '%s': %s", path, strerror(errno));
    if (S_ISDIR(about.st_mode))
        return open_folder(samples, copy, options, diag);
    return open_file(samples, copy, options, diag);
}

octet_status octet_samples_open(octet_context *ctx, const char *path,
                                const octet_sample_input *inputs, uint32_t n_inputs,
                                const octet_samples_options *options, octet_samples **out,
                                octet_diag *diag)
{
    static const octet_samples_options defaults = {0};
    octet_samples *samples;
    octet_status status;

    *out = NULL;
    if (!options)
        options = &defaults;
    if (options->limit < 0)
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT, "the number of samples is negative");
    OCTET_TRY(octet_source_new(ctx, inputs, n_inputs, &samples, diag));
    samples->limit = options->limit;
    status = open_path(samples, path, options, diag);
    if (status == OCTET_OK && samples->count == 0)
        status = octet_fail(diag, OCTET_ERR_DATA, "'%s' holds no samples", path);
    if (status == OCTET_OK)
        *out = samples;
    else
        octet_samples_close(samples);
    return status;
}

void octet_samples_close(octet_samples *samples)
{
    octet_allocator allocator;

    if (!samples)
        return;
    allocator = samples->ctx->allocator;
    if (samples->source && samples->source->close)
        samples->source->close(samples);
    octet_arena_deinit(&samples->arena);
    octet_mem_free(&allocator, samples);
}

/* ---------------------------------------------------------------- samples */

int64_t octet_samples_count(const octet_samples *samples)
{
    if (samples->limit > 0 && samples->count > samples->limit)
        return samples->limit;
    return samples->count;
}

const char *octet_samples_name(const octet_samples *samples, int64_t index, char *buffer,
                               size_t size)
{
    if (size > 0)
        buffer[0] = '\0';
    samples->source->name(samples, index, buffer, size);
    return buffer;
}

static octet_status load(octet_samples *samples, int64_t index, octet_sample *out, bool *end,
                         octet_diag *diag)
{
    OCTET_TRY(samples->source->load(samples, index, out, end, diag));
    for (uint32_t i = 0; i < samples->n_inputs && !*end; i++)
        OCTET_TRY(octet_fit_input(&samples->inputs[i], &samples->ctx->allocator, &out->tensors[i],
                                  &out->owned[i], diag));
    return OCTET_OK;
}

octet_status octet_samples_get(octet_samples *samples, int64_t index, octet_sample *out, bool *end,
                               octet_diag *diag)
{
    const octet_allocator *allocator = &samples->ctx->allocator;
    char name[256];
    octet_status status;

    *out = (octet_sample){0};
    *end = (samples->count >= 0 && index >= samples->count) ||
           (samples->limit > 0 && index >= samples->limit);
    if (*end)
        return OCTET_OK;
    if (index < 0)
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT, "sample index is negative");
    out->tensors = octet_mem_zalloc(allocator, samples->n_inputs, sizeof *out->tensors);
    out->owned = octet_mem_zalloc(allocator, samples->n_inputs, sizeof *out->owned);
    out->n = samples->n_inputs;
    if (!out->tensors || !out->owned)
        status = octet_fail_nomem(diag);
    else
        status = load(samples, index, out, end, diag);
    if (status != OCTET_OK || *end)
        octet_sample_release(samples, out);
    return octet_note(diag, status, "sample '%s'",
                      octet_samples_name(samples, index, name, sizeof name));
}

void octet_sample_release(octet_samples *samples, octet_sample *sample)
{
    const octet_allocator *allocator = &samples->ctx->allocator;

    if (samples->source->release && sample->tensors && sample->owned)
        samples->source->release(samples, sample);
    for (uint32_t i = 0; sample->tensors && sample->owned && i < sample->n; i++)
        if (sample->owned[i])
            octet_tensor_deinit(&sample->tensors[i], allocator);
    octet_mem_free(allocator, sample->tensors);
    octet_mem_free(allocator, sample->owned);
    *sample = (octet_sample){0};
}

static void hash_number(octet_sha256 *hash, uint64_t value)
{
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    octet_sha256_add(hash, bytes, sizeof bytes);
}

/* Every part is preceded by its length, so that no two samples give the same stream of bytes. */
void octet_sample_hash(const octet_sample *sample, const octet_sample_input *inputs,
                       uint8_t digest[32])
{
    octet_sha256 hash;

    octet_sha256_init(&hash);
    for (uint32_t i = 0; i < sample->n; i++) {
        const octet_tensor *tensor = &sample->tensors[i];
        size_t length = strlen(inputs[i].name);

        hash_number(&hash, length);
        octet_sha256_add(&hash, inputs[i].name, length);
        hash_number(&hash, (uint64_t)tensor->dtype);
        hash_number(&hash, (uint64_t)tensor->rank);
        for (int32_t k = 0; k < tensor->rank; k++)
            hash_number(&hash, (uint64_t)tensor->dims[k]);
        hash_number(&hash, tensor->bytes);
        octet_sha256_add(&hash, tensor->data, tensor->bytes);
    }
    octet_sha256_finish(&hash, digest);
}
