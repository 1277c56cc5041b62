/* arrays.c: samples in .npy files and in one .npz archive
 * SPDX-License-Identifier: Apache-2.0
 *
 * One file per input, in step; or the files of one input in turn. A file that stays open is mapped
 * and samples point into the map. Of many files in turn only the one in use is mapped.
 */
#include "data/npy_view.h"
#include "data/npz.h"
#include "data/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct array {
    octet_array_spec spec;
    octet_file file;
    octet_npy_view view;
    int32_t axis;     /* -1: the whole array is one sample */
    bool keep_axis;   /* the axis stays with length 1 */
    int64_t first, n; /* samples */
} array;

typedef struct arrays {
    array *list;
    uint32_t n;
    bool per_input, stay_mapped;
    octet_npz npz; /* holds the payloads of an archive */
} arrays;

/* ---------------------------------------------------------------- where the samples lie */

static void along(array *a, int32_t axis, bool keep_axis)
{
    a->axis = axis;
    a->keep_axis = keep_axis;
    a->n = a->view.type.dims[axis];
}

/*
 * By shape, for a model input of rank r:
 *   r + 1 dimensions, the last r fit: stacked along axis 0
 *   r dimensions that fit: one sample; but where the model's first dimension is 1 or symbolic it is
 *       the batch, and the file holds as many samples as its first dimension says
 *   r - 1 dimensions: one sample without its batch axis
 */
static bool axis_by_shape(array *a, const octet_sample_input *input)
{
    const octet_tensor *type = &a->view.type;
    int32_t rank = input->rank;
    bool batched = rank > 0 && (input->dims[0] < 0 || input->dims[0] == 1);

    a->axis = -1;
    a->keep_axis = false;
    a->n = 1;
    if (rank < 0 && type->rank > 0) {
        along(a, 0, false);
        return true;
    }
    if (type->rank == rank + 1 && octet_fit_dims(input->dims, type->dims + 1, rank)) {
        along(a, 0, false);
        return true;
    }
    if (batched && type->rank == rank &&
        octet_fit_dims(input->dims + 1, type->dims + 1, rank - 1)) {
        along(a, 0, true);
        return true;
    }
    if (type->rank == rank)
        return octet_fit_dims(input->dims, type->dims, rank);
    return batched && type->rank == rank - 1 &&
           octet_fit_dims(input->dims + 1, type->dims, rank - 1);
}

static octet_status check_promises(const array *a, octet_diag *diag)
{
    const octet_array_spec *spec = &a->spec;
    const octet_tensor *type = &a->view.type;
    int64_t dims[OCTET_MAX_RANK];
    int32_t rank = 0;

    for (int32_t i = 0; i < type->rank; i++)
        if (i != a->axis)
            dims[rank++] = type->dims[i];
    if (spec->count >= 0 && spec->count != a->n)
        return octet_fail(diag, OCTET_ERR_DATA,
                          "holds %" PRId64 " samples where the manifest says %" PRId64, a->n,
                          spec->count);
    if (spec->dtype != OCTET_DTYPE_UNDEFINED && spec->dtype != type->dtype)
        return octet_fail(diag, OCTET_ERR_DATA, "holds %s where the manifest says %s",
                          octet_dtype_get(type->dtype)->name, octet_dtype_get(spec->dtype)->name);
    if (spec->rank >= 0 &&
        (spec->rank != rank || (rank > 0 && memcmp(dims, spec->dims, (size_t)rank * sizeof *dims))))
        return octet_fail(diag, OCTET_ERR_DATA,
                          "samples have another shape than the manifest's sample_shape");
    return OCTET_OK;
}

static octet_status place_samples(const octet_samples *samples, array *a, octet_diag *diag)
{
    const octet_sample_input *input = &samples->inputs[a->spec.input];

    if (a->spec.axis == OCTET_AXIS_BY_SHAPE)
        return axis_by_shape(a, input) ? OCTET_OK : octet_fit_mismatch(input, &a->view.type, diag);
    if (a->spec.axis >= a->view.type.rank)
        return octet_fail(diag, OCTET_ERR_DATA, "has %d dimensions, so no sample axis %d",
                          (int)a->view.type.rank, (int)a->spec.axis);
    along(a, a->spec.axis, false);
    return check_promises(a, diag);
}

