/* report.h: the summary of a quantization as text and as JSON
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_TOOL_REPORT_H
#define OCTET_TOOL_REPORT_H

#include "octet/octet.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct report_facts {
    const char *model, *out;
    uint64_t bytes_before, bytes_after;
    double seconds, peak_bytes;
    bool noise; /* calibrated with noise */
    bool verbose;
    bool avoid_saturation;
} report_facts;

void report_print_text(const octet_report *r, const report_facts *facts, FILE *out);
/* Stable keys, described in docs/report.md. Returns an exit code. */
int report_print_json(const octet_report *r, const report_facts *facts, FILE *out);
double report_peak_bytes(void); /* largest resident set of this process so far */

#endif
