/* protos.c: ONNX test data sets, folders of input_<n>.pb
 * SPDX-License-Identifier: Apache-2.0
 */
#include "data/source.h"
#include "onnx/onnx.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A tensor that carries the name of an input is that input; others go by the file's number, which
 * counts the model's inputs. */
static octet_status place(const octet_samples *samples, octet_sample *out,
                          const octet_tensor *tensor, const char *tensor_name, uint32_t number,
                          octet_diag *diag)
{
    uint32_t input = tensor_name ? octet_source_find_input(samples, tensor_name) : OCTET_NO_INPUT;

    if (input == OCTET_NO_INPUT)
        input = number;
    if (out->owned[input])
        return octet_fail(diag, OCTET_ERR_DATA, "input '%s' is given twice",
                          samples->inputs[input].name);
    out->tensors[input] = *tensor;
    out->owned[input] = true;
    return OCTET_OK;
}

static octet_status load_proto(octet_samples *samples, const char *folder, uint32_t number,
                               octet_sample *out, octet_diag *diag)
{
    const octet_allocator *allocator = &samples->ctx->allocator;
    octet_text path;
    octet_tensor tensor = {0};
    char *tensor_name = NULL;
    octet_status status;

    octet_text_init(&path, allocator);
    octet_text_add(&path, "%s/input_%" PRIu32 ".pb", folder, number);
    status = path.failed ? octet_fail_nomem(diag) : OCTET_OK;
    if (status == OCTET_OK)
        status = octet_onnx_load_tensor(path.data, allocator, &tensor, &tensor_name, diag);
    if (status == OCTET_OK) {
        status = place(samples, out, &tensor, tensor_name, number, diag);
        if (status != OCTET_OK)
            octet_tensor_deinit(&tensor, allocator);
    }
    octet_mem_free(allocator, tensor_name);
    octet_text_deinit(&path);
    return status;
}

static octet_status load(octet_samples *samples, int64_t index, octet_sample *out, bool *end,
                         octet_diag *diag)
{
    char *const *folders = samples->state;

    *end = false;
    for (uint32_t i = 0; i < samples->n_inputs; i++)
        OCTET_TRY(load_proto(samples, folders[index], i, out, diag));
    return OCTET_OK;
}

static void name(const octet_samples *samples, int64_t index, char *buffer, size_t size)
{
    char *const *folders = samples->state;

    snprintf(buffer, size, "%s", octet_source_base_name(folders[index]));
}

static const octet_source protos_source = {.load = load, .name = name};

octet_status octet_source_protos(octet_samples *samples, char **folders, uint32_t n,
                                 octet_diag *diag)
{
    char **list = octet_arena_memdup(&samples->arena, folders, n * sizeof *folders);

    OCTET_TRY_ALLOC(diag, list);
    samples->state = list;
    samples->count = n;
    samples->source = &protos_source;
    return OCTET_OK;
}
