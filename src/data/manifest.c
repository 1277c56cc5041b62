/* manifest.c: samples.json, what the files of a folder are to the model
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/calibration.md describes the format. A value is reported by its JSON path.
 */
#include "data/source.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct manifest {
    octet_samples *samples;
    const char *folder, *path;
    octet_diag *diag;
} manifest;

/* An object or list of the manifest, and where it is. */
typedef struct place {
    const json_t *json;
    const char *where; /* "" for the root, else "images.geometry" */
} place;

/* ---------------------------------------------------------------- reading values */

static octet_status bad_value(const manifest *m, place p, const char *key, const char *what)
{
    return octet_fail(m->diag, OCTET_ERR_MALFORMED, "'%s%s%s' %s", p.where,
                      p.where[0] && key[0] ? "." : "", key, what);
}

static octet_status no_value(const manifest *m, place p, const char *key)
{
    return bad_value(m, p, key, "is missing");
}

/* *out stays as it was where the key is absent. */
static octet_status read_integer(const manifest *m, place p, const char *key, int64_t low,
                                 int64_t high, int64_t *out)
{
    const json_t *value = json_object_get(p.json, key);
    char what[80];

    if (!value)
        return OCTET_OK;
    if (json_is_integer(value) && json_integer_value(value) >= low &&
        json_integer_value(value) <= high) {
        *out = json_integer_value(value);
        return OCTET_OK;
    }
    snprintf(what, sizeof what, "is not an integer between %" PRId64 " and %" PRId64, low, high);
    return bad_value(m, p, key, what);
}

static octet_status read_size(const manifest *m, place p, const char *key, int *out)
{
    int64_t value = *out;

    OCTET_TRY(read_integer(m, p, key, 1, 1 << 20, &value));
    *out = (int)value;
    return OCTET_OK;
}

static bool is_float(const json_t *value)
{
    return json_is_number(value) && isfinite((float)json_number_value(value));
}

static octet_status read_number(const manifest *m, place p, const char *key, float *out)
{
    const json_t *value = json_object_get(p.json, key);

    if (value && !is_float(value))
        return bad_value(m, p, key, "is not a number");
    if (value)
        *out = (float)json_number_value(value);
    return OCTET_OK;
}

static octet_status read_text(const manifest *m, place p, const char *key, const char **out)
{
    const json_t *value = json_object_get(p.json, key);

    if (value && !json_is_string(value))
        return bad_value(m, p, key, "is not a string");
    if (value)
        *out = json_string_value(value);
    return OCTET_OK;
}

static octet_status read_bool(const manifest *m, place p, const char *key, bool *out)
{
    const json_t *value = json_object_get(p.json, key);

    if (value && !json_is_boolean(value))
        return bad_value(m, p, key, "is neither true nor false");
    if (value)
        *out = json_is_true(value);
    return OCTET_OK;
}

/* One of several words; the position in the list. */
static octet_status read_choice(const manifest *m, place p, const char *key,
                                const char *const *words, size_t n, int *out)
{
    const char *text = NULL;
    char what[200];
    size_t used = 0;

    OCTET_TRY(read_text(m, p, key, &text));
    if (!text)
        return OCTET_OK;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = (int)i;
            return OCTET_OK;
        }
    }
    for (size_t i = 0; i < n && used < sizeof what; i++)
        used += (size_t)snprintf(what + used, sizeof what - used, "%s%s", i ? ", " : "is none of ",
                                 words[i]);
    return bad_value(m, p, key, what);
}

/* One number for all channels or one for each. */
static octet_status read_channels(const manifest *m, place p, const char *key, size_t channels,
                                  float *out)
{
    const json_t *value = json_object_get(p.json, key);
    size_t n = json_array_size(value);

    if (!value)
        return OCTET_OK;
    if (is_float(value)) {
        for (size_t i = 0; i < 3; i++)
            out[i] = (float)json_number_value(value);
        return OCTET_OK;
    }
    if (n != channels)
        return bad_value(m, p, key, "is neither a number nor a list of one number per channel");
    for (size_t i = 0; i < n; i++) {
        if (!is_float(json_array_get(value, i)))
            return bad_value(m, p, key, "holds something that is not a number");
        out[i] = (float)json_number_value(json_array_get(value, i));
    }
    return OCTET_OK;
}

