/* run.h: run a model in the reference interpreter
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_RUN_H
#define OCTET_RUN_H

#include "octet/data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One output of one sample; data is valid during the call. dtype and layout as octet_input. */
typedef struct octet_output_view {
    const char *name;
    int dtype;
    int rank;
    const int64_t *dims;
    const void *data;
    size_t bytes;
} octet_output_view;

/* Called once per sample, in sample order, from one thread at a time. Return 0 to go on, else the
 * run ends with OCTET_ERR_IO. name says where the sample came from. */
typedef int (*octet_run_sink)(void *user, int64_t index, const char *name,
                              const octet_output_view *outputs, size_t n);

/* Runs every sample. The model must have been prepared (octet_model_prepare). Float and quantized
 * models alike, each operator as the ONNX standard defines it. */
OCTET_API octet_status octet_model_run(octet_context *ctx, octet_model *model, octet_data *data,
                                       octet_run_sink sink, octet_progress progress, void *user);

/* Writes the outputs of one sample as an .npz keyed by output name. */
OCTET_API octet_status octet_write_npz(octet_context *ctx, const char *path,
                                       const octet_output_view *outputs, size_t n);

#ifdef __cplusplus
}
#endif
#endif
