/* backend.h: what a runtime executes in integers, as data
 * SPDX-License-Identifier: Apache-2.0
 *
 * Mirrors torch.ao.quantization's BackendConfig, BackendPatternConfig, DTypeConfig and
 * ObservationType; the JSON format is described in docs/backend-format.md.
 */
#ifndef OCTET_PASSES_BACKEND_H
#define OCTET_PASSES_BACKEND_H

#include "base/arena.h"
#include "calib/qparams.h"
#include "graph/graph.h"

#define OCTET_MAX_ELEMENTS 8

typedef enum octet_observation_type {
    OCTET_OUTPUT_USE_DIFFERENT_OBSERVER_AS_INPUT,
    OCTET_OUTPUT_SHARE_OBSERVER_WITH_INPUT,
    OCTET_INPUT_OUTPUT_NOT_OBSERVED,
} octet_observation_type;

typedef struct octet_dtype_config {
    const char *name;
    octet_qspec input, output, weight, bias; /* dtype UNDEFINED: not in this configuration */
} octet_dtype_config;

/* A condition on an attribute: its value (the operator's default when absent) must be one of these.
 */
typedef struct octet_attr_rule {
    const char *name;
    const char *const *strings;
    const double *numbers;
    uint32_t n_strings, n_numbers;
    bool has_default; /* value assumed when the node does not have the attribute */
    double default_number;
    const char *default_string;
} octet_attr_rule;

typedef struct octet_element {
    const char *as;
    const char *const *ops; /* "Conv", "com.microsoft::Gelu" */
    uint32_t n_ops;
    int from; /* index of the element whose output it reads; -1 for the first */
    bool optional;
    bool bias; /* its other input is a constant vector that is added to the accumulator */
    const char *const *constant; /* ports that must be constant when present */
    uint32_t n_constant;
    const char *const *absent; /* ports (inputs) that must be left out */
    uint32_t n_absent;
    const octet_attr_rule *attrs;
    uint32_t n_attrs;
    int32_t min_rank, max_rank; /* of input 0; 0: any */
    uint32_t max_outputs;       /* used outputs at most; 0: one */
    bool clip_to_range;         /* a Clip: the quantized range must lie inside its bounds */
} octet_element;

typedef struct octet_pattern {
    const char *name;
    const octet_element *elements;
    uint32_t n_elements;
    octet_observation_type observation;
    bool between;    /* only between quantized producers and consumers; else always */
    bool from_float; /* moves every element once: quantizing before it costs no more than after */
    bool output_optional; /* the output may stay float and the operator still runs in integers */
    bool
        zero_point_min; /* the last element is a Relu: only zero point = quant_min lets it vanish */
    bool overwrite_output_qparams;
    octet_qparams output_qparams; /* when overwrite_output_qparams */
    const octet_dtype_config *const *configs;
    uint32_t n_configs;
} octet_pattern;

typedef struct octet_backend {
    octet_arena arena;
    const char *name, *summary, *arithmetic;
    const octet_dtype_config *configs;
    uint32_t n_configs;
    const octet_pattern *patterns; /* longest first, then in file order */
    uint32_t n_patterns;
    uint8_t digest[32]; /* SHA-256 of the description's text */
} octet_backend;

/* text: JSON. `where` names it in messages (a path or a built-in's name). */
octet_status octet_backend_parse(const octet_allocator *allocator, const char *text, size_t size,
                                 const char *where, octet_backend **out, octet_diag *diag);
/* A built-in backend, or a file when the name has a '/' or ends in ".json". */
octet_status octet_backend_open(const octet_allocator *allocator, const char *name,
                                octet_backend **out, octet_diag *diag);
void octet_backend_destroy(octet_backend *backend);

#endif