/* Keys of later versions, or spelled wrong: told, not refused. */
static void warn_unknown(const manifest *m, place p, const char *const *known, size_t n)
{
    json_t *object;
    const char *key;
    json_t *value;

    memcpy(&object, &p.json, sizeof object); /* jansson iterates over non-const objects only */
    json_object_foreach(object, key, value)
    {
        bool found = false;

        (void)value;
        for (size_t i = 0; i < n && !found; i++)
            found = strcmp(key, known[i]) == 0;
        if (!found)
            octet_log(m->samples->ctx, OCTET_LOG_WARN, "'%s': '%s%s%s' is not known and ignored",
                      m->path, p.where, p.where[0] ? "." : "", key);
    }
}
#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define WARN_UNKNOWN(m, p, ...)                                                                    \
    do {                                                                                           \
        static const char *const known_[] = {__VA_ARGS__};                                         \
        warn_unknown((m), (p), known_, COUNT(known_));                                             \
    } while (0)

/* ---------------------------------------------------------------- lists of files */

static octet_status add_path(const manifest *m, char **paths, uint32_t i, const char *name)
{
    paths[i] = octet_source_join(m->samples, m->folder, name);
    OCTET_TRY_ALLOC(m->diag, paths[i]);
    return octet_source_check_file(paths[i], m->diag);
}

static octet_status listed_files(const manifest *m, place p, const json_t *list, char ***paths,
                                 uint32_t *n)
{
    size_t count = json_array_size(list);

    if (count == 0 || count > INT32_MAX)
        return bad_value(m, p, "files", "is an empty list");
    *paths = OCTET_ARENA_ARRAY(&m->samples->arena, char *, count);
    OCTET_TRY_ALLOC(m->diag, *paths);
    for (*n = 0; *n < count; ++*n) {
        const char *name = json_string_value(json_array_get(list, *n));

        if (!name || !name[0])
            return bad_value(m, p, "files", "holds something that is not a file name");
        OCTET_TRY(add_path(m, *paths, *n, name));
    }
    return OCTET_OK;
}

/* A pattern with one %d, "%04d.npz": the text before it, the width, the text after it. The pattern
 * is never given to printf itself. */
typedef struct pattern {
    char before[512], after[512];
    int width;
    bool zeros;
} pattern;

static const char *read_conversion(const char *s, pattern *out)
{
    out->zeros = *s == '0';
    for (; *s >= '0' && *s <= '9'; s++) {
        out->width = out->width * 10 + (*s - '0');
        if (out->width > 20)
            return NULL;
    }
    return *s == 'd' ? s + 1 : NULL;
}

static bool read_pattern(const char *s, pattern *out)
{
    char *text = out->before;
    size_t used = 0;
    bool found = false;

    *out = (pattern){.width = 0};
    while (*s) {
        if (s[0] == '%' && s[1] != '%') {
            s = found ? NULL : read_conversion(s + 1, out);
            if (!s)
                return false;
            found = true;
            text = out->after;
            used = 0;
            continue;
        }
        s += s[0] == '%' ? 1 : 0;
        if (used + 1 >= sizeof out->before)
            return false;
        text[used++] = *s++;
        text[used] = '\0';
    }
    return found;
}

static octet_status numbered_files(const manifest *m, place p, const char *text, int64_t count,
                                   char ***paths, uint32_t *n)
{
    pattern files;
    char name[1100];
    uint32_t capacity = 0;
    void *list = NULL;

    if (!read_pattern(text, &files))
        return bad_value(m, p, "files", "is not a pattern with one %d, such as %04d.npz");
    for (*n = 0; *n < count; ++*n) {
        if (!octet_arena_grow(&m->samples->arena, &list, &capacity, *n + 1, sizeof(char *)))
            return octet_fail_nomem(m->diag);
        *paths = list;
        if (files.zeros)
            snprintf(name, sizeof name, "%s%0*u%s", files.before, files.width, (unsigned)*n,
                     files.after);
        else
            snprintf(name, sizeof name, "%s%*u%s", files.before, files.width, (unsigned)*n,
                     files.after);
        OCTET_TRY(add_path(m, *paths, *n, name));
    }
    return OCTET_OK;
}

#define MOST_SAMPLES 100000000

