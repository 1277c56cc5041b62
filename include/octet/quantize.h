/* quantize.h: float model and samples in, int8 QDQ model out
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_QUANTIZE_H
#define OCTET_QUANTIZE_H

#include "octet/data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero-initialise, then set what differs. */
typedef struct octet_quantize_options {
    const char *backend; /* built-in name or path of a JSON file; NULL: "ort-cpu" */
    const char *method;  /* how ranges are chosen; NULL: "minmax" */
    double percentile;   /* of method "percentile": share of the values to keep, between 50 and 100;
                            0: 99.999 */
    const char *io_dtype;  /* "float" or NULL: inputs and outputs keep their types; "quantized": the
                              Q/DQ at the boundary are removed and the caller passes integers */
    bool avoid_saturation; /* weights whose products could saturate 16 bits on x86 processors
                              without VNNI (octet/overflow.h) keep 7 bits */
    const char *const *explain; /* names of nodes to explain in the report */
    size_t n_explain;
    octet_progress progress; /* may be NULL */
    void *user;
} octet_quantize_options;

/* Nodes left float for one reason. */
typedef struct octet_report_reason {
    const char *op_type;
    const char *reason;
    const char *example; /* name of the first such node */
    unsigned count;
} octet_report_reason;

typedef struct octet_report_tensor {
    const char *name;
    float min, max; /* observed */
    float scale;
    int zero_point;
} octet_report_tensor;

typedef struct octet_report {
    unsigned nodes_integer; /* nodes of the float model that now run in integers */
    unsigned nodes_float;   /* nodes that compute on floats as before */
    unsigned heavy_integer,
        heavy_float; /* Conv, ConvTranspose, Gemm, MatMul, LSTM, GRU, RNN of these */
    const octet_report_reason *reasons; /* most frequent first */
    size_t n_reasons;
    const octet_report_tensor *tensors; /* quantized activations in graph order */
    size_t n_tensors;
    const char *const *warnings;
    size_t n_warnings;
    const char *explanations; /* "" without explain */
    int64_t samples;
    unsigned pairs, weights, biases; /* Q/DQ pairs; initializers stored in integers */
    long long narrowed_channels;     /* output channels whose weights keep 7 bits */
    /* Memory of the calibration, of all threads together at their peaks. */
    uint64_t tensor_bytes;  /* tensors in flight */
    uint64_t held_bytes;    /* what was held for them */
    uint64_t scratch_bytes; /* work space of the most demanding nodes */
    uint64_t packed_bytes;  /* weights in the order the kernels want */
    const char *backend, *method;
    double percentile; /* of that method, else 0 */
    char calibration_sha256[65];
} octet_report;

/* Quantizes the model in place. On success *report (may be NULL) is the caller's, freed with
 * octet_report_free(). On failure the model is only good for octet_model_destroy(). The result
 * depends on model, samples and options alone: not on threads, CPU level or machine. */
OCTET_API octet_status octet_quantize(octet_context *ctx, octet_model *model, octet_data *data,
                                      const octet_quantize_options *options, octet_report **report);
OCTET_API void octet_report_free(octet_report *report);

/* Names and summaries of the methods, NULL past the end. */
OCTET_API const char *octet_method_name(size_t index);
OCTET_API const char *octet_method_summary(size_t index);

#ifdef __cplusplus
}
#endif
#endif
