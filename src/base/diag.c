/* diag.c: status codes and the text that goes with them
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int exit_code;
} statuses[] = {
    [OCTET_OK] = {"ok", 0},
    [OCTET_ERR_INVALID_ARGUMENT] = {"invalid argument", 2},
    [OCTET_ERR_MALFORMED] = {"malformed input", 3},
    [OCTET_ERR_INVALID_MODEL] = {"invalid model", 3},
    [OCTET_ERR_UNSUPPORTED] = {"unsupported", 4},
    [OCTET_ERR_IO] = {"input/output error", 5},
    [OCTET_ERR_NOMEM] = {"out of memory", 5},
    [OCTET_ERR_DATA] = {"unusable data", 6},
    [OCTET_ERR_INTERNAL] = {"internal error", 70},
};

/* A number from outside the enumeration counts as internal. */
static size_t status_index(octet_status status)
{
    size_t index = (size_t)status;

    return index < sizeof statuses / sizeof statuses[0] ? index : OCTET_ERR_INTERNAL;
}

const char *octet_status_name(octet_status status)
{
    return statuses[status_index(status)].name;
}

int octet_status_exit_code(octet_status status)
{
    return statuses[status_index(status)].exit_code;
}

void octet_diag_set(octet_diag *diag, octet_status code, const char *fmt, ...)
{
    /* Formatted aside: the arguments may point into diag itself. */
    char text[OCTET_DIAG_TEXT];
    va_list args;

    if (diag == NULL)
        return;
    va_start(args, fmt);
    if (vsnprintf(text, sizeof text, fmt, args) < 0)
        text[0] = '\0';
    va_end(args);
    memcpy(diag->text, text, strlen(text) + 1);
    diag->code = code;
}

octet_status octet_fail_nomem(octet_diag *diag)
{
    return octet_fail(diag, OCTET_ERR_NOMEM, "out of memory");
}

octet_status octet_note(octet_diag *diag, octet_status status, const char *fmt, ...)
{
    /* What does not fit is cut at the end: the outermost context is kept. */
    char inner[OCTET_DIAG_TEXT], *text;
    size_t used;
    va_list args;

    if (diag == NULL || status == OCTET_OK)
        return status;
    text = diag->text;
    memcpy(inner, text, strlen(text) + 1);
    va_start(args, fmt);
    if (vsnprintf(text, OCTET_DIAG_TEXT - 2, fmt, args) < 0)
        text[0] = '\0';
    va_end(args);
    used = strlen(text);
    snprintf(text + used, OCTET_DIAG_TEXT - used, ": %s", inner);
    return status;
}