static octet_status read_files(const manifest *m, place p, int64_t count, char ***paths,
                               uint32_t *n)
{
    const json_t *files = json_object_get(p.json, "files");

    if (json_is_array(files)) {
        OCTET_TRY(listed_files(m, p, files, paths, n));
        if (count >= 0 && count != *n)
            return bad_value(m, p, "files", "lists another number of files than 'samples' says");
        return OCTET_OK;
    }
    if (!json_is_string(files))
        return bad_value(m, p, "files", "is neither a list of file names nor a pattern");
    if (count < 0)
        return no_value(m, p, "samples");
    return numbered_files(m, p, json_string_value(files), count, paths, n);
}

/* ---------------------------------------------------------------- kinds */

static octet_status find_input(const manifest *m, place p, const char *input_name, uint32_t *out)
{
    if (!input_name && m->samples->n_inputs == 1) {
        *out = 0;
        return OCTET_OK;
    }
    if (!input_name)
        return no_value(m, p, "input");
    *out = octet_source_find_input(m->samples, input_name);
    if (*out == OCTET_NO_INPUT)
        return octet_source_unknown_input(m->samples, "input", input_name, m->diag);
    return OCTET_OK;
}

static octet_status read_shape(const manifest *m, place p, octet_array_spec *out)
{
    const json_t *shape = json_object_get(p.json, "sample_shape");
    size_t rank = json_array_size(shape);
    int64_t *dims;

    if (!shape)
        return OCTET_OK;
    if (!json_is_array(shape) || rank > OCTET_MAX_RANK)
        return bad_value(m, p, "sample_shape", "is not a list of dimensions");
    dims = OCTET_ARENA_ARRAY(&m->samples->arena, int64_t, rank);
    OCTET_TRY_ALLOC(m->diag, dims);
    for (size_t i = 0; i < rank; i++) {
        const json_t *dim = json_array_get(shape, i);

        if (!json_is_integer(dim) || json_integer_value(dim) < 0)
            return bad_value(m, p, "sample_shape", "holds something that is not a dimension");
        dims[i] = json_integer_value(dim);
    }
    out->rank = (int32_t)rank;
    out->dims = dims;
    return OCTET_OK;
}

static octet_status read_stacked_input(const manifest *m, place p, octet_array_spec *out)
{
    const char *file = NULL, *input = NULL, *dtype = NULL;

    if (!json_is_object(p.json))
        return bad_value(m, p, "", "is not an object");
    WARN_UNKNOWN(m, p, "file", "input", "dtype", "sample_shape");
    OCTET_TRY(read_text(m, p, "file", &file));
    OCTET_TRY(read_text(m, p, "input", &input));
    OCTET_TRY(read_text(m, p, "dtype", &dtype));
    OCTET_TRY(find_input(m, p, input, &out->input));
    if (!file)
        return no_value(m, p, "file");
    out->path = octet_source_join(m->samples, m->folder, file);
    OCTET_TRY_ALLOC(m->diag, out->path);
    OCTET_TRY(octet_source_check_file(out->path, m->diag));
    out->dtype = dtype ? octet_dtype_from_name(dtype) : OCTET_DTYPE_UNDEFINED;
    if (dtype && out->dtype == OCTET_DTYPE_UNDEFINED)
        return bad_value(m, p, "dtype", "is not the name of a dtype");
    return read_shape(m, p, out);
}

/* Every input of the model is given once. */
static octet_status check_inputs(const manifest *m, const octet_array_spec *specs, uint32_t n)
{
    for (uint32_t i = 0; i < m->samples->n_inputs; i++) {
        uint32_t times = 0;

        for (uint32_t k = 0; k < n; k++)
            times += specs[k].input == i;
        if (times != 1)
            return octet_fail(m->diag, OCTET_ERR_DATA, "input '%s' %s", m->samples->inputs[i].name,
                              times ? "is given twice" : "is missing");
    }
    return OCTET_OK;
}

