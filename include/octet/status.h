/* status.h: result codes of every octet function that can fail
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_STATUS_H
#define OCTET_STATUS_H

#if defined(__GNUC__)
#    define OCTET_API __attribute__((visibility("default")))
#else
#    define OCTET_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The text that belongs to a failure is read with octet_context_message(). */
typedef enum octet_status {
    OCTET_OK = 0,
    OCTET_ERR_INVALID_ARGUMENT, /* the caller's mistake, usage errors included */
    OCTET_ERR_MALFORMED,        /* the bytes are not what the format says (protobuf, JSON, .npy) */
    OCTET_ERR_INVALID_MODEL,    /* well formed, but breaks a rule of ONNX */
    OCTET_ERR_UNSUPPORTED,      /* legal ONNX that octet does not handle */
    OCTET_ERR_IO,               /* a file cannot be read or written */
    OCTET_ERR_NOMEM,            /* an allocation failed */
    OCTET_ERR_DATA,             /* a calibration sample is unusable */
    OCTET_ERR_INTERNAL,         /* an invariant of octet broke: please report it */
} octet_status;

/* Name of a code, e.g. "invalid model". Never NULL. */
OCTET_API const char *octet_status_name(octet_status status);

/* Exit code of the octet program for a status: 0, 2 (argument), 3 (malformed or invalid model),
 * 4 (unsupported), 5 (I/O or memory), 6 (data), 70 (internal). */
OCTET_API int octet_status_exit_code(octet_status status);

#ifdef __cplusplus
}
#endif
#endif
