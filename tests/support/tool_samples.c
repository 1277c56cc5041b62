/* tool_samples.c: writes what a sample source gives as .npy files, for the tests in Python
 * SPDX-License-Identifier: Apache-2.0
 *
 *     tool_samples PATH FOLDER [key=value …] -- NAME=DTYPE[dims] …
 *
 * Sample i's input k becomes FOLDER/i_k.npy; each sample's name and hash are printed. Images are
 * read when one of the image keys is given. PATH random:N stands for N random samples.
 */
#include "base/hash.h"
#include "base/text.h"
#include "data/npy.h"
#include "data/samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_INPUTS 16

static struct {
    octet_samples_options options;
    octet_sample_input inputs[MOST_INPUTS];
    uint32_t n_inputs;
} job = {.options = {.image = {.interpolation = OCTET_INTERP_BILINEAR, .scale = 1}}};

static void die(const char *text)
{
    fprintf(stderr, "tool_samples: %s\n", text);
    exit(2);
}

static int choice(const char *value, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(value, words[i]) == 0)
            return i;
    die(value);
    return 0;
}

static void set_geometry(const char *value)
{
    static const char *const words[] = {"none", "center", "stretch", "letterbox", NULL};

    job.options.image.geometry = (octet_resize_kind)choice(value, words);
}

static void set_interpolation(const char *value)
{
    static const char *const words[] = {"nearest", "bilinear", "bicubic", NULL};

    job.options.image.interpolation = (octet_interpolation)choice(value, words);
}

static void set_channels(const char *value)
{
    static const char *const words[] = {"RGB", "BGR", "GRAY", NULL};

    job.options.image.channels = choice(value, words);
}

static void set_layout(const char *value)
{
    static const char *const words[] = {"auto", "NCHW", "NHWC", "CHW", "HWC", NULL};

    job.options.image.layout = choice(value, words);
}

static void set_triple(const char *value, float out[3])
{
    if (sscanf(value, "%f,%f,%f", &out[0], &out[1], &out[2]) != 3)
        die(value);
}

static const struct {
    const char *key;
    int *number;
    void (*set)(const char *value);
} keys[] = {
    {"width", &job.options.image.width, NULL},
    {"height", &job.options.image.height, NULL},
    {"short_side", &job.options.image.short_side, NULL},
    {"crop_width", &job.options.image.crop_width, NULL},
    {"crop_height", &job.options.image.crop_height, NULL},
    {"geometry", NULL, set_geometry},
    {"interpolation", NULL, set_interpolation},
    {"channels", NULL, set_channels},
    {"layout", NULL, set_layout},
};

static void set_option(const char *key, const char *value)
{
    job.options.have_images = job.options.have_images || strcmp(key, "limit") != 0;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i].key, key) != 0)
            continue;
        if (keys[i].number)
            *keys[i].number = atoi(value);
        else
            keys[i].set(value);
        return;
    }
    if (strcmp(key, "limit") == 0)
        job.options.limit = atoi(value);
    else if (strcmp(key, "mean") == 0)
        set_triple(value, job.options.image.mean);
    else if (strcmp(key, "std") == 0)
        set_triple(value, job.options.image.std);
    else if (strcmp(key, "scale") == 0)
        job.options.image.scale = (float)atof(value);
    else if (strcmp(key, "pad") == 0)
        job.options.image.pad_value = (float)atof(value);
    else if (strcmp(key, "centered") == 0)
        job.options.image.centered = atoi(value) != 0;
    else
        die(key);
}

/* "name=float32[1,3,?,?]"; "name=float32" has no known rank. */
static void add_input(char *text)
{
    octet_sample_input *input = &job.inputs[job.n_inputs++];
    char *equals = strrchr(text, '='), *bracket;

    if (!equals || job.n_inputs == MOST_INPUTS)
        die(text);
    *equals = '\0';
    bracket = strchr(equals + 1, '[');
    *input = (octet_sample_input){.name = text, .rank = bracket ? 0 : -1};
    for (char *dim = bracket ? strtok(bracket + 1, ",]") : NULL; dim; dim = strtok(NULL, ",]"))
        input->dims[input->rank++] = dim[0] == '?' ? -1 : atoll(dim);
    if (bracket)
        *bracket = '\0';
    input->dtype = octet_dtype_from_name(equals + 1);
    if (input->dtype == OCTET_DTYPE_UNDEFINED)
        die(equals + 1);
}

static octet_status write_sample(const octet_samples *samples, const octet_sample *sample,
                                 int64_t index, const char *folder, octet_diag *diag)
{
    char path[4096], name[256], hex[65];
    uint8_t digest[32];

    octet_sample_hash(sample, job.inputs, digest);
    octet_sha256_hex(digest, hex);
    printf("%s %s\n", octet_samples_name(samples, index, name, sizeof name), hex);
    for (uint32_t k = 0; k < sample->n; k++) {
        snprintf(path, sizeof path, "%s/%lld_%u.npy", folder, (long long)index, (unsigned)k);
        OCTET_TRY(octet_npy_write(path, &sample->tensors[k], diag));
    }
    return OCTET_OK;
}

static octet_status write_all(octet_samples *samples, const char *folder, octet_diag *diag)
{
    octet_sample sample;
    bool end = false;

    for (int64_t i = 0; !end; i++) {
        octet_status status = octet_samples_get(samples, i, &sample, &end, diag);

        if (status == OCTET_OK && !end)
            status = write_sample(samples, &sample, i, folder, diag);
        octet_sample_release(samples, &sample);
        OCTET_TRY(status);
    }
    return OCTET_OK;
}

static octet_status open_source(octet_context *ctx, const char *path, octet_samples **out,
                                octet_diag *diag)
{
    if (strncmp(path, "random:", 7) == 0)
        return octet_samples_random(ctx, job.inputs, job.n_inputs, atoll(path + 7), out, diag);
    return octet_samples_open(ctx, path, job.inputs, job.n_inputs, &job.options, out, diag);
}

static void log_line(void *user, octet_log_level level, const char *text)
{
    (void)user;
    fprintf(stderr, "log %d: %s\n", (int)level, text);
}

static void read_arguments(int argc, char **argv)
{
    int i = 3;

    for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
        char *equals = strchr(argv[i], '=');

        if (!equals)
            die(argv[i]);
        *equals = '\0';
        set_option(argv[i], equals + 1);
    }
    for (i++; i < argc; i++)
        add_input(argv[i]);
}

int main(int argc, char **argv)
{
    octet_context_options options = {.threads = 1, .log = log_line};
    octet_samples *samples = NULL;
    octet_context *ctx;
    octet_status status;
    octet_diag diag = {0};

    if (argc < 3)
        die("usage: tool_samples PATH FOLDER [key=value …] -- NAME=DTYPE[dims] …");
    read_arguments(argc, argv);
    if (octet_context_create(&options, &ctx) != OCTET_OK)
        die("no context");
    status = open_source(ctx, argv[1], &samples, &diag);
    if (status == OCTET_OK)
        status = write_all(samples, argv[2], &diag);
    if (status != OCTET_OK)
        fprintf(stderr, "%s: %s\n", octet_status_name(status), diag.text);
    octet_samples_close(samples);
    octet_context_destroy(ctx);
    return octet_status_exit_code(status);
}