static octet_status open_stacked(const manifest *m, place root, int64_t count)
{
    const json_t *inputs = json_object_get(root.json, "inputs");
    size_t n = json_array_size(inputs);
    octet_array_spec *specs;
    int64_t axis = 0;
    char where[32];

    WARN_UNKNOWN(m, root, "model", "split", "kind", "samples", "sample_axis", "inputs", "labels",
                 "description");
    OCTET_TRY(read_integer(m, root, "sample_axis", 0, OCTET_MAX_RANK - 1, &axis));
    if (n == 0 || n > UINT16_MAX)
        return bad_value(m, root, "inputs", "is not a list of the inputs' files");
    specs = OCTET_ARENA_ARRAY(&m->samples->arena, octet_array_spec, n);
    OCTET_TRY_ALLOC(m->diag, specs);
    for (size_t i = 0; i < n; i++) {
        snprintf(where, sizeof where, "inputs[%zu]", i);
        specs[i] = (octet_array_spec){.axis = (int32_t)axis, .count = count, .rank = -1};
        OCTET_TRY(read_stacked_input(m, (place){json_array_get(inputs, i), where}, &specs[i]));
    }
    OCTET_TRY(check_inputs(m, specs, (uint32_t)n));
    return octet_source_arrays(m->samples, specs, (uint32_t)n, true, m->diag);
}

static octet_status open_archives(const manifest *m, place root, int64_t count)
{
    const json_t *inputs = json_object_get(root.json, "inputs");
    char **paths;
    uint32_t n, ignored;

    WARN_UNKNOWN(m, root, "model", "split", "kind", "samples", "files", "inputs", "labels",
                 "description");
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        const char *input = json_string_value(json_array_get(inputs, i));

        if (!input)
            return bad_value(m, root, "inputs", "holds something that is not a name");
        OCTET_TRY(find_input(m, root, input, &ignored));
    }
    OCTET_TRY(read_files(m, root, count, &paths, &n));
    return octet_source_archives(m->samples, paths, n, m->diag);
}

/* ---------------------------------------------------------------- images */

static const char *const geometry_kinds[] = {"none", "center", "stretch", "letterbox"};
static const char *const interpolations[] = {"nearest", "bilinear", "bicubic"};
static const char *const channel_orders[] = {"RGB", "BGR", "GRAY"};
static const char *const layouts[] = {"auto", "NCHW", "NHWC", "CHW", "HWC"};

static octet_status read_center(const manifest *m, place p, octet_image_options *out)
{
    WARN_UNKNOWN(m, p, "kind", "short_side", "crop", "crop_width", "crop_height");
    OCTET_TRY(read_size(m, p, "short_side", &out->short_side));
    OCTET_TRY(read_size(m, p, "crop", &out->crop_width));
    out->crop_height = out->crop_width;
    OCTET_TRY(read_size(m, p, "crop_width", &out->crop_width));
    OCTET_TRY(read_size(m, p, "crop_height", &out->crop_height));
    if ((out->crop_width == 0) != (out->crop_height == 0))
        return no_value(m, p, out->crop_width ? "crop_height" : "crop_width");
    return out->short_side || out->crop_width ? OCTET_OK : no_value(m, p, "short_side");
}

static octet_status read_box(const manifest *m, place p, octet_image_options *out)
{
    OCTET_TRY(read_size(m, p, "width", &out->width));
    OCTET_TRY(read_size(m, p, "height", &out->height));
    if (!out->width || !out->height)
        return no_value(m, p, out->width ? "height" : "width");
    return OCTET_OK;
}

static octet_status read_stretch(const manifest *m, place p, octet_image_options *out)
{
    WARN_UNKNOWN(m, p, "kind", "width", "height");
    return read_box(m, p, out);
}

static octet_status read_letterbox(const manifest *m, place p, octet_image_options *out)
{
    int64_t pad = 0;

    WARN_UNKNOWN(m, p, "kind", "width", "height", "pad_value", "centered");
    OCTET_TRY(read_integer(m, p, "pad_value", 0, 255, &pad));
    out->pad_value = (float)pad;
    OCTET_TRY(read_bool(m, p, "centered", &out->centered));
    return read_box(m, p, out);
}

static octet_status read_none(const manifest *m, place p, octet_image_options *out)
{
    (void)out;
    WARN_UNKNOWN(m, p, "kind");
    return OCTET_OK;
}

static octet_status read_geometry(const manifest *m, place images, octet_image_options *out)
{
    static octet_status (*const readers[])(const manifest *, place, octet_image_options *) = {
        [OCTET_RESIZE_NONE] = read_none,
        [OCTET_RESIZE_CENTER] = read_center,
        [OCTET_RESIZE_STRETCH] = read_stretch,
        [OCTET_RESIZE_LETTERBOX] = read_letterbox,
    };
    place p = {json_object_get(images.json, "geometry"), "images.geometry"};
    int kind = -1;

    if (!p.json)
        return OCTET_OK;
    if (!json_is_object(p.json))
        return bad_value(m, images, "geometry", "is not an object");
    OCTET_TRY(read_choice(m, p, "kind", geometry_kinds, COUNT(geometry_kinds), &kind));
    if (kind < 0)
        return no_value(m, p, "kind");
    out->geometry = (octet_resize_kind)kind;
    return readers[kind](m, p, out);
}

