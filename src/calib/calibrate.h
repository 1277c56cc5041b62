/* calibrate.h: runs samples through a model and feeds observers
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_CALIB_CALIBRATE_H
#define OCTET_CALIB_CALIBRATE_H

#include "calib/observer.h"
#include "run/run.h"

/* Where samples come from. get() fills tensors[0..n_inputs) for one worker; they stay valid until
 * release() with the same worker. When count is known, get() is called from several threads with
 * different workers; when it is -1, from one thread in order until *end. */
typedef struct octet_feed {
    void *user;
    int64_t count;
    octet_status (*get)(void *user, int64_t index, int worker, octet_tensor *tensors, bool *end,
                        octet_diag *diag);
    void (*release)(void *user, int worker);
    const char *(*name)(void *user, int64_t index, char *buffer, size_t size);
    void (*progress)(void *user, int64_t done); /* called by one thread at a time */
} octet_feed;

typedef struct octet_calibration octet_calibration;

/* observe(): adds an observed value (of any graph of the model) and returns its number; what is
 * kept of a value is settled by the first call for it. Graph inputs of type float32 are checked for
 * NaN and infinities whether observed or not. */
octet_status octet_calibration_create(octet_model *model, octet_calibration **out,
                                      octet_diag *diag);
octet_status octet_calibration_observe(octet_calibration *c, const octet_graph *g,
                                       octet_value_id value, const octet_statistics *statistics,
                                       uint32_t *number, octet_diag *diag);

/* Runs all samples, side by side on `threads` threads; those of a stream, and a few, one after the
 * other, each on all of them. The result does not depend on threads. On
 * failure the message is the one of the lowest failing sample and names it; a NaN or infinity is a
 * DATA error that names the first tensor it appears in. */
octet_status octet_calibration_run(octet_calibration *c, const octet_feed *feed, int threads,
                                   octet_diag *diag);

int64_t octet_calibration_samples(const octet_calibration *c);
octet_memory octet_calibration_memory(const octet_calibration *c); /* of all workers together */
/* Smallest and largest value; false: it was never computed (a branch that no sample took, or only
 * empty tensors). */
bool octet_calibration_extent(const octet_calibration *c, uint32_t number, octet_range *out);
/* The range that the observer chooses for all of these values together; they carry its statistics,
 * and one of them at least was computed. May be called from several threads. */
octet_status octet_calibration_choose(const octet_calibration *c, const uint32_t *numbers, size_t n,
                                      const octet_observer *observer, const octet_qspec *spec,
                                      const octet_range_options *options, octet_choice *out,
                                      octet_diag *diag);
void octet_calibration_destroy(octet_calibration *c);

#endif