/* ---------------------------------------------------------------- files */

static octet_status map_array(array *a, octet_diag *diag)
{
    octet_status status;

    OCTET_TRY(octet_file_map(a->spec.path, &a->file, diag));
    status = octet_npy_view_open(a->file.data, a->file.size, &a->view, diag);
    if (status != OCTET_OK)
        octet_file_unmap(&a->file);
    return octet_note(diag, status, "'%s'", a->spec.path);
}

static bool same_type(const octet_tensor *a, const octet_tensor *b)
{
    return a->dtype == b->dtype && a->rank == b->rank &&
           (a->rank == 0 || memcmp(a->dims, b->dims, (size_t)a->rank * sizeof a->dims[0]) == 0);
}

static octet_status take_copy(const array *a, int64_t index, const octet_allocator *allocator,
                              octet_tensor *out, bool *owned, octet_diag *diag)
{
    array now = {.spec = a->spec};
    octet_tensor taken;
    octet_status status;

    OCTET_TRY(map_array(&now, diag));
    if (same_type(&now.view.type, &a->view.type))
        status =
            octet_npy_take(&now.view, a->axis, index, a->keep_axis, allocator, &taken, owned, diag);
    else
        status = octet_fail(diag, OCTET_ERR_IO, "'%s' changed while it was read", a->spec.path);
    if (status == OCTET_OK && *owned) {
        *out = taken;
    } else if (status == OCTET_OK) {
        status = octet_tensor_init(out, allocator, taken.dtype, taken.rank, taken.dims, diag);
        *owned = status == OCTET_OK;
        if (*owned)
            memcpy(out->data, taken.data, taken.bytes);
    }
    octet_file_unmap(&now.file);
    return status;
}

/* The file that holds a sample, of files in turn. */
static const array *find_array(const arrays *s, int64_t index)
{
    uint32_t low = 0, high = s->n;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (s->list[middle].first <= index)
            low = middle;
        else
            high = middle;
    }
    return &s->list[low];
}

/* ---------------------------------------------------------------- source */

static octet_status load(octet_samples *samples, int64_t index, octet_sample *out, bool *end,
                         octet_diag *diag)
{
    const arrays *s = samples->state;
    const octet_allocator *allocator = &samples->ctx->allocator;
    const array *a = find_array(s, index);

    *end = false;
    if (!s->stay_mapped)
        return take_copy(a, index - a->first, allocator, &out->tensors[0], &out->owned[0], diag);
    for (uint32_t i = 0; i < s->n; i++) {
        a = &s->list[i];
        OCTET_TRY_NOTE(diag,
                       octet_npy_take(&a->view, a->axis, index, a->keep_axis, allocator,
                                      &out->tensors[a->spec.input], &out->owned[a->spec.input],
                                      diag),
                       "'%s'", a->spec.path);
    }
    return OCTET_OK;
}

static void name(const octet_samples *samples, int64_t index, char *buffer, size_t size)
{
    const arrays *s = samples->state;
    const array *a = s->per_input ? &s->list[0] : find_array(s, index);
    const char *file = octet_source_base_name(a->spec.path);

    if (a->n == 1)
        snprintf(buffer, size, "%s", file);
    else
        snprintf(buffer, size, "%s[%" PRId64 "]", file, index - (s->per_input ? 0 : a->first));
}

/* Mapped samples that were used would count as the process's memory until the end. */
static void forget(const octet_samples *samples, const octet_sample *sample)
{
    const arrays *s = samples->state;

    for (uint32_t i = 0; s->stay_mapped && i < s->n; i++) {
        const octet_tensor *tensor = &sample->tensors[s->list[i].spec.input];

        if (tensor->data && !sample->owned[s->list[i].spec.input])
            octet_file_forget(&s->list[i].file, tensor->data, tensor->bytes);
    }
}

static void close_arrays(octet_samples *samples)
{
    arrays *s = samples->state;

    for (uint32_t i = 0; i < s->n; i++)
        octet_file_unmap(&s->list[i].file);
    octet_npz_close(&s->npz);
}

