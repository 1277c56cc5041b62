/* message.h: what the program says on standard error, and its progress bar
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_TOOL_MESSAGE_H
#define OCTET_TOOL_MESSAGE_H

#include "octet/octet.h"

#include <stdbool.h>
#include <stddef.h>

#if defined(__GNUC__)
#    define MESSAGE_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#    define MESSAGE_PRINTF(fmt, args)
#endif

/* "octet: <text>"; returns 2, the exit code of usage errors. */
int message_usage(const char *fmt, ...) MESSAGE_PRINTF(1, 2);
/* "octet: <text of the context>"; returns the status' exit code. */
int message_failure(const octet_context *ctx, octet_status status);
void message_warning(const char *fmt, ...) MESSAGE_PRINTF(1, 2);

/* The nearest candidate, NULL when none is near. */
const char *message_nearest(const char *word, const char *const *candidates, size_t count);

/* A bar with rate and remaining time on standard error when that is a terminal, else nothing. */
typedef struct progress {
    bool on;
    const char *what; /* "calibrating" */
    double started, drawn;
} progress;

void progress_begin(progress *p, const char *what, bool quiet);
void progress_update(void *p, int64_t done, int64_t total); /* an octet_progress */
void progress_end(progress *p);

double message_clock(void); /* seconds */
/* "1.3 MB" into buffer. */
const char *message_bytes(double bytes, char *buffer, size_t size);

#endif
