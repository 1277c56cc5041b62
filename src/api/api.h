/* api.h: what the files of this layer share
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_API_API_H
#define OCTET_API_API_H

#include "base/context.h"
#include "calib/calibrate.h"
#include "data/samples.h"
#include "engine/annotate.h"
#include "engine/lower.h"
#include "engine/place.h"
#include "octet/octet.h"

typedef struct octet_profile {
    const char *name, *summary;
    octet_arith arith;
    octet_lower_rules rules;
} octet_profile;

/* NULL: the default. INVALID_ARGUMENT names the nearest. */
octet_status octet_profile_find(const char *name, const octet_profile **out, octet_diag *diag);

struct octet_data {
    octet_context *ctx;
    octet_arena arena;
    octet_sample_input *inputs;
    uint32_t n_inputs;
    octet_samples *samples;
    octet_data_callback callback; /* with user */
    void *user;
};

/* A feed over data for the calibrator: one lane of samples per worker, digests by index. */
typedef struct octet_data_feed {
    octet_feed feed;
    octet_data *data;
    octet_sample *lanes;
    int n_lanes;
    uint8_t (*digests)[32];
    int64_t digests_capacity, n_digests;
    octet_progress progress;
    void *user;
} octet_data_feed;

octet_status octet_data_feed_init(octet_data_feed *f, octet_data *data, int threads,
                                  octet_progress progress, void *user, octet_diag *diag);
void octet_data_feed_deinit(octet_data_feed *f);
/* SHA-256 over the samples' digests in order. */
void octet_data_feed_hash(const octet_data_feed *f, char out[65]);

/* UNSUPPORTED when the model holds quantized operators already, naming the first. */
octet_status octet_check_float(const octet_graph *g, octet_diag *diag);

/* UNSUPPORTED when a Conv, MatMul … reads what an operator computes that octet does not know,
 * naming the latter: calibration could not reach it. An unknown operator with nothing heavy behind
 * it may stay, as may one in a branch. */
octet_status octet_check_known(const octet_graph *g, octet_diag *diag);

/* Smallest IR version that may carry the model's opset imports. */
void octet_raise_ir_version(octet_model *model);

/* Inputs and outputs next to a Q or DQ become integers. */
octet_status octet_quantize_io(octet_model *model, octet_diag *diag);

typedef struct octet_report_builder {
    const octet_annotation *annotation;
    const octet_place_result *placed;
    const octet_calibration *calibration;
    const octet_quantize_options *options;
    const char *calibration_hash;
    octet_text *explanations;
} octet_report_builder;

/* Gathers the report before placement changes the graph; counts of placement are filled in later.
 */
octet_status octet_report_create(const octet_report_builder *from, octet_report **out,
                                 octet_diag *diag);
void octet_report_set_placed(octet_report *report, const octet_place_result *placed);
/* Conv, ConvTranspose, Gemm, MatMul and the recurrent operators. */
bool octet_report_is_heavy(const octet_node *node);
octet_status octet_report_warn(octet_report *report, const char *text);

#endif