static octet_status read_values(const manifest *m, place p, octet_image_options *out)
{
    int interpolation = OCTET_INTERP_BILINEAR, channels = OCTET_CHANNELS_RGB;
    int layout = OCTET_LAYOUT_AUTO;
    size_t n;

    OCTET_TRY(
        read_choice(m, p, "interpolation", interpolations, COUNT(interpolations), &interpolation));
    OCTET_TRY(read_choice(m, p, "channels", channel_orders, COUNT(channel_orders), &channels));
    OCTET_TRY(read_choice(m, p, "layout", layouts, COUNT(layouts), &layout));
    out->interpolation = (octet_interpolation)interpolation;
    out->channels = channels;
    out->layout = layout;
    n = channels == OCTET_CHANNELS_GRAY ? 1 : 3;
    OCTET_TRY(read_channels(m, p, "mean", n, out->mean));
    OCTET_TRY(read_channels(m, p, "std", n, out->std));
    OCTET_TRY(read_number(m, p, "scale", &out->scale));
    for (size_t i = 0; i < n; i++)
        if (out->std[i] == 0)
            return bad_value(m, p, "std", "is 0");
    return OCTET_OK;
}

static octet_status open_images(const manifest *m, place root, int64_t count)
{
    place p = {json_object_get(root.json, "images"), "images"};
    octet_image_options options = {.scale = 1, .std = {1, 1, 1}};
    const char *input_name = NULL;
    char **paths;
    uint32_t n, input;

    WARN_UNKNOWN(m, root, "model", "split", "kind", "samples", "images", "labels", "description");
    if (!json_is_object(p.json))
        return bad_value(m, root, "images", "is not an object");
    WARN_UNKNOWN(m, p, "input", "geometry", "interpolation", "channels", "mean", "std", "scale",
                 "layout", "formula", "files", "description");
    OCTET_TRY(read_text(m, p, "input", &input_name));
    OCTET_TRY(find_input(m, p, input_name, &input));
    if (m->samples->n_inputs != 1)
        return octet_fail(m->diag, OCTET_ERR_DATA, "images feed one input, but the model has %u",
                          (unsigned)m->samples->n_inputs);
    OCTET_TRY(read_geometry(m, p, &options));
    OCTET_TRY(read_values(m, p, &options));
    OCTET_TRY(read_files(m, p, count, &paths, &n));
    return octet_source_images(m->samples, paths, n, input, &options, m->diag);
}

/* ---------------------------------------------------------------- the file */

static octet_status open_root(const manifest *m, const json_t *json)
{
    static const char *const kinds[] = {"stacked", "npz_per_sample", "images"};
    static octet_status (*const openers[])(const manifest *, place,
                                           int64_t) = {open_stacked, open_archives, open_images};
    place root = {json, ""};
    int64_t count = -1;
    int kind = -1;

    if (!json_is_object(json))
        return octet_fail(m->diag, OCTET_ERR_MALFORMED, "is not a JSON object");
    OCTET_TRY(read_integer(m, root, "samples", 1, MOST_SAMPLES, &count));
    OCTET_TRY(read_choice(m, root, "kind", kinds, COUNT(kinds), &kind));
    if (kind < 0 && json_object_get(json, "images"))
        kind = 2; /* "images" says it already */
    if (kind < 0)
        return no_value(m, root, "kind");
    return openers[kind](m, root, count);
}

octet_status octet_source_manifest(octet_samples *samples, const char *folder, const char *path,
                                   const octet_file *json, octet_diag *diag)
{
    manifest m = {.samples = samples, .folder = folder, .path = path, .diag = diag};
    json_error_t error;
    json_t *root = json_loadb(json->size ? (const char *)json->data : "", json->size,
                              JSON_REJECT_DUPLICATES, &error);
    octet_status status;

    if (!root)
        return octet_fail(diag, OCTET_ERR_MALFORMED, "line %d, column %d: %s", error.line,
                          error.column, error.text);
    status = open_root(&m, root);
    json_decref(root);
    return status;
}
