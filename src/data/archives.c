/* archives.c: one .npz archive per sample, keys are input names
 * SPDX-License-Identifier: Apache-2.0
 */
#include "data/npz.h"
#include "data/source.h"

#include <stdio.h>

/* Moves an array out of the archive, which then no longer frees it. */
static void move_array(struct octet_npz_array *array, octet_sample *out, uint32_t input)
{
    out->tensors[input] = array->tensor;
    out->owned[input] = true;
    array->tensor = (octet_tensor){0};
}

static octet_status distribute(const octet_samples *samples, octet_npz *npz, octet_sample *out,
                               octet_diag *diag)
{
    if (samples->n_inputs == 1 && npz->n == 1) {
        move_array(&npz->arrays[0], out, 0);
        return OCTET_OK;
    }
    for (uint32_t i = 0; i < npz->n; i++) {
        uint32_t input = octet_source_find_input(samples, npz->arrays[i].key);

        if (input == OCTET_NO_INPUT)
            return octet_source_unknown_input(samples, "key", npz->arrays[i].key, diag);
        move_array(&npz->arrays[i], out, input);
    }
    for (uint32_t i = 0; i < samples->n_inputs; i++)
        if (!out->owned[i])
            return octet_fail(diag, OCTET_ERR_DATA, "input '%s' is missing",
                              samples->inputs[i].name);
    return OCTET_OK;
}

static octet_status load(octet_samples *samples, int64_t index, octet_sample *out, bool *end,
                         octet_diag *diag)
{
    char *const *paths = samples->state;
    octet_npz npz;
    octet_status status;

    *end = false;
    OCTET_TRY(octet_npz_open(paths[index], &samples->ctx->allocator,
                             samples->ctx->limits.max_tensor_bytes, &npz, diag));
    status = distribute(samples, &npz, out, diag);
    octet_npz_close(&npz);
    return status;
}

static void name(const octet_samples *samples, int64_t index, char *buffer, size_t size)
{
    char *const *paths = samples->state;

    snprintf(buffer, size, "%s", octet_source_base_name(paths[index]));
}

static const octet_source archives_source = {.load = load, .name = name};

octet_status octet_source_archives(octet_samples *samples, char **paths, uint32_t n,
                                   octet_diag *diag)
{
    (void)diag;
    samples->state = paths;
    samples->count = n;
    samples->source = &archives_source;
    return OCTET_OK;
}
