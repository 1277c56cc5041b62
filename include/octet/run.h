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

/* How quantized operators compute, by index: "onnx" (the standard's definition; the default),
 * "ort-vnni", … NULL beyond the last (docs/numerics.md). */
OCTET_API const char *octet_profile_name(size_t index);
OCTET_API const char *octet_profile_summary(size_t index); /* one line */

typedef struct octet_run_options {
    const char *as; /* name of a profile; NULL: "onnx" */
    /* Names of values of the main graph that the sink gets behind the outputs, as far as they are
     * computed: what a runtime fuses away is not. "quantized": all tensors of 8-bit integers. */
    const char *const *taps;
    size_t n_taps;
} octet_run_options;

/* Runs every sample. The model must have been prepared (octet_model_prepare). Float and quantized
 * models alike; options may be NULL. A profile of a runtime that fuses changes the model as
 * octet_model_lower() does. */
OCTET_API octet_status octet_model_run(octet_context *ctx, octet_model *model, octet_data *data,
                                       const octet_run_options *options, octet_run_sink sink,
                                       octet_progress progress, void *user);

/* Makes the integer operators of a prepared QDQ model that the profile's runtime makes of its
 * QuantizeLinear and DequantizeLinear nodes. Nothing for runtimes that run them one by one. */
OCTET_API octet_status octet_model_lower(octet_context *ctx, octet_model *model, const char *as);

/* Writes the outputs of one sample as an .npz keyed by output name. */
OCTET_API octet_status octet_write_npz(octet_context *ctx, const char *path,
                                       const octet_output_view *outputs, size_t n);

#ifdef __cplusplus
}
#endif
#endif