static const octet_source arrays_source = {
    .load = load, .name = name, .release = forget, .close = close_arrays};

static octet_status prepare(octet_samples *samples, uint32_t n, bool per_input, octet_diag *diag)
{
    arrays *s = OCTET_ARENA_NEW(&samples->arena, arrays);

    OCTET_TRY_ALLOC(diag, s);
    s->list = OCTET_ARENA_ARRAY(&samples->arena, array, n);
    OCTET_TRY_ALLOC(diag, s->list);
    s->per_input = per_input;
    s->stay_mapped = per_input || n == 1;
    samples->state = s;
    samples->source = &arrays_source;
    return OCTET_OK;
}

/* Counts the samples: each file of one input has as many, or files in turn add up. */
static octet_status count_samples(octet_samples *samples, arrays *s, octet_diag *diag)
{
    int64_t total = 0;

    for (uint32_t i = 0; i < s->n; i++) {
        array *a = &s->list[i];

        if (s->per_input && a->n != s->list[0].n)
            return octet_fail(diag, OCTET_ERR_DATA,
                              "inputs have different numbers of samples: '%s' %" PRId64
                              ", '%s' %" PRId64,
                              s->list[0].spec.path, s->list[0].n, a->spec.path, a->n);
        a->first = total;
        if (a->n > INT64_MAX - total)
            return octet_fail(diag, OCTET_ERR_DATA, "too many samples");
        total += a->n;
    }
    samples->count = s->per_input ? s->list[0].n : total;
    return OCTET_OK;
}

octet_status octet_source_arrays(octet_samples *samples, const octet_array_spec *specs, uint32_t n,
                                 bool per_input, octet_diag *diag)
{
    arrays *s;

    OCTET_TRY(prepare(samples, n, per_input, diag));
    s = samples->state;
    for (uint32_t i = 0; i < n; i++) {
        array *a = &s->list[i];

        a->spec = specs[i];
        a->spec.path = octet_arena_strdup(&samples->arena, specs[i].path);
        OCTET_TRY_ALLOC(diag, a->spec.path);
        OCTET_TRY(map_array(a, diag));
        s->n = i + 1; /* from here on close_arrays() unmaps it */
        OCTET_TRY_NOTE(diag, place_samples(samples, a, diag), "'%s'", a->spec.path);
        if (!s->stay_mapped)
            octet_file_unmap(&a->file);
    }
    return count_samples(samples, s, diag);
}

/* ---------------------------------------------------------------- one archive */

static octet_status archive_array(octet_samples *samples, arrays *s, const char *path,
                                  uint32_t input, octet_diag *diag)
{
    const char *key = samples->inputs[input].name;
    const struct octet_npz_array *found = octet_npz_find(&s->npz, key);
    array *a = &s->list[s->n];

    if (!found && s->npz.n == 1 && samples->n_inputs == 1)
        found = &s->npz.arrays[0];
    if (!found)
        return octet_fail(diag, OCTET_ERR_DATA, "input '%s' is missing", key);
    a->spec = (octet_array_spec){
        .path = path, .input = input, .axis = OCTET_AXIS_BY_SHAPE, .count = -1, .rank = -1};
    a->view.type = found->tensor;
    a->view.type.data = NULL;
    a->view.payload = found->tensor.data;
    s->n++;
    return place_samples(samples, a, diag);
}

octet_status octet_source_archive(octet_samples *samples, const char *path, octet_diag *diag)
{
    char *copy = octet_arena_strdup(&samples->arena, path);
    arrays *s;

    OCTET_TRY_ALLOC(diag, copy);
    OCTET_TRY(prepare(samples, samples->n_inputs, true, diag));
    s = samples->state;
    OCTET_TRY(octet_npz_open(path, &samples->ctx->allocator, samples->ctx->limits.max_tensor_bytes,
                             &s->npz, diag));
    for (uint32_t i = 0; i < samples->n_inputs; i++)
        OCTET_TRY_NOTE(diag, archive_array(samples, s, copy, i, diag), "'%s'", path);
    return count_samples(samples, s, diag);
}
