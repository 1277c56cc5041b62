/* choose.h: what calibration keeps of each site, and the ranges chosen from it
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_API_CHOOSE_H
#define OCTET_API_CHOOSE_H

#include "calib/calibrate.h"
#include "engine/annotate.h"

typedef struct octet_choosing {
    octet_annotation *annotation;
    octet_calibration *calibration;
    const octet_observer *observer;
    octet_range_options options;
    int threads;
    uint32_t coarse; /* set: tensors of which a step is resolved too coarsely */
} octet_choosing;

/* Before calibration: has every site observed whose values no others cover. */
octet_status octet_choose_observed(const octet_choosing *c, octet_diag *diag);

/* After it: resolves the annotation. The values of a group's sites are taken together; the ranges
 * of groups are searched for side by side. */
octet_status octet_choose_ranges(octet_choosing *c, octet_diag *diag);

#endif
