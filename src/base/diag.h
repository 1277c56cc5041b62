/* diag.h: status codes with a text that gathers context on the way up
 * SPDX-License-Identifier: Apache-2.0
 *
 * A function that can fail for a reason found in its input takes an octet_diag owned by the caller,
 * fills it at the place where the error is known, and each caller prepends what only it knows:
 *
 *     OCTET_TRY_NOTE(diag, load_node(l, node), "node '%s'", node->name);
 *
 * yields "node 'conv1': kernel_shape has 3 entries but W has 2 spatial dims".
 * Messages: lower case, no full stop, subject in single quotes.
 */
#ifndef OCTET_BASE_DIAG_H
#define OCTET_BASE_DIAG_H

#include "octet/status.h"

#define OCTET_DIAG_TEXT 1024

typedef struct octet_diag {
    octet_status code;
    char text[OCTET_DIAG_TEXT];
} octet_diag;

#if defined(__GNUC__)
#    define OCTET_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#    define OCTET_PRINTF(fmt, args)
#endif

/* Sets code and text. diag may be NULL. */
void octet_diag_set(octet_diag *diag, octet_status code, const char *fmt, ...) OCTET_PRINTF(3, 4);

static inline octet_status octet_diag_code(octet_status code)
{
    return code;
}

/* The same as an expression whose value is the code. A macro, so that compilers see which code it
 * is and do not warn of results that are unset only after a failure. */
#define octet_fail(diag, code, ...)                                                                \
    (octet_diag_set((diag), (code), __VA_ARGS__), octet_diag_code(code))

/* "out of memory" */
octet_status octet_fail_nomem(octet_diag *diag);

/* Prepends "<formatted>: " to the text of a failure and returns status unchanged; OK passes. */
octet_status octet_note(octet_diag *diag, octet_status status, const char *fmt, ...)
    OCTET_PRINTF(3, 4);

#define OCTET_TRY(expr)                                                                            \
    do {                                                                                           \
        octet_status try_status_ = (expr);                                                         \
        if (try_status_ != OCTET_OK)                                                               \
            return try_status_;                                                                    \
    } while (0)

#define OCTET_TRY_NOTE(diag, expr, ...)                                                            \
    do {                                                                                           \
        octet_status try_status_ = (expr);                                                         \
        if (try_status_ != OCTET_OK) {                                                             \
            octet_note((diag), try_status_, __VA_ARGS__);                                          \
            return try_status_;                                                                    \
        }                                                                                          \
    } while (0)

/* For pointers that come from an allocation. */
#define OCTET_TRY_ALLOC(diag, ptr)                                                                 \
    do {                                                                                           \
        if ((ptr) == NULL) {                                                                       \
            octet_fail_nomem(diag);                                                                \
            return OCTET_ERR_NOMEM;                                                                \
        }                                                                                          \
    } while (0)

#endif
